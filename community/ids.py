"""Ids: positive, 63 bits, ordered by time; 42 bits of milliseconds since 1970, then 21 bits that start at random.

The time of a post can be read from its id, so an anonymous post gets its id when it is released, never earlier.
"""

import secrets
import threading
from collections import OrderedDict

_LOW_BITS = 21
LARGEST = 2**63 - 1
"""No id is larger, and no database can be asked for one."""

_MOMENTS_KEPT = 4_096
_lock = threading.Lock()
_last: OrderedDict[int, int] = OrderedDict()  # the last id of each of the latest moments


def new(now: int) -> int:
    """A fresh id for the moment `now` (milliseconds). Within a process ids of one moment never repeat.

    Moments come mixed: what arrives from elsewhere bears the time it was made, often a whole second that many share.
    So the last id of each of the latest few thousand moments is remembered, not only that of the last one.
    """
    candidate = (now << _LOW_BITS) | secrets.randbits(_LOW_BITS - 1)
    with _lock:
        candidate = max(candidate, _last.pop(now, 0) + 1)
        _last[now] = candidate
        if len(_last) > _MOMENTS_KEPT:
            _last.popitem(last=False)
    return candidate


def moment(identifier: int) -> int:
    """The milliseconds at which `identifier` was made."""
    return identifier >> _LOW_BITS


def first_of(now: int) -> int:
    """The smallest id of the moment `now`: for asking what came since."""
    return now << _LOW_BITS
