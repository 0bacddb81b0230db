"""The session a unit of work gets, the connection it stands on, and the one way in which a unit is carried out."""

import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NoReturn, TypeVar

from sqlalchemy import Connection, Engine, event
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import instance_state

from community import events, town
from community.events import Bus
from community.town import Town

T = TypeVar("T")
Unit = Callable[[Session], T]
Deferred = tuple[str, Sequence[object]]
"""A statement as the driver takes it, with its parameters."""


class UnitSession(Session):
    """A session whose transaction belongs to the database layer: a unit can neither commit nor roll back.

    What a unit returns stays readable after the commit; what it has not loaded is not loaded later.
    """

    def __init__(self, bind: Connection) -> None:
        super().__init__(bind, expire_on_commit=False)
        self._one = bind
        own: Any = bind.connection.dbapi_connection
        self.driver: Any = own if isinstance(own, sqlite3.Connection) else None  # for statements that go past everything
        self.flushed = False  # rows went out through the ORM since the last commit
        self.writing = False  # what this unit sees may yet be undone
        # What the writer of SQLite carries out once for a whole batch, before it commits it; None elsewhere.
        self.deferred: list[Deferred] | None = None

    def make_ready(self, of: Town) -> None:
        """Make ready for the next unit: nothing that an earlier one left on the session remains."""
        self.info.clear()
        town.attach(self, of)
        self.flushed = self.writing = False

    def let_go(self) -> None:
        """Forget the rows of a unit that was kept: they belong to whom they were returned."""
        if self.identity_map:  # most short units leave none, and looking is cheaper
            self.expunge_all()

    def connection(self, *args: Any, **options: Any) -> Connection:
        """The connection of the unit: hot paths execute Core statements on it, 8 µs cheaper each than here."""
        if not args and not options and self._one.in_transaction() and not self.in_nested_transaction():
            return self._one  # there is but one, and this session has begun on it
        return super().connection(*args, **options)

    def get(self, entity: Any, ident: Any, **options: Any) -> Any:
        """As a Session does; a row that is at hand, by a short way: everybody who hears of a post asks for it again."""
        kept = None if options else self._at_hand(entity, ident)
        return super().get(entity, ident, **options) if kept is None else kept

    def get_one(self, entity: Any, ident: Any, **options: Any) -> Any:
        kept = None if options else self._at_hand(entity, ident)
        return super().get_one(entity, ident, **options) if kept is None else kept

    def _at_hand(self, entity: Any, ident: Any) -> Any:
        """The row that the session holds under a simple key, if it is as fresh as any."""
        kept = self.identity_map.get((entity, (ident,), None)) if isinstance(ident, int | str) else None
        return None if kept is None or instance_state(kept).expired else kept

    def carry_out_deferred(self) -> None:
        """Do what was put off until the end of the batch: at that end, or for whoever builds upon it."""
        if not self.deferred or self.driver is None:
            return
        for sql, rows in groupby(self.deferred, key=itemgetter(0)):
            self.driver.executemany(sql, [parameters for _, parameters in rows])
        self.deferred.clear()

    def commit(self) -> NoReturn:
        raise RuntimeError("A unit of work never commits: Database.write does, after it.")

    def rollback(self) -> NoReturn:
        raise RuntimeError("A unit of work never rolls back: it raises, and Database.write does.")

    def commit_unit(self) -> None:
        super().commit()

    def rollback_unit(self) -> None:
        super().rollback()


@event.listens_for(UnitSession, "after_flush")
def _note_flush(session: UnitSession, _context: Any) -> None:
    session.flushed = True


def carry_out(session: UnitSession, unit: Unit[T], bus: Bus) -> T:
    """Run `unit`, then the subscribers of what it recorded; everything is flushed, nothing committed."""
    session.writing = True
    result = unit(session)
    session.flush()
    if events.recorded(session):
        bus.dispatch(session)
        session.flush()
    if session.in_nested_transaction():
        raise RuntimeError("The unit of work left a savepoint of its own open.")
    return result


def look_up(session: UnitSession, unit: Unit[T]) -> T:
    """Run a reading `unit`. One that changes rows or records events is refused, not silently forgotten."""
    result = unit(session)
    session.flush()  # the engine refuses it, if there is anything to flush
    if events.take_hooks(session) or events.recorded(session):
        raise RuntimeError("A reading unit recorded an event: it belongs into Database.write.")
    return result


def defer(session: Session, sql: str, parameters: Sequence[object]) -> bool:
    """Have a statement carried out before the commit, together with the same ones of other units: an index that is
    written to in pieces is dear. False where that cannot be: then it is to be done now.
    """
    deferred = getattr(session, "deferred", None)
    if deferred is None:
        return False
    deferred.append((sql, parameters))
    return True


def carry_out_deferred(session: Session) -> None:
    """Do at once what `defer` put off: for a unit that changes what may have been put off before it."""
    if isinstance(session, UnitSession):
        session.carry_out_deferred()


def may_be_undone(session: Session) -> bool:
    """Whether what `session` sees now may yet be undone, and the next unit write something else in its place: nothing
    that is made of it may be remembered under its facts.
    """
    return isinstance(session, UnitSession) and session.writing


class Desk:
    """What one database thread works at: one connection with one session, opened when needed and after failures.

    The session serves one unit after another (`UnitSession.make_ready`): a new one for each would cost more than a
    short unit itself.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self.session: UnitSession  # there once `open` was called
        self.driver: Any = None  # the driver's own connection, of the class that the engine makes

    def open(self) -> None:
        """Have a connection. Raises the driver's error, wrapped or not, if there is none to be had."""
        if self._connection is None:
            self._connection = self._engine.connect()
            self.driver = self._connection.connection.dbapi_connection
            self.session = UnitSession(self._connection)

    def close(self) -> None:
        """Let go of the connection, whatever state it is in; what is not committed is undone."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            self.session.close()
            connection.close()
        except Exception:  # noqa: BLE001 - a broken connection may refuse even this
            connection.invalidate()
        finally:
            self.driver.close()
