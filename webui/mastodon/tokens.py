"""The programs' side of OAuth 2: tokens given, renewed and taken back; who the member is; the document of it all.

Errors are of RFC 6749, 5.2. Parameters that are not needed, or come twice, are no error: apps send both. Every answer
about a token stays out of caches.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

from aiohttp import web
from sqlalchemy.orm import Session

from community import apps
from community.apps import Issued
from community.models import Account, App
from community.text import storable
from webui.keys import THROTTLE
from webui.mastodon import params
from webui.mastodon.entities import pictures
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call
from webui.oauth import asking, scopes
from webui.security import client_network
from webui.throttle import Limit

routes = Api()
_UNCACHED = {"Cache-Control": "no-store", "Pragma": "no-cache"}
_APP_TOKENS = Limit(tries=200, minutes=60)  # of one network; a token of an app itself costs its bearer nothing
_TOO_MANY = "短い時間に、たくさんの鍵が求められました。%(minutes)s分ほど待ってから、もう一度お試しください。"
_WORDS = {
    "invalid_request": "The request is missing a required parameter, or is otherwise malformed.",
    "invalid_client": "Client authentication failed due to unknown client, no client authentication included, "
    "or unsupported authentication method.",
    "invalid_grant": "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI "
    "used in the authorization request, or was issued to another client.",
    "invalid_scope": "The requested scope is invalid, unknown, or malformed.",
    "unsupported_grant_type": "The authorization grant type is not supported by the authorization server.",
    "unauthorized_client": "You are not authorized to revoke this token",
}


@routes.post("/oauth/token", access="open", uploads=True)
async def token(call: Call) -> web.Response:
    sent = await _sent(call.request)
    client_id, secret = _credentials(call.request, sent)
    kind = sent.text("grant_type")
    if kind is None:
        raise _refused("invalid_request", "Missing required parameter: grant_type.")
    grant = _GRANTS.get(kind)
    if grant is None:
        raise _refused("unsupported_grant_type")
    if kind == "client_credentials":
        _slow_down(call)

    def unit(session: Session) -> Issued | None:
        app = apps.authenticate(session, client_id, secret)
        if app is None:
            raise _unknown_client(call.request)
        return grant(session, app, sent)

    issued = await call.write(unit)
    if issued is None:
        raise _refused("invalid_grant")
    return reply(entity(issued), headers=_UNCACHED)


@routes.post("/oauth/revoke", access="open", uploads=True)
async def revoke(call: Call) -> web.Response:
    sent = await _sent(call.request)
    client_id, secret = _credentials(call.request, sent)
    named = sent.text("token")

    def unit(session: Session) -> bool:
        app = apps.authenticate(session, client_id, secret)
        if app is None:
            raise _unknown_client(call.request)
        return named is None or apps.revoke(session, app=app, token=named)

    if not await call.write(unit):
        raise _refused("unauthorized_client", status=403)
    return reply({}, headers=_UNCACHED)


@routes.get("/oauth/userinfo")
@routes.post("/oauth/userinfo")
async def userinfo(call: Call) -> web.Response:
    assert call.holder is not None
    if not scopes.allows(call.holder.scopes, scopes.PROFILE) and not scopes.allows(call.holder.scopes, "read"):
        raise Refusal(403, "This action is outside the authorized scopes")

    def unit(session: Session) -> dict[str, Any]:
        account, origin = session.get_one(Account, call.me), call.town.uris.origin
        return {
            "iss": _issuer(call),
            "sub": account.uri,
            "name": account.display_name,
            "preferred_username": account.name,
            "profile": account.url or account.uri,
            "picture": pictures.avatar(account, origin),
        }

    return reply(await call.read(unit), headers=_UNCACHED)


@routes.get("/.well-known/oauth-authorization-server", access="open")
async def metadata(call: Call) -> web.Response:
    origin = call.town.uris.origin
    return reply(
        {
            "issuer": _issuer(call),
            "service_documentation": "https://docs.joinmastodon.org/",
            "authorization_endpoint": f"{origin}/oauth/authorize",
            "token_endpoint": f"{origin}/oauth/token",
            "app_registration_endpoint": f"{origin}/api/v1/apps",
            "revocation_endpoint": f"{origin}/oauth/revoke",
            "userinfo_endpoint": f"{origin}/oauth/userinfo",
            "scopes_supported": list(scopes.SUPPORTED),
            "response_types_supported": ["code"],
            "response_modes_supported": list(asking.MODES),
            "grant_types_supported": list(_GRANTS),
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        },
        headers={"Cache-Control": "max-age=3600"},
    )


def entity(issued: Issued) -> dict[str, Any]:
    """Token (client-API reference §2)."""
    told: dict[str, Any] = {
        "access_token": issued.token,
        "token_type": "Bearer",
        "scope": issued.scopes,
        "created_at": issued.created_at // 1000,
    }
    if issued.refresh_token is not None:
        told |= {"refresh_token": issued.refresh_token, "expires_in": issued.expires_in}
    return told


def _from_code(session: Session, app: App, sent: Params) -> Issued | None:
    code, redirect_uri = sent.text("code"), sent.text("redirect_uri")
    if code is None or redirect_uri is None:
        missing = "code" if code is None else "redirect_uri"
        raise _refused("invalid_request", f"Missing required parameter: {missing}.")
    return apps.redeem(
        session,
        app=app,
        code=code,
        redirect_uri=redirect_uri,
        verifier=sent.text("code_verifier"),
        renewable=scopes.OFFLINE,
    )


def _of_app(session: Session, app: App, sent: Params) -> Issued | None:
    try:
        asked = scopes.parse(sent.text("scope"))
    except scopes.UnknownScope:
        asked = ()
    if not asked or not scopes.within(asked, frozenset(app.scopes.split())):
        raise _refused("invalid_scope")
    return apps.issue_to_app(session, app=app, scopes=asked)


def _renewed(session: Session, app: App, sent: Params) -> Issued | None:
    refresh_token = sent.text("refresh_token")
    if refresh_token is None:
        raise _refused("invalid_request", "Missing required parameter: refresh_token.")
    return apps.renew(session, app=app, refresh_token=refresh_token)


_GRANTS: dict[str, Callable[[Session, App, Params], Issued | None]] = {
    "authorization_code": _from_code,
    "client_credentials": _of_app,
    "refresh_token": _renewed,
}


async def _sent(request: web.Request) -> Params:
    try:
        return await params.read(request)
    except params.Unreadable as error:
        raise _refused("invalid_request") from error


def _credentials(request: web.Request, sent: Params) -> tuple[str, str]:
    """Who the app says it is, in the body or in the Authorization header; in both only if they say the same.

    Raises Refusal invalid_client.
    """
    said = sent.text("client_id"), sent.text("client_secret")
    basic = _basic(request)
    if basic is None:
        if said[0] is None or said[1] is None:
            raise _unknown_client(request)
        return said[0], said[1]
    if any(text is not None and text != told for text, told in zip(said, basic, strict=True)):
        raise _unknown_client(request)
    return basic


def _basic(request: web.Request) -> tuple[str, str] | None:
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        client_id, colon, secret = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise _unknown_client(request) from None
    if not colon:
        raise _unknown_client(request)
    return storable(unquote_plus(client_id)), storable(unquote_plus(secret))


def _slow_down(call: Call) -> None:
    limits = {"app tokens@" + client_network(call.request): _APP_TOKENS}
    throttle = call.request.app[THROTTLE]
    throttle.check(limits, _TOO_MANY)
    throttle.count(limits)


def _issuer(call: Call) -> str:
    return call.town.uris.origin + "/"


def _refused(error: str, description: str = "", *, status: int = 400, **headers: str) -> Refusal:
    return Refusal(
        status, error, headers=_UNCACHED | headers, error_description=description or _WORDS[error]
    )


def _unknown_client(request: web.Request) -> Refusal:
    refusal = _refused("invalid_client", status=401)
    if "Authorization" in request.headers:  # RFC 6749, 5.2: in the scheme that the app used
        refusal.headers = {**_UNCACHED, "WWW-Authenticate": 'Basic realm="Machi"'}
    return refusal
