"""Admin API, other servers: rules about hosts (domain_blocks) and who is let in by name (domain_allows)."""

from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import towns
from community.errors import Conflict, NotFound
from community.models import DomainRule
from webui.mastodon import admin, paging
from webui.mastodon.entities import admin as entities
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call

routes = Api()
DEFAULT, MOST = 100, 200
_BLOCKS, _ALLOWS = "/api/v1/admin/domain_blocks", "/api/v1/admin/domain_allows"
_READ_BLOCKS, _WRITE_BLOCKS = "admin:read:domain_blocks", "admin:write:domain_blocks"
_READ_ALLOWS, _WRITE_ALLOWS = "admin:read:domain_allows", "admin:write:domain_allows"
_NOT_HERE = "その決まりは見つかりませんでした。"
_FLAGS = ("reject_media", "reject_reports", "obfuscate")
_WORDS = {"private_comment": "reason", "public_comment": "public_reason"}


@routes.get(_BLOCKS, scope=_READ_BLOCKS)
async def blocks(call: Call) -> web.Response:
    return await _listed(call, allowed=False)


@routes.get(_BLOCKS + "/{id}", scope=_READ_BLOCKS)
async def block(call: Call) -> web.Response:
    return await _one(call, allowed=False)


@routes.post(_BLOCKS, scope=_WRITE_BLOCKS)
async def add_block(call: Call) -> web.Response:
    """A host that has a rule already answers 422 with the rule, as Mastodon does."""
    admin.administer(call)
    domain, facts = call.params.text("domain") or "", _facts(call.params)
    facts.setdefault("policy", towns.SILENCE)

    def unit(session: Session) -> dict[str, Any]:
        return entities.domain_block(towns.block(session, domain=domain, **facts))

    try:
        return reply(await call.write(unit))
    except Conflict as conflict:
        known = await call.read(lambda session: _existing(session, domain))
        told = f"Validation failed: {call.sentence(conflict.message, conflict.facts)}"
        raise Refusal(422, told, existing_domain_block=known) from None


@routes.put(_BLOCKS + "/{id}", scope=_WRITE_BLOCKS)
async def change_block(call: Call) -> web.Response:
    admin.administer(call)
    rule_id, facts = call.path_id(), _facts(call.params)

    def unit(session: Session) -> dict[str, Any]:
        return entities.domain_block(towns.change(session, _rule(session, rule_id, allowed=False), **facts))

    return reply(await call.write(unit))


@routes.delete(_BLOCKS + "/{id}", scope=_WRITE_BLOCKS)
async def remove_block(call: Call) -> web.Response:
    return await _lift(call, allowed=False)


@routes.get(_ALLOWS, scope=_READ_ALLOWS)
async def allows(call: Call) -> web.Response:
    return await _listed(call, allowed=True)


@routes.get(_ALLOWS + "/{id}", scope=_READ_ALLOWS)
async def allow(call: Call) -> web.Response:
    return await _one(call, allowed=True)


@routes.post(_ALLOWS, scope=_WRITE_ALLOWS)
async def add_allow(call: Call) -> web.Response:
    admin.administer(call)
    domain = call.params.text("domain") or ""
    return reply(await call.write(lambda session: entities.domain_allow(towns.permit(session, domain))))


@routes.delete(_ALLOWS + "/{id}", scope=_WRITE_ALLOWS)
async def remove_allow(call: Call) -> web.Response:
    return await _lift(call, allowed=True)


def _facts(params: Params) -> dict[str, Any]:
    """What was given of a rule, under the names of `towns.block`."""
    facts: dict[str, Any] = {}
    if severity := params.text("severity"):
        facts["policy"] = severity
    for flag in _FLAGS:
        if (value := params.flag(flag)) is not None:
            facts[flag] = value
    for told, kept in _WORDS.items():
        if params.given(told):
            facts[kept] = params.string(told) or ""
    return facts


async def _listed(call: Call, *, allowed: bool) -> web.Response:
    admin.look_after(call)
    window = call.window(default=DEFAULT, most=MOST)
    permitted = DomainRule.policy == towns.ALLOW
    statement = select(DomainRule, DomainRule.id).where(permitted if allowed else ~permitted)
    show = entities.domain_allow if allowed else entities.domain_block

    def unit(session: Session) -> paging.Shown:
        rows = [row[0] for row in window.rows(session, statement, DomainRule.id)]
        return paging.Shown([show(row) for row in rows], [row.id for row in rows])

    return call.paged(await call.read(unit), window)


async def _one(call: Call, *, allowed: bool) -> web.Response:
    admin.look_after(call)
    rule_id = call.path_id()
    show = entities.domain_allow if allowed else entities.domain_block
    return reply(await call.read(lambda session: show(_rule(session, rule_id, allowed=allowed))))


async def _lift(call: Call, *, allowed: bool) -> web.Response:
    """The rule goes; it is shown for the last time."""
    admin.administer(call)
    rule_id = call.path_id()
    show = entities.domain_allow if allowed else entities.domain_block

    def unit(session: Session) -> dict[str, Any]:
        rule = _rule(session, rule_id, allowed=allowed)
        shown = show(rule)
        towns.lift(session, rule)
        return shown

    return reply(await call.write(unit))


def _rule(session: Session, rule_id: int, *, allowed: bool) -> DomainRule:
    rule = towns.rule_by_id(session, rule_id)
    if (rule.policy == towns.ALLOW) != allowed:
        raise NotFound(_NOT_HERE)
    return rule


def _existing(session: Session, domain: str) -> dict[str, Any] | None:
    rule = towns.rule_of(session, domain)
    return None if rule is None else entities.domain_block(rule)
