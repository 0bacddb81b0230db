"""Who is being served at the door of the inbox: a few of each host at a time, so that no host takes all the places."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

AT_ONCE = 4
"""Activities of one host that are worked on at the door at the same time; more of them wait in the queue."""

AT_ONCE_IN_ALL = 64


class Doorstep:
    """For whom something is being done at the door now. For the event loop alone."""

    def __init__(self) -> None:
        self.is_open = False  # a worker of this process has the queue, and the database one writer
        self._busy: Counter[str] = Counter()

    @contextmanager
    def place(self, host: str) -> Iterator[bool]:
        """Whether there is a place for one more of `host`; it is held for as long as the block runs."""
        free = self.is_open and self._busy[host] < AT_ONCE and self._busy.total() < AT_ONCE_IN_ALL
        if not free:
            yield False
            return
        self._busy[host] += 1
        try:
            yield True
        finally:
            self._busy[host] -= 1
            if not self._busy[host]:
                del self._busy[host]
