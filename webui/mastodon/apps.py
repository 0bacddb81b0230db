"""Apps register themselves, and ask whether their token is good."""

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import apps, redirect_uris
from community.errors import NotFound
from community.models import App
from webui import push_keys
from webui.keys import THROTTLE
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call
from webui.oauth import scopes
from webui.security import client_network
from webui.throttle import Limit

routes = Api()
_PER_NETWORK = Limit(tries=100, minutes=60)
_TOO_MANY = "短い時間に、たくさんのアプリが登録されました。%(minutes)s分ほど待ってから、もう一度お試しください。"


@routes.post("/api/v1/apps", access="open")
async def register(call: Call) -> web.Response:
    sent = call.params
    try:
        wanted = scopes.parse(" ".join(sent.all("scopes")))
    except scopes.UnknownScope as unknown:
        raise Refusal(422, f"Validation failed: Scopes doesn't match configured on the server. ({unknown})") from unknown
    limits = {"apps@" + client_network(call.request): _PER_NETWORK}
    throttle = call.request.app[THROTTLE]
    throttle.check(limits, _TOO_MANY)
    throttle.count(limits)  # before it waits for its turn, so that many at once count as many
    uris = redirect_uris.split(sent.all("redirect_uris"))

    def unit(session: Session) -> dict[str, Any]:
        app, secret = apps.register(
            session, name=sent.text("client_name") or "", uris=uris, scopes=wanted, website=sent.text("website")
        )
        told = _entity(app, push_keys.public_key(call.town))
        return told | {"client_id": app.client_id, "client_secret": secret, "client_secret_expires_at": 0}

    try:
        registered = await call.write(unit)
    except Exception:
        throttle.take_back(limits)
        raise
    return reply(registered, headers={"Cache-Control": "no-store"})


@routes.get("/api/v1/apps/verify_credentials", access="app")
async def verify_credentials(call: Call) -> web.Response:
    """The app of the token, whatever scopes that has."""
    assert call.holder is not None
    holder = call.holder
    vapid_key = push_keys.public_key(call.town)

    def unit(session: Session) -> dict[str, Any]:
        app = None if holder.app_id is None else session.get(App, holder.app_id)
        if app is None and holder.app_id is not None:
            raise NotFound("そのアプリは見つかりませんでした。")
        return _of_operator(call, vapid_key) if app is None else _entity(app, vapid_key)

    return reply(await call.read(unit))


def _entity(app: App, vapid_key: str) -> dict[str, Any]:
    uris = apps.addresses(app)
    return {
        "id": str(app.id),
        "name": app.name,
        "website": app.website,
        "scopes": app.scopes.split(),
        "redirect_uris": uris,
        "redirect_uri": "\n".join(uris),
        "vapid_key": vapid_key,
    }


def _of_operator(call: Call, vapid_key: str) -> dict[str, Any]:
    """A token that the operator made stands for itself: no app is registered behind it."""
    assert call.holder is not None
    return {
        "id": str(call.holder.token_id),
        "name": call.holder.client_name,
        "website": None,
        "scopes": sorted(call.holder.scopes),
        "redirect_uris": [redirect_uris.OUT_OF_BAND],
        "redirect_uri": redirect_uris.OUT_OF_BAND,
        "vapid_key": vapid_key,
    }
