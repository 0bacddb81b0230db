"""Statements for hot paths: compiled once for an engine, then handed to the driver as they are.

A Core statement costs 25 µs before the driver sees it, an ORM one twice that; these cost what the driver costs
(bench/README.md). They give plain tuples, so they are for columns that need no conversion: numbers and texts, and JSON
columns as the text that stands in the database.
"""

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
_LISTS = (list, tuple, set, frozenset)


class Prepared:
    """One statement. `make` is given the dialect's name and builds it with `param` and `among`."""

    def __init__(self, make: Callable[[str], Executable]) -> None:
        self._make = make
        self._compiled: dict[str, _Compiled] = {}
        self._sqlite: _Compiled | None = None

    def rows(self, session: Session, **params: object) -> list[tuple[Any, ...]]:
        """What it finds for `params`; a set or list of ids goes where `among` stands. For units that only read,
        or that have flushed what they changed.
        """
        driver = getattr(session, "driver", None)
        if driver is not None:  # a unit of work on SQLite: no step more than the driver needs
            made = self._sqlite or self._made_for_sqlite()
            found: list[tuple[Any, ...]] = driver.execute(made.sql, made.in_order(params)).fetchall()
            return found
        cursor = self._execute(session, params)
        return [tuple(row) for row in cursor.fetchall()]

    def run(self, session: Session, **params: object) -> None:
        """Carry it out: for an INSERT or UPDATE whose rows the session does not hold."""
        driver = getattr(session, "driver", None)
        if driver is not None:
            made = self._sqlite or self._made_for_sqlite()
            driver.execute(made.sql, made.in_order(params))
        else:
            self._execute(session, params)

    def run_many(self, session: Session, rows: Sequence[dict[str, object]]) -> None:
        """`run` for each of `rows`, in one call to the driver."""
        if not rows:
            return
        connection = session.connection()
        made = self._made(connection.dialect.name)
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.dbapi_connection
            driver.executemany(made.sql, [made.in_order(dict(row)) for row in rows])
            return
        connection.exec_driver_sql(made.sql, [made.constants | row for row in rows])

    def _execute(self, session: Session, params: dict[str, Any]) -> Any:
        connection = session.connection()
        made = self._made(connection.dialect.name)
        if connection.dialect.name == "sqlite":
            driver: Any = connection.connection.dbapi_connection
            return driver.execute(made.sql, made.in_order(params))
        bound = {
            key: list(value) if isinstance(value, set | frozenset | tuple) else value
            for key, value in (made.constants | params).items()
        }
        return connection.exec_driver_sql(made.sql, bound)

    def _made_for_sqlite(self) -> "_Compiled":
        made = self._sqlite = self._made("sqlite")
        return made

    def _made(self, dialect: str) -> "_Compiled":
        made = self._compiled.get(dialect)
        if made is None:
            made = self._compiled[dialect] = self._compile(dialect)
        return made

    def _compile(self, dialect: str) -> "_Compiled":
        statement: Any = self._make(dialect)
        compiled = statement.compile(dialect=spelling(dialect), compile_kwargs={"render_postcompile": True})
        constants = {key: value for key, value in compiled.params.items() if value is not None}
        sql = str(compiled)
        listed = tuple(key for key in compiled.params if key not in constants) if "json_each(" in sql else ()
        return _Compiled(sql, constants, _picker(tuple(compiled.positiontup or ())), listed)


class _Compiled(NamedTuple):
    """A statement as the driver takes it."""

    sql: str
    constants: dict[str, Any]
    picked: Callable[[dict[str, Any]], tuple[Any, ...]]
    listed: tuple[str, ...]  # parameters that may be lists

    def in_order(self, params: dict[str, Any]) -> tuple[Any, ...]:
        """The parameters in the places where SQLite's statement has them. `params` belongs to this call alone."""
        if self.constants:
            params = self.constants | params
        for name in self.listed:
            value = params[name]
            if isinstance(value, _LISTS):
                params[name] = orjson.dumps(value if isinstance(value, list) else list(value)).decode()
        return self.picked(params)


def _picker(order: tuple[str, ...]) -> Callable[[dict[str, Any]], tuple[Any, ...]]:
    if len(order) == 1:
        (only,) = order
        return lambda params: (params[only],)
    return itemgetter(*order) if order else lambda params: ()  # noqa: ARG005 - nothing of it is needed


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
