"""A client that asks the town's server for documents, as another server does."""

from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestClient
from cryptography.hazmat.primitives.asymmetric import rsa

from federation.signatures import sign_request
from tests.federation.outbox import rules
from tests.towns import FixedClock

HERE = "https://minato.example"
AS2 = "application/activity+json"
KEY_ID = "https://yamate.example/actor#main-key"


class Wire:
    """A client of the town's server that speaks to it under the town's own name."""

    def __init__(
        self, client: TestClient[web.Request, web.Application], key: rsa.RSAPrivateKey, clock: FixedClock
    ) -> None:
        self._client = client
        self._key = key
        self._clock = clock

    async def get(
        self,
        path: str,
        accept: str = AS2,
        *,
        signed: bool = False,
        method: str = "GET",
        also: dict[str, str] | None = None,
    ) -> "Reply":
        headers = ({"Accept": accept} if accept else {}) | (also or {})
        if signed:
            headers = sign_request(
                method,
                f"{HERE}{path}",
                headers,
                None,
                key_id=KEY_ID,
                private_key=self._key,
                now=self._clock(),
            )
        headers["Host"] = "minato.example"
        async with self._client.request(method, path, headers=headers, allow_redirects=False) as response:
            body = (
                await response.json(content_type=None)
                if "json" in response.content_type
                else await response.text()
            )
            return Reply(response.status, dict(response.headers), body)


class Reply:
    def __init__(self, status: int, headers: dict[str, str], body: Any) -> None:
        self.status, self.headers, self.body = status, headers, body

    def document(self) -> Any:
        """The body of an answer that must be a sound document."""
        assert self.status in (200, 410), self.body
        assert self.headers["Content-Type"] == "application/activity+json; charset=utf-8"
        assert "Accept" in self.headers["Vary"]
        rules.check(self.body, "minato.example")
        return self.body
