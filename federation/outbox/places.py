"""How many hosts are written to at once, and how a hanging one gets out of the way of the others."""

from dataclasses import dataclass
from typing import Self

_FOR_OTHERS = 32


@dataclass(slots=True)
class Places:
    """Two bounded sets of places: `steady` for hosts that answer, `shaky` for those that hang or lately failed.

    A host that lets us wait moves to a shaky place. When those are all taken it has to hang up: however many hosts
    hang, the steady places are free again after a moment.
    """

    steady: int
    shaky: int

    @classmethod
    def within(cls, sockets: int) -> Self:
        """One socket for each host; an eighth of them for those that hang, a few left to those who fetch."""
        shaky = sockets // 8
        return cls(sockets - shaky - _FOR_OTHERS, shaky)


class Place:
    """One host's place while something is sent to it. `since`: from when (seconds) it has been keeping us waiting."""

    __slots__ = ("_free", "_shaky", "since")

    def __init__(self, free: Places, *, shaky: bool) -> None:
        self._free = free
        self._shaky = shaky
        self.since: float | None = None
        self._count(-1)

    @property
    def is_steady(self) -> bool:
        return not self._shaky

    def yield_steady(self) -> bool:
        """Make room for a host that answers; False if there is no shaky place to move to."""
        if self._shaky:
            return True
        if self._free.shaky <= 0:
            return False
        self._count(1)
        self._shaky = True
        self._count(-1)
        return True

    def leave(self) -> None:
        self._count(1)

    def _count(self, by: int) -> None:
        if self._shaky:
            self._free.shaky += by
        else:
            self._free.steady += by
