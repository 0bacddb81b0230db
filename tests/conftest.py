"""What every test may ask for. `database` runs a test on each engine at hand: SQLite, and PostgreSQL at the URL in
MACHI_TEST_POSTGRES (such as postgresql://machi@127.0.0.1:5433/postgres; its owner may create databases)."""

import inspect
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from community.db import Database, open_database
from community.events import Bus
from community.town import Town
from tests.engines import ENGINES, PostgresDatabases, SqliteFiles
from tests.towns import FixedClock, make_town


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that uses a database runs once for each engine; a test that only needs the town's facts, once."""
    if "engine" in metafunc.fixturenames:
        asked_for = set(metafunc.fixturenames) - {"database_url"} | set(
            inspect.signature(metafunc.function).parameters
        )
        engines = ENGINES if {"database", "database_url", "empty_database_url"} & asked_for else ["sqlite"]
        marks = {"sqlite": (), "postgresql": pytest.mark.postgres}
        metafunc.parametrize("engine", [pytest.param(name, marks=marks[name]) for name in engines])


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases()
    yield databases
    databases.close()


@pytest.fixture
def database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a migrated database that nobody else uses."""
    if engine == "sqlite":
        with request.getfixturevalue("sqlite_files").fresh(tmp_path) as url:
            yield url
    else:
        with request.getfixturevalue("postgres_databases").fresh() as url:
            yield url


@pytest.fixture
def empty_database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table; for SQLite, of a file that does not exist."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'machi.db'}"
    else:
        with request.getfixturevalue("postgres_databases").empty() as url:
            yield url


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def town(database_url: str, clock: FixedClock) -> Town:
    """みなと, at https://minato.example."""
    return make_town(database_url, clock=clock)


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
async def database(town: Town, bus: Bus) -> AsyncIterator[Database]:
    """The town's database, started."""
    opened = open_database(town, bus)
    await opened.start()
    yield opened
    await opened.close()
