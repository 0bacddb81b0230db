"""The town itself, as apps ask for it: the instance documents, まちの約束, its neighbours, its numbers, its texts."""

import hashlib
from collections.abc import Callable
from typing import Any, TypeVar

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import census, towns
from community.models import Account, DomainRule, Member
from community.visibility import PUBLIC
from webui import push_keys
from webui.keys import SETTINGS, STATIC, TEMPLATES, TOWN
from webui.mastodon.entities import accounts, instance
from webui.mastodon.entities.instance import Entity, Facts
from webui.mastodon.entities.times import day, iso
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import NOT_FOUND, Api, Call
from webui.rendering import language_of

T = TypeVar("T")
routes = Api()
A_MINUTE, AN_HOUR = 60_000, 3_600_000
TEXTS_CHANGED = 1_795_564_800_000
"""When まちの約束 and what belongs to it last changed (ms): 2026-11-25."""

LANGUAGES = {"ja": "日本語", "en": "English"}


@routes.get("/api/v2/instance", access="open")
async def second(call: Call) -> web.Response:
    return reply(instance.v2(await _facts(call)))


@routes.get("/api/v1/instance", access="open")
async def first(call: Call) -> web.Response:
    return reply(instance.v1(await _facts(call)))


@routes.get("/api/v1/instance/rules", access="open")
async def rules(call: Call) -> web.Response:
    return reply(instance.rules(call.request.app[TEMPLATES].catalogues, language_of(call.request)))


@routes.get("/api/v1/instance/peers", access="open")
async def peers(call: Call) -> web.Response:
    def unit(session: Session) -> list[str]:
        met = census.peers(session)
        return [host for host in met if not towns.is_refused(session, host)] if towns.blocks(session) else met

    return reply(await _kept(call, "peers", AN_HOUR, unit))


@routes.get("/api/v1/instance/activity", access="open")
async def activity(call: Call) -> web.Response:
    """Twelve weeks in numbers. `logins` is "0": when anybody was here is not recorded."""
    weeks = await _kept(call, "activity", AN_HOUR, census.weeks)
    return reply(
        [
            {
                "week": str(week.start // 1000),
                "statuses": str(week.posts),
                "logins": "0",
                "registrations": str(week.joined),
            }
            for week in weeks
        ]
    )


@routes.get("/api/v1/instance/extended_description", access="open")
async def extended_description(call: Call) -> web.Response:
    told = "".join(_part(call, name) for name in ("safety", "advice"))
    return reply({"updated_at": iso(TEXTS_CHANGED), "content": told})


@routes.get("/api/v1/instance/privacy_policy", access="open")
async def privacy_policy(call: Call) -> web.Response:
    return reply({"updated_at": iso(TEXTS_CHANGED), "content": _part(call, "privacy")})


@routes.get("/api/v1/instance/terms_of_service", access="open")
async def terms_of_service(call: Call) -> web.Response:
    """まちの約束: there are no other terms."""
    return reply(_terms(call))


@routes.get("/api/v1/instance/terms_of_service/{date}", access="open")
async def terms_of_a_day(call: Call) -> web.Response:
    """Only the terms that hold now are kept."""
    terms = _terms(call)
    if call.request.match_info["date"] != terms["effective_date"]:
        raise Refusal(404, NOT_FOUND)
    return reply(terms)


@routes.get("/api/v1/instance/languages", access="open")
async def languages(call: Call) -> web.Response:
    spoken = call.request.app[SETTINGS].instance.languages
    return reply([{"code": code, "name": LANGUAGES[code]} for code in spoken])


@routes.get("/api/v1/instance/translation_languages", access="open")
async def translation_languages(call: Call) -> web.Response:
    """Nothing is translated here, from no language into none."""
    return reply({})


@routes.get("/api/v1/instance/domain_blocks", access="open")
async def domain_blocks(call: Call) -> web.Response:
    """The hosts about which the town has rules; 404 where it keeps them to itself (`[federation] show_blocks`)."""
    if not call.request.app[SETTINGS].federation.show_blocks:
        raise Refusal(404, NOT_FOUND)
    return reply(await call.read(lambda session: [_told(rule) for rule in towns.blocks(session)]))


@routes.get("/health", access="open")
async def health(call: Call) -> web.Response:
    return web.Response(text="OK")


async def _facts(call: Call) -> Facts:
    app = call.request.app
    counted, contact = await _kept(call, "census", A_MINUTE, lambda session: (census.count(session), _contact(session)))
    return Facts(
        settings=app[SETTINGS],
        uris=app[TOWN].uris,
        static=app[STATIC],
        catalogues=app[TEMPLATES].catalogues,
        language=language_of(call.request),
        census=counted,
        contact=contact,
        vapid_key=push_keys.public_key(app[TOWN]),
    )


def _contact(session: Session) -> Any:
    """Whom people may turn to: of the administrators the one who has been here longest."""
    longest = (
        select(Account.id)
        .join(Member, Member.account_id == Account.id)
        .where(Member.role == "admin", Member.state == "active", Account.suspended_at.is_(None))
        .order_by(Member.joined_at)
        .limit(1)
    )
    found = session.scalar(longest)
    return accounts.by_id(session, PUBLIC, [found]).get(found) if found is not None else None


async def _kept(call: Call, name: str, for_ms: int, unit: Callable[[Session], T]) -> T:
    """What `unit` read, remembered by this process for so long: anybody may ask, as often as they like."""
    memory, now = call.town.memory, call.town.clock()
    found: tuple[int, T] | None = memory.get(f"instance {name}")
    if found is not None and found[0] <= now < found[0] + for_ms:
        return found[1]
    fresh = await call.read(unit)
    memory[f"instance {name}"] = (now, fresh)
    return fresh


def _part(call: Call, name: str) -> str:
    """One of the texts that stand under まちの約束, as HTML."""
    app = call.request.app
    facts = {"anonymity": app[SETTINGS].anonymity}
    return app[TEMPLATES].render(language_of(call.request), f"parts/promise_{name}.html", facts).strip()


def _terms(call: Call) -> Entity:
    promised = instance.rules(call.request.app[TEMPLATES].catalogues, language_of(call.request))
    items = "".join(f"<li>{rule['text']}</li>" for rule in promised)
    return {
        "effective_date": day(TEXTS_CHANGED),
        "effective": True,
        "content": f"<ol>{items}</ol>",
        "succeeded_by": None,
    }


def _told(rule: DomainRule) -> Entity:
    shown = _obfuscated(rule.domain) if rule.obfuscate else rule.domain
    return {
        "domain": shown,
        "digest": hashlib.sha256(rule.domain.encode()).hexdigest(),
        "severity": rule.policy,
        "comment": rule.public_reason,
    }


def _obfuscated(domain: str) -> str:
    """The middle third veiled, as Mastodon does: who knows the name knows it again, nobody finds it by it."""
    third = max(len(domain) // 3, 1)
    middle = "".join("*" if char != "." else "." for char in domain[third:-third])
    return domain[:third] + middle + domain[-third:]
