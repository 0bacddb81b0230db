"""What one process remembers of keys: its own actors', those of others, and whom not to ask again yet.

Everything here can be had again; the database and the other servers hold the truth.
"""

from collections import Counter, OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from federation.key_documents import PublicKey
from federation.rates import domain_of
from federation.signatures import LocalKey

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

FETCHED_AT_ONCE, DOMAIN_AT_ONCE = 64, 8
"""Keys that are fetched at the same time, in all and of the hosts below one domain: whoever signs is nobody yet, and hosts
that hang must not take the connections through which letters go out.
"""

_MOST_KEYS = 10_000
_MOST_HOSTS = 10_000
_PERIOD_MS = 300_000
_MOST_FETCHED, _MOST_FAILED = 300, 30  # keys of one host in a period


class RemoteKey(NamedTuple):
    """A key, and the id of the actor whose word it proves."""

    key: PublicKey
    owner: str


class OwnKey(NamedTuple):
    """What one of our actors signs with. `former` is what it signed with until `rotated_at` (milliseconds), as long as
    that still matters; `looked_at` is when all this was last found so in the database.
    """

    key: LocalKey
    former: LocalKey | None
    rotated_at: int | None
    looked_at: int


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a key could not be had, and until when (milliseconds) nobody asks again."""

    kind: type[Exception]
    reason: str
    until: int


class Recent(Generic[K, V]):
    """A dictionary that forgets what nobody asked for the longest."""

    def __init__(self, most: int = _MOST_KEYS) -> None:
        self._most = most
        self._rows: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        if key not in self._rows:
            return None
        self._rows.move_to_end(key)
        return self._rows[key]

    def put(self, key: K, value: V) -> None:
        self._rows[key] = value
        self._rows.move_to_end(key)
        if len(self._rows) > self._most:
            self._rows.popitem(last=False)

    def drop(self, key: K) -> None:
        self._rows.pop(key, None)


class Lately(Generic[K]):
    """What was found to be so within the last moment (milliseconds), and need not be asked again yet."""

    def __init__(self, moment: int) -> None:
        self._moment = moment
        self._found: Recent[K, int] = Recent()

    def has(self, key: K, now: int) -> bool:
        at = self._found.get(key)
        return at is not None and 0 <= now - at < self._moment

    def note(self, key: K, now: int) -> None:
        self._found.put(key, now)


@dataclass(slots=True)
class _Period:
    """What was asked of one host since `since` (milliseconds)."""

    since: int
    fetched: int = 0
    failed: int = 0


class Allowances:
    """How many keys one host may be asked for: whoever names keys in its name by the thousand makes us ask a few times."""

    def __init__(self) -> None:
        self._periods: Recent[str, _Period] = Recent(_MOST_HOSTS)

    def _period(self, host: str, now: int) -> _Period:
        period = self._periods.get(host)
        if period is None or now - period.since >= _PERIOD_MS:
            period = _Period(now)
            self._periods.put(host, period)
        return period

    def is_spent(self, host: str, now: int) -> bool:
        period = self._period(host, now)
        return period.fetched >= _MOST_FETCHED or period.failed >= _MOST_FAILED

    def note(self, host: str, now: int, *, failed: bool) -> None:
        period = self._period(host, now)
        period.fetched += 1
        period.failed += failed


class Fetching:
    """For whom keys are being fetched now. For the event loop alone."""

    def __init__(self) -> None:
        self._busy: Counter[str] = Counter()

    @contextmanager
    def place(self, host: str) -> Iterator[bool]:
        """Whether one more key may be fetched, of `host`; the place is held for as long as the block runs."""
        domain = domain_of(host)
        if self._busy.total() >= FETCHED_AT_ONCE or self._busy[domain] >= DOMAIN_AT_ONCE:
            yield False
            return
        self._busy[domain] += 1
        try:
            yield True
        finally:
            self._busy[domain] -= 1
            if not self._busy[domain]:
                del self._busy[domain]


class KeyRing:
    """The memory of one process. Not for threads."""

    def __init__(self) -> None:
        self.own: Recent[int, OwnKey] = Recent()  # by account id
        self.instance_id: int | None = None
        self.others: Recent[str, tuple[RemoteKey, int]] = Recent()  # by key id, with when it was learnt
        self.asked: Recent[str, int] = Recent()  # by key id: when it was last fetched
        self.failures: Recent[str, Failure] = Recent()  # by key id
        self.allowances = Allowances()
        self.fetching = Fetching()
