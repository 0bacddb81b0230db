"""Databases for tests: each test has its own, built by the migrations; those run once for each process."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from community import migrate
from community.models import Model
from federation import models as _wire  # noqa: F401 - its tables belong to the schema

POSTGRES = os.environ.get("MACHI_TEST_POSTGRES", "")
"""The URL of a server on which the tests may create and drop databases, or empty."""

ENGINES = ["sqlite", "postgresql"] if POSTGRES else ["sqlite"]


class SqliteFiles:
    """Copies of one migrated file."""

    def __init__(self, folder: Path) -> None:
        self._template = folder / "template.db"
        migrate.upgrade(f"sqlite:///{self._template}")
        # The log beside the file is written back and removed with the last connection: one file is the database.
        assert not self._template.with_name("template.db-wal").exists()

    @contextmanager
    def fresh(self, path: Path) -> Iterator[str]:
        """The URL of a migrated database without any row, at `path`."""
        shutil.copyfile(self._template, path)
        yield f"sqlite:///{path}"


class PostgresDatabases:
    """Databases on the server of MACHI_TEST_POSTGRES, as many as tests need at once.

    Emptying one takes 20 ms, making one 250: a database serves one test after another, and never two at a time.
    """

    def __init__(self) -> None:
        self._server = make_url(POSTGRES).set(drivername="postgresql")
        self._made: list[str] = []
        self._free: list[str] = []

    @contextmanager
    def fresh(self) -> Iterator[str]:
        """The URL of a migrated database without any row."""
        if self._free:
            name = self._free.pop()
        else:
            name = self._create()
            migrate.upgrade(self._url(name))
        yield self._url(name)
        self._empty(name)
        self._free.append(name)

    @contextmanager
    def bare(self) -> Iterator[str]:
        """The URL of a database without any table."""
        name = self._create()
        yield self._url(name)
        self._drop(name)

    def close(self) -> None:
        for name in list(self._made):
            self._drop(name)

    def _create(self) -> str:
        name = f"machi_test_{secrets.token_hex(6)}"
        self._run(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'")
        self._made.append(name)
        return name

    def _drop(self, name: str) -> None:
        self._made.remove(name)
        self._run(f"DROP DATABASE {name} WITH (FORCE)")

    def _empty(self, name: str) -> None:
        """Take every row out, and cut off whoever is still connected."""
        with psycopg.connect(self._url(name), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            tables = [table.name for table in Model.metadata.sorted_tables]
            filled = connection.execute(
                "SELECT " + ", ".join(f"EXISTS (SELECT 1 FROM {table})" for table in tables)
            ).fetchone()
            rows = [table for table, has_rows in zip(tables, filled, strict=True) if has_rows]
            if rows:
                connection.execute(f"TRUNCATE {', '.join(rows)} CASCADE")

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with psycopg.connect(
            self._server.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(statement)
