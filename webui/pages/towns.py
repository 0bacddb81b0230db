"""ほかのまちとのつきあい: 姉妹まち by agreement, and the rules about every other host."""

from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.orm import Session

from community import sisters, towns, traffic
from community.errors import CommunityError, NotFound
from community.models import DomainRule, SisterTown, TownTraffic
from federation import health
from federation.health import HostHealth
from webui import auth, forms, statuses
from webui.forms import Form
from webui.keys import DATABASE, SETTINGS
from webui.rendering import explain, form_of, page, redirect

routes = web.RouteTableDef()
_moderators = auth.require_role("moderator", "admin")
_admins = auth.require_role("admin")
_HERE = "/operate/towns"
_ALLOWLIST = "allowlist"
_ENDED = {
    sisters.ASKED: "%(domain)s への姉妹まちの話を取り下げました。",
    sisters.ASKING: "%(domain)s との姉妹まちは、今回は見送りました。",
    sisters.AGREED: "%(domain)s との姉妹まちを終わりにしました。",
}
_TURN = (sisters.ASKING, sisters.ASKED, sisters.AGREED)
"""Who waits for our answer stands first, then whose answer we wait for."""

Deed = Callable[[Session], str]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A town with which there is an agreement or a request, what passed, and how well it is reached."""

    row: SisterTown
    passed: TownTraffic | None
    health: HostHealth | None


@dataclass(frozen=True, slots=True)
class Neighbourhood:
    """Everything on the page."""

    neighbours: list[Neighbour]
    rules: list[DomainRule]
    permits: list[DomainRule]


@routes.get(_HERE)
@_moderators
async def show(request: web.Request) -> web.Response:
    return await _show(request)


@routes.post("/operate/sisters")
@_admins
async def ask(request: web.Request) -> web.Response:
    form = form_of(request)

    def deed(session: Session) -> tuple[str, bool]:
        row = sisters.ask(session, form.text("domain"), note=form.text("note"))
        return row.domain, row.state == sisters.AGREED

    try:
        domain, agreed = await request.app[DATABASE].write(deed)
    except CommunityError as error:
        return await _show(request, error=error, sister_form=form)
    said = (
        "%(domain)s と姉妹まちになりました。"
        if agreed
        else "%(domain)s へ、姉妹まちの話を送りました。返事を待ちましょう。"
    )
    return redirect(request, _HERE, said, {"domain": domain})


@routes.post("/operate/sisters/accept")
@_admins
async def accept(request: web.Request) -> web.Response:
    domain = form_of(request).text("domain")
    try:
        await request.app[DATABASE].write(lambda session: sisters.accept(session, domain))
    except CommunityError as error:
        return await _show(request, error=error)
    return redirect(request, _HERE, "%(domain)s と姉妹まちになりました。", {"domain": domain})


@routes.post("/operate/sisters/end")
@_admins
async def end(request: web.Request) -> web.Response:
    domain = form_of(request).text("domain")

    def deed(session: Session) -> str:
        row = sisters.of(session, domain)
        said = _ENDED[row.state if row else sisters.AGREED]
        sisters.end(session, domain)
        return said

    try:
        said = await request.app[DATABASE].write(deed)
    except CommunityError as error:
        return await _show(request, error=error)
    return redirect(request, _HERE, said, {"domain": domain})


@routes.post("/operate/towns/rules")
@_admins
async def make_rule(request: web.Request) -> web.Response:
    """A rule about a host that had none, or another one about one that had."""
    form = form_of(request)

    def deed(session: Session) -> str:
        facts: dict[str, str | bool] = {
            "policy": form.text("policy"), "public_reason": form.text("public_reason"), "reason": form.text("reason"),
            "reject_media": form.checked("reject_media"), "reject_reports": form.checked("reject_reports"),
        }  # fmt: skip
        rule = towns.rule_of(session, form.text("domain"))
        if rule is None:
            return towns.block(session, domain=form.text("domain"), **facts).domain  # type: ignore[arg-type]
        return towns.change(session, rule, **facts).domain

    return await _decide(request, deed, form, "%(domain)s についての決まりを入れました。")


@routes.post("/operate/towns/rules/lift")
@_admins
async def lift_rule(request: web.Request) -> web.Response:
    form = form_of(request)

    def deed(session: Session) -> str:
        rule = towns.rule_of(session, form.text("domain"))
        if rule is None:
            raise NotFound(forms.NOT_HERE)
        towns.lift(session, rule)
        return form.text("domain")

    return await _decide(request, deed, form, "%(domain)s についての決まりをなくしました。")


@routes.post("/operate/towns/permits")
@_admins
async def permit(request: web.Request) -> web.Response:
    form = form_of(request)
    try:
        domain = await request.app[DATABASE].write(
            lambda session: towns.permit(session, form.text("domain")).domain
        )
    except CommunityError as error:
        return await _show(request, error=error, permit_form=form)
    return redirect(request, _HERE, "%(domain)s とやりとりできるようにしました。", {"domain": domain})


async def _decide(request: web.Request, deed: Deed, form: Form, said: str) -> web.Response:
    try:
        domain = await request.app[DATABASE].write(deed)
    except CommunityError as error:
        return await _show(request, error=error, rule_form=form)
    return redirect(request, _HERE, said, {"domain": domain})


async def _show(
    request: web.Request,
    *,
    error: CommunityError | None = None,
    sister_form: Form | None = None,
    rule_form: Form | None = None,
    permit_form: Form | None = None,
) -> web.Response:
    wrong = sister_form or rule_form or permit_form or Form()
    if error is not None:
        explain(request, wrong, error)
    settings = request.app[SETTINGS]
    return page(
        request,
        "operate_towns.html",
        status=200 if error is None else statuses.of(error),
        form=wrong,
        sister_form=sister_form or Form(),
        rule_form=(rule_form or Form()).at("rule"),
        permit_form=(permit_form or Form()).at("permit"),
        here=await request.app[DATABASE].read(_neighbourhood),
        by_list=settings.federation.mode == _ALLOWLIST,
    )


def _neighbourhood(session: Session) -> Neighbourhood:
    passed = traffic.sums(session)
    reached = {each.host: each for each in health.by_host(session)}
    return Neighbourhood(
        neighbours=[
            Neighbour(row, passed.get(row.domain), reached.get(row.domain))
            for row in sorted(sisters.every(session), key=lambda row: _TURN.index(row.state))
        ],
        rules=list(towns.blocks(session)),
        permits=list(towns.permits(session)),
    )
