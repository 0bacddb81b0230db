"""Admin API, accounts: who is here, who waits, and what is done about somebody (scopes admin:read/write:accounts)."""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy import ColumnElement, Select, false, select
from sqlalchemy.orm import Session

from community import members, moderation, reports, town, veils
from community.errors import NotFound
from community.models import LOCAL, Account, Invite, Member
from webui.mastodon import admin, paging
from webui.mastodon.entities import admin as entities
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call

routes = Api()
DEFAULT, MOST = 100, 200
READ, WRITE = "admin:read:accounts", "admin:write:accounts"
_PEOPLE = ("person", "service")
_HERE, _THERE = Account.domain == LOCAL, Account.domain != LOCAL
_IN = Account.suspended_at.is_(None)
_STATES: dict[str, tuple[ColumnElement[bool], ...]] = {
    "local": (_HERE,),
    "remote": (_THERE,),
    "active": (_IN, Member.state == "active"),
    "pending": (Member.state == "pending",),
    "disabled": (Member.state == "disabled",),
    "silenced": (Account.silenced_at.is_not(None),),
    "suspended": (Account.suspended_at.is_not(None), Member.state.is_distinct_from("pending")),
    "sensitized": (Account.sensitized_at.is_not(None),),
    "staff": (Member.role.in_(reports.MODERATORS),),
}


@routes.get("/api/v1/admin/accounts", scope=READ)
async def first(call: Call) -> web.Response:
    """The filters are flags: local, remote, active, pending, disabled, silenced, suspended, sensitized, staff."""
    states = [state for state in _STATES if call.params.flag(state)]
    return await _listed(call, states)


@routes.get("/api/v2/admin/accounts", scope=READ)
async def second(call: Call) -> web.Response:
    """The same with words: origin, status, permissions=staff, role_ids[], invited_by."""
    params = call.params
    wanted = [params.text("origin"), params.text("status"), params.text("permissions")]
    return await _listed(call, [each for each in wanted if each in _STATES])


@routes.get("/api/v1/admin/accounts/{id}", scope=READ)
async def one(call: Call) -> web.Response:
    admin.look_after(call)
    account_id = call.path_id()

    def unit(session: Session) -> dict[str, Any]:
        if call.viewer.role != "admin":
            veils.check(session, call.viewer, account_id)
        return _shown(session, account_id)

    return reply(await call.read(unit))


@routes.post("/api/v1/admin/accounts/{id}/approve", scope=WRITE)
async def approve(call: Call) -> web.Response:
    return await _act(call, lambda session, account: members.approve(session, account_id=account.id))


@routes.post("/api/v1/admin/accounts/{id}/reject", scope=WRITE)
async def reject(call: Call) -> web.Response:
    """Somebody who waits is not let in; nothing of them is kept, so they are shown for the last time."""
    admin.look_after(call)
    account_id = call.path_id()

    def unit(session: Session) -> dict[str, Any]:
        shown = _shown(session, account_id)
        members.decline(session, account_id=account_id)
        return shown

    return reply(await call.write(unit))


@routes.post("/api/v1/admin/accounts/{id}/action", scope=WRITE)
async def action(call: Call) -> web.Response:
    """`type` is one of none, sensitive, disable, silence, suspend; `report_id` names the report that led to it."""
    admin.look_after(call)
    account_id, deed = call.path_id(), call.params.text("type") or "none"
    report_id = call.params.identifier("report_id")
    if deed not in moderation.DEEDS:
        raise Refusal(422, "Validation failed: Type is not included in the list")

    def unit(session: Session) -> None:
        report = None if report_id is None else reports.require(session, call.viewer, report_id)
        moderation.act(session, by=admin.acting(session, call), account_id=account_id, deed=deed, report=report)

    await call.write(unit)
    return reply({})


@routes.post("/api/v1/admin/accounts/{id}/enable", scope=WRITE)
async def enable(call: Call) -> web.Response:
    return await _act(call, moderation.enable)


