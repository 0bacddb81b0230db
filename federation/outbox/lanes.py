"""The serial ways to other hosts, as rows: who drives one, and when it is next due.

A lane without anything to deliver rests: its `next_attempt_at` is `RESTING`, so that finding work is one index range
however many hosts a town has ever met; a lane that is driven lies as far ahead as its lease. A lease is known by its
end, `leased_until`, which carries random low bits: a worker that lost its lease to another no longer matches the row
and can settle nothing.

Whoever gives a lane back or puts it to rest holds its row first and looks for letters then, in a statement of its own:
so whatever is queued meanwhile, on PostgreSQL by another transaction, is either seen or wakes the lane after it.
"""

import secrets
from collections.abc import Collection, Iterable
from typing import Any, cast

from sqlalchemy import Table, case, literal, null, select, update
from sqlalchemy.orm import Session

from community.storage.dialects import insert_of
from community.storage.prepared import Prepared, among_texts, param, text_param
from federation.models import Delivery, Lane
from federation.outbox import retirement

RESTING = 1 << 62
LEASE = 120_000
"""How long (ms) a worker may drive before another takes the lane over. It stops by itself well before."""

PENDING = "pending"
_LONG_PAUSED = 6  # failures in a row; from here on pauses take six hours and more
_SOON = 1_000  # ms after which a host that speaks again is tried, after its first failure; doubled with each further one
_LEASE_BITS = 12  # the four seconds that make the end of a lease its worker's own

_LANES = cast("Table", Lane.__table__)
_DELIVERIES = cast("Table", Delivery.__table__)


def wake(session: Session, hosts: Collection[str], now: int) -> None:
    """Have the lanes of `hosts` driven as soon as their own pauses allow; lanes that are missing are made."""
    # Sorted, so that two transactions never wait for each other crosswise.
    _WAKE.run_many(session, [{"host": host, "now": now} for host in sorted(set(hosts))])


def new_lease(now: int) -> int:
    return now + LEASE + secrets.randbits(_LEASE_BITS)


def due(session: Session, now: int, *, failing: bool, most: int) -> list[tuple[str, int, int | None]]:
    """Up to `most` lanes that may be driven now, held for this transaction: host, failures, failing since.

    Of hosts that answer, or of those that lately failed. Lanes in another transaction's hands are passed over.
    """
    found: list[tuple[str, int, int | None]] = (_DUE_FAILING if failing else _DUE).rows(session, now=now, most=most)
    return found


def lease(session: Session, hosts: Collection[str], until: int) -> None:
    _LEASE.run(session, hosts=list(hosts), until=until)


def rest(session: Session, hosts: Collection[str]) -> None:
    """Put lanes that are held, and were found empty, to rest."""
    if hosts:
        _REST.run(session, hosts=list(hosts))


def held(session: Session, leases: Iterable[tuple[str, int]]) -> set[str]:
    """The hosts whose lease is still the one named; takes the rows, so that the answer stays true until the commit."""
    wanted = dict(leases)
    return {host for host, until in _HELD.rows(session, hosts=list(wanted)) if wanted[host] == until}


def give_back(session: Session, hosts: Collection[str], now: int, *, answered: bool) -> None:
    """Hand lanes that are held back: due again at once where letters wait, else at rest. `answered`: the hosts are well."""
    if hosts:
        (_GIVE_BACK_WELL if answered else _GIVE_BACK).run(session, hosts=list(hosts), now=now)


def pause(session: Session, host: str, *, until: int, failures: int, since: int) -> None:
    """Hand a lane that is held back, its host in trouble: due again `until`."""
    _PAUSE.run(session, host=host, until=until, failures=failures, since=since)


def lift(session: Session, host: str, now: int) -> None:
    """`host` spoke to us, verified, so it is up: what was held back because it could not be reached goes out soon.

    What is held back for hours or days goes at once, and its pauses begin anew; a host that was given up
    (`retirement`) is one like any other again. A shorter pause of a host that answered stays, for it was up all the
    while; of one that did not, it shrinks to seconds, more with each failure: a host that speaks a lot and can never be
    reached is not hammered.
    """
    retirement.heard(session, host, now)
    paused = _PAUSED.rows(session, host=host, now=now)
    if not paused:  # nearly always: this stands on the way of everything that comes in
        return
    failures = paused[0][0]
    if failures >= _LONG_PAUSED:
        _BEGIN_ANEW.run(session, host=host, now=now)
    elif _was_unreachable(session, host):
        _SHORTEN.run(session, host=host, soon=now + (_SOON << (failures - 1)))


