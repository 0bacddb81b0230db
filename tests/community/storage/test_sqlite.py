"""What SQLite does when the disk is full, the file is locked, or something is in the way."""

import asyncio
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import insert, text
from sqlalchemy.orm import Session

from community.db import open_database
from community.errors import StorageFailed
from community.models import Tag
from community.storage import sqlite
from community.storage.failures import FULL, LOCKED, UNREACHABLE
from tests.community.units import insert_tag, make_tag, tag_ids, then
from tests.towns import make_town

ENGINES = ["sqlite"]


def file_of(town) -> str:
    return town.settings.database.url.removeprefix("sqlite:///")


def insert_large(number: int, size: int = 200_000):
    def unit(session: Session) -> int:
        session.execute(insert(Tag), {"id": number, "name": f"大きい{number}", "label": "x" * size})
        return number

    return unit


async def test_the_file_is_set_up_as_promised(database):
    def pragmas(session: Session) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        return [session.scalar(text(f"PRAGMA {name}")) for name in names]

    assert await database.write(pragmas) == ["wal", 1, 1, 5000]
    assert await database.read(pragmas) == ["wal", 1, 1, 5000]


async def test_units_that_wait_share_one_commit(town, database):
    go_on = threading.Event()
    watcher = sqlite3.connect(file_of(town), isolation_level=None, check_same_thread=False)
    versions = set()

    def hold_the_writer(session: Session) -> None:
        assert go_on.wait(5)

    def unit(number: int):
        def insert_and_look(session: Session) -> None:
            insert_tag(number)(session)
            # changes with every commit of others
            versions.add(watcher.execute("PRAGMA data_version").fetchone())

        return insert_and_look

    holding = asyncio.ensure_future(database.write(hold_the_writer))
    writes = [asyncio.ensure_future(database.write(unit(number))) for number in range(64)]
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(holding, *writes)
    watcher.close()
    assert len(versions) <= 3  # one, unless this machine takes longer than the time for one batch
    assert len(await database.read(tag_ids)) == 64


# A full disk


@contextmanager
def quota(size: int) -> Iterator[None]:
    """No file of this process grows beyond `size` bytes: what a full disk looks like from within."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_a_file_that_may_not_grow_is_told_clearly(database):
    await database.write(make_tag(1))

    def grow_no_more(session: Session) -> None:
        pages = session.scalar(text("PRAGMA page_count"))
        session.execute(text(f"PRAGMA max_page_count = {pages + 2}"))

    await database.write(grow_no_more)
    units = [insert_tag(2), then(insert_tag(3), ValueError("own fault")), insert_large(4), insert_tag(5)]
    results = await asyncio.gather(*(database.write(unit) for unit in units), return_exceptions=True)
    assert isinstance(results[1], ValueError)
    assert results[2].message == FULL
    assert results[2].facts["reason"] == "database or disk is full"
    # SQLite undid the whole transaction: who stood in it before is told so, and nobody else.
    assert results[0].message == FULL
    assert results[3] == 5
    assert await database.read(tag_ids) == [1, 5]


async def test_a_full_disk_keeps_nothing_by_half_and_heals_by_itself(town, database):
    """The log cannot grow: the commit fails, so nobody of that batch is kept, and everybody is told."""
    await database.write(make_tag(1))
    with quota(1 << 16):
        results = await asyncio.gather(
            *(database.write(insert_large(number)) for number in range(2, 12)), return_exceptions=True
        )
        assert all(isinstance(result, StorageFailed) for result in results)
        assert await database.read(tag_ids) == [1]
    assert await database.write(insert_large(2)) == 2
    assert await database.read(tag_ids) == [1, 2]
    with sqlite3.connect(file_of(town)) as other:
        assert other.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    other.close()


async def test_a_full_disk_while_a_unit_spills_fails_the_whole_batch(database):
    """More than the page cache holds is written before the commit; then SQLite gives up the transaction itself."""
    await database.write(lambda session: session.execute(text("PRAGMA cache_size = 10")).close())
    units = [
        insert_tag(1),
        then(insert_tag(2), ValueError("own fault")),
        insert_large(3, 2_000_000),
        insert_tag(4),
    ]
    with quota(1 << 17):
        results = await asyncio.gather(*(database.write(unit) for unit in units), return_exceptions=True)
    assert isinstance(results[1], ValueError)
    assert isinstance(results[2], StorageFailed)
    stands = [number for number, result in zip((1, 2, 3, 4), results, strict=True) if result == number]
    assert await database.read(tag_ids) == stands


# A locked file

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def locked_by_another_process(path: str) -> Iterator[None]:
    command = [sys.executable, "-c", HOLD, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        try:
            yield
        finally:
            process.stdin.close()
            process.wait()


async def test_a_file_locked_by_another_process_is_told_clearly(town, bus, monkeypatch):
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
    database = open_database(town, bus)
    await database.write(make_tag(1))
    with locked_by_another_process(file_of(town)):
        results = await asyncio.gather(
            *(database.write(insert_tag(number)) for number in (2, 3)), return_exceptions=True
        )
        assert [result.message for result in results] == [LOCKED, LOCKED]
        assert results[0].facts["reason"] == "database is locked"
        assert await database.read(tag_ids) == [1]  # readers are not in the way of anybody
    await database.write(insert_tag(2))
    assert await database.read(tag_ids) == [1, 2]
    await database.close()


async def test_a_short_lock_is_waited_for(town, database):
    with locked_by_another_process(file_of(town)):
        writing = asyncio.ensure_future(database.write(insert_tag(1)))
        assert await database.read(tag_ids) == []
        assert not writing.done()
    assert await writing == 1


async def test_two_processes_may_write(town, bus, database):
    """The command line writes while the town is served."""
    other = open_database(town, bus)
    await asyncio.gather(
        *(database.write(insert_tag(number)) for number in range(50)),
        *(other.write(insert_tag(number)) for number in range(50, 100)),
    )
    assert await database.read(tag_ids) == list(range(100))
    await other.close()


# Nothing there


async def test_a_folder_that_is_not_there_fails_the_start(tmp_path, bus):
    database = open_database(make_town(f"sqlite:///{tmp_path}/nowhere/machi.db"), bus)
    with pytest.raises(StorageFailed) as failure:
        await database.start()
    assert failure.value.message == UNREACHABLE
    with pytest.raises(StorageFailed):
        await database.write(insert_tag(1))
    await database.close()


async def test_a_missing_table_is_no_failure_of_the_storage(tmp_path, bus):
    database = open_database(make_town(f"sqlite:///{tmp_path}/machi.db"), bus)
    with pytest.raises(Exception, match="no such table"):
        await database.write(insert_tag(1))
    await database.close()
