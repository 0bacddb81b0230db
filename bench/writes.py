"""What one unit of work costs, by how many callers there are; beside the driver alone and SQLAlchemy's async engine.

Everybody inserts into the same migrated schema, in a file with a write-ahead log, and commits before it answers.
"""

import importlib.util
import platform
import secrets
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
import uvloop
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from bench.measure import CALLERS, measure
from community import migrate
from community.config import from_tables
from community.db import open_database
from community.events import Bus
from community.keyfiles import KeyFiles
from community.models import Tag
from community.town import Town
from federation.models import InboxItem

Operation = Callable[[int], Awaitable[object]]
Contender = Callable[[str], AbstractAsyncContextManager[Operation]]

_INSERT = "INSERT INTO tags (id, name, label) VALUES (?, ?, ?)"
_TAGS: Any = Tag.__table__
_ITEMS: Any = InboxItem.__table__
# Statements of a hot path are made once: making one anew each time costs 20 µs and more.
_INSERT_TAG = insert(_TAGS)
_ONE_TAG = select(_TAGS.c.id, _TAGS.c.label).where(_TAGS.c.id == bindparam("tag"))
_TAG_NAMED = select(_TAGS.c.id).where(_TAGS.c.name == bindparam("tag"))
_INSERT_ITEM = insert(_ITEMS)
_STATE = select(_ITEMS.c.state).where(_ITEMS.c.id == bindparam("item"))
_DONE = update(_ITEMS).where(_ITEMS.c.id == bindparam("item")).values(state="done")
_BODY = secrets.token_bytes(2000)


def _town(url: str) -> Town:
    settings = from_tables(
        {"instance": {"domain": "bench.example", "name": "bench"}, "database": {"url": url}}
    )
    return Town(settings, KeyFiles.in_memory())


def _through_database(unit: Callable[[Session, int], object], *, reading: bool = False) -> Contender:
    @asynccontextmanager
    async def contender(url: str) -> AsyncIterator[Operation]:
        database = open_database(_town(url), Bus())
        await database.start()
        await database.write(lambda session: insert_core(session, 0))
        deed = database.read if reading else database.write
        yield lambda number: deed(lambda session: unit(session, number))
        await database.close()

    return contender


def insert_core(session: Session, number: int) -> None:
    session.execute(_INSERT_TAG, {"id": number, "name": f"{number}", "label": "備蓄"})


def insert_on_connection(session: Session, number: int) -> None:
    session.connection().execute(_INSERT_TAG, {"id": number, "name": f"{number}", "label": "備蓄"})


def insert_orm(session: Session, number: int) -> None:
    session.add(Tag(id=number, name=f"{number}", label="備蓄"))


def nothing(session: Session, number: int) -> None:
    pass


def select_core(session: Session, number: int) -> object:
    return session.execute(_ONE_TAG, {"tag": 0}).one()


def inbox_unit(session: Session, number: int) -> None:
    """Six statements, like those of an activity that came in: four that look, two that write, 2 KB stored."""
    for name in ("a", "b", "c"):
        session.execute(_TAG_NAMED, {"tag": name}).first()
    session.execute(
        _INSERT_ITEM,
        {
            "id": number,
            "activity_uri": f"https://a.example/{number}",
            "host": "a.example",
            "actor_uri": "https://a.example/users/b",
            "type": "Create",
            "body": _BODY,
            "state": "pending",
            "attempts": 0,
            "next_attempt_at": number,
            "leased_until": 0,
            "error": "",
            "received_at": number,
        },
    )
    session.execute(_STATE, {"item": number}).one()
    session.execute(_DONE, {"item": number})


@asynccontextmanager
async def plain_sqlite(url: str) -> AsyncIterator[Operation]:
    """The driver alone, called on the event loop, a commit each: what no layer can be cheaper than, but by batches."""
    connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")

    async def operation(number: int) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(_INSERT, (number, f"{number}", "備蓄"))
        connection.execute("COMMIT")

    yield operation
    connection.close()


@asynccontextmanager
async def async_core(url: str) -> AsyncIterator[Operation]:
    """SQLAlchemy's async engine over aiosqlite, one connection for writing."""
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - needs aiosqlite

    engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"), pool_size=1, max_overflow=0)

    async def operation(number: int) -> None:
        async with engine.begin() as connection:
            await connection.execute(_INSERT_TAG, {"id": number, "name": f"{number}", "label": "備蓄"})

    yield operation
    await engine.dispose()


@asynccontextmanager
async def async_orm(url: str) -> AsyncIterator[Operation]:
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine  # noqa: PLC0415 - needs aiosqlite

    engine = create_async_engine(url.replace("sqlite:", "sqlite+aiosqlite:"), pool_size=1, max_overflow=0)

    async def operation(number: int) -> None:
        async with AsyncSession(engine) as session, session.begin():
            session.add(Tag(id=number, name=f"{number}", label="備蓄"))

    yield operation
    await engine.dispose()


CONTENDERS: dict[str, Contender] = {
    "sqlite3 alone, a commit each": plain_sqlite,
    "Database.write: nothing": _through_database(nothing),
    "Database.write: one insert, connection().execute": _through_database(insert_on_connection),
    "Database.write: one insert, session.execute": _through_database(insert_core),
    "Database.write: one insert, ORM": _through_database(insert_orm),
    "Database.write: 6 statements, Core": _through_database(inbox_unit),
    "Database.read: one row, Core": _through_database(select_core, reading=True),
}
if importlib.util.find_spec("aiosqlite"):
    CONTENDERS |= {
        "SQLAlchemy async: one insert, Core": async_core,
        "SQLAlchemy async: one insert, ORM": async_orm,
    }


async def _figures(contender: Contender, template: Path) -> list[str]:
    cells = []
    for callers in CALLERS:
        with tempfile.TemporaryDirectory(prefix="machi-bench-") as folder:
            path = Path(folder) / "machi.db"
            path.write_bytes(template.read_bytes())
            async with contender(f"sqlite:///{path}") as operation:
                figure = await measure(operation, callers=callers)
        cells.append(f"{figure.cpu:.0f} · {figure.rate:,.0f}")
    return cells


def main(_arguments: Sequence[str] = ()) -> None:
    print(
        f"# CPU µs for one unit · units a second. Python {platform.python_version()}, SQLite "
        f"{sqlite3.sqlite_version}, SQLAlchemy {sqlalchemy.__version__}, {platform.machine()}\n"
    )
    print(
        "| | " + " | ".join(f"{callers} callers" for callers in CALLERS) + " |\n|---|" + "---|" * len(CALLERS)
    )
    with tempfile.TemporaryDirectory(prefix="machi-bench-") as folder:
        template = Path(folder) / "machi.db"
        migrate.upgrade(f"sqlite:///{template}")
        for name, contender in CONTENDERS.items():
            cells = uvloop.run(_figures(contender, template))
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    if "SQLAlchemy async: one insert, Core" not in CONTENDERS:
        print("\nLeft out, because aiosqlite is not installed: SQLAlchemy async.")
