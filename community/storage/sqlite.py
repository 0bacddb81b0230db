"""SQLite: one writer that commits whatever waits in one transaction, and readers beside it (write-ahead log).

The transaction belongs to the writer. What SQLAlchemy takes for the transaction of a unit is a savepoint within it:
`_Driver` makes its commit and rollback out of RELEASE and ROLLBACK TO. So whatever goes wrong in a unit, a failed
flush too, undoes that unit alone, and one session serves them all: a session of its own for each unit, with
SQLAlchemy's own savepoints, costs 50 to 90 µs more (bench/README.md).
"""

import sqlite3
import time
from collections import deque
from typing import Any, TypeVar

from sqlalchemy import Engine, NullPool, create_engine, event

from community import events
from community.errors import StorageFailed
from community.events import Bus
from community.storage.failures import CLOSING, UNREACHABLE, failed, understood
from community.storage.lanes import Job, give_back
from community.storage.sessions import Desk, Unit, carry_out, look_up
from community.town import Town

T = TypeVar("T")
BUSY_TIMEOUT = 5.0  # seconds that a statement waits for another process
_LONGEST_BATCH = 0.05  # seconds; then commit, so that callers and other processes do not wait longer


class _Driver(sqlite3.Connection):
    """A connection whose commit and rollback, as SQLAlchemy calls them, end a unit and never the batch."""

    _in_unit = False

    def begin_batch(self) -> None:
        self.execute("BEGIN IMMEDIATE")

    def begin_unit(self) -> None:
        self.execute("SAVEPOINT unit")
        self._in_unit = True

    def commit(self) -> None:
        if self._in_unit:
            self.execute("RELEASE unit")
            self._in_unit = False

    def rollback(self) -> None:
        if self._in_unit and self.in_transaction:  # SQLite may have ended the whole transaction by itself
            self.execute("ROLLBACK TO unit")
            self.execute("RELEASE unit")
        self._in_unit = False

    def commit_batch(self) -> None:
        super().commit()

    def rollback_batch(self) -> None:
        self._in_unit = False
        super().rollback()


