"""What software a host runs, by its NodeInfo: boards speak to some kinds of software in a form that others lack."""

import re
from typing import Any

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from community import inserts, town, towns
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


async def software(ctx: Federation, host: str) -> str | None:
    """The name of the software at `host` (host[:port]), such as mastodon; None if it does not tell.

    Asked once a week, or, of a host that did not tell, once a day. Raises nothing.
    """
    try:
        async with ctx.turns.turn(("nodeinfo", host)):
            known = await ctx.database.read(lambda session: _known(session, host))
            if known is not None:
                return known.software
            name, version = await _asked(ctx, host)
            await ctx.database.write(lambda session: _remember(session, host, name, version))
            return name
    except Crowded:
        return None


def _known(session: Session, host: str) -> RemoteHost | None:
    """What was learnt, unless it is too old. A refused host counts as known: it is not asked."""
    row = session.get(RemoteHost, host)
    if row is not None:
        age = town.now(session) - row.asked_at
        if age < (KNOWN_FOR_MS if row.software else UNKNOWN_FOR_MS):
            return row
    return RemoteHost(host=host, software=None) if towns.is_refused(session, host) else None


def _remember(session: Session, host: str, name: str | None, version: str | None) -> None:
    values = {"software": name, "version": version, "asked_at": town.now(session)}
    if not inserts.new_row(session, RemoteHost, host=host, **values):
        session.execute(update(RemoteHost).where(RemoteHost.host == host).values(**values))


async def _asked(ctx: Federation, host: str) -> tuple[str | None, str | None]:
    try:
        found = await ctx.http.get_jrd(f"{ctx.scheme}://{host}/.well-known/nodeinfo")
        address = _newest(found.body, found.url)
        if address is None:
            return None, None
        document = (await ctx.http.get_json(address, accept=JSON)).body
    except (PermanentFailure, Refused, TemporaryFailure) as failure:
        log.debug("nodeinfo", host=host, reason=str(failure))
        return None, None
    described = document.get("software")
    if not isinstance(described, dict):
        return None, None
    name = text_of(described.get("name")).strip().lower()
    version = text_of(described.get("version"))[:_LONGEST_VERSION]
    return (name if _NAME.fullmatch(name) else None), version or None


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
