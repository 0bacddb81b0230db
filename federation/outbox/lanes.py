"""The serial ways to other hosts, as rows: who drives one, and when it is next due.

A lane without anything to deliver rests: its `next_attempt_at` is `RESTING`, so that finding work is one index range
however many hosts a town has ever met. A lease is known by its end, `leased_until`, which carries random low bits: a
worker that lost its lease to another no longer matches the row and can settle nothing.
"""

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, case, select, update
from sqlalchemy.orm import Session

from community.storage.dialects import insert_of
from federation.models import Delivery, Lane, OutboxItem

RESTING = 1 << 62
LEASE = 120_000
"""How long (ms) a worker may drive before another takes the lane over. It stops by itself well before."""

_LONG_PAUSED = 6  # failures in a row; from here on pauses take six hours and more
_SOON = 1_000  # ms after which a host that speaks again is tried, after its first failure; doubled with each further one
_LEASE_BITS = 12  # the four seconds that make the end of a lease its worker's own


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery as the worker needs it: what to send where, in whose name."""

    id: int
    inbox: str
    account_id: int
    body: bytes
    attempts: int
    created_at: int


@dataclass(frozen=True, slots=True)
class Drive:
    """A leased lane with the letters at its head, in order."""

    host: str
    lease: int
    failures: int
    failing_since: int | None
    letters: tuple[Letter, ...]


def wake(session: Session, hosts: Collection[str], now: int) -> None:
    """Have the lanes of `hosts` driven as soon as their own pauses allow; lanes that are missing are made."""
    if not hosts:
        return
    # Sorted, so that two transactions never wait for each other crosswise.
    rows = [
        {"host": host, "next_attempt_at": now, "leased_until": 0, "failures": 0}
        for host in sorted(set(hosts))
    ]
    statement = insert_of(session.get_bind().dialect.name)(Lane)
    due = case(
        (Lane.next_attempt_at >= RESTING, statement.excluded.next_attempt_at), else_=Lane.next_attempt_at
    )
    session.execute(
        statement.on_conflict_do_update(index_elements=[Lane.host], set_={"next_attempt_at": due}), rows
    )


def claim(session: Session, now: int, *, steady: int, shaky: int, letters: int) -> list[Drive]:
    """Lease up to `steady` lanes of healthy hosts and `shaky` of failing ones, with up to `letters` deliveries each.

    Lanes in another transaction's hands are passed over, not waited for. Lanes that turn out empty are put to rest and
    do not count.
    """
    lease = now + LEASE + secrets.randbits(_LEASE_BITS)
    healthy = _claim(session, _due(now, Lane.failures == 0), steady, letters, lease)
    return healthy + _claim(session, _due(now, Lane.failures > 0), shaky, letters, lease)


def _claim(
    session: Session, due: Select[str, int, int | None], most: int, letters: int, lease: int
) -> list[Drive]:
    drives: list[Drive] = []
    while len(drives) < most:
        driven, empty = [], []
        for host, failures, since in session.execute(due.limit(most - len(drives))).all():
            waiting = _letters(session, host, letters)
            if waiting:
                driven.append(Drive(host, lease, failures, since, waiting))
            else:
                empty.append(host)
        _set(session, [drive.host for drive in driven], leased_until=lease)
        _set(session, empty, next_attempt_at=RESTING)
        drives += driven
        if not empty:
            break
    return drives


def _set(session: Session, hosts: list[str], **values: object) -> None:
    if hosts:
        session.execute(update(Lane).where(Lane.host.in_(hosts)).values(**values))


def _due(now: int, which: ColumnElement[bool]) -> Select[str, int, int | None]:
    return (
        select(Lane.host, Lane.failures, Lane.failing_since)
        .where(Lane.next_attempt_at <= now, Lane.leased_until <= now, which)
        .order_by(Lane.next_attempt_at)
        .with_for_update(skip_locked=True)  # SQLite has one writer and leaves it out
    )


def _letters(session: Session, host: str, limit: int) -> tuple[Letter, ...]:
    rows = session.execute(
        select(
            Delivery.id,
            Delivery.inbox,
            OutboxItem.account_id,
            OutboxItem.body,
            Delivery.attempts,
            Delivery.created_at,
        )
        .join(OutboxItem, OutboxItem.id == Delivery.outbox_item_id)
        .where(Delivery.host == host, Delivery.state == "pending")
        .order_by(Delivery.id)
        .limit(limit)
    )
    return tuple(Letter(*row) for row in rows)


def is_mine(session: Session, drive: Drive) -> bool:
    """Whether `drive` still holds its lane; takes the row, so that the answer stays true until the commit."""
    held = session.execute(
        select(Lane.leased_until).where(Lane.host == drive.host).with_for_update()
    ).scalar_one_or_none()
    return held == drive.lease


def release(
    session: Session, host: str, *, next_attempt_at: int, failures: int, failing_since: int | None
) -> None:
    """Give the lane back, due again at `next_attempt_at`; `claim` puts it to rest if nothing waits there."""
    session.execute(
        update(Lane)
        .where(Lane.host == host)
        .values(
            leased_until=0, next_attempt_at=next_attempt_at, failures=failures, failing_since=failing_since
        )
    )


def lift(session: Session, host: str, now: int) -> None:
    """`host` spoke to us, verified, so it is up: what was held back because it could not be reached goes out soon.

    What is held back for hours or days goes at once, and its pauses begin anew. A shorter pause of a host that answered
    stays, for it was up all the while; of one that did not, it shrinks to seconds, more with each failure: a host that
    speaks a lot and can never be reached is not hammered.
    """
    failures = session.scalar(
        select(Lane.failures).where(Lane.host == host, Lane.failures > 0, Lane.next_attempt_at > now)
    )
    if failures is None:  # nearly always: this stands on the way of everything that comes in
        return
    if failures >= _LONG_PAUSED:
        resting = case((Lane.next_attempt_at >= RESTING, Lane.next_attempt_at), else_=now)
        _set(session, [host], failures=0, failing_since=None, next_attempt_at=resting)
    elif _was_unreachable(session, host):
        soon = now + (_SOON << (failures - 1))
        sooner = case((Lane.next_attempt_at < soon, Lane.next_attempt_at), else_=soon)
        _set(session, [host], next_attempt_at=sooner)


def _was_unreachable(session: Session, host: str) -> bool:
    """Whether the letter that waits at the head of the lane was tried last without any answer."""
    head = session.execute(
        select(Delivery.attempts, Delivery.status)
        .where(Delivery.host == host, Delivery.state == "pending")
        .order_by(Delivery.id)
        .limit(1)
    ).one_or_none()
    return head is not None and head.attempts > 0 and head.status is None


def free_all(session: Session) -> None:
    """End every lease: for the one worker of a town at its start, when whoever held them is dead."""
    session.execute(update(Lane).where(Lane.leased_until > 0).values(leased_until=0))


def any_due(session: Session, now: int) -> bool:
    """Whether some lane could be driven now."""
    lane = session.scalar(
        select(Lane.host).where(Lane.next_attempt_at <= now, Lane.leased_until <= now).limit(1)
    )
    return lane is not None
