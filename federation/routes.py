"""Every path of the wire. Handlers decide who may ask and in what form to answer; what stands there is made elsewhere.

An id path answers with the document itself; whoever asks for HTML is sent to the page (federation reference §2.4).
Pages send askers for documents the other way with `wants_activity` and `activity_redirect`.
"""

from collections.abc import Callable
from functools import partial
from urllib.parse import quote

from aiohttp import web
from sqlalchemy.orm import Session

from community import ids
from community.models import Post
from federation import (
    discovery,
    documents,
    keys,
    listings,
    local_actors,
    local_posts,
    serving,
    synchronisation,
)
from federation.context import FEDERATION, Federation
from federation.discovery import BOARDS, INSTANCE, PEOPLE
from federation.documents import Asker, Found
from federation.inbox import receive
from federation.listings import Page
from federation.negotiation import (
    BY_SIGNATURE,
    Ready,
    activity_redirect,
    document_response,
    json_response,
    not_found,
    open_to_all,
    page_redirect,
    ready_json,
    refusal,
    wants_activity,
    wants_page,
)
from federation.serving import Handler, of_the_wire

__all__ = ["activity_redirect", "add_routes", "wants_activity"]

_LISTS = ("outbox", "followers", "following", "featured")


def add_routes(app: web.Application) -> None:
    """Add every path of the wire to `app`, which carries its Federation under FEDERATION."""

    def add(path: str, handler: Handler) -> None:
        own = of_the_wire(handler)
        app.router.add_get(path, own)
        if not path.startswith(("/.well-known", "/nodeinfo")):
            app.router.add_get(f"{path}/", own)  # a redirect would be one too many for some

    def take(path: str, handler: Handler) -> None:
        own = of_the_wire(handler)
        app.router.add_post(path, own)
        app.router.add_post(f"{path}/", own)

    take("/inbox", partial(_inbox, kinds=()))
    take("/users/{name}/inbox", partial(_inbox, kinds=PEOPLE))  # early: it is looked for in this order
    take("/boards/{name}/inbox", partial(_inbox, kinds=BOARDS))
    for base, kinds, lists in (
        ("/users/{name}", PEOPLE, (*_LISTS, "featured_tags", "liked")),
        ("/boards/{name}", BOARDS, (*_LISTS, "moderators")),
        ("/actor", INSTANCE, (*_LISTS, "boards")),
    ):
        add(base, partial(_actor, kinds=kinds))
        for each in lists:
            add(f"{base}/{each}", partial(_list_of_account, kinds=kinds, which=each))
    add(f"/users/{{name}}/{synchronisation.PATH}", _followers_there)
    number = r"{number:\d{1,19}}"
    add(f"/posts/{number}", _post)
    for each in listings.OF_POST:
        add(f"/posts/{number}/{each}", partial(_list_of_post, which=each))
    add(f"/activities/{number}", _activity)
    add(f"/quotes/{number}", _quote_stamp)
    add("/sisters", _sisters)
    add("/tags/{tag}", _tag)
    add("/.well-known/webfinger", _webfinger)
    add("/.well-known/host-meta", _host_meta)
    add("/.well-known/host-meta.json", _host_meta_json)
    add("/.well-known/nodeinfo", _nodeinfo_links)
    add("/nodeinfo/{version}", _nodeinfo)


async def _inbox(request: web.Request, *, kinds: tuple[str, ...]) -> web.StreamResponse:
    """POST to the shared inbox (no `kinds`) or to one of our actors."""
    ctx = request.app[FEDERATION]
    if not kinds:
        return await receive.receive(ctx, request, None)
    name = _name(ctx, request, kinds)
    if not ctx.lately_met.has((name, kinds), ctx.town.clock()):
        facts = await ctx.database.glance(lambda session: local_actors.facts(session, name, kinds))
        if facts is None:
            return not_found()
        if facts.deleted_at is not None:
            return refusal(410, "Gone")
        ctx.lately_met.note((name, kinds), ctx.town.clock())
    return await receive.receive(ctx, request, name)


async def _actor(request: web.Request, *, kinds: tuple[str, ...]) -> web.StreamResponse:
    """An actor. The instance actor is given to everyone: others need its key to let our own GETs in."""
    ctx = request.app[FEDERATION]
    name = _name(ctx, request, kinds)
    if wants_page(request):
        return page_redirect("/" if kinds == INSTANCE else f"/@{quote(name)}")
    if kinds != INSTANCE and (refused := await serving.refused(ctx, request)) is not None:
        return refused
    facts = await ctx.database.glance(lambda session: local_actors.facts(session, name, kinds))
    if facts is not None and not facts.has_keys and facts.deleted_at is None:
        await keys.ensure_key(ctx, facts.id)
        facts = await ctx.database.read(lambda session: local_actors.facts(session, name, kinds))
    if facts is None:
        return not_found()
    return (await local_actors.document(ctx, facts)).response()


async def _list_of_account(request: web.Request, *, kinds: tuple[str, ...], which: str) -> web.StreamResponse:
    ctx = request.app[FEDERATION]
    name = _name(ctx, request, kinds)
    if wants_page(request):
        return page_redirect("/" if kinds == INSTANCE else f"/@{quote(name)}")
    if (refused := await serving.refused(ctx, request)) is not None:
        return refused
    page = _page(request)

    def unit(session: Session) -> listings.Document | None:
        account = documents.local_account(session, name, *kinds)
        if account is None or account.deleted_at is not None:
            return None
        return listings.OF_ACCOUNT[which](session, account, page)

    document = await ctx.database.read(unit)
    return document_response(document, vary=BY_SIGNATURE) if document is not None else not_found()