def make_engine(
    url: str, *, driver: type[sqlite3.Connection] = sqlite3.Connection, reading: bool = False
) -> Engine:
    """An engine for the file at `url`: the driver begins nothing by itself, every connection is set up alike."""
    engine = create_engine(
        url,
        poolclass=NullPool,
        hide_parameters=True,  # an error must not carry what people wrote, or who they are, into a log
        connect_args={
            "factory": driver,
            "isolation_level": None,
            "timeout": BUSY_TIMEOUT,
            "cached_statements": 512,
            "check_same_thread": False,  # a connection stays in its thread, but for interrupt()
        },
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: object) -> None:
        for pragma in (
            "journal_mode = WAL",
            "synchronous = NORMAL",
            "foreign_keys = ON",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")
        if reading:
            connection.execute("PRAGMA query_only = ON")

    return engine


class Writer:
    """The one thread of this process that writes."""

    def __init__(self, url: str, town: Town, bus: Bus) -> None:
        self._desk = Desk(make_engine(url, driver=_Driver))
        self._town = town
        self._bus = bus

    def run(self, jobs: list[Job]) -> None:
        waiting = deque(jobs)
        while waiting:
            done: list[Job] = []
            try:
                self._desk.open()
                self._desk.driver.begin_batch()
                self._run_batch(waiting, done)
            except Exception as error:  # noqa: BLE001 - whatever it was, the callers must hear of it
                self._abandon()
                # Without a transaction nothing can be done for those who wait either, and they have waited enough.
                lost = done or list(waiting)
                if not done:
                    waiting.clear()
                done = self._lose(lost, error)
            for job in done:
                give_back(job)

    def interrupt(self) -> None:
        if self._desk.driver is not None:
            self._desk.driver.interrupt()

    def close(self) -> None:
        self._desk.close()

    def _run_batch(self, waiting: deque[Job], done: list[Job]) -> None:
        """Carry out what waits, as far as the time for one batch goes, and commit it. Raises if all is lost."""
        driver, session = self._desk.driver, self._desk.session
        session.deferred = []
        until = time.monotonic() + _LONGEST_BATCH
        while waiting:
            job = waiting.popleft()
            done.append(job)
            self._run_unit(job)
            if not driver.in_transaction:
                raise job.error or RuntimeError("The transaction ended early.")
            if time.monotonic() > until:
                break
        session.carry_out_deferred()
        driver.commit_batch()

    def _run_unit(self, job: Job) -> None:
        session, driver = self._desk.session, self._desk.driver
        session.make_ready(self._town)
        deferred = list(session.deferred or ())
        try:
            driver.begin_unit()
            job.result = carry_out(session, job.unit, self._bus)
            if session.flushed:
                # ends the session's transaction: a later rollback must not touch the rows this unit returned
                session.commit_unit()
            else:
                driver.commit()
            session.let_go()
            job.hooks = events.take_hooks(session)
        except BaseException as error:  # noqa: BLE001 - a unit may raise anything; it harms nobody else
            job.fail(understood(error))
            session.rollback_unit()
            driver.rollback()  # if the unit never reached the database, the session did not do it
            session.deferred = deferred  # of other units; it may have carried them out, and that is undone
            session.expunge_all()

    def _abandon(self) -> None:
        """Undo the whole batch and begin anew with a fresh connection."""
        try:
            if self._desk.driver is not None:
                self._desk.driver.rollback_batch()
        except Exception:  # noqa: BLE001, S110 - closing undoes it as well
            pass
        finally:
            self._desk.close()

    def _lose(self, jobs: list[Job], error: BaseException) -> list[Job]:
        """Tell every caller of a lost batch; who failed by their own fault keep their own error."""
        failure = understood(error)
        if not isinstance(failure, StorageFailed):
            failure = failed(UNREACHABLE, error)
        for job in jobs:
            if job.error is None:
                job.fail(StorageFailed(failure.message, **failure.facts))
        return jobs


class Reader:
    """One of the threads that read, each unit in a transaction of its own: it sees one moment of the database."""

    def __init__(self, url: str, town: Town) -> None:
        self._desk = Desk(make_engine(url, reading=True))
        self._town = town

    def run(self, jobs: list[Job]) -> None:
        for job in jobs:
            try:
                self._desk.open()
                self._run_unit(job)
            except BaseException as error:  # noqa: BLE001 - a unit may raise anything
                job.fail(understood(error, reading=True))
                if isinstance(job.error, StorageFailed):
                    self._desk.close()  # the next unit tries with a new connection
            give_back(job)

    def interrupt(self) -> None:
        if self._desk.driver is not None:
            self._desk.driver.interrupt()

    def close(self) -> None:
        self._desk.close()

    def _run_unit(self, job: Job) -> None:
        job.result = _look(self._desk, self._town, job.unit)


class Glance:
    """Reads on the thread that asks, which is the event loop's: what a hop costs is more than a short read takes."""

    def __init__(self, url: str, town: Town) -> None:
        self._desk = Desk(make_engine(url, reading=True))
        self._town = town
        self._closed = False

    def look(self, unit: Unit[T]) -> T:
        """Carry out `unit` at once. Raises what it raised, or StorageFailed."""
        if self._closed:
            raise StorageFailed(CLOSING, reason="closed")
        try:
            self._desk.open()
            return _look(self._desk, self._town, unit)
        except BaseException as error:
            understood_error = understood(error, reading=True)
            if isinstance(understood_error, StorageFailed):
                self._desk.close()  # the next one tries with a new connection
            if understood_error is error:
                raise
            raise understood_error from error

    def close(self) -> None:
        self._closed = True
        self._desk.close()


def _look(desk: Desk, town: Town, unit: Unit[T]) -> T:
    """Carry out a reading unit in a transaction of its own: it sees one moment of the database."""
    session, driver = desk.session, desk.driver
    session.make_ready(town)
    driver.execute("BEGIN")
    try:
        return look_up(session, unit)
    except BaseException:
        session.rollback_unit()
        raise
    finally:
        session.let_go()
        driver.rollback()
