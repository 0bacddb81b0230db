"""An app of a member: the few calls of the Mastodon client API that the tests need."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import aiohttp

from community import doors
from tests import factories
from tests.integration.served import Town

SCOPES = "read write follow push"
_LOOK_S = 0.05


class App:
    """Acts for one member with a token of theirs."""

    def __init__(self, http: aiohttp.ClientSession, origin: str, token: str) -> None:
        self._http = http
        self._origin = origin
        self.token = token

    async def get(self, path: str, **query: Any) -> Any:
        return await self._call("GET", path, params=query)

    async def post(self, path: str, **given: Any) -> Any:
        return await self._call("POST", path, json=given)

    async def put(self, path: str, **given: Any) -> Any:
        return await self._call("PUT", path, json=given)

    async def patch(self, path: str, **given: Any) -> Any:
        return await self._call("PATCH", path, json=given)

    async def delete(self, path: str) -> Any:
        return await self._call("DELETE", path)

    async def account(self, handle: str) -> dict[str, Any]:
        """Somebody elsewhere, found by their handle."""
        found = await self.get("/api/v2/search", q=handle, resolve="true", type="accounts", limit=1)
        assert found["accounts"], handle
        return found["accounts"][0]

    async def status(self, uri: str) -> dict[str, Any]:
        """The post with the id `uri` on the wire, fetched if it must be."""
        found = await self.get("/api/v2/search", q=uri, resolve="true", type="statuses", limit=1)
        assert found["statuses"], uri
        return found["statuses"][0]

    async def until(self, path: str, there: Callable[[Any], Any], *, patience: float = 15.0, **query: Any) -> Any:
        """What `there` gives of the answer to `path`, once that counts as true."""
        deadline = time.monotonic() + patience
        while not (seen := there(answer := await self.get(path, **query))):
            assert time.monotonic() < deadline, answer
            await asyncio.sleep(_LOOK_S)
        return seen

    async def _call(self, method: str, path: str, **given: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with self._http.request(method, self._origin + path, headers=headers, **given) as answer:
            assert answer.status < 300, (method, path, answer.status, await answer.text())
            return await answer.json()


async def token_of(town: Town, name: str) -> str:
    """A token as `machi member token` gives it."""
    return await town.do(
        lambda session: doors.issue_token(session, factories.local(session, name).id, SCOPES, "interop")
    )
