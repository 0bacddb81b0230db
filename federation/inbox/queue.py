"""The inbox as a queue of rows: one item of a host at a time, in the order of arrival, each under a lease.

A host is held while one of its items is being worked on, and while one waits for an early second try. An item that
fails on is overtaken by what came after it, so that it never blocks the rest of its host for long. The lease says who
works on an item: a worker that lost it no longer matches the row and can settle nothing.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
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
    firsts = (
        select(func.min(InboxItem.id))
        .where(_due(now), InboxItem.host.not_in(select(InboxItem.host).where(_holding(now))))
        .group_by(InboxItem.host)
        .limit(hosts)
    )
    # SQLite has one writer and leaves the lock out
    free = select(InboxItem.id).where(InboxItem.id.in_(firsts)).with_for_update(skip_locked=True)
    return _lease(session, now, InboxItem.id.in_(free))


def claim_next(session: Session, now: int, host: str) -> Item | None:
    """Lease the next item of `host`, if nothing holds it."""
    other = aliased(InboxItem)
    first = (
        select(InboxItem.id)
        .where(_due(now), InboxItem.host == host, ~exists().where(other.host == host, _holding(now, other)))
        .order_by(InboxItem.id)
        .limit(1)
        .scalar_subquery()
    )
    return next(iter(_lease(session, now, InboxItem.id == first)), None)


def settle(session: Session, item: Item, state: str, error: str = "") -> bool:
    """`item` is `done`, `ignored` or `failed`. Only a failed one keeps its body, for those who look into it.

    False if the lease was lost: then somebody else works on it, and what was done for it must not be kept.
    """
    values: dict[str, object] = {"state": state, "leased_until": 0, "error": error[:_LONGEST_ERROR]}
    if state != FAILED:
        values["body"] = b""
    settled = session.execute(update(InboxItem).where(_mine(item)).values(**values).returning(InboxItem.id))
    return settled.first() is not None


def postpone(session: Session, item: Item, until: int, error: str) -> None:
    """`item` is tried again at `until`; `error` says why."""
    session.execute(
        update(InboxItem)
        .where(_mine(item))
        .values(next_attempt_at=until, leased_until=0, error=error[:_LONGEST_ERROR])
    )


def give_back(session: Session, items: Iterable[Item]) -> None:
    """`items` were not worked on after all: as if they had never been leased."""
    for item in items:
        session.execute(
            update(InboxItem).where(_mine(item)).values(leased_until=0, attempts=InboxItem.attempts - 1)
        )


def free_all(session: Session) -> None:
    """End every lease: for the one worker of a town at its start, when whoever held them is dead."""
    session.execute(
        update(InboxItem).where(InboxItem.state == PENDING, InboxItem.leased_until > 0).values(leased_until=0)
    )


def is_any_due(session: Session, now: int) -> bool:
    return session.scalar(select(InboxItem.id).where(_due(now)).limit(1)) is not None


def purge(session: Session, now: int) -> int:
    """Remove settled items older than `KEPT`, some thousands at a time; how many went."""
    old = (
        select(InboxItem.id)
        .where(InboxItem.received_at < now - KEPT, InboxItem.state != PENDING)
        .limit(_PURGED_AT_ONCE)
    )
    gone = session.execute(delete(InboxItem).where(InboxItem.id.in_(old)).returning(InboxItem.id)).all()
    return len(gone)


def _lease(session: Session, now: int, which: ColumnElement[bool]) -> list[Item]:
    lease = now + LEASE + secrets.randbits(_LEASE_BITS)
    rows = session.execute(
        update(InboxItem)
        .where(which)
        .values(leased_until=lease, attempts=InboxItem.attempts + 1)
        .returning(InboxItem.id, InboxItem.host, InboxItem.body, InboxItem.attempts)
        .execution_options(synchronize_session=False)
    ).all()
    return [Item(row.id, row.host, row.body, row.attempts, lease) for row in sorted(rows)]


def _due(now: int) -> ColumnElement[bool]:
    return and_(
        InboxItem.state == PENDING, InboxItem.next_attempt_at <= now, InboxItem.leased_until <= now
    )


def _holding(now: int, of: type[InboxItem] = InboxItem) -> ColumnElement[bool]:
    waits = and_(of.next_attempt_at > now, of.attempts <= HOLDING_TRIES)
    return and_(of.state == PENDING, or_(of.leased_until > now, waits))


def _mine(item: Item) -> ColumnElement[bool]:
    return and_(InboxItem.id == item.id, InboxItem.leased_until == item.lease)
