"""Whole towns, and other servers of the fediverse, on loopback ports."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path

import pytest

from tests.engines import SqliteFiles
from tests.integration.served import MovingClock, Town, found
from tests.peer import Peer
from tests.webui.conftest import catalogues

__all__ = ["catalogues"]

MakeTown = Callable[..., Town]


@pytest.fixture
def clock() -> MovingClock:  # type: ignore[override]
    """One clock for all towns and servers of a test."""
    return MovingClock()


@pytest.fixture
async def make_town(tmp_path: Path, sqlite_files: SqliteFiles, clock: MovingClock) -> AsyncIterator[MakeTown]:
    """Call it with a name and tables of settings for a town that is not open yet."""
    async with AsyncExitStack() as towns:
        with ExitStack() as files:

            def make(name: str, **tables: dict[str, object]) -> Town:
                url = files.enter_context(sqlite_files.fresh(tmp_path / f"{name}.db"))
                town = Town(url, name=name, clock=clock, **tables)
                towns.push_async_callback(town.close)
                return town

            yield make
            await towns.aclose()


@pytest.fixture
async def sisters(make_town: MakeTown) -> tuple[Town, Town]:
    """みなと with はなこ and けん, やまて with じゅん and まり; each named the other as its sister."""
    minato, yamate = make_town("みなと"), make_town("やまて")
    minato.prepare(lambda session: found(session, "hanako", "ken", sisters=(yamate.domain,)))
    yamate.prepare(lambda session: found(session, "jun", "mari", sisters=(minato.domain,)))
    await minato.start()
    await yamate.start()
    return minato, yamate


@pytest.fixture
async def kawabe(make_town: MakeTown) -> Town:
    """A town that is nobody's sister, with とも."""
    town = make_town("かわべ")
    town.prepare(lambda session: found(session, "tomo"))
    await town.start()
    return town


@pytest.fixture
async def minato(make_town: MakeTown) -> Town:
    """みなと alone, with はなこ and けん."""
    town = make_town("みなと")
    town.prepare(lambda session: found(session, "hanako", "ken"))
    await town.start()
    return town


@pytest.fixture
async def make_peer(clock: MovingClock) -> AsyncIterator[Callable[[str], Awaitable[Peer]]]:
    """Call it with the name of a software for a server of it."""
    async with AsyncExitStack() as stack:

        async def make(software: str) -> Peer:
            return await stack.enter_async_context(Peer(software, clock=clock))

        yield make


@pytest.fixture
async def mastodon(make_peer: Callable[[str], Awaitable[Peer]]) -> Peer:
    return await make_peer("mastodon")
