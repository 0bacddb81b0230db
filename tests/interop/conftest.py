"""A town and a server that nobody here wrote, on loopback ports."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack

import aiohttp
import pytest

from tests.integration.conftest import catalogues, clock, make_peer, make_town, minato
from tests.integration.served import Town
from tests.interop.app import App, token_of
from tests.interop.node import HOW, node
from tests.interop.peer import FedifyPeer, Program, started

__all__ = ["catalogues", "clock", "make_peer", "make_town", "minato"]

Enter = Callable[[str], Awaitable[App]]


@pytest.fixture(scope="session")
def program() -> str:
    """Node. A test that needs the peer is skipped without it."""
    found = node()
    if found is None:
        pytest.skip(HOW)
    return found


@pytest.fixture(scope="session")
def running(program: str) -> Iterator[Program]:
    """A Fedify server with the people alice and bob and the group soumu; it signs by RFC 9421 first."""
    with started("--groups", "soumu", actors=("alice", "bob", "soumu")) as made:
        yield made


@pytest.fixture
async def peer(running: Program) -> AsyncIterator[FedifyPeer]:
    async with running.fresh() as made:
        yield made


@pytest.fixture
async def app(minato: Town) -> AsyncIterator[Enter]:
    """Call it with the name of a member of みなと for an app of theirs."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())

        async def enter(name: str) -> App:
            return App(http, minato.origin, await token_of(minato, name))

        yield enter
