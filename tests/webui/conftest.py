"""A town that is really served, on a loopback port, and browsers that visit it."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from community import founding
from community.db import Database
from tests import factories
from tests.factories import PASSPHRASE
from tests.towns import FixedClock, make_town
from tests.webui import scene as scenes
from tests.webui.browsing import Browser
from tests.webui.scene import Scene
from webui import i18n
from webui.app import create_app
from webui.keys import DATABASE


@pytest.fixture(scope="session", autouse=True)
def catalogues() -> None:
    """The English of the source as it stands, compiled as `make` does it."""
    for source in i18n.TRANSLATIONS.glob("*/LC_MESSAGES/*.po"):
        _compile(source)


def _compile(source: Path) -> None:
    target = source.with_suffix(".mo")
    if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
        return
    with source.open("rb") as file:
        catalogue = read_po(file)
    beside = target.with_name(f"messages.{os.getpid()}.tmp")  # several test processes may do this at once
    with beside.open("wb") as file:
        write_mo(file, catalogue)
    beside.replace(target)


@dataclass
class Site:
    """A town being served."""

    app: web.Application
    origin: str
    clock: FixedClock
    _stack: AsyncExitStack

    @property
    def database(self) -> Database:
        return self.app[DATABASE]

    async def visit(self, *, language: str = "ja") -> Browser:
        """A new browser that nobody has used."""
        return await self._stack.enter_async_context(Browser(self.origin, language=language))

    async def member(self, name: str, *, role: str = "member") -> int:
        """Somebody who can log in with PASSPHRASE; the account id."""
        return await self.database.write(
            lambda session: factories.member(session, name, role=role, email=f"{name}@mail.example").id
        )

    async def enter(self, name: str, *, language: str = "ja") -> Browser:
        """A browser in which the member `name` is logged in."""
        browser = await self.visit(language=language)
        page = await browser.send(await browser.get("/login"), "/login", login=name, passphrase=PASSPHRASE)
        assert page.status == 200, page.alert
        return browser


MakeSite = Callable[..., Awaitable[Site]]


@pytest.fixture
async def make_site(
    new_database_url: Callable[[], str], clock: FixedClock, tmp_path: Path
) -> AsyncIterator[MakeSite]:
    """Call it with tables of settings for a served town; a plain-http one unless told otherwise."""
    async with AsyncExitStack() as stack:

        async def make(**tables: dict[str, Any]) -> Site:
            instance = {"scheme": "http", "domain": "localhost:8080", "registrations": "open"}
            tables["instance"] = instance | tables.get("instance", {})
            tables.setdefault("media", {"path": str(tmp_path / "media")})
            town = make_town(new_database_url(), clock=clock, **tables)
            app = create_app(town.settings, clock=clock, background=False, keys=town.keys)
            server = TestServer(app)
            await stack.enter_async_context(server)
            await app[DATABASE].write(founding.found)
            return Site(app, f"http://127.0.0.1:{server.port}", clock, stack)

        yield make


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    """A town that everybody may join."""
    return await make_site()


@pytest.fixture
async def scene(site: Site) -> Scene:
    """What was already said in `site`."""
    return await site.database.write(scenes.build)
