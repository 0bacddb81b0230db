"""Ids: positive, 63 bits, ordered by time; 42 bits of milliseconds since 1970, then 21 bits that start at random.

The time of a post can be read from its id, so an anonymous post gets its id when it is released, never earlier.
"""

import secrets
import threading

_LOW_BITS = 21
LARGEST = 2**63 - 1
"""No id is larger, and no database can be asked for one."""

_lock = threading.Lock()
_last = 0


def new(now: int) -> int:
    """A fresh id for the moment `now` (milliseconds). Within a process ids of one moment never repeat."""
    global _last  # noqa: PLW0603 - one sequence per process is the point
    candidate = (now << _LOW_BITS) | secrets.randbits(_LOW_BITS - 1)
    with _lock:
        if candidate <= _last and (_last >> _LOW_BITS) == now:
            candidate = _last + 1
        _last = candidate
    return candidate


def moment(identifier: int) -> int:
    """The milliseconds at which `identifier` was made."""
    return identifier >> _LOW_BITS


def first_of(now: int) -> int:
    """The smallest id of the moment `now`: for asking what came since."""
    return now << _LOW_BITS
