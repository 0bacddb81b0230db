"""How fast others may speak to the inbox: by network before anything is read, by host and by domain once that is known.

Buckets of tokens in the memory of one process: nothing is asked and nothing is kept. Who speaks too fast is told when to
go on (429 with Retry-After), which every sender understands. `[limits] enabled = false` switches all of it off.
"""

import math
from collections import OrderedDict
from functools import lru_cache

from community.config import Limits
from community.town import Clock

BURST_SECONDS = 20
"""What a bucket holds: so many seconds at the full rate."""

NETWORK_TIMES, DOMAIN_TIMES = 2, 5
"""How many times as fast as one host a network may be, where several hosts share a proxy, and a domain with all its hosts."""

NEW_HOSTS = 10
"""Hosts of one domain that may be met for the first time within a minute: names below a domain cost nothing."""

_MOST_KEPT = 20_000
_MINUTE = 60_000
# Registries below which people register names at the third level: co.jp, com.br, ac.uk.
_REGISTRIES = frozenset({"ac", "ad", "co", "com", "ed", "edu", "go", "gob", "gov", "gr", "lg", "ne", "net", "or", "org"})


class Rates:
    """The buckets of one process. For the event loop alone."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._per_second = limits.inbox_per_second if limits.enabled else None
        self._clock = clock
        self._buckets: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()
        self._met: OrderedDict[str, tuple[int, set[str]]] = OrderedDict()

    def from_network(self, network: str) -> int:
        """Take in one request of a network. Seconds to wait if it is too fast, else 0."""
        return self._take("network", network, NETWORK_TIMES)

    def until_free(self, host: str) -> int:
        """Seconds that `host` (host[:port]) has to wait, 0 if it may speak. Takes nothing: whoever only names a host must
        not be able to use up what is that host's.
        """
        return self._wait("host", host, 1) or self._wait("domain", domain_of(host), DOMAIN_TIMES)

    def from_host(self, host: str) -> None:
        """Count one activity that `host` was proved to have sent."""
        self._take("host", host, 1)
        self._take("domain", domain_of(host), DOMAIN_TIMES)

    def new_host(self, host: str) -> int:
        """Meet `host` for the first time; seconds to wait if too many of its domain were met just now, else 0."""
        if self._per_second is None:
            return 0
        now, domain = self._clock(), domain_of(host)
        since, met = self._met.get(domain, (now, set()))
        if now - since >= _MINUTE:
            since, met = now, set()
        if host not in met and len(met) >= NEW_HOSTS:
            return max(1, math.ceil((since + _MINUTE - now) / 1000))
        met.add(host)
        self._met[domain] = (since, met)
        self._met.move_to_end(domain)
        if len(self._met) > _MOST_KEPT:
            self._met.popitem(last=False)
        return 0

    def _take(self, kind: str, name: str, times: int) -> int:
        """Take a token out of a bucket; seconds to wait if it is empty, else 0."""
        if self._per_second is None:
            return 0
        left, now = self._left(kind, name, times)
        self._buckets.pop((kind, name), None)
        self._buckets[kind, name] = (max(0.0, left - 1) if left >= 1 else left, now)  # the last one used is the last one
        if len(self._buckets) > _MOST_KEPT:
            self._buckets.popitem(last=False)
        return 0 if left >= 1 else self._until_one(left, times)

    def _wait(self, kind: str, name: str, times: int) -> int:
        if self._per_second is None:
            return 0
        left, _ = self._left(kind, name, times)
        return 0 if left >= 1 else self._until_one(left, times)

    def _left(self, kind: str, name: str, times: int) -> tuple[float, int]:
        """The tokens in a bucket now, and the moment."""
        rate, now = (self._per_second or 0) * times, self._clock()
        most = float(rate * BURST_SECONDS)
        left, at = self._buckets.get((kind, name), (most, now))
        return min(most, left + max(0, now - at) * rate / 1000), now

    def _until_one(self, left: float, times: int) -> int:
        return max(1, math.ceil((1 - left) / ((self._per_second or 1) * times)))


@lru_cache(4_096)
def domain_of(host: str) -> str:
    """The domain that somebody registered, below which `host` (host[:port]) lies; an address literal is its own.

    Without a list of all registries it is a guess, which for a few of them puts strangers together: so the rate of a
    domain is far above that of a host.
    """
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    labels = name.rstrip(".").split(".")
    if name.endswith("]") or labels[-1].isdecimal() or len(labels) < 2:
        return name
    third = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _REGISTRIES
    return ".".join(labels[-3:] if third else labels[-2:])
