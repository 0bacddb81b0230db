"""お知らせ one by one (v1). What came to the member's anonymous questions is among them, worked out for the one look;
putting that away has no effect, and nothing of it is ever kept.
"""

from collections.abc import Mapping

from aiohttp import web
from sqlalchemy.orm import Session

from community import notice_lists, notifications
from community.notice_lists import Wanted
from webui.mastodon import paging
from webui.mastodon.entities import notifications as entities
from webui.mastodon.paging import Window
from webui.mastodon.params import as_identifier
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import NOT_FOUND, Api, Call

routes = Api()
DEFAULT, MOST = 40, 80
COUNTED, COUNTED_MOST = 100, 1000
_READ, _WRITE = "read:notifications", "write:notifications"


@routes.get("/api/v1/notifications", scope=_READ)
async def listing(call: Call) -> web.Response:
    window = call.window(default=DEFAULT, most=MOST)
    wanted = wanted_by(call, window)

    def unit(session: Session) -> paging.Shown:
        found = notice_lists.listing(session, call.viewer, wanted)
        return paging.Shown(entities.many(session, call.viewer, found), [it.id for it in found])

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/notifications/unread_count", scope=_READ)
async def unread_count(call: Call) -> web.Response:
    wanted = wanted_by(call, Window(limit=counted_most(call)))
    count = await call.read(lambda session: notifications.unread(session, call.viewer, wanted))
    return reply({"count": count})


@routes.get("/api/v1/notifications/{id}", scope=_READ)
async def one(call: Call) -> web.Response:
    notice_id = call.path_id()

    def unit(session: Session) -> Mapping[str, object] | None:
        found = notice_lists.one(session, call.viewer, notice_id)
        shown = [] if found is None else entities.many(session, call.viewer, [found])
        return shown[0] if shown else None

    shown = await call.read(unit)
    if shown is None:
        raise Refusal(404, NOT_FOUND)
    return reply(shown)


@routes.post("/api/v1/notifications/clear", scope=_WRITE)
async def clear(call: Call) -> web.Response:
    await call.write(lambda session: notifications.clear(session, call.viewer))
    return reply({})


@routes.post("/api/v1/notifications/{id}/dismiss", scope=_WRITE)
async def dismiss(call: Call) -> web.Response:
    await _dismiss(call, call.path_id())
    return reply({})


@routes.post("/api/v1/notifications/dismiss", scope=_WRITE)
async def dismiss_named(call: Call) -> web.Response:
    """The same under its old address, with the id among the parameters."""
    notice_id = call.params.identifier("id")
    if notice_id is None:
        raise Refusal(404, NOT_FOUND)
    await _dismiss(call, notice_id)
    return reply({})


def wanted_by(call: Call, window: Window) -> Wanted:
    """The part of the list, and the types, that an app asks for. Types that nobody knows are passed over."""
    params = call.params
    sender = params.text("account_id")
    return Wanted(
        limit=window.limit,
        max_id=window.max_id,
        since_id=window.since_id,
        min_id=window.min_id,
        types=frozenset(params.all("types")) if params.all("types") else None,
        without=frozenset(params.all("exclude_types")),
        from_id=None if sender is None else as_identifier(sender) or 0,
        held=bool(params.flag("include_filtered")),
    )


def counted_most(call: Call) -> int:
    """How far an app wants unread notices to be counted."""
    return Window.of(call.params, default=COUNTED, most=COUNTED_MOST).limit


async def _dismiss(call: Call, notice_id: int) -> None:
    """Refusal 404 for what is not the member's."""

    def unit(session: Session) -> bool:
        if notice_lists.one(session, call.viewer, notice_id) is None:
            return False
        notifications.dismiss(session, call.viewer, notice_id)
        return True

    if not await call.write(unit):
        raise Refusal(404, NOT_FOUND)
