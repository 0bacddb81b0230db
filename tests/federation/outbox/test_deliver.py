"""Delivery over real sockets: order, one in flight per host, hanging hosts, refusals, a worker that dies."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import pairwise

import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import town as town_facts
from community.db import Database
from community.models import Account
from community.town import Town
from federation import signatures, synchronisation
from federation.context import Federation, make_federation
from federation.http import Limits
from federation.keys import ensure_key
from federation.models import Delivery, Lane, OutboxItem
from federation.outbox import claiming, lanes, sayings
from federation.outbox.addressing import Inbox
from federation.outbox.deliver import DeliveryWorker
from federation.outbox.places import Places
from tests import factories
from tests.federation.outbox.said import follow
from tests.towns import FixedClock, make_town

Behaviour = Callable[[web.Request], Awaitable[web.Response]]


class Post:
    """Another server: records what comes to its inbox, and answers as it is told."""

    def __init__(self) -> None:
        self.letters: list[dict[str, str]] = []
        self.requests: list[tuple[web.Request, bytes]] = []
        self.answers: list[web.Response | Behaviour] = []
        self.inside = 0
        self.most_inside = 0
        self.connections: set[object] = set()
        self.server: TestServer

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/inbox", self._inbox)
        self.server = TestServer(app)
        await self.server.start_server()

    async def _inbox(self, request: web.Request) -> web.Response:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        self.connections.add(request.transport)
        try:
            body = await request.read()
            self.requests.append((request, body))
            answer = self.answers.pop(0) if self.answers else web.Response(status=202)
            response = answer if isinstance(answer, web.Response) else await answer(request)
            if response.status == 202:
                self.letters.append(orjson.loads(body))
            return response
        finally:
            self.inside -= 1

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    @property
    def inbox(self) -> Inbox:
        return Inbox(self.host, f"http://{self.host}/inbox")


@pytest.fixture
def town(database_url: str, clock: FixedClock) -> Town:
    federation = {"allow_private_addresses": True}
    return make_town(
        database_url, clock=clock, domain="localhost:8001", instance={"scheme": "http"}, federation=federation
    )


@pytest.fixture
async def ctx(town: Town, database: Database) -> AsyncIterator[Federation]:
    ctx = make_federation(town, database, limits=Limits(connect=1, idle=5, total=5))
    await ctx.start()
    yield ctx
    await ctx.close()


@pytest.fixture
async def posts() -> AsyncIterator[Callable[[], Awaitable[Post]]]:
    async with AsyncExitStack() as stack:

        async def new() -> Post:
            post = Post()
            await post.start()
            stack.push_async_callback(post.server.close)
            return post

        yield new


def say(session: Session, number: int, *inboxes: Inbox) -> None:
    """Activity `number` of hanako to `inboxes`."""
    author = session.get(OutboxItem, 1)
    account_id = author.account_id if author else factories.member(session, "hanako").id
    now = town_facts.now(session)
    session.add(
        OutboxItem(
            id=number, account_id=account_id, type="Create", object_uri="x", public=True,
            body=orjson.dumps({"id": f"http://localhost:8001/activities/{number}", "n": number}), created_at=now,
        )
    )  # fmt: skip
    session.flush()
    sayings.deliver(session, number, inboxes)


async def outcome(database: Database) -> list[tuple[str, int, int | None]]:
    def look(session: Session) -> list[tuple[str, int, int | None]]:
        rows = session.execute(
            select(Delivery.state, Delivery.attempts, Delivery.status).order_by(Delivery.id)
        )
        return [tuple(row) for row in rows]

    return await database.read(look)


async def test_letters_arrive_in_order_one_at_a_time_signed_and_over_one_connection(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]], town: Town
) -> None:
    here, there = await posts(), await posts()
    for number in range(1, 26):
        await database.write(lambda session, number=number: say(session, number, here.inbox, there.inbox))
    worker = DeliveryWorker(ctx)
    assert await worker.run_once() == 50
    for post in (here, there):
        assert [letter["n"] for letter in post.letters] == list(range(1, 26))
        assert post.most_inside == 1
        assert len(post.connections) == 1
    assert set(await outcome(database)) == {("done", 1, 202)}
    account_id = await database.read(lambda session: session.get_one(OutboxItem, 1).account_id)
    key = await ensure_key(ctx, account_id)
    request, body = here.requests[0]
    signed = signatures.read(
        "POST", request.raw_path, request.headers, body, host=here.host, now=town.clock()
    )
    assert signed.key_id == "http://localhost:8001/users/hanako#main-key"
    signatures.verify(signed, key.private_key.public_key())
    assert request.headers["Content-Type"] == "application/activity+json"
    assert await worker.run_once() == 0


async def test_hosts_are_written_to_at_the_same_time(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]]
) -> None:
    """Each host answers only when all of them have been asked."""
    servers = [await posts() for _ in range(5)]
    meeting = asyncio.Barrier(5)

    async def together(_: web.Request) -> web.Response:
        await asyncio.wait_for(meeting.wait(), 5)
        return web.Response(status=202)

    for server in servers:
        server.answers = [together]
    await database.write(lambda session: say(session, 1, *(server.inbox for server in servers)))
    assert await DeliveryWorker(ctx).run_once() == 5
    assert [len(server.letters) for server in servers] == [1] * 5


async def test_a_failing_host_keeps_its_order_and_a_refusal_concerns_one_letter(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]], clock: FixedClock
) -> None:
    there = await posts()
    there.answers = [
        web.Response(status=503, headers={"Retry-After": "600"}),
        web.Response(status=202),
        web.Response(status=400),
        web.Response(status=410),
    ]
    for number in range(1, 5):
        await database.write(lambda session, number=number: say(session, number, there.inbox))
    worker = DeliveryWorker(ctx, chance=lambda: 0.5)
    assert await worker.run_once() == 1
    assert await outcome(database) == [("pending", 1, 503), *[("pending", 0, None)] * 3]
    clock.advance(seconds=599)
    assert await worker.run_once() == 0
    clock.advance(seconds=1)
    assert await worker.run_once() == 4
    assert [letter["n"] for letter in there.letters] == [1, 4]
    assert await outcome(database) == [
        ("done", 2, 202),
        ("failed", 1, 400),
        ("failed", 1, 410),
        ("done", 1, 202),
    ]
    failed = await database.read(
        lambda session: session.scalars(select(Delivery.error).where(Delivery.state == "failed")).all()
    )
    assert failed == ["HTTP 400", "HTTP 410"]


async def test_401_is_knocked_at_three_times(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]], clock: FixedClock
) -> None:
    there = await posts()
    there.answers = [web.Response(status=401) for _ in range(6)]  # each time in both forms of signature
    await database.write(lambda session: say(session, 1, there.inbox))
    worker = DeliveryWorker(ctx)
    for _ in range(5):
        await worker.run_once()
        clock.advance(hours=1)
    assert await outcome(database) == [("failed", 3, 401)]
    assert len(there.requests) == 6


async def test_a_host_that_is_not_there_waits_and_an_inbox_we_never_send_to_does_not(
    ctx: Federation, database: Database
) -> None:
    await database.write(
        lambda session: say(
            session,
            1,
            Inbox("127.0.0.1:9", "http://127.0.0.1:9/inbox"),
            Inbox("bad", "ftp://bad.example/inbox"),
        )
    )
    assert await DeliveryWorker(ctx).run_once() == 2
    assert sorted(await outcome(database)) == [("failed", 1, None), ("pending", 1, None)]


async def test_hanging_hosts_never_take_the_places_of_healthy_ones(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]]
) -> None:
    """Two places, one of them for hanging hosts; three hosts hang, and still the healthy ones get everything."""
    freed, served = asyncio.Event(), asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await freed.wait()
        return web.Response(status=202)

    async def serve(_: web.Request) -> web.Response:
        if sum(len(server.requests) for server in healthy) == 3:
            served.set()
        return web.Response(status=202)

    hanging = [await posts() for _ in range(3)]
    healthy = [await posts() for _ in range(3)]
    for server in hanging:
        server.answers = [hang]
    for server in healthy:
        server.answers = [serve]
    await database.write(lambda session: say(session, 1, *(server.inbox for server in hanging)))
    await database.write(lambda session: say(session, 2, *(server.inbox for server in healthy)))
    free = Places(steady=1, shaky=1)
    worker = DeliveryWorker(ctx, places=free, patience=0.5)
    delivering = asyncio.create_task(worker.run_once())
    try:
        await asyncio.wait_for(served.wait(), 20)
        assert not delivering.done()
    finally:
        freed.set()
        await delivering
    assert [len(server.letters) for server in hanging].count(1) >= 1
    assert free == Places(steady=1, shaky=1)

    def paused(session: Session) -> int:
        return len(session.scalars(select(Lane).where(Lane.failures > 0)).all())

    assert await database.read(paused) == 2  # had to hang up; they are tried again like any failing host


async def test_a_worker_that_died_loses_nothing_and_another_takes_over(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]], clock: FixedClock
) -> None:
    there = await posts()
    await database.write(lambda session: say(session, 1, there.inbox))
    await database.write(lambda session: say(session, 2, there.inbox))
    dead = await database.write(
        lambda session: claiming.claim(session, town_facts.now(session), steady=9, shaky=9, letters=9)
    )
    assert len(dead[0].letters) == 2
    worker = DeliveryWorker(ctx)
    assert await worker.run_once() == 0
    clock.advance(ms=lanes.LEASE + 5_000)
    assert await worker.run_once() == 2
    assert [letter["n"] for letter in there.letters] == [1, 2]


async def test_the_running_worker_takes_over_at_its_start_is_woken_and_stops_cleanly(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]]
) -> None:
    there = await posts()
    arrived = asyncio.Event()

    async def tell(_: web.Request) -> web.Response:
        arrived.set()
        return web.Response(status=202)

    there.answers = [tell, tell]
    await database.write(lambda session: say(session, 1, there.inbox))
    if database.dialect == "sqlite":  # where it is the only one: leases are those of a process that died
        await database.write(
            lambda session: claiming.claim(session, town_facts.now(session), steady=9, shaky=9, letters=9)
        )
    worker = DeliveryWorker(ctx)
    running = asyncio.create_task(worker.run())
    await asyncio.wait_for(arrived.wait(), 5)
    arrived.clear()
    await database.write(lambda session: say(session, 2, there.inbox))
    ctx.wake_delivery()
    await asyncio.wait_for(arrived.wait(), 5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await outcome(database) == [("done", 1, 202)] * 2
    assert await database.read(lambda session: session.scalars(select(Lane.leased_until)).all()) == [0]


async def test_stopping_gives_a_lane_back_whose_host_does_not_answer(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]]
) -> None:
    there = await posts()
    asked, never = asyncio.Event(), asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        asked.set()
        await never.wait()
        return web.Response(status=202)

    there.answers = [hang]
    await database.write(lambda session: say(session, 1, there.inbox))
    running = asyncio.create_task(DeliveryWorker(ctx, farewell=0.01).run())
    await asyncio.wait_for(asked.wait(), 5)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert await outcome(database) == [("pending", 0, None)]
    assert await database.read(lambda session: session.scalars(select(Lane.leased_until)).all()) == [0]
    never.set()


async def test_what_is_said_to_followers_alone_tells_each_host_of_its_own_under_the_signature(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]], town: Town
) -> None:
    """FEP-8fcf; what is said to others tells nothing."""
    there = await posts()

    def settle_in(session: Session) -> str:
        ken = factories.remote(session, "ken", there.host, origin=f"http://{there.host}")
        say(session, 1, there.inbox)
        follow(session, ken, session.get_one(Account, session.get_one(OutboxItem, 1).account_id))
        say(session, 2, there.inbox)
        session.get_one(OutboxItem, 2).synchronises = True
        session.flush()
        return ken.uri

    ken = await database.write(settle_in)
    await DeliveryWorker(ctx).run_once()
    (public, _), (private, body) = there.requests
    assert synchronisation.HEADER not in public.headers
    author = "http://localhost:8001/users/hanako"
    assert synchronisation.read(private.headers[synchronisation.HEADER], author) == (
        f"{author}/followers", f"{author}/followers_synchronization", synchronisation.digest([ken])
    )  # fmt: skip
    signed = signatures.read(
        "POST", private.raw_path, private.headers, body, host=there.host, now=town.clock()
    )
    assert "collection-synchronization" in signed.covered
    account_id = await database.read(lambda session: session.get_one(OutboxItem, 1).account_id)
    signatures.verify(signed, (await ensure_key(ctx, account_id)).private_key.public_key())


async def test_others_have_the_loop_while_hundreds_are_written_to(
    ctx: Federation, database: Database, posts: Callable[[], Awaitable[Post]]
) -> None:
    """Whoever waits for a page does not wait until all letters are signed."""
    there = await posts()
    inboxes = [Inbox(f"h{number}", there.inbox.url) for number in range(64)]
    await database.write(lambda session: say(session, 1, *inboxes))
    turns: list[int] = []
    worker = DeliveryWorker(ctx)
    delivering = asyncio.create_task(worker.run_once())
    while not delivering.done():
        turns.append(worker.attempts)
        await asyncio.sleep(0)
    assert max(after - before for before, after in pairwise(turns)) <= 8
    assert turns[-1] == 64


def test_places_are_fewer_than_sockets() -> None:
    assert Places.within(1024) == Places(864, 128)
    small = Places.within(64)
    assert 0 < small.shaky < small.steady < small.steady + small.shaky < 64
