"""Bring a database to the schema of this version, or say whether it is there.

A migration is one transaction, also on SQLite: it stands whole or not at all. Several processes may start at once;
one migrates, the others wait and find it done.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, text
from sqlalchemy.engine import URL, make_url

from community.errors import StorageFailed
from community.storage import postgresql, sqlite
from community.storage.failures import UNREACHABLE, understood

NEWER = "このデータベースは、もっと新しい版のまちで使われていました。そのままにしてあります。新しい版で動かしてください。"
_ISOLATION = {"sqlite": "AUTOCOMMIT", "postgresql": "READ COMMITTED"}  # SQLite: the BEGIN below is ours
_ADVISORY_LOCK = 0x6D61636869  # "machi"


def upgrade(url: str) -> None:
    """Make the database at `url` current; makes the SQLite file, readable by its owner alone, if there is none.

    Raises StorageFailed if the database cannot be reached, or was made by a newer version; then it is untouched.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        _make_file(address)
    with _connection(address) as connection:
        configuration = _configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "head")


def is_current(url: str) -> bool:
    """Whether the database at `url` has the schema of this version. Raises StorageFailed if it cannot be reached."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").exists():
        return False
    with _connection(address) as connection:
        heads = MigrationContext.configure(connection).get_current_heads()
    return set(heads) == set(ScriptDirectory.from_config(_configuration()).get_heads())


def _configuration() -> Config:
    configuration = Config()
    # Alembic reads the folder's name through ConfigParser, to which % is special.
    folder = str(Path(__file__).with_name("migrations")).replace("%", "%%")
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
    except CommandError as error:
        raise StorageFailed(NEWER, reason=str(error)) from error
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
