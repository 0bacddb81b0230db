"""Requests that came before: one that is sent to us again, as it was, has no second effect (federation reference §3).

This is the first of two guards and asks no database. The other is the id of the activity (`InboxItem.activity_uri`),
which holds across processes and restarts, for thirty days.
"""

import hashlib

from federation.signed import WINDOW_MS

KEPT_MS = 2 * WINDOW_MS
"""For so long a signature may be good: an hour before its time and an hour after."""

_MOST = 50_000  # in each half


class Replays:
    """The signatures of what was stored lately, in two halves: when one is full or old, the one before it is forgotten."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._new: set[bytes] = set()
        self._old: set[bytes] = set()
        self._since = 0  # milliseconds

    def is_known(self, signature: bytes, now: int) -> bool:
        """Whether a request with this very signature was stored within the last two hours."""
        self._turn(now)
        mark = _mark(signature)
        return mark in self._new or mark in self._old

    def note(self, signature: bytes, now: int) -> None:
        """A request with this signature was proved and stored."""
        self._turn(now)
        self._new.add(_mark(signature))

    def _turn(self, now: int) -> None:
        age = now - self._since
        if age < KEPT_MS and len(self._new) < self._most:
            return
        self._old = self._new if age < 2 * KEPT_MS else set()
        self._new = set()
        self._since = now


def _mark(signature: bytes) -> bytes:
    return hashlib.sha256(signature).digest()[:16]
