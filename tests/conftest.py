"""What every test may ask for. `database` runs a test on each engine at hand: SQLite, and PostgreSQL at the URL in
MACHI_TEST_POSTGRES (such as postgresql://machi@127.0.0.1:5433/postgres; its owner may create databases)."""

import gc
import inspect
import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from aiohttp import web_app

from community.db import Database, open_database
from community.events import Bus
from community.town import Town
from federation import seals
from tests.engines import ENGINES, PostgresDatabases, SqliteFiles
from tests.towns import FixedClock, make_town

_TESTS_A_SWEEP = 10

_NEEDS_A_DATABASE = {"database_url", "new_database_url", "empty_database_url"}


def pytest_collection_finish() -> None:
    """Each test leaves towns behind that only the garbage collector can clear away. It does so between tests: by itself it
    would wait for millions of objects, then hold a test up for seconds in which other servers seem not to answer.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000, 10, 1_000_000)


_finished = itertools.count(1)


def pytest_runtest_logfinish() -> None:
    if next(_finished) % _TESTS_A_SWEEP == 0:
        web_app._cached_build_middleware.cache_clear()  # it holds on to the last thousand handlers, and thereby to towns
        gc.collect()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that uses a database runs once for each engine; a test that only needs the town's facts, once.

    A module about one engine alone says so: `ENGINES = ["sqlite"]`; one that serves whole towns on each,
    `ON_EVERY_ENGINE = True`.
    """
    if "engine" not in metafunc.fixturenames:
        return
    wanted = getattr(metafunc.module, "ENGINES", ["sqlite", "postgresql"])
    direct = set(inspect.signature(metafunc.function).parameters)
    everywhere = getattr(metafunc.module, "ON_EVERY_ENGINE", False)
    if everywhere or {"database", "session"} & set(metafunc.fixturenames) or direct & _NEEDS_A_DATABASE:
        engines = [name for name in ENGINES if name in wanted]
    else:
        engines = wanted[:1]
    marks = {"sqlite": (), "postgresql": pytest.mark.postgres}
    metafunc.parametrize("engine", [pytest.param(name, marks=marks[name]) for name in engines])


_make_key = seals.make_rsa
_keys: list[tuple[bytes, str]] = []


@pytest.fixture(autouse=True)
def keys_for_every_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Making a key takes up to 0.3 s: actors of later tests take over those of earlier ones; no two in one test share."""
    numbers = itertools.count()

    def make() -> tuple[bytes, str]:
        number = next(numbers)
        while len(_keys) <= number:
            _keys.append(_make_key())
        return _keys[number]

    monkeypatch.setattr(seals, "make_rsa", make)


@pytest.fixture(scope="session")
def sqlite_files(tmp_path_factory: pytest.TempPathFactory) -> SqliteFiles:
    return SqliteFiles(tmp_path_factory.mktemp("template"))


@pytest.fixture(scope="session")
def postgres_databases() -> Iterator[PostgresDatabases]:
    databases = PostgresDatabases()
    yield databases
    databases.close()


@pytest.fixture
def new_database_url(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Callable[[], str]]:
    """Call it for the address of a migrated database that nobody else uses; again for another one."""
    with ExitStack() as stack:
        numbers = itertools.count(1)

        def new() -> str:
            if engine == "sqlite":
                path = tmp_path / f"machi-{next(numbers)}.db"
                return stack.enter_context(request.getfixturevalue("sqlite_files").fresh(path))
            return stack.enter_context(request.getfixturevalue("postgres_databases").fresh())

        yield new


@pytest.fixture
def database_url(new_database_url: Callable[[], str]) -> str:
    """The address of a migrated database that nobody else uses."""
    return new_database_url()


@pytest.fixture
def empty_database_url(engine: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table; for SQLite, of a file that does not exist."""
    if engine == "sqlite":
        yield f"sqlite:///{tmp_path / 'new' / 'machi.db'}"
    else:
        with request.getfixturevalue("postgres_databases").bare() as url:
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
