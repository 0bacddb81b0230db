"""A program that asks to be let in, and the person at whose browser it asks."""

import base64
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import pytest

from tests.factories import PASSPHRASE
from tests.webui.browsing import Browser, Page
from tests.webui.conftest import Site

CALLBACK = "https://elk.example/api/minato.example/oauth/https%3A%2F%2Felk.example"
CUSTOM = "com.tapbots.Ivory.12345:/request_token"
OUT_OF_BAND = "urn:ietf:wg:oauth:2.0:oob"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@dataclass
class Reply:
    status: int
    headers: Mapping[str, str]
    json: Any


class Program:
    """An app: registers itself, sends people to the consent page, fetches its token."""

    def __init__(self, http: aiohttp.ClientSession, origin: str) -> None:
        self._http = http
        self.origin = origin
        self.client_id = self.client_secret = ""

    async def call(self, method: str, path: str, *, token: str | None = None, **options: Any) -> Reply:
        headers = options.pop("headers", {}) | ({"Authorization": f"Bearer {token}"} if token else {})
        async with self._http.request(
            method, self.origin + path, headers=headers, allow_redirects=False, **options
        ) as response:
            assert response.content_type == "application/json", await response.text()
            return Reply(response.status, response.headers.copy(), await response.json())

    async def register(self, **facts: Any) -> Reply:
        sent = {"client_name": "Elk", "redirect_uris": CALLBACK, "scopes": "read write follow push"} | facts
        reply = await self.call("POST", "/api/v1/apps", data=sent)
        if reply.status == 200:
            self.client_id, self.client_secret = reply.json["client_id"], reply.json["client_secret"]
        return reply

    @property
    def credentials(self) -> dict[str, str]:
        return {"client_id": self.client_id, "client_secret": self.client_secret}

    def question(self, *, slash: str = "", **facts: str) -> str:
        """The address to which it sends people."""
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "read write",
        }
        return f"/oauth/authorize{slash}?{urlencode(asked | facts)}"

    async def token(self, **facts: Any) -> Reply:
        sent = {"grant_type": "authorization_code", "redirect_uri": CALLBACK} | self.credentials | facts
        return await self.call("POST", "/oauth/token", data=sent)

    async def app_token(self, scope: str = "read write") -> str:
        reply = await self.token(grant_type="client_credentials", scope=scope)
        assert reply.status == 200, reply.json
        token: str = reply.json["access_token"]
        return token


def only_form(page: Page) -> str:
    """Where the one form of the page goes."""
    (action,) = page.actions
    return action


async def go_in(browser: Browser, page: Page, login: str, passphrase: str = PASSPHRASE) -> Page:
    """Fill in the log-in page; gives the consent page."""
    return await browser.send(page, only_form(page), login=login, passphrase=passphrase)


async def press(browser: Browser, page: Page, button: str = "allow") -> Page:
    """Press a button of the consent page; gives the redirect itself."""
    return await browser.send(page, only_form(page), follow=False, decision=button)


@pytest.fixture
async def program_of() -> AsyncIterator[Callable[[Site], Awaitable[Program]]]:
    async with AsyncExitStack() as stack:

        async def make(site: Site) -> Program:
            return Program(await stack.enter_async_context(aiohttp.ClientSession()), site.origin)

        yield make


@pytest.fixture
async def program(site: Site, program_of: Callable[[Site], Awaitable[Program]]) -> Program:
    """An app that registered in `site`."""
    made = await program_of(site)
    assert (await made.register()).status == 200
    return made
