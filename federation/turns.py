"""One after another: nobody asks a host twice at once, or makes a thing that somebody else is just making."""

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

_MOST_WAITING = 32


class Crowded(Exception):
    """Too many wait for the same thing already."""


class Turns:
    """Queues by name, each as long as somebody stands in it. Not for threads."""

    def __init__(self) -> None:
        self._queues: dict[Hashable, tuple[asyncio.Lock, int]] = {}

    @asynccontextmanager
    async def turn(self, of: Hashable, *, most_waiting: int = _MOST_WAITING) -> AsyncIterator[None]:
        """Wait until it is our turn with `of`, and hold it. Raises Crowded."""
        lock, standing = self._queues.get(of, (asyncio.Lock(), 0))
        if standing >= most_waiting:
            raise Crowded
        self._queues[of] = (lock, standing + 1)
        try:
            async with lock:
                yield
        finally:
            _, standing = self._queues[of]
            if standing > 1:
                self._queues[of] = (lock, standing - 1)
            else:
                del self._queues[of]
