"""なかまになる: one question, the town's promise, and then a recovery code that is shown once."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import doors, members, submissions
from community.errors import CommunityError, Invalid
from community.visibility import Viewer
from webui import auth, forms
from webui.forms import Form
from webui.keys import DATABASE, PASSPHRASES, SETTINGS, THROTTLE
from webui.rendering import again, form_of, language_of, page, redirect
from webui.security import client_network
from webui.throttle import Limit
from webui.visitors import Visitor

routes = web.RouteTableDef()
_PER_NETWORK = Limit(tries=20, minutes=60)
_TOO_MANY = "短い時間に続けて申し込みがありました。%(minutes)s分ほど待ってから、もう一度お試しください。"


@dataclass(frozen=True, slots=True)
class Joined:
    """What came of the form: `code` is None when the same form was sent before."""

    code: str | None
    token: str | None = None  # of the session; None while somebody waits to be let in
    visitor: Visitor | None = None


@routes.get("/join")
async def show(request: web.Request) -> web.Response:
    if auth.visitor(request).member:
        return redirect(request, "/")
    form = Form.blank(key=forms.query(request, "key"), invite_code=forms.query(request, "invite"))
    return page(request, "join.html", form=form, **await _surroundings(request, form))


@routes.post("/join")
async def join(request: web.Request) -> web.Response:
    form = form_of(request)
    throttle, limits = request.app[THROTTLE], {"join@" + client_network(request): _PER_NETWORK}
    try:
        throttle.check(limits, _TOO_MANY)
        _check(form)
        throttle.count(limits)  # first: what is tried side by side counts too
        try:
            passphrase_hash = await request.app[PASSPHRASES].hash(form.text("passphrase", strip=False))
            locale = language_of(request)
            joined = await request.app[DATABASE].write(
                lambda session: _join(session, form, passphrase_hash, locale)
            )
        except CommunityError:
            throttle.take_back(limits)
            raise
    except CommunityError as error:
        return again(request, "join.html", form, error, **await _surroundings(request, form))
    if joined.code is None:
        throttle.take_back(limits)
        return redirect(request, "/login", "この申し込みは、もう届いています。そのまま入れます。")
    return _show_code(request, joined)


def _check(form: Form) -> None:
    """What only the page asks for."""
    if not form.text("application") and not form.text("key"):
        raise Invalid(
            "application",
            "お仕事とのかかわりを、ひとことだけ教えてください。くわしい会社のことは書かなくて大丈夫です。",
        )
    if not form.checked("agree"):
        raise Invalid("agree", "まちの約束をお読みいただき、よろしければしるしをつけてください。")


def _join(session: Session, form: Form, passphrase_hash: str, locale: str) -> Joined:
    """The whole deed; runs in the database."""
    if form.submission and submissions.remembered(session, form.submission) is not None:
        return Joined(code=None)
    joined = members.join(
        session,
        name=form.text("name") or members.suggest_handle(session, form.text("nickname")),
        nickname=form.text("nickname"),
        passphrase_hash=passphrase_hash,
        application=form.text("application"),
        email=form.text("email") or None,
        locale=locale,
        invite_code=form.text("invite_code") or None,
        first_admin_key=form.text("key") or None,
    )
    if form.submission:
        submissions.remember(session, form.submission, "/login")
    account, member = joined.account, joined.member
    if member.state != "active":
        return Joined(joined.recovery_code)
    visitor = Visitor(
        viewer=Viewer(account_id=account.id, role=member.role, locale=member.locale),
        account_id=account.id,
        name=account.name,
        display_name=account.display_name,
    )
    return Joined(joined.recovery_code, doors.open_session(session, account.id), visitor)


def _show_code(request: web.Request, joined: Joined) -> web.Response:
    if joined.token and joined.visitor:
        auth.remember(request, joined.visitor, joined.token)
    response = page(request, "code.html", code=joined.code, occasion="joined" if joined.token else "waiting")
    response.headers["Cache-Control"] = "no-store"  # the code stands on it
    if joined.token:
        auth.welcome_in(request, response, joined.token)
    return response


async def _surroundings(request: web.Request, form: Form) -> dict[str, Any]:
    """How the town takes people in, and whether the visitor came by the link of the first administrator."""
    key = form.text("key")
    first = bool(key) and await request.app[DATABASE].read(
        lambda session: doors.is_first_admin_key(session, key)
    )
    return {
        "mode": request.app[SETTINGS].instance.registrations,
        "first_admin": first,
        "spent_key": bool(key) and not first,
        "invited": bool(form.text("invite_code")),
    }
