"""Counting tries, so that passphrases cannot be guessed by the thousand. In memory, for a while, and nowhere else."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from community.errors import TooMany
from community.town import Clock

MOST_KEYS = 20_000
"""How many keys are remembered; beyond it the ones not tried for longest are forgotten."""


@dataclass(frozen=True, slots=True)
class Limit:
    tries: int
    minutes: int


class Throttle:
    """Tries per key in a sliding window. With N processes a guesser has N times the tries, which is still few."""

    def __init__(self, clock: Clock, *, enabled: bool = True) -> None:
        self._clock = clock
        self._enabled = enabled
        self._tries: OrderedDict[str, list[int]] = OrderedDict()

    def check(self, limits: Mapping[str, Limit], sentence: str) -> None:
        """Raise TooMany with `sentence` (its %(minutes)s is the wait) when any key has used up its limit."""
        if not self._enabled:
            return
        wait = max((self._wait(key, limit) for key, limit in limits.items()), default=0)
        if wait > 0:
            raise TooMany(sentence, retry_after=-(-wait // 1000), minutes=-(-wait // 60_000))

    def count(self, limits: Mapping[str, Limit]) -> None:
        """Note one try for each key."""
        if not self._enabled:
            return
        now = self._clock()
        for key, limit in limits.items():
            recent = self._recent(key, limit, now)
            recent.append(now)
            self._tries[key] = recent
            self._tries.move_to_end(key)
        while len(self._tries) > MOST_KEYS:
            self._tries.popitem(last=False)

    def take_back(self, limits: Mapping[str, Limit]) -> None:
        """Uncount the latest try of each key: the passphrase was right.

        The tries before it stay. Whoever guesses at others must not be able to wipe them out by logging in as themselves.
        """
        for key in limits:
            if tries := self._tries.get(key):
                tries.pop()

    def _wait(self, key: str, limit: Limit) -> int:
        now = self._clock()
        recent = self._recent(key, limit, now)
        return 0 if len(recent) < limit.tries else recent[-limit.tries] + limit.minutes * 60_000 - now

    def _recent(self, key: str, limit: Limit, now: int) -> list[int]:
        since = now - limit.minutes * 60_000
        return [moment for moment in self._tries.get(key, ()) if moment > since]
