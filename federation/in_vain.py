"""What was asked for in vain a moment ago is not asked for again: whoever names one bad address a thousand times makes
this town ask once (federation reference §3, Amplification).
"""

from federation.keyring import Recent

KEPT_MS = 300_000
"""How long (ms) a refusal is remembered."""

_MOST = 10_000


class InVain:
    """The last refusals, by address, of this process. Only what is final is noted: a host in trouble may recover at once."""

    def __init__(self, most: int = _MOST) -> None:
        self._noted: Recent[str, int] = Recent(most)

    def note(self, address: str, now: int) -> None:
        """`address` was refused, or gave nothing that can be believed, at `now` (ms)."""
        self._noted.put(address, now)

    def is_known(self, address: str, now: int) -> bool:
        """Whether there is no use in asking for `address`."""
        at = self._noted.get(address)
        return at is not None and now - at < KEPT_MS
