"""フォローの申し込み: /api/v1/follow_requests. `:id` is the account that asks."""

from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import follows
from community.errors import NotFound
from community.models import Account, Follow
from webui.mastodon import paging, people
from webui.mastodon.entities import relationships
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()


@routes.get("/api/v1/follow_requests", scope="read:follows")
async def waiting(call: Call) -> web.Response:
    """Who asked to follow the member and waits for an answer."""
    window = call.window(default=people.DEFAULT, most=people.MOST)

    def unit(session: Session) -> paging.Shown:
        rows = (
            select(Follow.follower_id.label("account_id"), Follow.id.label("cursor"))
            .join(Account, Account.id == Follow.follower_id)
            .where(
                Follow.followee_id == call.me,
                Follow.state == follows.REQUESTED,
                Account.suspended_at.is_(None),
            )
        )
        return people.page(session, call, window, rows, Follow.id)

    return call.paged(await call.read(unit), window)


@routes.post("/api/v1/follow_requests/{id}/authorize", scope="write:follows")
async def authorize(call: Call) -> web.Response:
    return await _answer(call, accept=True)


@routes.post("/api/v1/follow_requests/{id}/reject", scope="write:follows")
async def reject(call: Call) -> web.Response:
    return await _answer(call, accept=False)


async def _answer(call: Call, *, accept: bool) -> web.Response:
    account_id = call.path_id()

    def unit(session: Session) -> dict[str, Any]:
        asked = follows.between(session, account_id, call.me)
        if asked is None or asked.state != follows.REQUESTED:
            raise NotFound("この申し込みは、もう取り下げられているようです。")
        (follows.accept if accept else follows.reject)(session, follow=asked)
        return relationships.one(session, call.me, account_id)

    return reply(await call.write(unit))
