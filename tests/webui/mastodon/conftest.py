"""A served town and the apps of its members, on a real socket."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from community import doors
from tests.community.conftest import session
from tests.webui.conftest import Site

__all__ = ["session"]

ALL_SCOPES = "read write follow push profile"


@dataclass
class Answer:
    """What came back; `json` is None if it is no JSON."""

    status: int
    headers: Any
    body: bytes
    json: Any

    @property
    def links(self) -> dict[str, str]:
        """The addresses of the Link header by their rel."""
        found = {}
        for part in self.headers.get("Link", "").split(", "):
            if part:
                address, _, rel = part.partition("; rel=")
                found[rel.strip('"')] = address.strip("<>")
        return found


class App:
    """A client with or without a token. Every call gives an Answer; errors must be JSON of the one shape."""

    def __init__(self, session: aiohttp.ClientSession, origin: str, token: str | None) -> None:
        self._session = session
        self.origin = origin
        self.token = token

    async def call(self, method: str, path: str, **options: Any) -> Answer:
        """`params`, `json`, `data`, `headers` as aiohttp knows them."""
        headers = dict(options.pop("headers", {}))
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        address = path if path.startswith("http") else self.origin + path
        async with self._session.request(
            method, address, headers=headers, allow_redirects=False, **options
        ) as response:
            body = await response.read()
            json = await response.json() if response.content_type == "application/json" else None
        if response.status >= 400 and path.startswith("/api/"):
            assert isinstance(json, dict), body[:300]
            assert json["error"]
        return Answer(response.status, response.headers, body, json)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self.call("GET", path, **options)

    async def post(self, path: str, **options: Any) -> Answer:
        return await self.call("POST", path, **options)

    async def put(self, path: str, **options: Any) -> Answer:
        return await self.call("PUT", path, **options)

    async def patch(self, path: str, **options: Any) -> Answer:
        return await self.call("PATCH", path, **options)

    async def delete(self, path: str, **options: Any) -> Answer:
        return await self.call("DELETE", path, **options)


AppOf = Callable[..., Awaitable[App]]


@pytest.fixture
async def open_app() -> AsyncIterator[Callable[[str, str | None], Awaitable[App]]]:
    """Call it with an origin and a token (or None) for an App."""
    async with AsyncExitStack() as stack:

        async def make(origin: str, token: str | None) -> App:
            session = await stack.enter_async_context(aiohttp.ClientSession())
            return App(session, origin, token)

        yield make


@pytest.fixture
async def app_of(site: Site, open_app: Callable[[str, str | None], Awaitable[App]]) -> AppOf:
    """Call it with the account id of a member of `site` (and `scopes`) for their App; with None for a stranger's."""

    async def make(account_id: int | None, *, scopes: str = ALL_SCOPES) -> App:
        if account_id is None:
            return await open_app(site.origin, None)
        token = await site.database.write(
            lambda session: doors.issue_token(session, account_id, scopes, "an app")
        )
        return await open_app(site.origin, token)

    return make
