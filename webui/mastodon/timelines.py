"""Timelines, and what else is a walk through posts: home, public, hashtag, list, direct, somebody's own, a thread."""

from collections.abc import Mapping, Sequence

from aiohttp import web
from sqlalchemy.orm import Session

from federation import lookup
from webui.mastodon import paging, threads, walks
from webui.mastodon.entities import statuses
from webui.mastodon.entities.stamps import Stamp
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import NOT_FOUND, Api, Call

routes = Api()
_DEFAULT, _MOST = 20, 40


@routes.get("/api/v1/timelines/home", scope="read:statuses")
async def home(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)
    return call.paged(
        await call.glance(lambda session: _page(session, call, walks.home(session, call.viewer, window), "home")), window
    )


@routes.get("/api/v1/timelines/public", scope="read:statuses", access="public")
async def public(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)
    wanted = _only(call)

    def unit(session: Session) -> paging.Shown:
        return _page(session, call, walks.public(session, call.viewer, window, wanted), "public")

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/timelines/tag/{tag}", scope="read:statuses", access="public")
async def hashtag(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)
    wanted = _only(call)
    tags = walks.Tags(
        any=(call.request.match_info["tag"], *call.params.all("any")),
        all=tuple(call.params.all("all")),
        none=tuple(call.params.all("none")),
    )

    def unit(session: Session) -> paging.Shown:
        return _page(session, call, walks.tagged(session, call.viewer, window, wanted, tags), "public")

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/timelines/list/{id}", scope="read:lists")
async def of_list(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)
    list_id = call.path_id()

    def unit(session: Session) -> paging.Shown:
        return _page(session, call, walks.of_list(session, call.viewer, window, list_id), "home")

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/timelines/direct", scope="read:statuses")
async def direct(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)

    def unit(session: Session) -> paging.Shown:
        return _page(session, call, walks.direct(session, call.viewer, window), "home")

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/timelines/link", scope="read:statuses", access="public")
async def of_link(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)
    url = call.params.text("url")
    if url is None:
        raise Refusal(422, "Validation failed: url is missing")

    def unit(session: Session) -> paging.Shown:
        return _page(session, call, walks.linking(session, call.viewer, window, url), "public")

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/accounts/{id}/statuses", scope="read:statuses", access="public")
async def of_account(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)
    account_id = call.path_id()
    params = call.params
    wanted = walks.Own(
        only_media=bool(params.flag("only_media")),
        without_replies=bool(params.flag("exclude_replies")),
        without_boosts=bool(params.flag("exclude_reblogs")),
        pinned=bool(params.flag("pinned")),
        tag=params.text("tagged"),
    )

    def unit(session: Session) -> paging.Shown:
        return _page(session, call, walks.of_account(session, call.viewer, window, account_id, wanted), "account")

    if wanted.pinned and call.viewer.account_id is not None:
        lookup.featured_opened(call.federation, account_id)
    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/statuses/{id}/context", scope="read:statuses", access="public")
async def thread(call: Call) -> web.Response:
    post_id = call.path_id()

    def unit(session: Session) -> Mapping[str, Sequence[object]] | None:
        found = threads.around(session, call.viewer, post_id)
        if found is None:
            return None
        above, below = found
        shown = statuses.of_stamps(session, call.viewer, [*above, *below], context="thread")
        return {
            "ancestors": [shown[each.id] for each in above if each.id in shown],
            "descendants": [shown[each.id] for each in below if each.id in shown],
        }

    found = await call.read(unit)
    if found is None:
        raise Refusal(404, NOT_FOUND)
    if call.viewer.account_id is not None:
        lookup.thread_opened(call.federation, post_id)
    return reply(found)


def _page(session: Session, call: Call, found: list[Stamp], context: str) -> paging.Shown:
    shown = statuses.of_stamps(session, call.viewer, found, context=context)
    return paging.Shown(
        [shown[each.id] for each in found if each.id in shown], [each.id for each in found]
    )


def _only(call: Call) -> walks.Only:
    params = call.params
    return walks.Only(
        local=bool(params.flag("local")), remote=bool(params.flag("remote")), media=bool(params.flag("only_media"))
    )


