"""Taking lanes to drive: for hundreds of hosts at once, in a handful of statements however many they are."""

import base64
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Table, Text, bindparam, func, select, true
from sqlalchemy.orm import Session
from sqlalchemy.types import ARRAY

from community.storage.prepared import Prepared, among, param
from federation import synchronisation
from federation.models import ActorKey, Delivery, OutboxItem
from federation.outbox import lanes, proving
from federation.outbox.lanes import PENDING
from federation.signatures import LocalKey

_DELIVERIES = cast("Table", Delivery.__table__)
_ITEMS = cast("Table", OutboxItem.__table__)
_KEYS = cast("Table", ActorKey.__table__)


@dataclass(frozen=True)
class Saying:
    """An activity as it goes out, the same for everybody who gets it: all its letters share one."""

    id: int
    account_id: int
    body: bytes
    synchronises: bool
    rotated_at: int | None = None  # when its actor last took a new key
    _proved: tuple[bytes, str] | None = field(default=None, init=False, compare=False)

    def proved(self, key: LocalKey) -> tuple[bytes, str]:
        """The body with the proof of its actor, whose key this is, and its digest in base64; made once however many it
        is sent to.
        """
        if self._proved is None:
            body = proving.proved(self.body, key)
            object.__setattr__(self, "_proved", (body, base64.b64encode(hashlib.sha256(body).digest()).decode()))
        assert self._proved is not None
        return self._proved


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery as the worker needs it: what to send where. `synchronisation` is the header that goes with it."""

    id: int
    inbox: str
    saying: Saying
    attempts: int
    created_at: int
    synchronisation: str = ""


@dataclass(frozen=True, slots=True)
class Drive:
    """A leased lane with the letters at its head, in order."""

    host: str
    lease: int
    failures: int
    failing_since: int | None
    letters: tuple[Letter, ...]


def claim(session: Session, now: int, *, steady: int, shaky: int, letters: int) -> list[Drive]:
    """Lease up to `steady` lanes of healthy hosts and `shaky` of failing ones, with up to `letters` deliveries each.

    Lanes in another transaction's hands are passed over, not waited for. Lanes that turn out empty are put to rest and
    do not count.
    """
    until = lanes.new_lease(now)
    healthy = _claim(session, now, until, failing=False, most=steady, letters=letters)
    return healthy + _claim(session, now, until, failing=True, most=shaky, letters=letters)


def _claim(session: Session, now: int, until: int, *, failing: bool, most: int, letters: int) -> list[Drive]:
    drives: list[Drive] = []
    while len(drives) < most:
        found = lanes.due(session, now, failing=failing, most=most - len(drives))
        if not found:
            break
        waiting = _letters(session, [host for host, _, _ in found], letters)
        empty = [host for host, _, _ in found if host not in waiting]
        driven = [
            Drive(host, until, failures, since, tuple(waiting[host]))
            for host, failures, since in found
            if host in waiting
        ]
        if driven:
            lanes.lease(session, [drive.host for drive in driven], until)
        lanes.rest(session, empty)
        drives += driven
        if not empty:
            break
    return drives


def _letters(session: Session, hosts: list[str], most: int) -> dict[str, list[Letter]]:
    """Up to `most` letters for each of `hosts` that has any, in order."""
    rows = sorted(_WAITING.rows(session, hosts=hosts, most=most))
    sayings = _sayings(session, {row[2] for row in rows})
    headers = _synchronisations(session, ((sayings[row[2]], row[1]) for row in rows))
    found: dict[str, list[Letter]] = {}
    for number, host, item, inbox, attempts, created_at in rows:
        saying = sayings[item]
        header = headers.get((saying.account_id, host), "") if saying.synchronises else ""
        found.setdefault(host, []).append(Letter(number, inbox, saying, attempts, created_at, header))
    return found


def _sayings(session: Session, items: set[int]) -> dict[int, Saying]:
    rows = _SAYINGS.rows(session, items=items) if items else []
    return {row[0]: Saying(row[0], row[1], bytes(row[2]), bool(row[3]), row[4]) for row in rows}


def _synchronisations(session: Session, sent: Iterable[tuple[Saying, str]]) -> Mapping[tuple[int, str], str]:
    """The header for each host to which something is sent that was said to followers alone, by account and host."""
    hosts: dict[int, set[str]] = {}
    for saying, host in sent:
        if saying.synchronises:
            hosts.setdefault(saying.account_id, set()).add(host)
    return {
        (account_id, host): header
        for account_id, those in hosts.items()
        for host, header in synchronisation.headers(session, account_id, those).items()
    }


def _waiting(dialect: str) -> Any:
    """The first letters of each host: its own range of the index, never all that ever waited."""
    each = _DELIVERIES.c
    columns = (each.id, each.host, each.outbox_item_id, each.inbox, each.attempts, each.created_at)
    if dialect == "sqlite":
        given = func.json_each(bindparam("hosts", None)).table_valued("value", name="given")
        head = _DELIVERIES.alias("head")
        first = (
            select(head.c.id)
            .where(head.c.host == given.c.value, head.c.state == PENDING)
            .order_by(head.c.id)
            .limit(param("most"))
            .correlate(given)
        )
        return select(*columns).select_from(given, _DELIVERIES).where(each.id.in_(first))
    named = func.unnest(bindparam("hosts", None, type_=ARRAY(Text))).table_valued("value", name="given")
    given = named.render_derived()
    heads = (
        select(*columns)
        .where(each.host == given.c.value, each.state == PENDING)
        .order_by(each.id)
        .limit(param("most"))
        .lateral("head")
    )
    return select(heads).select_from(given).join(heads, true())


_WAITING = Prepared(_waiting)
_SAYINGS = Prepared(
    lambda dialect: select(
        _ITEMS.c.id, _ITEMS.c.account_id, _ITEMS.c.body, _ITEMS.c.synchronises, _KEYS.c.rotated_at
    )
    .select_from(_ITEMS.outerjoin(_KEYS, _KEYS.c.account_id == _ITEMS.c.account_id))
    .where(among(_ITEMS.c.id, "items", dialect))
)
