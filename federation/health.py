"""How well this town reaches the others, host by host: for the operator's page."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from community import ids, town
from federation.models import Delivery, Lane

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


def by_host(session: Session) -> list[HostHealth]:
    """The hosts that something was sent to in the last week, or still waits for; at most MOST."""
    since = ids.first_of(town.now(session) - WEEK_MS)
    counts: dict[str, dict[str, int]] = {}
    rows = (
        select(Delivery.host, Delivery.state, func.count())
        .where(or_(Delivery.state == "pending", Delivery.id >= since))
        .group_by(Delivery.host, Delivery.state)
    )
    for host, state, count in session.execute(rows):
        counts.setdefault(host, {})[state] = count
    lanes = {lane.host: lane for lane in session.execute(select(Lane).where(Lane.host.in_(counts))).scalars()}
    found = [_health(host, states, lanes.get(host)) for host, states in counts.items()]
    found.sort(key=lambda health: (health.failing_since is None, -health.waiting, health.host))
    return found[:MOST]


def _health(host: str, states: dict[str, int], lane: Lane | None) -> HostHealth:
    failing_since = lane.failing_since if lane else None
    return HostHealth(
        host=host,
        waiting=states.get("pending", 0),
        delivered=states.get("done", 0),
        given_up=states.get("failed", 0),
        failing_since=failing_since,
        next_attempt_at=lane.next_attempt_at if lane and failing_since is not None else None,
    )
