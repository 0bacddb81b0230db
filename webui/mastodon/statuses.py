"""Posts by apps: posting, editing, taking back, and what a single post tells of itself."""

from collections.abc import Callable

import orjson
from aiohttp import web
from sqlalchemy.orm import Session

from community import anonymity, composing, posts, rewriting, scheduled, submissions, visibility
from community.errors import Conflict
from community.models import Account, Post
from community.storage.rows import Rows
from community.text import storable
from federation import lookup
from webui.mastodon import drafts
from webui.mastodon.entities import edits, scheduling, statuses
from webui.mastodon.entities.times import moment
from webui.mastodon.replies import Refusal, raw, reply
from webui.mastodon.routing import NOT_FOUND, Api, Call

routes = Api()
_ACCOUNTS = Rows(Account)
SAME_FOR = 3_600_000
"""Milliseconds for which an Idempotency-Key leads to what it made first."""

_MANY_MOST = 20
_KEY_MOST = 200  # characters


@routes.post("/api/v1/statuses", scope="write:statuses")
async def post(call: Call) -> web.Response:
    draft = drafts.of(call)
    at = _scheduled_at(call)
    await drafts.meet_strangers(call, draft.text)

    def make(session: Session) -> tuple[str, orjson.Fragment]:
        author = _ACCOUNTS.get(session, call.me)
        assert author is not None
        if at is not None:
            row = scheduled.put(session, author=author, draft=draft, at=at)
            return f"scheduled:{row.id}", scheduling.one(session, row)
        made = composing.write(session, author=author, draft=draft)
        return f"post:{made.id}", statuses.one(session, call.viewer, made.id)

    key = storable(call.request.headers.get("Idempotency-Key", ""))[:_KEY_MOST]
    try:
        return reply(await drafts.in_their_words(call, _once(call, key, make)))
    except Conflict:
        if not key:
            raise
        # The same was sent a moment ago through another connection, and stands by now.
        return reply(await drafts.in_their_words(call, _once(call, key, make)))


@routes.get("/api/v1/statuses", scope="read:statuses", access="public")
async def several(call: Call) -> web.Response:
    wanted = call.params.identifiers("id")
    if len(wanted) > _MANY_MOST:
        raise Refusal(422, f"Validation failed: no more than {_MANY_MOST} ids at once")
    return reply(await call.glance(lambda session: statuses.many(session, call.viewer, wanted)))


@routes.get("/api/v1/statuses/{id}", scope="read:statuses", access="public")
async def show(call: Call) -> web.Response:
    post_id = call.path_id()
    shown = await call.glance(lambda session: statuses.one(session, call.viewer, post_id))
    if call.viewer.account_id is not None:
        lookup.post_opened(call.federation, post_id)
    return reply(shown)


@routes.put("/api/v1/statuses/{id}", scope="write:statuses")
async def edit(call: Call) -> web.Response:
    post_id, draft, described = call.path_id(), drafts.of(call), drafts.described(call.params)
    await drafts.meet_strangers(call, draft.text)

    def unit(session: Session) -> orjson.Fragment:
        mine = own(session, call, post_id)
        if mine.kind == "boost":
            raise Refusal(404, NOT_FOUND)
        author = session.get_one(Account, call.me)
        rewriting.rewrite(session, author=author, post=mine, draft=draft, described=described)
        session.flush()
        return statuses.one(session, call.viewer, post_id)

    return reply(await drafts.in_their_words(call, unit))


@routes.delete("/api/v1/statuses/{id}", scope="write:statuses")
async def delete(call: Call) -> web.Response:
    """The post as it was, with its source in place of its HTML, so that it can be written anew."""
    post_id, with_media = call.path_id(), bool(call.params.flag("delete_media"))

    def unit(session: Session) -> bytes:
        mine = own(session, call, post_id)
        shown = orjson.loads(orjson.dumps(statuses.one(session, call.viewer, post_id)))
        shown.pop("content", None)
        shown["text"] = rewriting.source(session, mine)
        posts.delete(session, post=mine, by=session.get_one(Account, call.me), keep_media=not with_media)
        return orjson.dumps(shown)

    return raw(await call.write(unit))


@routes.get("/api/v1/statuses/{id}/source", scope="read:statuses")
async def source(call: Call) -> web.Response:
    post_id = call.path_id()

    def unit(session: Session) -> dict[str, str]:
        mine = own(session, call, post_id)
        return {"id": str(mine.id), "text": rewriting.source(session, mine), "spoiler_text": mine.summary}

    return reply(await call.read(unit))


@routes.get("/api/v1/statuses/{id}/history", scope="read:statuses", access="public")
async def history(call: Call) -> web.Response:
    post_id = call.path_id()

    def unit(session: Session) -> list[dict[str, object]]:
        return edits.of(session, call.viewer, visibility.require(session, call.viewer, post_id))

    return reply(await call.read(unit))


@routes.get("/api/v1/statuses/{id}/card", scope="read:statuses", access="public")
async def card(call: Call) -> web.Response:
    post_id = call.path_id()
    shown = await call.read(lambda session: orjson.dumps(statuses.one(session, call.viewer, post_id)))
    return reply(orjson.loads(shown)["card"] or {})


@routes.post("/api/v1/statuses/{id}/translate", scope="read:statuses")
async def translate(call: Call) -> web.Response:
    """The town sends nobody's words to a translating service; `configuration.translation.enabled` says so."""
    post_id = call.path_id()
    await call.read(lambda session: visibility.require(session, call.viewer, post_id))
    raise Refusal(404, "Translation is not available on this server")


def own(session: Session, call: Call, post_id: int) -> Post:
    """A post that the member wrote. Refusal 404 for any other: nobody learns whether it is there."""
    found = session.get(Post, post_id)
    if found is None or found.deleted_at is not None or anonymity.public_author(session, found).id != call.me:
        raise Refusal(404, NOT_FOUND)
    return found


def _once(
    call: Call, key: str, make: Callable[[Session], tuple[str, orjson.Fragment]]
) -> Callable[[Session], orjson.Fragment]:
    """A unit that makes something, or shows again what the same `key` of the same member made before."""
    if not key:
        return lambda session: make(session)[1]
    kept = f"idempotency:{call.me}:{key}"

    def unit(session: Session) -> orjson.Fragment:
        before = submissions.remembered(session, kept, within=SAME_FOR)
        if before is not None:
            return _shown(session, call, before)
        result, shown = make(session)
        submissions.remember(session, kept, result, within=SAME_FOR)
        return shown

    return unit


def _shown(session: Session, call: Call, result: str) -> orjson.Fragment:
    kind, _, number = result.partition(":")
    if kind == "post":
        return statuses.one(session, call.viewer, int(number))
    return scheduling.one(session, scheduled.own(session, account_id=call.me, scheduled_id=int(number)))


def _scheduled_at(call: Call) -> int | None:
    """When it is to be posted; None for now, and for a moment that is over. Refusal 422 for what is no moment."""
    said = call.params.text("scheduled_at")
    if said is None:
        return None
    at = moment(said)
    if at is None:
        raise Refusal(422, "Validation failed: Scheduled at is invalid")
    return at if at > call.town.clock() else None
