"""What is PostgreSQL's alone: connections that break, servers that are not there."""

import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from community.db import open_database
from community.errors import StorageFailed
from community.storage.failures import LOCKED, UNREACHABLE
from tests.community.units import insert_tag, make_tag, tag_ids
from tests.towns import make_town

ENGINES = ["postgresql"]


async def test_units_are_isolated_as_promised(database):
    def level(session: Session) -> str:
        return session.scalar(text("SHOW transaction_isolation"))

    assert await database.write(level) == await database.read(level) == "repeatable read"


async def test_broken_connections_are_replaced_unseen(database):
    """As when the server was started anew while nobody wrote."""
    await asyncio.gather(*(database.write(insert_tag(number)) for number in range(20)))
    await asyncio.gather(*(database.read(tag_ids) for _ in range(20)))

    def break_the_others(session: Session) -> None:
        session.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )

    await database.write(break_the_others)
    await asyncio.gather(*(database.write(insert_tag(number)) for number in range(20, 40)))
    results = await asyncio.gather(*(database.read(tag_ids) for _ in range(20)))
    assert results == [list(range(40))] * 20


async def test_a_connection_that_breaks_within_a_unit_runs_it_again(database):
    runs = []

    def unit(session: Session) -> int:
        runs.append(1)
        insert_tag(1)(session)
        if len(runs) == 1:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return len(runs)

    assert await database.write(unit) == 2
    assert await database.read(tag_ids) == [1]


async def test_a_lock_that_nobody_gives_up_is_told_clearly(database):
    await database.write(make_tag(1))
    locked, go_on = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hold(session: Session) -> None:
        session.execute(text("SELECT 1 FROM tags FOR UPDATE"))
        loop.call_soon_threadsafe(locked.set)
        asyncio.run_coroutine_threadsafe(go_on.wait(), loop).result()

    def take(session: Session) -> None:
        session.execute(text("SET LOCAL lock_timeout = 50"))
        session.execute(text("SELECT 1 FROM tags FOR UPDATE"))

    holding = asyncio.ensure_future(database.write(hold))
    await locked.wait()
    with pytest.raises(StorageFailed) as failure:
        await database.write(take)
    assert failure.value.message == LOCKED
    go_on.set()
    await holding


async def test_a_server_that_is_not_there_fails_the_start(bus, unused_tcp_port):
    database = open_database(make_town(f"postgresql://machi@127.0.0.1:{unused_tcp_port}/machi"), bus)
    with pytest.raises(StorageFailed) as failure:
        await database.start()
    assert failure.value.message == UNREACHABLE
    await database.close()
