"""Coming back with the recovery code, when the passphrase is forgotten. The code is spent and a new one given."""

from aiohttp import web
from sqlalchemy.orm import Session

from community import doors, members
from community.errors import CommunityError
from webui import auth, entering, visitors
from webui.forms import Form
from webui.keys import DATABASE, PASSPHRASES, THROTTLE
from webui.rendering import again, form_of, page

routes = web.RouteTableDef()


@routes.get("/recover")
async def show(request: web.Request) -> web.Response:
    return page(request, "recover.html", form=Form())


@routes.post("/recover")
async def recover(request: web.Request) -> web.Response:
    form = form_of(request)
    throttle, limits = request.app[THROTTLE], entering.limits_for(request, "recover", form.text("login"))
    try:
        throttle.check(limits, entering.TOO_MANY)
        throttle.count(limits)
        passphrase_hash = await request.app[PASSPHRASES].hash(form.text("passphrase", strip=False))
        code, token = await request.app[DATABASE].write(
            lambda session: _return(session, form, passphrase_hash)
        )
    except CommunityError as error:
        return again(request, "recover.html", form, error)
    throttle.take_back(limits)
    if token:
        visitor = await request.app[DATABASE].read(lambda session: visitors.recognise(session, token))
        auth.remember(request, visitor, token)
    response = page(request, "code.html", code=code, occasion="returned")
    response.headers["Cache-Control"] = "no-store"
    if token:
        auth.welcome_in(request, response, token)
    return response


def _return(session: Session, form: Form, passphrase_hash: str) -> tuple[str, str | None]:
    """The next code, and the token of a session unless the member still waits to be let in."""
    name = form.text("login")
    code = members.use_recovery_code(
        session, login=name, code=form.text("code"), passphrase_hash=passphrase_hash
    )
    found = members.by_login(session, name)
    assert found is not None, "the code was somebody's"
    account, member = found
    return code, doors.open_session(session, account.id) if member.state == "active" else None
