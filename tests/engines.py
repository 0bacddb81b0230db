"""Databases for tests: each test gets its own, copied from one that the migrations built once per process."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from sqlalchemy.engine import make_url

from community import migrate
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
    def fresh(self, folder: Path) -> Iterator[str]:
        path = folder / "machi.db"
        shutil.copyfile(self._template, path)
        yield f"sqlite:///{path}"


class PostgresDatabases:
    """Databases made from a migrated template, on the server of MACHI_TEST_POSTGRES."""

    def __init__(self) -> None:
        self._server = make_url(POSTGRES).set(drivername="postgresql")
        self._template = f"machi_test_{secrets.token_hex(6)}"
        self._run(f"CREATE DATABASE \"{self._template}\" TEMPLATE template0 ENCODING 'UTF8'")
        migrate.upgrade(self._url(self._template))

    @contextmanager
    def fresh(self) -> Iterator[str]:
        name = f"machi_test_{secrets.token_hex(6)}"
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{self._template}"')
        try:
            yield self._url(name)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    @contextmanager
    def empty(self) -> Iterator[str]:
        name = f"machi_test_{secrets.token_hex(6)}"
        self._run(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8'")
        try:
            yield self._url(name)
        finally:
            self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def close(self) -> None:
        self._run(f'DROP DATABASE "{self._template}" WITH (FORCE)')

    def _url(self, name: str) -> str:
        return self._server.set(database=name).render_as_string(hide_password=False)

    def _run(self, statement: str) -> None:
        with psycopg.connect(
            self._server.render_as_string(hide_password=False), autocommit=True
        ) as connection:
            connection.execute(statement)
