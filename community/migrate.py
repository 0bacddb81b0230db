"""Bring a database to the schema of this version, or say whether it is there.

A migration is one transaction, also on SQLite: it stands whole or not at all. Several processes may start at once;
one migrates, the others wait and find it done. Alembic is loaded when there is something to migrate: it costs every
start 3 MB and 40 ms.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import URL, make_url

from community.errors import StorageFailed
from community.storage import postgresql, sqlite
from community.storage.failures import UNREACHABLE, understood

NEWER = "このデータベースは、もっと新しい版のまちで使われていました。そのままにしてあります。新しい版で動かしてください。"
_FOLDER = Path(__file__).with_name("migrations")
_ISOLATION = {"sqlite": "AUTOCOMMIT", "postgresql": "READ COMMITTED"}  # SQLite: the BEGIN below is ours
_ADVISORY_LOCK = 0x6D61636869  # "machi"


def upgrade(url: str) -> None:
    """Make the database at `url` current; makes the SQLite file, readable by its owner alone, if there is none.

    Raises StorageFailed if the database cannot be reached, or was made by a newer version; then it is untouched.
    """
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.util import CommandError  # noqa: PLC0415

    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        _make_file(address)
    with _connection(address) as connection:
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        try:
            command.upgrade(configuration, "head")
        except CommandError as error:
            raise StorageFailed(NEWER, reason=str(error)) from error


def is_current(url: str) -> bool:
    """Whether the database at `url` has the schema of this version. Raises StorageFailed if it cannot be reached."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        return False
    engine = _engine(address)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return False
            return connection.scalars(text("SELECT version_num FROM alembic_version")).all() == [newest()]
    except Exception as error:
        raise understood(error) from error
    finally:
        engine.dispose()


def newest() -> str:
    """The last revision there is. They form a line, and their files are named by their numbers."""
    return max(each.name.partition("_")[0] for each in (_FOLDER / "versions").glob("[0-9]*_*.py"))


def _configuration() -> Any:
    from alembic.config import Config  # noqa: PLC0415 - see above

    configuration = Config()
    # Alembic reads the folder's name through ConfigParser, to which % is special.
    folder = str(_FOLDER).replace("%", "%%")
    configuration.set_main_option("script_location", folder)
    configuration.set_main_option("path_separator", "os")
    return configuration


@contextmanager
def _connection(address: URL) -> Iterator[Connection]:
    """A connection inside a transaction that keeps every other migration out; committed at the end."""
    engine = _engine(address)
    try:
        # Not REPEATABLE READ: whoever waited for the lock must see what was done meanwhile.
        with engine.connect().execution_options(
            isolation_level=_ISOLATION[engine.dialect.name]
        ) as connection:
            if engine.dialect.name == "sqlite":
                # Alembic changes a table by making it anew: its references must not be looked at meanwhile.
                connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
            yield connection
            _check_references(connection)
            connection.commit()
    except StorageFailed:
        raise
    except Exception as error:
        raise understood(error) from error
    finally:
        engine.dispose()


def _engine(address: URL) -> Engine:
    if address.get_backend_name() == "sqlite":
        return sqlite.make_engine(address.render_as_string(hide_password=False))
    return postgresql.make_engine(address)


def _check_references(connection: Connection) -> None:
    """What foreign keys would have refused during the migration, SQLite says now."""
    if connection.dialect.name == "sqlite":
        broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if broken:
            raise RuntimeError(f"The migration broke references: {broken[:5]}")


def _make_file(address: URL) -> None:
    """An empty file that only its owner reads, before SQLite would make one that everybody reads."""
    path = Path(address.database or "")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StorageFailed(UNREACHABLE, reason=f"{path}: {error.strerror}") from error