@routes.post("/api/v1/admin/accounts/{id}/unsilence", scope=WRITE)
async def unsilence(call: Call) -> web.Response:
    return await _act(call, moderation.unsilence)


@routes.post("/api/v1/admin/accounts/{id}/unsuspend", scope=WRITE)
async def unsuspend(call: Call) -> web.Response:
    return await _act(call, moderation.unsuspend)


@routes.post("/api/v1/admin/accounts/{id}/unsensitive", scope=WRITE)
async def unsensitive(call: Call) -> web.Response:
    return await _act(call, moderation.unsensitive)


@routes.delete("/api/v1/admin/accounts/{id}", scope=WRITE)
async def erase(call: Call) -> web.Response:
    """Everything of a suspended account goes, a hundred posts in one unit of work. For administrators: it is for good."""
    admin.administer(call)
    account_id = call.path_id()
    shown = await call.read(lambda session: _shown(session, account_id))

    def some(session: Session) -> bool:
        account = moderation.target(session, by=admin.acting(session, call), account_id=account_id)
        return moderation.erase(session, account)

    while not await call.write(some):
        pass
    return reply(shown)


async def _listed(call: Call, states: list[str]) -> web.Response:
    admin.look_after(call)
    window = call.window(default=DEFAULT, most=MOST)

    def unit(session: Session) -> paging.Shown:
        statement = _matching(session, call.params, states)
        if call.viewer.role != "admin":  # who has the database; nobody else learns of a colleague here either
            statement = statement.where(~veils.veiled(call.viewer, Account.id))
        ids = [row.id for row in window.rows(session, statement, Account.id)]
        return paging.Shown(entities.many_accounts(session, ids), ids)

    return call.paged(await call.read(unit), window)


def _matching(session: Session, params: Params, states: list[str]) -> Select[*tuple[Any, ...]]:
    statement = (
        select(Account.id)
        .outerjoin(Member, Member.account_id == Account.id)
        .where(Account.kind.in_(_PEOPLE), Account.deleted_at.is_(None))
    )
    for state in states:
        statement = statement.where(*_STATES[state])
    return statement.where(*_said(session, params))


def _said(session: Session, params: Params) -> list[ColumnElement[bool]]:
    """What the filters with words ask for. Nobody's network address is known, so a search by one finds nobody."""
    conditions: list[ColumnElement[bool]] = []
    if name := params.text("username"):
        conditions.append(Account.name.contains(name.casefold(), autoescape=True))
    if shown := params.text("display_name"):
        conditions.append(Account.display_name.icontains(shown, autoescape=True))
    if email := params.text("email"):
        conditions.append(Member.email.contains(email.casefold(), autoescape=True))
    if domain := params.text("by_domain"):
        conditions.append(Account.domain == (LOCAL if town.of(session).uris.is_home(domain) else domain.casefold()))
    if params.text("ip"):
        conditions.append(false())
    if roles := params.all("role_ids"):
        conditions.append(Member.role.in_(roles))
    if (inviter := params.identifier("invited_by")) is not None:
        invited = select(Invite.id).where(Invite.created_by_id == inviter)
        conditions.append(Member.invite_id.in_(invited))
    return conditions


def _shown(session: Session, account_id: int) -> dict[str, Any]:
    found = entities.many_accounts(session, [account_id])
    if not found:
        raise NotFound("その人は見つかりませんでした。")
    return found[0]


async def _act(call: Call, deed: Callable[[Session, Account], object]) -> web.Response:
    """Do `deed` to the account in the path; the answer is how it stands then."""
    admin.look_after(call)
    account_id = call.path_id()

    def unit(session: Session) -> dict[str, Any]:
        deed(session, moderation.target(session, by=admin.acting(session, call), account_id=account_id))
        return _shown(session, account_id)

    return reply(await call.write(unit))
