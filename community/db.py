"""The database of a town: hand in a unit of work, get back what it returned.

    post = await database.write(lambda session: questions.ask(session, author=…, title=…))

A unit is a plain function of a session. It runs in a database thread, whole or not at all; it may be run again from
the start, so it does nothing besides the database. It never commits and never touches the network.
"""

import asyncio
import concurrent.futures
import time
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from community.events import Bus
from community.storage import postgresql, sqlite
from community.storage.lanes import Home, Job, Lane, Load, run_hooks
from community.town import Town

T = TypeVar("T")

_WRITE_BATCH = 256  # units in one commit, at most
_SQLITE_READERS = 4
_POSTGRES_WRITERS = 8
_POSTGRES_READERS = 4
_CLOSING_TIME = 4.0  # seconds; leaves the process one to end within its five


class Database:
    """Where units of work go. Made by `open_database`; one for each process."""

    def __init__(
        self, dialect: str, *, writes: Lane, reads: Lane, near: sqlite.Glance | None = None
    ) -> None:
        self.dialect = dialect  # "sqlite" | "postgresql"
        self._writes = writes
        self._reads = reads
        self._near = near
        self._home: Home | None = None

    async def start(self) -> None:
        """Make sure that the database answers. Raises StorageFailed if it does not."""
        await self.read(_answer)

    async def close(self) -> None:
        """Do what waits, then let go of the database; takes less than five seconds. Closing twice is harmless."""
        deadline = time.monotonic() + _CLOSING_TIME
        await asyncio.gather(
            asyncio.to_thread(self._writes.stop, deadline=deadline),
            asyncio.to_thread(self._reads.stop, deadline=deadline),
        )
        self._hang_up()

    def load(self) -> dict[str, Load]:
        """How busy the threads that write and those that read are: "writer" and "reader"."""
        return {"writer": self._writes.load(), "reader": self._reads.load()}

    async def write(self, unit: Callable[[Session], T]) -> T:
        """Carry out `unit` and commit it. Subscribers run before the commit, hooks after it, on this loop.

        Raises what the unit or a subscriber raised, or StorageFailed; then nothing of the unit was kept. A caller
        that is cancelled may or may not have been in time: the unit is never done by half.
        """
        return await self._send(self._writes, unit)

    async def read(self, unit: Callable[[Session], T]) -> T:
        """Carry out `unit`, which only reads, on one moment of the database. Raises as `write` does."""
        return await self._send(self._reads, unit)

    async def glance(self, unit: Callable[[Session], T]) -> T:
        """`read` for a few short indexed statements. On SQLite they run where they are called, on the event loop, for
        the hop to another thread would cost more than they do; so never a search, and nothing without a bound.
        """
        return await self._send(self._reads, unit) if self._near is None else self._near.look(unit)

    def write_now(self, unit: Callable[[Session], T]) -> T:
        """`write` for callers without an event loop: the command line and tests. Blocks."""
        return self._send_and_wait(self._writes, unit)

    def read_now(self, unit: Callable[[Session], T]) -> T:
        """`read` for callers without an event loop. Blocks."""
        return self._send_and_wait(self._reads, unit)

    def close_now(self) -> None:
        """`close` for callers without an event loop. Blocks."""
        deadline = time.monotonic() + _CLOSING_TIME
        self._writes.stop(deadline=deadline)
        self._reads.stop(deadline=deadline)
        self._hang_up()

    def _hang_up(self) -> None:
        if self._near is not None:
            self._near.close()

    async def _send(self, lane: Lane, unit: Callable[[Session], T]) -> T:
        loop = asyncio.get_running_loop()
        home = self._home
        if home is None or home.loop is not loop:
            home = self._home = Home(loop)
        future: asyncio.Future[T] = loop.create_future()
        lane.put(Job(unit, future, home))
        return await future

    def _send_and_wait(self, lane: Lane, unit: Callable[[Session], T]) -> T:
        if self._writes.owns_this_thread() or self._reads.owns_this_thread():
            raise RuntimeError("A unit of work was started inside another one: call its function instead.")
        future: concurrent.futures.Future[T] = concurrent.futures.Future()
        job = Job(unit, future, None)
        lane.put(job)
        result = future.result()
        self._run_hooks_of(job)
        return result

    def _run_hooks_of(self, job: Job) -> None:
        """Hooks belong on the loop, if one runs; its own thread may as well call them directly."""
        home = self._home
        if job.hooks and home is not None and home.loop.is_running() and not _runs_here(home.loop):
            home.loop.call_soon_threadsafe(run_hooks, job.hooks)
        else:
            run_hooks(job.hooks)


def open_database(town: Town, bus: Bus) -> Database:
    """The database that `town.settings.database.url` names. It is reached for with the first unit, or `start`."""
    url = make_url(town.settings.database.url)
    dialect = url.get_backend_name()
    if dialect == "sqlite":
        address = url.render_as_string(hide_password=False)
        return Database(
            dialect,
            writes=Lane("writer", lambda: sqlite.Writer(address, town, bus), threads=1, batch=_WRITE_BATCH),
            reads=Lane("reader", lambda: sqlite.Reader(address, town), threads=_SQLITE_READERS, batch=1),
            near=sqlite.Glance(address, town),
        )
    writing = postgresql.make_engine(url)
    reading = postgresql.make_engine(url, reading=True)
    return Database(
        dialect,
        writes=Lane(
            "writer", lambda: postgresql.Writer(writing, town, bus), threads=_POSTGRES_WRITERS, batch=1
        ),
        reads=Lane("reader", lambda: postgresql.Reader(reading, town), threads=_POSTGRES_READERS, batch=1),
    )


def _answer(session: Session) -> None:
    session.execute(select(1))


def _runs_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
