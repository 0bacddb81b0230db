"""Answers that are at hand: kept in memory, and given only while the facts that they were made of are unchanged.

Whoever asks brings the facts as the database has them now. An answer made of other facts does not count, so that no
process of a town is ever behind another.
"""

from collections.abc import Hashable
from typing import Any

from federation.keyring import Recent

_MOST = 2_048  # answers, most of some 2 to 6 KiB


class AtHand:
    """At most so many answers; those that nobody asked for the longest go first. For the event loop alone."""

    def __init__(self, most: int = _MOST) -> None:
        self._kept: Recent[Hashable, tuple[object, Any]] = Recent(most)

    def get(self, what: Hashable, facts: object) -> Any | None:
        """What was made of exactly these `facts`; None if it has to be made."""
        found = self._kept.get(what)
        return found[1] if found is not None and found[0] == facts else None

    def put(self, what: Hashable, facts: object, answer: Any) -> None:
        self._kept.put(what, (facts, answer))
