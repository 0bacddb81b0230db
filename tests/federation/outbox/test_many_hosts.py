"""One letter to a hundred hosts of which some hang and some are not there: the others wait for none of them, nobody gets
it twice, and the sick have it when they recover. The same with a thousand hosts and a clock: `python -m bench`.
"""

import asyncio
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community.db import Database
from community.town import Town
from federation.context import Federation, make_federation
from federation.http import Limits
from federation.models import Delivery, Lane
from federation.outbox.deliver import DeliveryWorker
from federation.outbox.places import Places
from tests.federation.outbox.hosts import Hosts
from tests.federation.outbox.test_deliver import say, town
from tests.towns import FixedClock

__all__ = ["town"]

HANGING, ABSENT = frozenset(range(5, 100, 10)), frozenset(range(8, 100, 10))


def name(number: int) -> str:
    return f"http://localhost:8001/activities/{number}"


@pytest.fixture
async def ctx(town: Town, database: Database) -> AsyncIterator[Federation]:
    ctx = make_federation(town, database, limits=Limits(connect=2, idle=30, total=30))
    await ctx.start()
    yield ctx
    await ctx.close()


async def settled(database: Database) -> dict[str, int]:
    def look(session: Session) -> dict[str, int]:
        rows = session.execute(select(Delivery.state, func.count()).group_by(Delivery.state))
        return {state: count for state, count in rows}  # noqa: C416 - rows are no pairs to mypy

    return await database.read(look)


async def test_the_healthy_wait_for_nobody_and_the_sick_have_it_when_they_recover(
    ctx: Federation, database: Database, clock: FixedClock
) -> None:
    """Ten of a hundred hang and ten refuse; there are fewer places than hosts that hang."""
    async with Hosts(100, hanging=HANGING, absent=ABSENT) as hosts:
        everybody = [hosts.inbox(each) for each in range(hosts.number)]
        await database.write(lambda session: say(session, 1, *everybody))
        worker = DeliveryWorker(ctx, places=Places(steady=8, shaky=4), patience=0.4, chance=lambda: 0.5)
        delivering = asyncio.create_task(worker.run_once())
        await hosts.until(name(1), hosts.healthy)
        assert not delivering.done()  # some are still being waited for
        await database.write(lambda session: say(session, 2, *everybody))
        worker.wake()
        await hosts.until(name(2), hosts.healthy)
        assert not delivering.done()
        await hosts.recover()
        await delivering
        for _ in range(6):  # each pause ends in its time
            clock.advance(minutes=10)
            await worker.run_once()
        assert hosts.got == {each: [name(1), name(2)] for each in range(hosts.number)}  # once each, in order
        assert set(hosts.most_inside.values()) == {1}
        assert await settled(database) == {"done": 200}
        assert await database.read(lambda session: session.scalars(select(Lane.failures)).all()) == [0] * 100
    assert worker.places == Places(steady=8, shaky=4)


async def test_hosts_that_recover_are_tried_by_one_letter_first_and_then_get_the_rest_in_order(
    ctx: Federation, database: Database, clock: FixedClock
) -> None:
    async with Hosts(12, absent=frozenset(range(2, 12))) as hosts:
        inboxes = [hosts.inbox(each) for each in range(2, 12)]
        for number in range(1, 31):
            await database.write(lambda session, number=number: say(session, number, *inboxes))
        worker = DeliveryWorker(ctx, places=Places(steady=8, shaky=2), chance=lambda: 0.5)
        assert await worker.run_once() == 10  # one each, and no more
        clock.advance(seconds=31)
        assert await worker.run_once() == 10
        await hosts.recover()
        clock.advance(minutes=3)
        assert await worker.run_once() == 300
        assert all(hosts.got[each] == [name(number) for number in range(1, 31)] for each in range(2, 12))
        assert max(hosts.most_inside.values()) == 1


async def test_two_workers_deliver_side_by_side_and_nothing_twice(ctx: Federation, database: Database) -> None:
    """On PostgreSQL in two transactions at once, on SQLite one after the other."""
    async with Hosts(60) as hosts:
        everybody = [hosts.inbox(each) for each in range(hosts.number)]
        for number in range(1, 4):
            await database.write(lambda session, number=number: say(session, number, *everybody))
        workers = [DeliveryWorker(ctx, places=Places(steady=10, shaky=2)) for _ in range(3)]
        while sum(await asyncio.gather(*(worker.run_once() for worker in workers))):
            pass
        assert hosts.got == {each: [name(1), name(2), name(3)] for each in range(hosts.number)}
        assert hosts.tried == dict.fromkeys(range(hosts.number), 3)
        assert set(hosts.most_inside.values()) == {1}
