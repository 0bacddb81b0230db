"""What an app asks for when it sends a person here: the parameters of an authorization request, looked at once."""

import re
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy.orm import Session

from community import apps, redirect_uris
from webui.keys import DATABASE
from webui.oauth import scopes

MODES = ("query", "fragment", "form_post")
_CLIENT_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")  # SHA-256 in base64url


class Unusable(Exception):
    """The app or its redirect is unknown, so nobody is sent anywhere. `message` is for the person."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Way:
    """How the answer gets back to the app."""

    redirect_uri: str
    mode: str = "query"
    state: str | None = None  # given back if it was sent


class Refused(Exception):
    """The app asks for what it cannot have; it is told on its `way`."""

    def __init__(self, way: Way, error: str, description: str) -> None:
        super().__init__(error)
        self.way = way
        self.error = error
        self.description = description


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be put to a member."""

    app_id: int
    name: str
    website: str | None
    way: Way
    scopes: tuple[str, ...]
    challenge: str | None  # PKCE, S256


@dataclass(frozen=True, slots=True)
class _Known:
    id: int
    name: str
    website: str | None
    addresses: list[str]
    scopes: frozenset[str]


async def read(request: web.Request) -> Asked:
    """What the app asks. Raises Unusable, Refused."""
    query = request.query
    client_id = query.get("client_id", "")
    app = None
    if _CLIENT_ID.fullmatch(client_id):
        app = await request.app[DATABASE].read(lambda session: _known(session, client_id))
    if app is None:
        raise Unusable("このアプリは、まちに登録されていません。アプリの画面に戻って、もう一度はじめからお試しください。")
    redirect_uri = query.get("redirect_uri") or (app.addresses[0] if len(app.addresses) == 1 else "")
    if redirect_uri not in app.addresses:
        raise Unusable("アプリの戻り先が、登録されたものと違います。安全のため、ここで止めました。")
    way = _way(redirect_uri, query.get("response_mode") or "query", query.get("state"))
    _check_kind(way, query.get("response_type", ""))
    return Asked(app.id, app.name, app.website, way, _scopes(app, way, query.get("scope")), _challenge(request, way))


def _known(session: Session, client_id: str) -> _Known | None:
    app = apps.find(session, client_id)
    if app is None:
        return None
    return _Known(app.id, app.name, app.website, apps.addresses(app), frozenset(app.scopes.split()))


def _way(redirect_uri: str, mode: str, state: str | None) -> Way:
    plain = Way(redirect_uri, state=state)
    if mode not in MODES:
        raise Refused(plain, "invalid_request", "The response mode is not supported.")
    if mode == "form_post" and not redirect_uri.lower().startswith(("http://", "https://")):
        raise Refused(plain, "invalid_request", "A form can be posted to http and https only.")
    return Way(redirect_uri, mode, state)


def _check_kind(way: Way, kind: str) -> None:
    if not kind:
        raise Refused(way, "invalid_request", "Missing required parameter: response_type.")
    if kind != "code":
        raise Refused(way, "unsupported_response_type", "The authorization server does not support this response type.")


def _scopes(app: _Known, way: Way, text: str | None) -> tuple[str, ...]:
    try:
        asked = scopes.parse(text)
    except scopes.UnknownScope:
        asked = ()
    if not asked or not scopes.within(asked, app.scopes):
        raise Refused(way, "invalid_scope", "The requested scope is invalid, unknown, or malformed.")
    return asked


def _challenge(request: web.Request, way: Way) -> str | None:
    """The PKCE challenge. `plain`, which is also what an absent method means, proves nothing and is refused."""
    challenge, method = request.query.get("code_challenge"), request.query.get("code_challenge_method")
    if not challenge and not method:
        return None
    if method != "S256":
        raise Refused(way, "invalid_request", "The code challenge method must be S256.")
    if _CHALLENGE.fullmatch(challenge or "") is None:
        raise Refused(way, "invalid_request", "The code challenge is not the base64url of a SHA-256 hash.")
    return challenge


def is_out_of_band(way: Way) -> bool:
    return way.redirect_uri == redirect_uris.OUT_OF_BAND
