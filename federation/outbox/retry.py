"""When to try again, and when not to (federation reference §2.5, "ours"). Pure: no clock, no store."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

_SECOND = 1_000
_MINUTE = 60 * _SECOND
_HOUR = 60 * _MINUTE
DAY = 24 * _HOUR

GIVE_UP_AFTER = 7 * DAY
"""A delivery that is older than this is given up."""

PROBE_EVERY = 7 * DAY
"""A host that has failed for `GIVE_UP_AFTER` is only looked at this often, until it speaks to us again."""

_PAUSES = (30 * _SECOND, 2 * _MINUTE, 10 * _MINUTE, 30 * _MINUTE, 2 * _HOUR, 6 * _HOUR, 12 * _HOUR)
_JITTER = 0.2
_KNOCKS = 3
_ASKS_FOR_PATIENCE = frozenset({408, 425, 429})


class Verdict(Enum):
    DELIVERED = "delivered"
    REFUSED = "refused"  # final for this message; the host is alive
    LATER = "later"  # the host is in trouble: its lane pauses, the message stays first in it


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one attempt came to: an HTTP `status`, or none and why; `retry_after` in seconds, if the host named it."""

    status: int | None = None
    retry_after: int | None = None
    error: str = ""
    hopeless: bool = False  # it can never work, such as an inbox at an address that we do not send to


def verdict(outcome: Outcome, attempts: int) -> Verdict:
    """What follows from `outcome` for the message; `attempts` counts this one too."""
    status = outcome.status
    if outcome.hopeless:
        return Verdict.REFUSED
    if status is None or status in _ASKS_FOR_PATIENCE:
        return Verdict.LATER
    if 200 <= status < 300:
        return Verdict.DELIVERED
    if status == 401:
        # A host that could not fetch our key just now answers so; three knocks tell that from a refusal.
        return Verdict.REFUSED if attempts >= _KNOCKS else Verdict.LATER
    if status >= 500 and status != 501:
        return Verdict.LATER
    return Verdict.REFUSED


def next_attempt(
    failures: int,
    now: int,
    random: Callable[[], float],
    *,
    since: int | None = None,
    retry_after: int | None = None,
) -> int:
    """When (milliseconds) a host is tried again after `failures` failures in a row, this one included (so from 1).

    30 s, 2, 10, 30 min, 2, 6, 12 h, then daily, each ±20 % by `random()` in [0, 1); weekly for a host that has failed
    `since` a week. `retry_after` (seconds, at most a day is believed) puts it off further, never nearer.
    """
    if since is not None and now - since >= GIVE_UP_AFTER:
        pause = PROBE_EVERY
    else:
        pause = _PAUSES[failures - 1] if failures <= len(_PAUSES) else DAY
    pause = round(pause * (1 + _JITTER * (2 * random() - 1)))
    if retry_after is not None:
        pause = max(pause, min(retry_after * _SECOND, DAY))
    return now + pause
