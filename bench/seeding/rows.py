"""Rows by the thousand: made as plain lists in the order of a table's columns, written by the driver alone."""

import json
import sqlite3
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from sqlalchemy import JSON
from sqlalchemy.engine import make_url

from community.models import Model

Row = list[Any]


class Table:
    """The rows of one table that wait to be written. What is not given is what the model would have put there."""

    def __init__(self, model: type[Model]) -> None:
        columns = list(model.__table__.columns)
        self.name = model.__tablename__
        self.columns = [column.name for column in columns]
        self.places = {name: place for place, name in enumerate(self.columns)}
        self._blank = [_default(column) for column in columns]
        self._json = [place for place, column in enumerate(columns) if isinstance(column.type, JSON)]
        self.rows: list[Row] = []

    def add(self, **facts: Any) -> Row:
        row = self._blank.copy()
        for name, value in facts.items():
            row[self.places[name]] = value
        self.rows.append(row)
        return row

    def take(self) -> list[Row]:
        """The rows that waited, ready for the driver."""
        rows, self.rows = self.rows, []
        for row in rows if self._json else ():
            for place in self._json:
                if row[place] is not None:
                    row[place] = json.dumps(row[place], ensure_ascii=False)
        return rows


class Store(Protocol):
    """One engine, in one long transaction for each `write`."""

    dialect: str

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...
    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None: ...
    def run(self, statement: str, rows: Iterable[Sequence[Any]]) -> None: ...
    def commit(self) -> None: ...
    def close(self) -> None: ...


def open_store(url: str) -> Store:
    """The database at `url`. Ends the program if it is an SQLite file that somebody else has open."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        return _Sqlite(str(address.database))
    return _Postgres(address.set(drivername="postgresql").render_as_string(hide_password=False))


class _Sqlite:
    dialect = "sqlite"

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, timeout=0)
        try:
            self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._connection.execute("PRAGMA synchronous = OFF")
            self._connection.execute("PRAGMA cache_size = -262144")
            self._connection.execute("PRAGMA temp_store = MEMORY")
            self._connection.execute("BEGIN EXCLUSIVE")
            self._connection.execute("COMMIT")
        except sqlite3.OperationalError as error:
            sys.exit(f"{path}: {error}; the town must not be served meanwhile")

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement, values).fetchall()

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        marks = ", ".join("?" for _ in columns)
        self.run(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)

    def run(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        self._connection.executemany(statement, rows)

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()


class _Postgres:
    dialect = "postgresql"

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415 - needed for PostgreSQL alone

        self._connection = psycopg.connect(url)

    def read(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._connection.execute(statement.replace("?", "%s"), values).fetchall()

    def put(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        with (
            self._connection.cursor() as cursor,
            cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)

    def run(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(statement.replace("?", "%s"), rows)

    def commit(self) -> None:
        self._connection.commit()

    def close(self) -> None:
        self._connection.close()


def _default(column: Any) -> Any:
    """What the model puts into a column that is not named; of lists and objects an empty one."""
    default = column.default
    if default is None or not default.is_scalar:
        empty: dict[str, Any] = {"list": [], "dict": {}}
        return empty.get(getattr(getattr(default, "arg", None), "__name__", ""))
    return default.arg
