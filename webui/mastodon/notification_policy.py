"""Whose お知らせ wait in requests instead of standing among the others, and the requests."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import notice_policy
from community.models import NotificationSender
from community.notice_policy import ACCEPT, ACTIONS, FILTER, RULES, Request, Summary
from webui.mastodon import paging
from webui.mastodon.entities import notifications as entities
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call

routes = Api()
_READ, _WRITE = "read:notifications", "write:notifications"
_DEFAULT, _MOST = 40, 80


@routes.get("/api/v2/notifications/policy", scope=_READ)
async def policy(call: Call) -> web.Response:
    return reply(entities.policy(*await call.read(lambda session: _both(session, call.me))))


@routes.put("/api/v2/notifications/policy", scope=_WRITE)
async def change(call: Call) -> web.Response:
    asked = {rule: action for rule in RULES if (action := call.params.text(rule)) is not None}
    if any(action not in ACTIONS for action in asked.values()):
        raise Refusal(422, "Validation failed: a policy is one of accept, filter, drop")
    return reply(entities.policy(*await _changed(call, asked)))


@routes.get("/api/v1/notifications/policy", scope=_READ)
async def old_policy(call: Call) -> web.Response:
    return reply(entities.old_policy(*await call.read(lambda session: _both(session, call.me))))


@routes.put("/api/v1/notifications/policy", scope=_WRITE)
async def change_old(call: Call) -> web.Response:
    flags = {
        rule: call.params.flag(f"filter_{rule.removeprefix('for_')}") for rule in entities.OLD_RULES
    }
    asked = {rule: FILTER if flag else ACCEPT for rule, flag in flags.items() if flag is not None}
    return reply(entities.old_policy(*await _changed(call, asked)))


@routes.get("/api/v1/notifications/requests", scope=_READ)
async def requests(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)

    def unit(session: Session) -> paging.Shown:
        statement = notice_policy.waiting().params(me=call.me)
        rows = [Request(*row) for row in window.rows(session, statement, NotificationSender.id)]
        return paging.Shown(entities.waiting(session, call.viewer, rows), [it.id for it in rows])

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/notifications/requests/merged", scope=_READ)
async def merged(call: Call) -> web.Response:
    """What is let through stands among the others at once: there is nothing to wait for."""
    return reply({"merged": True})


@routes.post("/api/v1/notifications/requests/accept", scope=_WRITE)
async def accept_many(call: Call) -> web.Response:
    named = call.params.identifiers("id")
    await call.write(lambda session: notice_policy.accept(session, account_id=call.me, request_ids=named))
    return reply({})


@routes.post("/api/v1/notifications/requests/dismiss", scope=_WRITE)
async def dismiss_many(call: Call) -> web.Response:
    named = call.params.identifiers("id")
    await call.write(lambda session: notice_policy.dismiss(session, account_id=call.me, request_ids=named))
    return reply({})


@routes.get("/api/v1/notifications/requests/{id}", scope=_READ)
async def request(call: Call) -> web.Response:
    request_id = call.path_id()

    def unit(session: Session) -> Sequence[Mapping[str, Any]]:
        return entities.waiting(
            session, call.viewer, [notice_policy.request(session, call.me, request_id)]
        )

    shown = await call.read(unit)
    if not shown:
        raise Refusal(404, "Record not found")
    return reply(shown[0])


@routes.post("/api/v1/notifications/requests/{id}/accept", scope=_WRITE)
async def accept(call: Call) -> web.Response:
    request_id = call.path_id()

    def unit(session: Session) -> None:
        row = notice_policy.request(session, call.me, request_id)
        notice_policy.accept(session, account_id=call.me, request_ids=[row.id])

    await call.write(unit)
    return reply({})


@routes.post("/api/v1/notifications/requests/{id}/dismiss", scope=_WRITE)
async def dismiss(call: Call) -> web.Response:
    request_id = call.path_id()

    def unit(session: Session) -> None:
        row = notice_policy.request(session, call.me, request_id)
        notice_policy.dismiss(session, account_id=call.me, request_ids=[row.id])

    await call.write(unit)
    return reply({})


def _both(session: Session, account_id: int) -> tuple[dict[str, str], Summary]:
    return notice_policy.of(session, account_id), notice_policy.summary(session, account_id)


async def _changed(call: Call, asked: Mapping[str, str]) -> tuple[dict[str, str], Summary]:
    def unit(session: Session) -> tuple[dict[str, str], Summary]:
        notice_policy.change(session, account_id=call.me, rules=asked)
        return _both(session, call.me)

    return await call.write(unit)
