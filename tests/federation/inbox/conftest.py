"""For tests of the inbox: one open unit of work for its rules, and a door on loopback for its worker."""

import socket
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community.db import Database
from community.town import Town
from federation import routes
from federation.context import FEDERATION, Federation
from federation.inbox.process import InboxWorker
from federation.models import InboxItem
from tests import factories
from tests.community.conftest import session, told
from tests.peer import Peer
from tests.towns import FixedClock, make_town

__all__ = ["session", "told"]


@pytest.fixture
def listener(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    """A place on loopback, taken before the town is made: a town knows its own address."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        yield place


@pytest.fixture
def town(request: pytest.FixtureRequest, database_url: str, clock: FixedClock) -> Town:
    """みなと, at https://minato.example; for a test with a `door` where that stands."""
    if "door" not in request.fixturenames:
        return make_town(database_url, clock=clock)
    place = request.getfixturevalue("listener").getsockname()
    return make_town(
        database_url,
        clock=clock,
        domain=f"localhost:{place[1]}",
        instance={"scheme": "http"},
        federation={"allow_private_addresses": True},
    )


@dataclass(frozen=True)
class Door:
    """The town as others reach it."""

    ctx: Federation
    database: Database
    worker: InboxWorker
    origin: str

    @property
    def inbox(self) -> str:
        return f"{self.origin}/inbox"

    async def items(self) -> list[tuple[str, str, str]]:
        """Type, state and error of what was stored, in order."""
        query = select(InboxItem.type, InboxItem.state, InboxItem.error).order_by(InboxItem.id)
        return await self.database.read(lambda unit: [tuple(row) for row in unit.execute(query)])

    async def states(self) -> list[str]:
        return [state for _, state, _ in await self.items()]

    async def do(self, unit: Any) -> Any:
        return await self.database.write(unit)


@pytest.fixture
async def door(ctx: Federation, database: Database, listener: socket.socket) -> AsyncIterator[Door]:
    """The town's federation, served; its inbox is worked off by the test itself (`door.worker.run_once`)."""
    app = web.Application()
    app[FEDERATION] = ctx
    routes.add_routes(app)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    yield Door(ctx, database, InboxWorker(ctx), ctx.town.uris.origin)
    await runner.cleanup()


@pytest.fixture
async def question(door: Door) -> str:
    """The address of Hanako's question."""

    def unit(session: Session) -> str:
        return factories.question(session, factories.member(session, "hanako")).uri

    return await door.do(unit)


@pytest.fixture
async def other(ctx: Federation, clock: FixedClock) -> AsyncIterator[Peer]:
    """A second Mastodon."""
    async with Peer("mastodon", clock=clock) as made:
        yield made
