"""What software a host runs, by its NodeInfo: boards speak to some kinds of software in a form that others lack."""

import re
from typing import Any, NamedTuple, cast

import structlog
from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from community import town, towns
from community.storage.dialects import insert_of
from community.storage.prepared import Prepared, param, text_param
from federation.context import Federation
from federation.http import PermanentFailure, Refused, TemporaryFailure
from federation.media_types import JSON
from federation.models import RemoteHost
from federation.turns import Crowded
from federation.vocabulary.reading import items, same_origin, text_of

KNOWN_FOR_MS = 7 * 86_400_000
UNKNOWN_FOR_MS = 86_400_000
_SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_LONGEST_VERSION = 64

log = structlog.get_logger(__name__)


class _Told(NamedTuple):
    """What a host said of its software."""

    name: str | None
    version: str | None = None


_NOTHING = _Told(None)


async def software(ctx: Federation, host: str) -> str | None:
    """The name of the software at `host` (host[:port]), such as mastodon; None if it does not tell.

    Asked once a week, or, of a host that did not tell, once a day. Raises nothing.
    """
    try:
        async with ctx.turns.turn(("nodeinfo", host)):
            known = await ctx.database.glance(lambda session: _known(session, host))
            if known is not None:
                return known.name
            told = await _asked(ctx, host)
            await ctx.database.write(lambda session: _remember(session, host, told))
            return told.name
    except Crowded:
        return None


def _known(session: Session, host: str) -> _Told | None:
    """What was learnt, unless it is too old. A refused host counts as known: it is not asked."""
    for name, version, asked_at in _KEPT.rows(session, host=host):
        if town.now(session) - asked_at < (KNOWN_FOR_MS if name else UNKNOWN_FOR_MS):
            return _Told(name, version)
    return _NOTHING if towns.is_refused(session, host) else None


def _remember(session: Session, host: str, told: _Told) -> None:
    _KEEP.run(session, host=host, software=told.name, version=told.version, now=town.now(session))


async def _asked(ctx: Federation, host: str) -> _Told:
    try:
        found = await ctx.http.get_jrd(f"{ctx.scheme}://{host}/.well-known/nodeinfo")
        address = _newest(found.body, found.url)
        if address is None:
            return _NOTHING
        document = (await ctx.http.get_json(address, accept=JSON)).body
    except (PermanentFailure, Refused, TemporaryFailure) as failure:
        log.debug("nodeinfo", host=host, reason=str(failure))
        return _NOTHING
    described = document.get("software")
    if not isinstance(described, dict):
        return _NOTHING
    name = text_of(described.get("name")).strip().lower()
    version = text_of(described.get("version"))[:_LONGEST_VERSION]
    return _Told(name if _NAME.fullmatch(name) else None, version or None)


def _newest(document: dict[str, Any], asked: str) -> str | None:
    """The address of the newest NodeInfo schema that the host itself serves."""
    found = {
        text_of(each.get("rel")).removeprefix(_SCHEMA): text_of(each.get("href"))
        for each in items(document.get("links"))
        if isinstance(each, dict)
        and text_of(each.get("rel")).startswith(_SCHEMA)
        and same_origin(text_of(each.get("href")), asked)
    }
    return found[max(found)] if found else None


_hosts = cast("Table", RemoteHost.__table__)


def _keep(dialect: str) -> Any:
    told = {"software": text_param("software"), "version": text_param("version"), "asked_at": param("now")}
    insert = insert_of(dialect)(_hosts).values(host=text_param("host"), **told)
    return insert.on_conflict_do_update(index_elements=["host"], set_={name: insert.excluded[name] for name in told})


_KEEP = Prepared(_keep)
_KEPT = Prepared(
    lambda _dialect: select(_hosts.c.software, _hosts.c.version, _hosts.c.asked_at).where(_hosts.c.host == text_param("host"))
)
