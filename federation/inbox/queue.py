"""The inbox as a queue of rows: one item of a host at a time, in the order of arrival, each under a lease.

A host is held while one of its items is being worked on, and while one waits for an early second try. An item that
fails on is overtaken by what came after it, so that it never blocks the rest of its host for long. The lease says who
works on an item: a worker that lost it no longer matches the row and can settle nothing.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from federation.models import InboxItem

PENDING, DONE, IGNORED, FAILED = "pending", "done", "ignored", "failed"

LEASE = 120_000
"""How long (ms) a worker may take for an item before another takes it over. It gives up by itself well before."""

KEPT = 30 * 86_400_000
"""How long (ms) settled items stay: they are what makes a replay harmless."""

HOLDING_TRIES = 2
"""After how many tries an item that waits no longer holds back what came after it."""

MOST_TRIES = 10
"""An item that was begun this often and never settled has ended the process each time: it is given up."""

_LEASE_BITS = 12  # the four seconds that make the end of a lease its worker's own
_PURGED_AT_ONCE = 2_000
_LONGEST_ERROR = 1_000


def _due() -> ColumnElement[bool]:
    return and_(
        InboxItem.state == PENDING,
        InboxItem.next_attempt_at <= bindparam("now"),
        InboxItem.leased_until <= bindparam("now"),
    )


def _holding(of: type[InboxItem]) -> ColumnElement[bool]:
    waits = and_(of.next_attempt_at > bindparam("now"), of.attempts <= HOLDING_TRIES)
    return and_(of.state == PENDING, or_(of.leased_until > bindparam("now"), waits))


def _leased(which: ColumnElement[bool]) -> Any:
    return (
        update(InboxItem)
        .where(which)
        .values(leased_until=bindparam("lease"), attempts=InboxItem.attempts + 1)
        .returning(InboxItem.id, InboxItem.host, InboxItem.body, InboxItem.attempts)
        .execution_options(synchronize_session=False)
    )


def _settled(**more: object) -> Any:
    return (
        update(InboxItem)
        .where(InboxItem.id == bindparam("this"), InboxItem.leased_until == bindparam("lease"))
        .values(state=bindparam("to_state"), leased_until=0, error=bindparam("to_error"), **more)
        .returning(InboxItem.id)
        .execution_options(synchronize_session=False)
    )


# Built once: to put a statement together costs more than to carry it out.
_other = aliased(InboxItem)
_firsts = (
    select(func.min(InboxItem.id))
    .where(_due(), InboxItem.host.not_in(select(_other.host).where(_holding(_other))))
    .group_by(InboxItem.host)
    .order_by(func.min(InboxItem.id))  # who waits the longest: nobody is passed by for ever
    .limit(bindparam("most"))
)
_first = (
    select(InboxItem.id)
    .where(_due(), InboxItem.host == bindparam("this_host"))
    .where(~exists().where(_other.host == bindparam("this_host"), _holding(_other)))
    .order_by(InboxItem.id)
    .limit(1)
    .scalar_subquery()
)
# SQLite has one writer and leaves the lock out.
_CLAIM = _leased(
    InboxItem.id.in_(select(InboxItem.id).where(InboxItem.id.in_(_firsts)).with_for_update(skip_locked=True))
)
_CLAIM_NEXT = _leased(InboxItem.id == _first)
_SETTLE = _settled(body=b"")
_SETTLE_FAILED = _settled()
_ANY_DUE = select(InboxItem.id).where(_due()).limit(1)


@dataclass(frozen=True, slots=True)
class Item:
    """One activity as the worker needs it; `tries` counts this one too."""

    id: int
    host: str
    body: bytes
    tries: int
    lease: int


def claim(session: Session, now: int, *, hosts: int) -> list[Item]:
    """Lease the next item of up to `hosts` hosts. What another transaction holds is passed over."""
    return _lease(session, _CLAIM, now, most=hosts)


def claim_next(session: Session, now: int, host: str) -> Item | None:
    """Lease the next item of `host`, if nothing holds it."""
    return next(iter(_lease(session, _CLAIM_NEXT, now, this_host=host)), None)


def settle(session: Session, item: Item, state: str, error: str = "") -> bool:
    """`item` is `done`, `ignored` or `failed`. Only a failed one keeps its body, for those who look into it.

    False if the lease was lost: then somebody else works on it, and what was done for it must not be kept.
    """
    facts = {"this": item.id, "lease": item.lease, "to_state": state, "to_error": error[:_LONGEST_ERROR]}
    return session.execute(_SETTLE_FAILED if state == FAILED else _SETTLE, facts).first() is not None


def postpone(session: Session, item: Item, until: int, error: str) -> None:
    """`item` is tried again at `until`; `error` says why."""
    session.execute(
        update(InboxItem)
        .where(InboxItem.id == item.id, InboxItem.leased_until == item.lease)
        .values(next_attempt_at=until, leased_until=0, error=error[:_LONGEST_ERROR])
    )


def give_back(session: Session, items: Iterable[Item]) -> None:
    """`items` were not worked on after all: as if they had never been leased."""
    for item in items:
        session.execute(
            update(InboxItem)
            .where(InboxItem.id == item.id, InboxItem.leased_until == item.lease)
            .values(leased_until=0, attempts=InboxItem.attempts - 1)
        )


def free_all(session: Session) -> None:
    """End every lease: for the one worker of a town at its start, when whoever held them is dead."""
    session.execute(
        update(InboxItem).where(InboxItem.state == PENDING, InboxItem.leased_until > 0).values(leased_until=0)
    )


def is_any_due(session: Session, now: int) -> bool:
    return session.execute(_ANY_DUE, {"now": now}).first() is not None


def purge(session: Session, now: int) -> int:
    """Remove settled items older than `KEPT`, some thousands at a time; how many went."""
    old = (
        select(InboxItem.id)
        .where(InboxItem.received_at < now - KEPT, InboxItem.state != PENDING)
        .limit(_PURGED_AT_ONCE)
    )
    gone = session.execute(delete(InboxItem).where(InboxItem.id.in_(old)).returning(InboxItem.id)).all()
    return len(gone)


def _lease(session: Session, statement: Any, now: int, **facts: object) -> list[Item]:
    lease = now + LEASE + secrets.randbits(_LEASE_BITS)
    rows = session.execute(statement, {"now": now, "lease": lease, **facts}).all()
    return [Item(row.id, row.host, row.body, row.attempts, lease) for row in sorted(rows)]
