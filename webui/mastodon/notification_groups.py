"""お知らせ in groups (v2)."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import notice_groups, notifications
from community.notice_groups import GROUPED
from webui.mastodon import paging
from webui.mastodon.entities import accounts
from webui.mastodon.entities import notifications as entities
from webui.mastodon.notifications import DEFAULT, MOST, counted_most, wanted_by
from webui.mastodon.paging import Window
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()
_READ, _WRITE = "read:notifications", "write:notifications"
_PEOPLE, _PEOPLE_MOST = 40, 80


@routes.get("/api/v2/notifications", scope=_READ)
async def listing(call: Call) -> web.Response:
    window = call.window(default=DEFAULT, most=MOST)
    wanted, kinds, partial = wanted_by(call, window), _grouped(call), _is_partial(call)

    def unit(session: Session) -> tuple[Mapping[str, Any], Sequence[int], int]:
        page = notice_groups.page(session, call.viewer, wanted, kinds)
        shown = entities.grouped(session, call.viewer, page.groups, partial=partial)
        return shown, page.ids, len(page.groups)

    shown, ids, groups = await call.read(unit)
    # As many rows as groups were asked for count as a full page: what a group swallowed is no end of the list.
    full = len(ids) >= window.limit or groups >= window.limit
    return reply(shown, headers=call.link(Window(limit=1) if full else window, ids))


@routes.get("/api/v2/notifications/unread_count", scope=_READ)
async def unread_count(call: Call) -> web.Response:
    wanted, kinds = wanted_by(call, Window(limit=counted_most(call))), _grouped(call)

    def unit(session: Session) -> int:
        unread = notifications.unread_part(session, call.viewer, wanted)
        return len(notice_groups.page(session, call.viewer, unread, kinds).groups)

    return reply({"count": await call.read(unit)})


@routes.get("/api/v2/notifications/{group_key}", scope=_READ)
async def one(call: Call) -> web.Response:
    partial = _is_partial(call)

    def unit(session: Session) -> Mapping[str, Any]:
        group = notice_groups.one(session, call.viewer, call.request.match_info["group_key"])
        return entities.grouped(session, call.viewer, [group], partial=partial, paged=False)

    return reply(await call.read(unit))


@routes.post("/api/v2/notifications/{group_key}/dismiss", scope=_WRITE)
async def dismiss(call: Call) -> web.Response:
    group_key = call.request.match_info["group_key"]
    await call.write(lambda session: notice_groups.dismiss(session, call.viewer, group_key))
    return reply({})


@routes.get("/api/v2/notifications/{group_key}/accounts", scope=_READ)
async def people(call: Call) -> web.Response:
    window = call.window(default=_PEOPLE, most=_PEOPLE_MOST)
    wanted, group_key = wanted_by(call, window), call.request.match_info["group_key"]

    def unit(session: Session) -> paging.Shown:
        found = notice_groups.members(session, call.viewer, group_key, wanted)
        who = list(dict.fromkeys(it.actor_id for it in found))
        return paging.Shown(accounts.many(session, call.viewer, who), [it.id for it in found])

    return call.paged(await call.read(unit), window)


def _grouped(call: Call) -> frozenset[str]:
    asked = call.params.all("grouped_types")
    return GROUPED & frozenset(asked) if asked else GROUPED


def _is_partial(call: Call) -> bool:
    return call.params.text("expand_accounts") == "partial_avatars"
