"""How errands are run: one of each host at a time, under a lease, and never without an end."""

import asyncio

import pytest
from sqlalchemy import select

from federation import errands
from federation.catching_up import worker
from federation.catching_up.worker import ErrandWorker, Outcome
from federation.models import Errand
from tests.federation.catching_up.conftest import Desk


@pytest.fixture
def runs(monkeypatch):
    """Notes which errands run, and how many at once; `until` holds them back, `outcome` is what comes of them."""

    class Runs:
        def __init__(self) -> None:
            self.begun: list[str] = []
            self.now: set[str] = set()
            self.most = 0
            self.outcome = Outcome.DONE
            self.until: asyncio.Event | None = None
            self.error: Exception | None = None

        async def __call__(self, trip, uri: str) -> Outcome:
            assert trip.host not in self.now, "two errands of one host at once"
            self.begun.append(uri)
            self.now.add(trip.host)
            self.most = max(self.most, len(self.now))
            try:
                await (self.until.wait() if self.until is not None else asyncio.sleep(0))
                if self.error is not None:
                    raise self.error
            finally:
                self.now.discard(trip.host)
            return self.outcome

    made = Runs()
    monkeypatch.setitem(worker.RUNNERS, errands.POST, made)
    return made


async def send(desk: Desk, *uris: str) -> None:
    await desk.do(lambda session: [errands.enqueue(session, errands.POST, uri) for uri in uris])


async def test_hosts_side_by_side_and_each_one_after_another(desk, runs):
    await send(desk, *(f"https://h{host}.example/{number}" for host in range(3) for number in range(4)))
    assert await desk.worker.run_once() == 12
    assert runs.most == 3
    assert await desk.waiting() == []


async def test_two_workers_share_the_work(desk, runs, ctx):
    await send(desk, *(f"https://h{host}.example/{number}" for host in range(3) for number in range(4)))
    done = await asyncio.gather(*(ErrandWorker(ctx).run_once() for _ in range(2)))
    assert sum(done) == 12 and len(set(runs.begun)) == 12


async def test_so_many_hosts_at_once_and_no_more(desk, runs, ctx):
    await send(desk, *(f"https://h{host}.example/1" for host in range(30)))
    await ErrandWorker(ctx, lanes=4).run_once()
    assert runs.most == 4 and len(runs.begun) == 30


async def test_an_errand_of_ours_that_fails_does_not_stop_the_others(desk, runs, clock):
    runs.error = RuntimeError("strange")
    await send(desk, "https://h1.example/1", "https://h2.example/1")
    assert await desk.worker.run_once() == 2
    for _ in range(len(worker.PAUSES)):
        clock.advance(days=1)
        await desk.worker.run_once()
    assert len(runs.begun) == 2 * (1 + len(worker.PAUSES))
    assert await desk.waiting() == []


async def test_pauses_grow_and_are_not_all_alike(desk, runs, ctx, clock):
    runs.outcome = Outcome.TROUBLE
    await send(desk, *(f"https://h{number}.example/1" for number in range(20)))
    await ErrandWorker(ctx).run_once()
    due = await desk.do(lambda session: [row - clock() for row in session.scalars(select(Errand.due_at))])
    assert 48_000 <= min(due) < max(due) <= 72_000
    clock.advance(seconds=72)
    await ErrandWorker(ctx).run_once()
    due = await desk.do(lambda session: [row - clock() for row in session.scalars(select(Errand.due_at))])
    assert 480_000 <= min(due) < max(due) <= 720_000


async def test_rounds_end(desk, runs, clock):
    runs.outcome = Outcome.MORE
    await send(desk, "https://h1.example/1")
    for _ in range(20):
        await desk.worker.run_once()
        clock.advance(minutes=1)
    assert len(runs.begun) == worker.ROUNDS_MOST
    assert await desk.waiting() == []


async def test_one_that_takes_too_long_is_cut_off(desk, runs, monkeypatch):
    monkeypatch.setattr(worker, "_LONGEST", 0.01)
    runs.until = asyncio.Event()
    await send(desk, "https://h1.example/1")
    await desk.worker.run_once()
    assert runs.now == set() and len(await desk.waiting()) == 1


async def test_what_is_under_way_when_the_town_ends_is_begun_anew(desk, runs, ctx):
    runs.until = asyncio.Event()
    await send(desk, "https://h1.example/1")
    working = asyncio.create_task(ErrandWorker(ctx).run())
    async with asyncio.timeout(5):
        while not runs.begun:
            await asyncio.sleep(0)
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    row = await desk.do(lambda session: session.scalars(select(Errand)).one())
    assert (row.leased_until, row.attempts) == (0, 0)
    runs.until.set()
    assert await desk.worker.run_once() == 1
    assert await desk.waiting() == []


async def test_a_kind_that_nobody_runs_is_dropped(desk, monkeypatch):
    monkeypatch.delitem(worker.RUNNERS, errands.POST)
    await send(desk, "https://h1.example/1")
    await desk.worker.run_once()
    assert await desk.waiting() == []