async def _followers_there(request: web.Request) -> web.StreamResponse:
    """The followers of a member that live on the host that signs, for that host alone."""

    def unit(session: Session, asker: Asker) -> Found | None:
        account = documents.local_account(session, request.match_info["name"], *PEOPLE)
        if account is None or account.deleted_at is not None:
            return None
        listed = listings.followers_there(session, account, asker)
        return Found(listed) if listed is not None else None

    return await serving.found(request.app[FEDERATION], request, unit, signed_differs=True)


async def _post(request: web.Request) -> web.StreamResponse:
    ctx = request.app[FEDERATION]
    number = _number(request)
    if wants_page(request):
        return await _led_to(ctx, lambda session: documents.page_of(session, number))
    if (refused := await serving.refused(ctx, request)) is not None:
        return refused
    ready = await local_posts.document(ctx, number)
    if ready is not None:
        return ready.response()
    return await serving.found(ctx, request, lambda session, asker: documents.post(session, number, asker))


async def _list_of_post(request: web.Request, *, which: str) -> web.StreamResponse:
    ctx = request.app[FEDERATION]
    number = _number(request)
    page = _page(request)

    def unit(session: Session, asker: Asker) -> Found | None:
        row = session.get(Post, number)
        if row is None or not row.local or not documents.may_hear(session, row, asker):
            return None
        return Found(listings.OF_POST[which](session, row, asker, page))

    return await serving.found(ctx, request, unit, signed_differs=which in ("likes", "shares"))


async def _activity(request: web.Request) -> web.StreamResponse:
    number = _number(request)
    return await serving.found(
        request.app[FEDERATION], request, lambda session, asker: documents.activity(session, number, asker)
    )


async def _quote_stamp(request: web.Request) -> web.StreamResponse:
    """The consent to a quote. Whoever opens it in a browser is led to what is quoted."""
    ctx = request.app[FEDERATION]
    number = _number(request)
    if wants_page(request):
        return await _led_to(ctx, lambda session: documents.page_of_stamp(session, number))
    return await serving.found(ctx, request, lambda session, _: documents.quote_stamp(session, number))


async def _led_to(ctx: Federation, page_of: Callable[[Session], str | None]) -> web.StreamResponse:
    """To the page that `page_of` names; 404 where there is none that everybody may see."""
    page = await ctx.database.read(page_of)
    if page is None:
        raise web.HTTPNotFound
    return page_redirect(page)


async def _sisters(request: web.Request) -> web.StreamResponse:
    return await serving.found(
        request.app[FEDERATION],
        request,
        lambda session, asker: Found(listings.sisters(session, asker)),
        signed_differs=True,
    )


async def _tag(request: web.Request) -> web.StreamResponse:
    ctx = request.app[FEDERATION]
    name = request.match_info["tag"]
    if wants_page(request):
        return page_redirect(f"/questions?tag={quote(name, safe='')}")
    page = _page(request)
    return await serving.found(ctx, request, lambda session, _: Found(listings.tagged(session, name, page)))


async def _webfinger(request: web.Request) -> web.StreamResponse:
    ctx = request.app[FEDERATION]
    try:
        named = discovery.named(ctx.town.uris, request.query.get("resource", ""))
    except discovery.Malformed:
        return open_to_all(refusal(400, "Malformed resource"))
    facts = None
    if named is not None:
        facts = await ctx.database.glance(
            lambda session: local_actors.facts(session, named.name, named.kinds)
        )
    if facts is None:
        return open_to_all(not_found())
    if facts.deleted_at is not None:
        return open_to_all(refusal(410, "Gone"))
    return (await local_actors.jrd(ctx, facts)).response()


async def _host_meta(request: web.Request) -> web.StreamResponse:
    xrd = discovery.host_meta(request.app[FEDERATION].town.uris.origin)
    return open_to_all(web.Response(text=xrd, content_type="application/xrd+xml", charset="utf-8"))


async def _host_meta_json(request: web.Request) -> web.StreamResponse:
    return json_response(
        discovery.host_meta_json(request.app[FEDERATION].town.uris.origin), "application/jrd+json"
    )


async def _nodeinfo_links(request: web.Request) -> web.StreamResponse:
    return json_response(
        discovery.nodeinfo_links(request.app[FEDERATION].town.uris.origin), "application/json"
    )


async def _nodeinfo(request: web.Request) -> web.StreamResponse:
    version = request.match_info["version"]
    schema = discovery.NODEINFO.get(version)
    if schema is None:
        return open_to_all(not_found())
    ctx = request.app[FEDERATION]
    minute = ctx.town.clock() // 60_000
    ready: Ready | None = ctx.at_hand.get(("nodeinfo", version), minute)
    if ready is None:
        document = await ctx.database.read(lambda session: discovery.nodeinfo(session, version))
        ready = ready_json(document, f'application/json; profile="{schema}#"')
        ctx.at_hand.put(("nodeinfo", version), minute, ready)
    return ready.response()


def _name(ctx: Federation, request: web.Request, kinds: tuple[str, ...]) -> str:
    """The name in the path. Names have no capitals: what somebody typed with some is meant without."""
    return ctx.town.uris.host if kinds == INSTANCE else request.match_info["name"].lower()


def _number(request: web.Request) -> int:
    """The number in the path. Raises HTTPNotFound for one that no id can be."""
    number = int(request.match_info["number"])
    if number > ids.LARGEST:
        raise web.HTTPNotFound
    return number


def _page(request: web.Request) -> Page | None:
    """Which page the query asks for; anything that is not a cursor of ours asks from the start."""
    if "page" not in request.query:
        return None
    after = request.query.get("after", "")
    cursor = int(after) if after.isdecimal() and len(after) < 20 else None
    return Page(cursor if cursor is None or cursor <= ids.LARGEST else None)
