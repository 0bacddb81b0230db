"""Errands: what is to be fetched in due time, as a durable queue of rows. What is done about each kind stands in
`federation.catching_up`.

`enqueue` belongs into the unit of work that finds something missing or old. One row for each kind and address, however
often it is wanted; one errand of a host at a time, under a lease; so many for each host and in all, and no more: what
others send us never makes us run without an end (federation reference §3, Amplification).
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session, aliased

from community import ids, inserts, town, towns
from federation.models import Errand
from federation.vocabulary.reading import authority

REPLIES, OUTBOX, FEATURED, PROFILE, POST, MISSED, ABSENT, BOARDS, FOLLOWERS = (
    "replies", "outbox", "featured", "profile", "post", "missed", "absent", "boards", "followers",
)  # fmt: skip
"""What there is to fetch. `replies`: a post anew, and what stands under it; `post`: the post alone. `outbox`: the last
sayings of somebody who is newly followed; `missed`: those since our own outage. `featured`: what an actor shows first.
`profile`: an actor anew. `absent`: whether a post or actor that was not found a day ago is still not there. `boards`: those of a sister
town. Their `uri` is the id of the post or the actor. `followers`: who of ours follows an
actor (FEP-8fcf); its `uri` is the address of the list, and the id of the actor behind a #.
"""

KINDS = frozenset({REPLIES, OUTBOX, FEATURED, PROFILE, POST, MISSED, ABSENT, BOARDS, FOLLOWERS})
HOST_MOST = 1_000
"""How many errands wait for one host; what comes beyond is left out."""

TOTAL_MOST = 20_000
LEASE = 180_000
"""How long (ms) a worker may take for an errand before another takes it over. It gives up by itself well before."""

_LEASE_BITS = 12  # the four seconds that make the end of a lease its worker's own
_LONGEST_URI = 2_048


@dataclass(frozen=True, slots=True)
class Task:
    """One errand as the worker needs it; `tries` counts this one too."""

    id: int
    kind: str
    uri: str
    host: str
    tries: int
    lease: int


def enqueue(session: Session, kind: str, uri: str, due: int | None = None) -> bool:
    """Have the errand `kind` run for `uri`, the id of a post or actor of another server, at `due` (ms; None: now).

    One that waits already is not put off, but may come earlier. Gives whether it waits now: not for addresses of this
    town, for hosts that it refuses, and where too many wait already.
    """
    assert kind in KINDS, kind
    host = authority(uri)
    if (
        host is None
        or len(uri) > _LONGEST_URI
        or town.of(session).uris.is_local(uri)
        or towns.is_refused(session, host)
    ):
        return False
    now = town.now(session)
    due = now if due is None else due
    known = session.execute(
        select(Errand.id, Errand.due_at, Errand.attempts).where(Errand.kind == kind, Errand.uri == uri)
    ).first()
    if known is None:
        if _is_full(session, host):
            return False
        values = {"kind": kind, "uri": uri, "host": host, "due_at": due, "created_at": now}
        inserts.new_row(session, Errand, id=ids.new(now), **values)
    elif due < known.due_at and known.attempts == 0:
        session.execute(
            update(Errand)
            .where(Errand.id == known.id)
            .values(due_at=due)
            .execution_options(synchronize_session=False)
        )
    return True


def later(session: Session, seconds: int) -> int:
    """A moment (ms) at random within the next `seconds`: so that many errands do not set out at once."""
    return town.now(session) + secrets.randbelow(seconds * 1_000 + 1)


def waits(session: Session, kind: str, uri: str) -> bool:
    """Whether the errand waits or is under way."""
    return session.scalar(select(Errand.id).where(Errand.kind == kind, Errand.uri == uri)) is not None


def is_any(session: Session, kind: str) -> bool:
    """Whether an errand of this kind waits or is under way."""
    return session.scalar(select(exists().where(Errand.kind == kind))) or False


def _is_full(session: Session, host: str) -> bool:
    here = session.scalars(select(Errand.id).where(Errand.host == host).limit(HOST_MOST)).all()
    if len(here) >= HOST_MOST:
        return True
    return (session.scalar(select(func.count()).select_from(Errand)) or 0) >= TOTAL_MOST


def _due() -> ColumnElement[bool]:
    return and_(Errand.due_at <= bindparam("now"), Errand.leased_until <= bindparam("now"))


# Built once: to put a statement together costs more than to carry it out.
_other = aliased(Errand)
_busy = select(_other.host).where(_other.leased_until > bindparam("now"))
_firsts = (
    select(func.min(Errand.id))
    .where(_due(), Errand.host.not_in(_busy))
    .group_by(Errand.host)
    .order_by(func.min(Errand.id))  # who waits the longest: nobody is passed by for ever
    .limit(bindparam("most"))
)
_CLAIM = (
    # SQLite has one writer and leaves the lock out.
    update(Errand)
    .where(Errand.id.in_(select(Errand.id).where(Errand.id.in_(_firsts)).with_for_update(skip_locked=True)))
    .values(leased_until=bindparam("lease"), attempts=Errand.attempts + 1)
    .returning(Errand.id, Errand.kind, Errand.uri, Errand.host, Errand.attempts)
    .execution_options(synchronize_session=False)
)
_ANY_DUE = select(Errand.id).where(_due()).limit(1)


def is_any_due(session: Session, now: int) -> bool:
    return session.execute(_ANY_DUE, {"now": now}).first() is not None


def claim(session: Session, now: int, *, hosts: int) -> list[Task]:
    """Lease one errand each of up to `hosts` hosts for which none is under way."""
    lease = now + LEASE + secrets.randbits(_LEASE_BITS)
    rows: Iterable[Any] = session.execute(_CLAIM, {"now": now, "lease": lease, "most": hosts}).all()
    return [Task(row.id, row.kind, row.uri, row.host, row.attempts, lease) for row in sorted(rows)]


def finish(session: Session, task: Task) -> None:
    """`task` is done, or nothing will ever come of it: its row goes."""
    session.execute(delete(Errand).where(*_held(task)).execution_options(synchronize_session=False))


def postpone(session: Session, task: Task, until: int) -> None:
    """`task` goes on, or is tried again, at `until` (ms)."""
    values = {"due_at": until, "leased_until": 0}
    session.execute(
        update(Errand).where(*_held(task)).values(values).execution_options(synchronize_session=False)
    )


def give_back(session: Session, tasks: Iterable[Task]) -> None:
    """`tasks` were not worked on after all: as if they had never been leased."""
    for task in tasks:
        values = {"leased_until": 0, "attempts": task.tries - 1}
        session.execute(
            update(Errand).where(*_held(task)).values(values).execution_options(synchronize_session=False)
        )


def free_all(session: Session) -> None:
    """End every lease: for the one worker of a town at its start, when whoever held them is dead."""
    session.execute(
        update(Errand)
        .where(Errand.leased_until > 0)
        .values(leased_until=0)
        .execution_options(synchronize_session=False)
    )


def _held(task: Task) -> tuple[ColumnElement[bool], ...]:
    return Errand.id == task.id, Errand.leased_until == task.lease
