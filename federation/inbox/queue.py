"""The inbox as a queue of rows: one item of a host at a time, in the order of arrival, each under a lease.

A host is held while one of its items is being worked on, and while one waits for an early second try. An item that
fails on is overtaken by what came after it, so that it never blocks the rest of its host for long. The lease says who
works on an item: a worker that lost it no longer matches the row and can settle nothing.
"""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, and_, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session

from community.storage.prepared import Prepared, among_texts, param, text_param
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


_items = cast("Table", InboxItem.__table__)
_item = _items.c
_other = _items.alias("other")


def _due() -> ColumnElement[bool]:
    return and_(
        _item.state == PENDING, _item.next_attempt_at <= param("now"), _item.leased_until <= param("now")
    )


def _holding() -> ColumnElement[bool]:
    waits = and_(_other.c.next_attempt_at > param("now"), _other.c.attempts <= HOLDING_TRIES)
    return and_(_other.c.state == PENDING, or_(_other.c.leased_until > param("now"), waits))


def _leased(which: ColumnElement[bool]) -> Any:
    return (
        update(_items)
        .where(which)
        .values(leased_until=param("lease"), attempts=_item.attempts + 1)
        .returning(_item.id, _item.host, _item.body, _item.attempts)
    )


def _settled(**more: object) -> Any:
    return (
        update(_items)
        .where(_item.id == param("this"), _item.leased_until == param("lease"))
        .values(state=text_param("to_state"), leased_until=0, error=text_param("to_error"), **more)
        .returning(_item.id)
    )


def _firsts(dialect: str) -> Any:
    held = select(_other.c.host).where(_holding())
    return (
        select(func.min(_item.id))
        .where(_due(), _item.host.not_in(held), ~among_texts(_item.host, "but", dialect))
        .group_by(_item.host)
        .order_by(func.min(_item.id))  # who waits the longest: nobody is passed by for ever
        .limit(param("most"))
    )


def _first() -> Any:
    return (
        select(_item.id)
        .where(_due(), _item.host == text_param("this_host"))
        .where(~exists().where(_other.c.host == text_param("this_host"), _holding()))
        .order_by(_item.id)
        .limit(1)
        .scalar_subquery()
    )


# SQLite has one writer and leaves the lock out.
_CLAIM = Prepared(
    lambda dialect: _leased(
        _item.id.in_(select(_item.id).where(_item.id.in_(_firsts(dialect))).with_for_update(skip_locked=True))
    )
)
_CLAIM_NEXT = Prepared(lambda _dialect: _leased(_item.id == _first()))
_SETTLE = Prepared(lambda _dialect: _settled(body=b""))
_SETTLE_FAILED = Prepared(lambda _dialect: _settled())
_WAITING = Prepared(
    lambda _dialect: select(_item.id)
    .where(_item.state == PENDING, _item.host == text_param("this_host"))
    .order_by(_item.id)
    .limit(1)
    .offset(param("most"))
)
_LIFT = Prepared(
    lambda _dialect: update(_items)
    .where(_item.state == PENDING, _item.host == text_param("this_host"))
    .where(_item.next_attempt_at > param("now"), _item.leased_until <= param("now"), _item.attempts <= HOLDING_TRIES)
    .values(next_attempt_at=param("now"))
)
_ANY_DUE = Prepared(lambda _dialect: select(_item.id).where(_due()).limit(1))


@dataclass(frozen=True, slots=True)
class Item:
    """One activity as the worker needs it; `tries` counts this one too."""

    id: int
    host: str
    body: bytes
    tries: int
    lease: int


def shortened(error: str) -> str:
    """As much of `error` as a row keeps."""
    return error[:_LONGEST_ERROR]


def is_waiting(session: Session, host: str) -> bool:
    """Whether anything of `host` waits, or is being worked on."""
    return bool(_WAITING.rows(session, this_host=host, most=0))


def has_its_share(session: Session, host: str, share: int) -> bool:
    """Whether `share` items of `host` wait; reads no more than so many entries of an index."""
    return bool(_WAITING.rows(session, this_host=host, most=share - 1))


def claim(session: Session, now: int, *, hosts: int, but: Collection[str] = ()) -> list[Item]:
    """Lease the next item of up to `hosts` hosts, none of them in `but`. What another transaction holds is passed over."""
    return _lease(session, _CLAIM, now, most=hosts, but=list(but))


def claim_next(session: Session, now: int, host: str) -> Item | None:
    """Lease the next item of `host`, if nothing holds it."""
    return next(iter(_lease(session, _CLAIM_NEXT, now, this_host=host)), None)


def settle(session: Session, item: Item, state: str, error: str = "") -> bool:
    """`item` is `done`, `ignored` or `failed`. Only a failed one keeps its body, for those who look into it.

    False if the lease was lost: then somebody else works on it, and what was done for it must not be kept.
    """
    statement = _SETTLE_FAILED if state == FAILED else _SETTLE
    said = shortened(error)
    return bool(statement.rows(session, this=item.id, lease=item.lease, to_state=state, to_error=said))


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


def lift(session: Session, host: str, now: int) -> None:
    """`host` speaks: what waits of it for an early second try, mostly for something that it did not answer with, is due.

    An item that fails on keeps its time: a host that speaks a lot has none of its items tried oftener for it than twice.
    """
    _LIFT.run(session, this_host=host, now=now)


def is_any_due(session: Session, now: int) -> bool:
    return bool(_ANY_DUE.rows(session, now=now))


def purge(session: Session, now: int) -> int:
    """Remove settled items older than `KEPT`, some thousands at a time; how many went."""
    old = (
        select(InboxItem.id)
        .where(InboxItem.received_at < now - KEPT, InboxItem.state != PENDING)
        .limit(_PURGED_AT_ONCE)
    )
    gone = session.execute(delete(InboxItem).where(InboxItem.id.in_(old)).returning(InboxItem.id)).all()
    return len(gone)


def _lease(session: Session, statement: Prepared, now: int, **facts: object) -> list[Item]:
    lease = now + LEASE + secrets.randbits(_LEASE_BITS)
    rows = statement.rows(session, now=now, lease=lease, **facts)
    return [Item(number, host, body, tries, lease) for number, host, body, tries in sorted(rows)]
