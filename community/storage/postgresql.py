"""PostgreSQL: a pool of threads over psycopg 3, a transaction for each unit.

Units run at REPEATABLE READ, so that reading a row and then changing it is as safe as with SQLite's one writer:
if somebody else was quicker the server says so, and the unit is run again from the start.
"""

import random
import time
from typing import Any

from sqlalchemy import URL, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError

from community import events
from community.events import Bus
from community.storage.failures import understood
from community.storage.lanes import Job, give_back
from community.storage.sessions import Desk, carry_out, look_up
from community.town import Town

_ATTEMPTS = 8
_FIRST_PAUSE = 0.005  # seconds, doubled each time, drawn at random up to that
# Milliseconds. Waiting for a lock as long as SQLite waits; no statement of a unit takes half a minute.
_SESSION = "-c lock_timeout=5000 -c statement_timeout=30000 -c TimeZone=UTC"

_COLLISION = {"40001", "40P01"}  # serialization failure, deadlock
# What a unit looked up and did not see may have been made, or removed, by another one meanwhile: once more it sees it.
_PERHAPS_COLLISION = {"23505", "23503"}  # unique and foreign key violation


def make_engine(url: URL, *, reading: bool = False) -> Engine:
    """An engine over psycopg for `url` (plain `postgresql://` too). Connects when it is first used."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        isolation_level="REPEATABLE READ",
        poolclass=NullPool,  # each thread keeps its own connection
        hide_parameters=True,  # an error must not carry what people wrote, or who they are, into a log
        connect_args={"connect_timeout": 5, "options": _SESSION, "application_name": "machi"},
    )
    if reading:

        @event.listens_for(engine, "connect")
        def only_read(connection: Any, _record: object) -> None:
            connection.read_only = True

    return engine


class Writer:
    """One of the threads that write."""

    def __init__(self, engine: Engine, town: Town, bus: Bus) -> None:
        self._desk = Desk(engine)
        self._town = town
        self._bus = bus
        self._committing = False

    def run(self, jobs: list[Job]) -> None:
        for job in jobs:
            try:
                self._run_until_it_stands(job)
            except BaseException as error:  # noqa: BLE001 - a unit may raise anything
                job.fail(understood(error))
            give_back(job)

    def interrupt(self) -> None:
        if self._desk.driver is not None:
            self._desk.driver.cancel()

    def close(self) -> None:
        self._desk.close()

    def _run_until_it_stands(self, job: Job) -> None:
        attempt = 0
        while True:
            try:
                self._run_unit(job)
            except DBAPIError as error:
                attempt += 1
                if attempt >= self._allowed_attempts(error):
                    raise
                time.sleep(random.uniform(0, _FIRST_PAUSE * 2**attempt))  # noqa: S311 - no secret
            else:
                return

    def _run_unit(self, job: Job) -> None:
        self._committing = False
        self._desk.open()
        session = self._desk.session
        session.make_ready(self._town)
        try:
            result = carry_out(session, job.unit, self._bus)
            self._committing = True
            session.commit_unit()
            job.result, job.hooks = result, events.take_hooks(session)
        except BaseException as error:
            _undo(self._desk, error)
            raise
        finally:
            session.expunge_all()

    def _allowed_attempts(self, error: DBAPIError) -> int:
        """How often in all a unit may be tried that ended in `error`."""
        if error.connection_invalidated:  # the server was started anew; but did it still hear the COMMIT?
            return 1 if self._committing else 2
        state = getattr(error.orig, "sqlstate", None)
        if state in _COLLISION:
            return _ATTEMPTS
        return 2 if state in _PERHAPS_COLLISION else 1


class Reader:
    """One of the threads that read, each unit on one snapshot."""

    def __init__(self, engine: Engine, town: Town) -> None:
        self._desk = Desk(engine)
        self._town = town

    def run(self, jobs: list[Job]) -> None:
        for job in jobs:
            try:
                self._run_twice_if_need_be(job)
            except BaseException as error:  # noqa: BLE001 - a unit may raise anything
                job.fail(understood(error))
            give_back(job)

    def interrupt(self) -> None:
        if self._desk.driver is not None:
            self._desk.driver.cancel()

    def close(self) -> None:
        self._desk.close()

    def _run_twice_if_need_be(self, job: Job) -> None:
        try:
            self._run_unit(job)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            self._run_unit(job)

    def _run_unit(self, job: Job) -> None:
        self._desk.open()
        session = self._desk.session
        session.make_ready(self._town)
        try:
            job.result = look_up(session, job.unit)
            session.commit_unit()  # costs what a rollback costs, and leaves what was read as it is
        except BaseException as error:
            _undo(self._desk, error)
            raise
        finally:
            session.expunge_all()


def _undo(desk: Desk, error: BaseException) -> None:
    """Leave the desk fit for the next unit."""
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        desk.close()
    else:
        desk.session.rollback_unit()