def _was_unreachable(session: Session, host: str) -> bool:
    """Whether the letter that waits at the head of the lane was tried last without any answer."""
    head = session.execute(
        select(Delivery.attempts, Delivery.status)
        .where(Delivery.host == host, Delivery.state == PENDING)
        .order_by(Delivery.id)
        .limit(1)
    ).one_or_none()
    return head is not None and head.attempts > 0 and head.status is None


def any_due(session: Session, now: int) -> bool:
    return bool(_ANY_DUE.rows(session, now=now))


def free_all(session: Session) -> None:
    """End every lease: for the one worker of a town at its start, when whoever held them is dead."""
    session.execute(update(Lane).where(Lane.leased_until > 0).values(leased_until=0, next_attempt_at=0))


def _wake(dialect: str) -> Any:
    insert = insert_of(dialect)(_LANES).values(
        host=text_param("host"), next_attempt_at=param("now"), leased_until=0, failures=0
    )
    at_rest = _LANES.c.next_attempt_at >= RESTING
    next_attempt = case((at_rest, insert.excluded.next_attempt_at), else_=_LANES.c.next_attempt_at)
    return insert.on_conflict_do_update(index_elements=["host"], set_={"next_attempt_at": next_attempt})


def _due(failing: bool) -> Any:
    lane = _LANES.c
    return (
        select(lane.host, lane.failures, lane.failing_since)
        .where(
            lane.next_attempt_at <= param("now"),
            lane.leased_until <= param("now"),
            lane.failures > 0 if failing else lane.failures == 0,
        )
        .order_by(lane.next_attempt_at)
        .limit(param("most"))
        .with_for_update(skip_locked=True)  # SQLite has one writer and leaves it out
    )


def _given_back(dialect: str, **values: Any) -> Any:
    waits = select(literal(1)).where(_DELIVERIES.c.host == _LANES.c.host, _DELIVERIES.c.state == PENDING).exists()
    return (
        update(_LANES)
        .where(among_texts(_LANES.c.host, "hosts", dialect))
        .values(leased_until=0, next_attempt_at=case((waits, param("now")), else_=RESTING), **values)
    )


_WAKE = Prepared(_wake)
_DUE = Prepared(lambda _dialect: _due(failing=False))
_DUE_FAILING = Prepared(lambda _dialect: _due(failing=True))
_LEASE = Prepared(
    lambda dialect: update(_LANES)
    .where(among_texts(_LANES.c.host, "hosts", dialect))
    .values(leased_until=param("until"), next_attempt_at=param("until"))
)
_REST = Prepared(
    lambda dialect: update(_LANES)
    .where(among_texts(_LANES.c.host, "hosts", dialect))
    .values(leased_until=0, next_attempt_at=RESTING)
)
_HELD = Prepared(
    lambda dialect: select(_LANES.c.host, _LANES.c.leased_until)
    .where(among_texts(_LANES.c.host, "hosts", dialect))
    .order_by(_LANES.c.host)  # all take the rows in one order, so that nobody waits crosswise
    .with_for_update()
)
_GIVE_BACK = Prepared(_given_back)
_GIVE_BACK_WELL = Prepared(lambda dialect: _given_back(dialect, failures=0, failing_since=null()))
_PAUSE = Prepared(
    lambda _dialect: update(_LANES)
    .where(_LANES.c.host == text_param("host"))
    .values(
        leased_until=0, next_attempt_at=param("until"), failures=param("failures"), failing_since=param("since")
    )
)
_PAUSED = Prepared(
    lambda _dialect: select(_LANES.c.failures).where(
        _LANES.c.host == text_param("host"), _LANES.c.failures > 0, _LANES.c.next_attempt_at > param("now")
    )
)
_BEGIN_ANEW = Prepared(
    lambda _dialect: update(_LANES)
    .where(_LANES.c.host == text_param("host"))
    .values(
        failures=0,
        failing_since=null(),
        next_attempt_at=case((_LANES.c.next_attempt_at >= RESTING, _LANES.c.next_attempt_at), else_=param("now")),
    )
)
_SHORTEN = Prepared(
    lambda _dialect: update(_LANES)
    .where(_LANES.c.host == text_param("host"), _LANES.c.next_attempt_at > param("soon"))
    .values(next_attempt_at=param("soon"))
)
_ANY_DUE = Prepared(
    lambda _dialect: select(_LANES.c.host)
    .where(_LANES.c.next_attempt_at <= param("now"), _LANES.c.leased_until <= param("now"))
    .limit(1)
)
