"""How well this town reaches the others: host by host for the operator's page, in sum for /metrics."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from community import ids, town
from federation.models import Delivery, InboxItem, Lane, RemoteHost
from federation.outbox.lanes import RESTING

WEEK_MS = 7 * 86_400_000
MOST = 100
"""Hosts on one page: those in trouble first, then those with the most to come."""


@dataclass(frozen=True, slots=True)
class HostHealth:
    """What went to one host in the last seven days, and what still waits."""

    host: str
    waiting: int  # deliveries to come, however old
    delivered: int
    given_up: int
    failing_since: int | None  # milliseconds; None while the host answers
    next_attempt_at: int | None
    retired_at: int | None = None  # given up since then: nothing is queued but a weekly trial


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the two queues hold, of all hosts together."""

    inbox_pending: int
    inbox_failed: int  # of the last 30 days
    deliveries_pending: int
    deliveries_failed: int
    hosts_pausing: int  # did not take something, and are tried again later
    hosts_retired: int  # took nothing for a week, and are tried weekly


def backlog(session: Session) -> Backlog:
    """Counted in ranges of indexes: what was settled long ago costs nothing."""
    inbox, deliveries = (_unsettled(session, state) for state in (InboxItem.state, Delivery.state))
    now = town.now(session)
    pausing = (
        select(func.count())
        .select_from(Lane)
        .where(
            Lane.next_attempt_at > now,
            Lane.next_attempt_at < RESTING,
            Lane.failures > 0,
            Lane.leased_until <= now,  # else it is just being tried
        )
    )
    retired = select(func.count()).select_from(RemoteHost).where(RemoteHost.retired_at > 0)
    return Backlog(
        inbox_pending=inbox["pending"],
        inbox_failed=inbox["failed"],
        deliveries_pending=deliveries["pending"],
        deliveries_failed=deliveries["failed"],
        hosts_pausing=session.scalar(pausing) or 0,
        hosts_retired=session.scalar(retired) or 0,
    )


def _unsettled(session: Session, state: InstrumentedAttribute[str]) -> dict[str, int]:
    rows = select(state, func.count()).where(state.in_(("pending", "failed"))).group_by(state)
    return {"pending": 0, "failed": 0} | dict(session.execute(rows).all())


def by_host(session: Session) -> list[HostHealth]:
    """The hosts that something was sent to in the last week, or still waits for, and those given up; at most MOST."""
    since = ids.first_of(town.now(session) - WEEK_MS)
    counts: dict[str, dict[str, int]] = {}
    rows = (
        select(Delivery.host, Delivery.state, func.count())
        .where(or_(Delivery.state == "pending", Delivery.id >= since))
        .group_by(Delivery.host, Delivery.state)
    )
    for host, state, count in session.execute(rows):
        counts.setdefault(host, {})[state] = count
    retired = dict(
        session.execute(
            select(RemoteHost.host, RemoteHost.retired_at)
            .where(RemoteHost.retired_at > 0)
            .order_by(RemoteHost.retired_at.desc())
            .limit(MOST)
        ).all()
    )
    for host in retired:
        counts.setdefault(host, {})
    lanes = {lane.host: lane for lane in session.execute(select(Lane).where(Lane.host.in_(counts))).scalars()}
    found = [_health(host, states, lanes.get(host), retired.get(host)) for host, states in counts.items()]
    found.sort(key=lambda health: (health.failing_since is None, -health.waiting, health.host))
    return found[:MOST]


def _health(host: str, states: dict[str, int], lane: Lane | None, retired_at: int | None) -> HostHealth:
    failing_since = lane.failing_since if lane else None
    return HostHealth(
        host=host,
        waiting=states.get("pending", 0),
        delivered=states.get("done", 0),
        given_up=states.get("failed", 0),
        failing_since=failing_since,
        next_attempt_at=lane.next_attempt_at if lane and failing_since is not None else None,
        retired_at=retired_at,
    )
