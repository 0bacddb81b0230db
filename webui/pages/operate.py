"""運営: welcoming people, roles, invitations, and how well this town reaches the others."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import announcements, doors, members, reports, sisters, towns
from community.errors import CommunityError, Invalid, NotFound
from community.models import Account, Announcement, Invite, Member
from community.visibility import Viewer
from federation import health
from federation.health import HostHealth
from webui import auth, forms, statuses
from webui.forms import Form
from webui.keys import DATABASE, SETTINGS
from webui.rendering import explain, form_of, page, redirect
from webui.templating import JAPAN

routes = web.RouteTableDef()
_moderators = auth.require_role("moderator", "admin")
_admins = auth.require_role("admin")


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything on the operator's page."""

    waiting: list[tuple[Account, Member]]
    helpers: list[tuple[Account, Member]]  # who has a role besides being a member
    invites: list[Invite]
    hosts: list[HostHealth]
    sisters: list[str]
    asking: int  # how many towns wait for an answer
    announcements: list[Announcement]
    reports: int  # how many wait


@routes.get("/operate")
@_moderators
async def show(request: web.Request) -> web.Response:
    return await _show(request)


@routes.post("/operate/applications")
@_moderators
async def answer_application(request: web.Request) -> web.Response:
    form = form_of(request)
    account_id, decision = forms.identifier(form.text("account")), form.text("decision")

    def welcome(session: Session) -> str:
        return members.approve(session, account_id=account_id).display_name

    def decline(session: Session) -> None:
        members.decline(session, account_id=account_id)

    try:
        if decision == "welcome":
            name = await request.app[DATABASE].write(welcome)
            return redirect(request, "/operate", "%(name)sさんをお迎えしました。", {"name": name})
        if decision == "decline":
            await request.app[DATABASE].write(decline)
            return redirect(request, "/operate", "今回は見送りました。申し込みの内容は残していません。")
    except CommunityError as error:
        return await _show(request, error=error, form=form)
    raise NotFound(forms.NOT_HERE)


@routes.post("/operate/roles")
@_admins
async def give_role(request: web.Request) -> web.Response:
    form = form_of(request)

    def unit(session: Session) -> str:
        found = members.by_login(session, form.text("name"))
        if found is None or not form.text("name"):
            raise Invalid("name", "その名前の方は、このまちにいませんでした。つづりを確かめてください。")
        members.set_role(session, account_id=found[0].id, role=form.text("role"))
        return found[0].display_name

    try:
        name = await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return await _show(request, error=error, form=form)
    return redirect(request, "/operate", "%(name)sさんの役割を変えました。", {"name": name})


@routes.post("/operate/invites")
@_moderators
async def invite(request: web.Request) -> web.Response:
    form, me = form_of(request), auth.me(request)

    def unit(session: Session) -> None:
        doors.create_invite(
            session,
            by=me,
            max_uses=_number(form, "max_uses", "人数は、1から1000までの数字で書いてください。"),
            days=_number(form, "days", "日数は、1から1000までの数字で書いてください。"),
        )

    def deed(session: Session) -> str:
        def invite_once() -> str:
            unit(session)
            return "/operate"

        return forms.once(session, form.submission, invite_once)

    try:
        await request.app[DATABASE].write(deed)
    except CommunityError as error:
        return await _show(request, error=error, form=form)
    return redirect(request, "/operate", "招待を作りました。下のリンクを渡してください。")


@routes.post("/operate/invites/{id}/end")
@_moderators
async def end_invite(request: web.Request) -> web.Response:
    identifier = forms.id_in_path(request)
    await request.app[DATABASE].write(lambda session: doors.revoke_invite(session, identifier))
    return redirect(request, "/operate", "招待を終わりにしました。")


@routes.post("/operate/announcements")
@_moderators
async def announce(request: web.Request) -> web.Response:
    form = form_of(request)

    def put_up(session: Session) -> str:
        announcements.publish(session, words=form.text("text"), ends_at=_until(form.text("until")))
        return "/operate"

    try:
        await request.app[DATABASE].write(
            lambda session: forms.once(session, form.submission, lambda: put_up(session))
        )
    except CommunityError as error:
        return await _show(request, error=error, form=form)
    return redirect(request, "/operate", "お知らせを出しました。")


@routes.post("/operate/announcements/{id}/end")
@_moderators
async def end_announcement(request: web.Request) -> web.Response:
    identifier = forms.id_in_path(request)
    await request.app[DATABASE].write(lambda session: announcements.withdraw(session, identifier))
    return redirect(request, "/operate", "お知らせを下げました。")


async def _show(
    request: web.Request, *, error: CommunityError | None = None, form: Form | None = None
) -> web.Response:
    shown = form or Form()
    if error is not None:
        explain(request, shown, error)
    viewer = await auth.viewer(request)
    desk = await request.app[DATABASE].read(lambda session: _desk(session, viewer))
    settings = request.app[SETTINGS].instance
    return page(
        request,
        "operate.html",
        status=200 if error is None else statuses.of(error),
        form=shown,
        desk=desk,
        roles=members.ROLES,
        origin=f"{settings.scheme}://{settings.domain}",
    )


def _desk(session: Session, viewer: Viewer) -> Desk:
    helpers = (
        select(Account, Member)
        .join(Member, Member.account_id == Account.id)
        .where(Member.role != "member")
        .order_by(Member.joined_at)
    )
    return Desk(
        waiting=members.waiting(session),
        helpers=[(account, member) for account, member in session.execute(helpers)],
        invites=doors.invites(session),
        hosts=health.by_host(session),
        sisters=towns.sisters(session),
        asking=sum(row.state == sisters.ASKING for row in sisters.every(session)),
        announcements=announcements.standing(session),
        reports=len(reports.waiting(session, viewer)),
    )


def _number(form: Form, field: str, sentence: str) -> int:
    typed = form.text(field)
    if not (typed.isdecimal() and len(typed) <= 4 and 1 <= int(typed) <= 1000):
        raise Invalid(field, sentence)
    return int(typed)


def _until(typed: str) -> int | None:
    """The moment (ms) at which the day YYYY-MM-DD is over, as the towns' clock shows it; None for no day."""
    if not typed:
        return None
    try:
        day = datetime.combine(date.fromisoformat(typed), time.min, JAPAN) + timedelta(days=1)
        return int(day.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise Invalid("until", "日付は、2026-12-31 のように書いてください。") from None
