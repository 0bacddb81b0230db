"""The way of a unit of work from its caller to a database thread and back: one hop each way, in batches.

A hop between threads costs more than the statement it carries, so callers wait on a plain future, threads take
whatever waits, and however many results come back to an event loop, they come in one call.
"""

import asyncio
import concurrent.futures
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import Any, Protocol

import structlog

from community.errors import StorageFailed
from community.events import Hook
from community.storage.failures import CLOSING
from community.storage.sessions import Unit

_log = structlog.get_logger(__name__)


class Home:
    """The event loop on which callers wait, as the database threads see it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._returned: deque[Job] = deque()
        self._called = False

    def receive(self, job: "Job") -> None:
        """Bring `job` back, from any thread; a call to the loop that is on its way already takes it along."""
        self._returned.append(job)
        if not self._called:
            self._called = True
            try:
                self.loop.call_soon_threadsafe(self._hand_out)
            except RuntimeError:  # the loop is closed: nobody waits any more
                self._returned.clear()

    def _hand_out(self) -> None:
        self._called = False  # first: what comes from now on calls again
        hooks: dict[Hook, None] = {}
        while self._returned:
            job = self._returned.popleft()
            job.settle()
            hooks.update(dict.fromkeys(job.hooks))
        run_hooks(hooks)


def run_hooks(hooks: Sequence[Hook] | dict[Hook, None]) -> None:
    """Call what was to happen after the commit. The deed stands: a hook that fails is only told to the log."""
    for hook in hooks:
        try:
            hook()
        except Exception:  # noqa: BLE001 - any hook may fail in any way
            _log.exception("a hook after the commit failed", hook=repr(hook))


class Job:
    """One unit, who waits for it, and what came of it."""

    __slots__ = ("error", "future", "home", "hooks", "result", "unit")

    def __init__(
        self,
        unit: Unit[Any],
        future: "asyncio.Future[Any] | concurrent.futures.Future[Any]",
        home: Home | None,
    ) -> None:
        self.unit = unit
        self.future = future
        self.home = home  # None: a thread blocks on the future
        self.result: Any = None
        self.error: BaseException | None = None
        self.hooks: Sequence[Hook] = ()

    def fail(self, error: BaseException) -> None:
        """Nothing of the unit was kept."""
        self.result = None
        self.hooks = ()
        # a future cannot carry StopIteration
        self.error = RuntimeError(repr(error)) if isinstance(error, StopIteration) else error

    def settle(self) -> None:
        """Tell the caller; on the loop, or for a blocked thread anywhere."""
        if self.future.done():  # the caller has gone
            return
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


def give_back(job: Job) -> None:
    """Bring a finished `job` to its caller, from a database thread."""
    if job.home is None:
        job.settle()
    else:
        job.home.receive(job)


class Worker(Protocol):
    """What one thread of a lane does with jobs. Made, used and closed in that thread."""

    def run(self, jobs: list[Job]) -> None:
        """Carry out every job and give each back exactly once."""

    def interrupt(self) -> None:
        """Break off the statement that runs now, called from another thread."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Load:
    """How busy a lane is: jobs that wait now; jobs begun since the start of the process, and in how many batches."""

    waiting: int
    begun: int
    batches: int


class _Tally:
    """What one thread has begun; only that thread writes it, so it needs no lock."""

    __slots__ = ("batches", "jobs")

    def __init__(self) -> None:
        self.jobs = 0
        self.batches = 0


class Lane:
    """A queue of jobs and the threads that work on it; `batch` is the most that one thread takes at once."""

    def __init__(self, name: str, make: Callable[[], Worker], *, threads: int, batch: int) -> None:
        self._name = name
        self._make = make
        self._count = threads
        self._batch = batch
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._workers: list[Worker] = []
        self._tallies: list[_Tally] = []
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._closed = False

    def put(self, job: Job) -> None:
        """Have `job` done. Raises StorageFailed once the lane is closed."""
        with self._lock:
            if self._closed:
                raise StorageFailed(CLOSING, reason="closed")
            if not self._threads:
                self._start()
            self._queue.put(job)

    def owns_this_thread(self) -> bool:
        return threading.current_thread() in self._threads

    def load(self) -> Load:
        """How busy the lane is; from any thread."""
        tallies = list(self._tallies)
        return Load(
            self._queue.qsize(), sum(tally.jobs for tally in tallies), sum(tally.batches for tally in tallies)
        )

    def stop(self, *, deadline: float) -> None:
        """Do what waits, then end; at `deadline` (time.monotonic) break off. Blocks; a second call does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            for _ in self._threads:
                self._queue.put(None)
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if any(thread.is_alive() for thread in self._threads):
            _log.warning("the database did not finish in time", lane=self._name)
            for worker in self._workers:
                worker.interrupt()
            for thread in self._threads:
                thread.join(0.2)

    def _start(self) -> None:
        # Daemons: a statement that cannot be broken off must not keep the process from ending.
        self._threads = [
            threading.Thread(target=self._serve, name=f"machi-{self._name}-{number}", daemon=True)
            for number in range(self._count)
        ]
        for thread in self._threads:
            thread.start()

    def _serve(self) -> None:
        worker = self._make()
        self._workers.append(worker)
        tally = _Tally()
        self._tallies.append(tally)
        try:
            more = True
            while more:
                jobs, more = self._take()
                if jobs:
                    tally.jobs += len(jobs)
                    tally.batches += 1
                    worker.run(jobs)
        finally:
            worker.close()

    def _take(self) -> tuple[list[Job], bool]:
        """What waits, at least one job; and whether to go on after it. A caller who has gone is left out."""
        jobs: list[Job] = []
        job = self._queue.get()
        try:
            while job is not None:
                if not job.future.cancelled():
                    jobs.append(job)
                if len(jobs) >= self._batch:
                    return jobs, True
                job = self._queue.get_nowait()
        except Empty:
            return jobs, True
        return jobs, False
