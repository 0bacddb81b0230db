"""The Web Push subscription of an app: one for each token. What is pushed, `webui.push` hands over."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import push
from community.models import PushSubscription
from community.town import Town
from webui import push_keys
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call
from webui.push import sealing

routes = Api()
_PATH, _SCOPE = "/api/v1/push/subscription", "push"


@routes.get(_PATH, scope=_SCOPE)
async def one(call: Call) -> web.Response:
    return reply(await call.read(lambda session: _entity(call.town, push.of_token(session, _token(call)))))


@routes.post(_PATH, scope=_SCOPE)
async def create(call: Call) -> web.Response:
    asked, data = call.params.hash("subscription"), call.params.hash("data")
    keys = asked.hash("keys")
    _check_point(keys.text("p256dh"))

    def unit(session: Session) -> Mapping[str, Any]:
        row = push.subscribe(
            session,
            token_id=_token(call),
            account_id=call.me,
            endpoint=asked.text("endpoint"),
            p256dh=keys.text("p256dh"),
            auth=keys.text("auth"),
            standard=bool(asked.flag("standard")),
            alerts=_alerts(data),
            policy=data.text("policy") or call.params.text("policy"),
        )
        return _entity(call.town, row)

    return reply(await call.write(unit))


@routes.put(_PATH, scope=_SCOPE)
async def change(call: Call) -> web.Response:
    data = call.params.hash("data")

    def unit(session: Session) -> Mapping[str, Any]:
        row = push.change(
            session,
            token_id=_token(call),
            alerts=_alerts(data) if data.given("alerts") else None,
            policy=data.text("policy") or call.params.text("policy"),
        )
        return _entity(call.town, row)

    return reply(await call.write(unit))


@routes.delete(_PATH, scope=_SCOPE)
async def remove(call: Call) -> web.Response:
    await call.write(lambda session: push.unsubscribe(session, token_id=_token(call)))
    return reply({})


def _token(call: Call) -> int:
    assert call.holder is not None
    return call.holder.token_id


def _alerts(data: Params) -> dict[str, bool]:
    asked = data.hash("alerts")
    return {name: bool(asked.flag(name)) for name in push.ALERTS}


def _check_point(typed: str | None) -> None:
    """Refusal 422 for a key with which nothing can be encrypted: better now than at the first notice."""
    try:
        fits = sealing.is_point(push.decoded(typed or ""))
    except ValueError:
        fits = False
    if not fits:
        raise Refusal(422, "Validation failed: p256dh is not a point of P-256")


def _entity(town: Town, row: PushSubscription) -> Mapping[str, Any]:
    return {
        "id": row.id,
        "endpoint": row.endpoint,
        "standard": row.standard,
        "alerts": row.alerts,
        "server_key": push_keys.public_key(town),
        "policy": row.policy,
    }
