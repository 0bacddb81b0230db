"""Served towns and apps that listen to them, on real sockets. A test waits for messages, never for time to pass."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy.orm import Session

from community import doors, founding
from community.config import Settings
from community.db import Database
from community.models import Account
from tests import factories
from tests.towns import FixedClock, make_town
from webui.app import create_app
from webui.keys import DATABASE, SETTINGS
from webui.streaming.exchange import Exchange
from webui.streaming.hub import Hub
from webui.streaming.service import HUB, LINE

PATIENCE = 10.0  # seconds; far more than anything takes here
SCOPES = "read write follow push"


class Ear:
    """An app's WebSocket."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        await self.socket.send_json(message)

    async def hear(self) -> dict[str, Any]:
        """The next message."""
        said = await self.socket.receive_json(timeout=PATIENCE)
        assert isinstance(said, dict)
        return said

    async def event(self) -> tuple[list[str], str, Any]:
        """The next event: of which stream, its kind, its payload read as JSON."""
        said = await self.hear()
        assert isinstance(said["payload"], str), said
        return said["stream"], said["event"], json.loads(said["payload"])

    async def closed(self) -> int | None:
        """Wait until the server has hung up; its word for why."""
        message = await self.socket.receive(timeout=PATIENCE)
        kinds = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSING)
        assert message.type in kinds, message
        return self.socket.close_code


class Lines:
    """An app's event stream."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def raw(self) -> bytes:
        """The next block, as it came."""
        async with asyncio.timeout(PATIENCE):
            return await self.response.content.readuntil(b"\n\n")

    async def ended(self) -> bool:
        async with asyncio.timeout(PATIENCE):
            return await self.response.content.read() == b""


class Process:
    """One serving process of a town, as far as a test can tell: an application and its own connections to the database."""

    def __init__(self, app: web.Application, server: TestServer, stack: AsyncExitStack) -> None:
        self.app = app
        self.origin = f"http://127.0.0.1:{server.port}"
        self._stack = stack

    @property
    def database(self) -> Database:
        return self.app[DATABASE]

    @property
    def hub(self) -> Hub:
        return self.app[HUB]

    @property
    def line(self) -> Exchange:
        return self.app[LINE]

    @property
    def app_settings(self) -> Settings:
        return self.app[SETTINGS]

    async def do(self, unit: Callable[[Session], Any]) -> Any:
        return await self.database.write(unit)

    async def member(self, name: str) -> int:
        return await self.database.write(lambda session: factories.member(session, name).id)

    async def token(self, account_id: int, scopes: str = SCOPES) -> str:
        return await self.database.write(lambda session: doors.issue_token(session, account_id, scopes, "an app"))

    async def client(self) -> aiohttp.ClientSession:
        return await self._stack.enter_async_context(aiohttp.ClientSession())

    async def connect(self, query: str = "", *, token: str | None = None, **options: Any) -> Ear:
        """A WebSocket; the token goes into the Authorization header."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        client = await self.client()
        socket = await client.ws_connect(f"{self.origin}/api/v1/streaming{query}", headers=headers, **options)
        return Ear(await self._stack.enter_async_context(socket))

    async def ear(self, account_id: int | None, stream: str, *, scopes: str = SCOPES, **params: str) -> Ear:
        """A WebSocket that listens to one stream from now on; a stranger's without an account."""
        token = None if account_id is None else await self.token(account_id, scopes)
        query = "&".join([f"?stream={stream}", *(f"{name}={value}" for name, value in params.items())])
        before = self.listening
        ear = await self.connect(query, token=token)
        await until(lambda: self.listening > before)
        return ear

    async def lines(self, path: str, *, token: str | None = None) -> Lines:
        """An event stream that is listened to from now on."""
        client = await self.client()
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        before = self.listening
        response = await client.get(f"{self.origin}/api/v1/streaming/{path}", headers=headers)
        response = await self._stack.enter_async_context(response)
        assert response.status == 200, await response.text()
        async with asyncio.timeout(PATIENCE):
            assert await response.content.readline() == b":)\n"
        await until(lambda: self.listening > before)
        return Lines(response)

    @property
    def listening(self) -> int:
        """How many streams are listened to."""
        return sum(len(streams) for streams in self.hub._listening.values())


async def until(look: Callable[[], bool]) -> None:
    """Wait for something that this process itself does in its next turns."""
    async with asyncio.timeout(PATIENCE):
        while not look():
            await asyncio.sleep(0)


Start = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start(database_url: str, clock: FixedClock) -> AsyncIterator[Start]:
    """Call it for one more serving process of the one town."""
    async with AsyncExitStack() as stack:
        town = make_town(
            database_url, clock=clock,
            instance={"scheme": "http", "domain": "localhost:8080", "registrations": "open"},
            limits={"enabled": False},
        )  # fmt: skip

        async def make() -> Process:
            settings: Settings = town.settings
            app = create_app(settings, clock=clock, background=False, keys=town.keys)
            server = TestServer(app)
            await stack.enter_async_context(server)
            await app[DATABASE].write(founding.found)
            return Process(app, server, stack)

        yield make


@pytest.fixture
async def here(start: Start) -> Process:
    """The one process of a town."""
    return await start()


def account(session: Session, account_id: int) -> Account:
    return session.get_one(Account, account_id)
