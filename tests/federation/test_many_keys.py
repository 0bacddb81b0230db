"""Whoever names keys that nobody has met: how many of them are fetched at once, and for whom."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from federation import routes
from federation.context import FEDERATION, Federation
from federation.keyring import DOMAIN_AT_ONCE, FETCHED_AT_ONCE
from tests.federation.asking import AS2


class Tarpit:
    """A server at every address of loopback that takes connections and says nothing."""

    def __init__(self) -> None:
        self.taken: list[asyncio.StreamWriter] = []

    async def take(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken.append(writer)


@pytest.fixture
async def tarpit() -> AsyncIterator[tuple[Tarpit, int]]:
    pit = Tarpit()
    server = await asyncio.start_server(pit.take, "0.0.0.0", 0)
    yield pit, server.sockets[0].getsockname()[1]
    for each in pit.taken:
        each.close()
    server.close()


@pytest.fixture
async def client(ctx: Federation) -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application()
    app[FEDERATION] = ctx
    routes.add_routes(app)
    async with TestClient(TestServer(app)) as made:
        yield made


async def ask(client: TestClient[web.Request, web.Application], ctx: Federation, key_id: str) -> int:
    """A GET of what is not for everybody, signed by a key that has to be fetched."""
    made = ctx.town.clock() // 1000
    headers = {
        "Accept": AS2,
        "Host": ctx.town.uris.domain,
        "Signature-Input": f'sig1=("@method" "@target-uri");created={made};keyid="{key_id}"',
        "Signature": "sig1=:c2lnbmVk:",
    }
    async with client.get("/posts/1", headers=headers) as response:
        return response.status


async def test_strangers_who_ask_leave_most_connections_to_others(
    ctx: Federation, client: TestClient[web.Request, web.Application], tarpit: tuple[Tarpit, int]
) -> None:
    """A hundred hosts that hang would hold a hundred of the sockets through which letters go out as well."""
    pit, port = tarpit
    hosts = [f"http://127.{number}.0.1:{port}/key" for number in range(1, 101)]
    found = await asyncio.gather(*(ask(client, ctx, each) for each in hosts))
    assert set(found) == {503}
    assert 0 < len(pit.taken) <= FETCHED_AT_ONCE


async def test_the_names_below_one_domain_are_not_all_asked(
    ctx: Federation, client: TestClient[web.Request, web.Application]
) -> None:
    """Names cost nothing to whoever has a domain."""
    hosts = [f"https://h{number}.mallory.invalid/key" for number in range(50)]
    assert {await ask(client, ctx, each) for each in hosts} == {429, 503}
    assert sum(ctx.keyring.asked.get(each) is not None for each in hosts) <= 10


async def test_one_domain_does_not_take_all_the_places(ctx: Federation) -> None:
    fetching = ctx.keyring.fetching
    with ExitStack() as held:
        for number in range(DOMAIN_AT_ONCE):
            assert held.enter_context(fetching.place(f"h{number}.mallory.example"))
        with fetching.place("another.mallory.example") as placed:
            assert not placed
        with fetching.place("b.example") as placed:
            assert placed
    with fetching.place("another.mallory.example") as placed:
        assert placed
