"""What the endpoints about people share: who asks, whom it is about, pages of people."""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy import Select
from sqlalchemy.orm import Session

from community import veils
from community.errors import NotFound
from community.models import Account
from community.visibility import Viewer
from webui.mastodon import paging
from webui.mastodon.entities import accounts, relationships
from webui.mastodon.replies import reply
from webui.mastodon.routing import Call

DEFAULT, MOST = 40, 80


def require(session: Session, viewer: Viewer, account_id: int) -> Account:
    """The account `account_id`; NotFound if it is not there, gone, suspended or veiled from `viewer`."""
    account = session.get(Account, account_id)
    if account is None or account.deleted_at is not None or account.suspended_at is not None:
        raise NotFound("お探しの人は見つかりませんでした。")
    veils.check(session, viewer, account_id)
    return account


def mine(session: Session, call: Call) -> Account:
    """The account of the member who asks."""
    return session.get_one(Account, call.me)


async def act(call: Call, deed: Callable[[Session, Account, Account], object]) -> web.Response:
    """Have the member do `deed` to the account in the path; the answer is how the two stand then."""
    account_id = call.path_id()

    def unit(session: Session) -> dict[str, Any]:
        deed(session, mine(session, call), require(session, call.viewer, account_id))
        return relationships.one(session, call.me, account_id)

    return reply(await call.write(unit))


def page(
    session: Session, call: Call, window: paging.Window, statement: Select[*tuple[Any, ...]], cursor: Any
) -> paging.Shown:
    """A page of people; `statement` selects their ids as `account_id` and `cursor` as `cursor`."""
    rows = window.rows(session, statement, cursor)
    return paging.Shown(
        accounts.many(session, call.viewer, [row.account_id for row in rows]), [row.cursor for row in rows]
    )
