"""An app asks, a member decides: log-in if need be, then one question with two buttons, then back to the app.

The address bears the whole question, and both forms are sent to it; so nothing is kept between the steps, and each step
looks at the question anew.
"""

from collections.abc import Mapping
from urllib.parse import urlencode

from aiohttp import web

from community import apps, redirect_uris
from community.errors import CommunityError, TooMany
from webui import auth, csrf, entering, statuses
from webui.forms import Form
from webui.keys import DATABASE, SETTINGS
from webui.oauth import answers, asking, scopes
from webui.oauth.asking import Asked
from webui.rendering import explain, form_of, page, sentence

routes = web.RouteTableDef()
_ADDRESS, _LOGIN = "/oauth/authorize", "/oauth/login"
_NO = {"", "0", "f", "false", "off", "n", "no"}


@routes.get(_ADDRESS)
@routes.get(_ADDRESS + "/")
async def show(request: web.Request) -> web.Response:
    asked = await _asked(request)
    if isinstance(asked, web.Response):
        return asked
    forced = request.query.get("force_login", "").lower() not in _NO
    if forced or not auth.visitor(request).member:
        return _login_page(request, asked, Form())
    response = page(
        request,
        "oauth/consent.html",
        asked=asked,
        groups=scopes.grouped(asked.scopes),
        back_to=_place(asked.way.redirect_uri),
        action=_here(request, _ADDRESS),
        other=_here(request, _ADDRESS, force_login="true"),
        tongues=_tongues(request),
    )
    return answers.let_through(request, response, asked.way)


@routes.post(_ADDRESS)
@routes.post(_ADDRESS + "/")
@csrf.asked_anew
async def decide(request: web.Request) -> web.Response:
    asked = await _asked(request)
    if isinstance(asked, web.Response):
        return asked
    me = auth.visitor(request).account_id
    if me is None:
        return _on(_here(request, _ADDRESS))
    if form_of(request).text("decision") == "deny":
        denied = "The resource owner or authorization server denied the request."
        return answers.refusal(request, asked.way, "access_denied", denied)
    code = await request.app[DATABASE].write(
        lambda session: apps.consent(
            session,
            app_id=asked.app_id,
            account_id=me,
            redirect_uri=asked.way.redirect_uri,
            scopes=asked.scopes,
            challenge=asked.challenge,
        )
    )
    return answers.code(request, asked.way, code)


@routes.get(_LOGIN)
async def login_form(request: web.Request) -> web.Response:
    return _on(_here(request, _ADDRESS))


@routes.post(_LOGIN)
async def login(request: web.Request) -> web.Response:
    asked = await _asked(request)
    if isinstance(asked, web.Response):
        return asked
    form = form_of(request)
    try:
        token = await entering.enter(request, form)
    except CommunityError as error:
        explain(request, form, error)
        response = _login_page(request, asked, form, status=statuses.of(error))
        if isinstance(error, TooMany):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    response = _on(_here(request, _ADDRESS, force_login=None))  # else it would be asked for without end
    auth.welcome_in(request, response, token)
    return response


async def _asked(request: web.Request) -> Asked | web.Response:
    """The question, or the answer to one that cannot be put."""
    try:
        return await asking.read(request)
    except asking.Unusable as error:
        return page(request, "oauth/unusable.html", status=400, sentence=sentence(request, error.message))
    except asking.Refused as refused:
        return answers.refusal(request, refused.way, refused.error, refused.description)


def _login_page(request: web.Request, asked: Asked, form: Form, *, status: int = 200) -> web.Response:
    return page(
        request,
        "oauth/login.html",
        status=status,
        form=form,
        asked=asked,
        action=_here(request, _LOGIN),
        tongues=_tongues(request),
    )


def _here(request: web.Request, path: str, **changed: str | None) -> str:
    """The question's address at `path`, with some parameters set or (None) left out."""
    return f"{path}?{urlencode([*_kept(request, changed), *_given(changed)], errors='replace')}"


def _kept(request: web.Request, changed: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in request.query.items() if name not in changed]


def _given(changed: Mapping[str, str | None]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in changed.items() if value is not None]


def _tongues(request: web.Request) -> dict[str, str]:
    """Where the question is put in each language: the pages hold one form alone, so these are links."""
    languages = request.app[SETTINGS].instance.languages
    return {each: _here(request, _ADDRESS, lang=each) for each in languages} if len(languages) > 1 else {}


def _place(redirect_uri: str) -> str:
    """Where the person will be led, as they may recognise it; empty out of band."""
    return (redirect_uris.source(redirect_uri) or "").removesuffix(":")


def _on(address: str) -> web.Response:
    return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})
