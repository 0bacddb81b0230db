"""Statements for hot paths: compiled once for an engine, then handed to the driver as they are.

A Core statement costs 25 µs before the driver sees it, an ORM one twice that; these cost what the driver costs
(bench/README.md). They give plain tuples, so they are for columns that need no conversion: numbers and texts, and JSON
columns as the text that stands in the database.
"""

import sqlite3
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy import (
    BigInteger,
    BindParameter,
    ColumnElement,
    Executable,
    Text,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import ARRAY

from community.storage.dialects import spelling

Ids = Sequence[int] | set[int] | frozenset[int]


class Prepared:
    """One statement. `make` is given the dialect's name and builds it with `param` and `among`."""

    def __init__(self, make: Callable[[str], Executable]) -> None:
        self._make = make
        self._compiled: dict[str, _Compiled] = {}

    def rows(self, session: Session, **params: object) -> list[tuple[Any, ...]]:
        """What it finds for `params`; a set or list of ids goes where `among` stands. For units that only read,
        or that have flushed what they changed.
        """
        cursor = self._execute(session, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found if isinstance(cursor, sqlite3.Cursor) else [tuple(row) for row in found]

    def run(self, session: Session, **params: object) -> None:
        """Carry it out: for an INSERT or UPDATE whose rows the session does not hold."""
        self._execute(session, params)

    def run_many(self, session: Session, rows: Sequence[dict[str, object]]) -> None:
        """`run` for each of `rows`, in one call to the driver."""
        if not rows:
            return
        connection = session.connection()
        made = self._made(connection.dialect.name)
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.dbapi_connection
            driver.executemany(made.sql, [made.in_order(row) for row in rows])
            return
        connection.exec_driver_sql(made.sql, [made.constants | row for row in rows])

    def _execute(self, session: Session, params: dict[str, object]) -> Any:
        driver: Any = getattr(session, "driver", None)  # of a unit of work on SQLite
        if driver is None:
            connection = session.connection()
            if connection.dialect.name != "sqlite":
                made = self._made(connection.dialect.name)
                bound = {
                    key: list(value) if isinstance(value, set | frozenset | tuple) else value
                    for key, value in (made.constants | params).items()
                }
                return connection.exec_driver_sql(made.sql, bound)
            driver = connection.connection.dbapi_connection
        made = self._made("sqlite")
        return driver.execute(made.sql, made.in_order(params))

    def _made(self, dialect: str) -> "_Compiled":
        made = self._compiled.get(dialect)
        if made is None:
            made = self._compiled[dialect] = self._compile(dialect)
        return made

    def _compile(self, dialect: str) -> "_Compiled":
        statement: Any = self._make(dialect)
        compiled = statement.compile(dialect=spelling(dialect), compile_kwargs={"render_postcompile": True})
        constants = {key: value for key, value in compiled.params.items() if value is not None}
        order = tuple(compiled.positiontup or ())
        sql = str(compiled)
        return _Compiled(sql, constants, itemgetter(*order) if len(order) > 1 else None, order, "json_each(" in sql)


class _Compiled(NamedTuple):
    """A statement as the driver takes it."""

    sql: str
    constants: dict[str, Any]
    picked: Callable[[dict[str, Any]], tuple[Any, ...]] | None
    order: tuple[str, ...]
    lists: bool  # some parameters may be lists of ids

    def in_order(self, params: dict[str, Any]) -> Sequence[Any]:
        """The parameters in the places where the statement has them."""
        values = self.constants | params if self.constants else params
        given = self.picked(values) if self.picked is not None else tuple(values[each] for each in self.order)
        return [_sqlite(each) for each in given] if self.lists else given


def param(name: str) -> BindParameter[int]:
    """A number that is given with each call."""
    return bindparam(name, None, type_=BigInteger)


def text_param(name: str) -> BindParameter[str]:
    """A text that is given with each call."""
    return bindparam(name, None, type_=Text)


def among_texts(column: ColumnElement[str], name: str, dialect: str) -> ColumnElement[bool]:
    """`among` for texts."""
    if dialect == "sqlite":
        given = func.json_each(bindparam(name, None)).table_valued("value", name=f"given_{name}")
        return column.in_(select(given.c.value))
    return column == any_(bindparam(name, None, type_=ARRAY(Text)))


def among(column: ColumnElement[int], name: str, dialect: str) -> ColumnElement[bool]:
    """A condition: `column` is one of the ids given as the parameter `name`, however many they are."""
    if dialect == "sqlite":
        given = func.json_each(bindparam(name, None)).table_valued("value", name=f"given_{name}")
        return column.in_(select(given.c.value))
    return column == any_(bindparam(name, None, type_=ARRAY(BigInteger)))


def _sqlite(value: object) -> object:
    if isinstance(value, list | tuple | set | frozenset):
        return orjson.dumps(list(value)).decode()
    return value
