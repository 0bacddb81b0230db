"""What the writer of SQLite puts off until the end of a batch: it stands or falls with its own unit, whatever the others do."""

import asyncio
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import founding, lexicon, search, search_terms
from community.db import Database
from community.events import Bus
from community.models import Post
from community.visibility import Viewer
from tests import factories

ENGINES = ["sqlite"]


@pytest.fixture
async def hanako(database: Database, bus: Bus) -> int:
    search.subscribe(bus)

    def unit(session: Session) -> int:
        founding.found(session)
        return factories.member(session, "hanako").id

    return await database.write(unit)


async def in_one_batch(database: Database, *units: Callable[[Session], object]) -> list[object]:
    """What came of `units`, which the writer finds waiting when it is done with something else."""
    held, go = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        held.set()
        go.wait(10)

    first = asyncio.create_task(database.write(hold))
    await asyncio.to_thread(held.wait, 10)
    rest = [asyncio.create_task(database.write(unit)) for unit in units]
    await asyncio.sleep(0)
    before = database.load()["writer"].batches
    go.set()
    results = await asyncio.gather(*rest, return_exceptions=True)
    await first
    assert database.load()["writer"].batches == before + 1
    return list(results)


async def found(database: Database, hanako: int, typed: str) -> int:
    return await database.read(
        lambda session: len(search.posts(session, Viewer(hanako, role="member"), search_terms.read(typed)))
    )


def asks(words: str) -> Callable[[Session], int]:
    return lambda session: factories.question(session, factories.local(session, "hanako"), title=words).id


async def test_all_that_is_written_in_a_batch_is_found(database: Database, hanako: int) -> None:
    await in_one_batch(database, *(asks(f"粗大ごみの出し方 {number}") for number in range(5)))
    assert await found(database, hanako, "粗大ごみ") == 5


async def test_a_unit_that_fails_takes_its_own_words_with_it_alone(database: Database, hanako: int) -> None:
    def fails(session: Session) -> None:
        asks("回覧板の順番")(session)
        raise RuntimeError

    _, failed, _ = await in_one_batch(database, asks("回覧板はどこ"), fails, asks("回覧板の回し方"))
    assert isinstance(failed, RuntimeError)
    assert await found(database, hanako, "回覧板") == 2
    assert await found(database, hanako, "順番") == 0


async def test_words_that_change_in_the_same_batch_are_those_found(database: Database, hanako: int) -> None:
    written = await database.write(asks("夏祭りの日取り"))

    def changes(session: Session) -> None:
        lexicon.POSTS.put(session, written, "盆踊りの日取り")

    def changes_again(session: Session) -> None:
        lexicon.POSTS.drop(session, written)
        lexicon.POSTS.add(session, written, "秋祭りの日取り")

    await in_one_batch(database, asks("夏祭りの屋台"), changes, changes_again)
    assert [await found(database, hanako, word) for word in ("夏祭り", "盆踊り", "秋祭り")] == [1, 0, 1]


async def test_what_is_written_and_reworded_in_one_batch_is_found_by_its_last_words(
    database: Database, hanako: int
) -> None:
    def rewords(session: Session) -> None:
        lexicon.POSTS.put(session, max(session.scalars(select(Post.id))), "盆踊りの日取り")

    def takes_back(session: Session) -> None:
        lexicon.POSTS.drop(session, max(session.scalars(select(Post.id))))

    await in_one_batch(database, asks("夏祭りの屋台"), rewords, asks("秋祭りの屋台"), takes_back)
    assert [await found(database, hanako, word) for word in ("夏祭り", "盆踊り", "秋祭り")] == [0, 1, 0]


async def test_what_a_failing_unit_had_carried_out_for_others_is_carried_out_again(
    database: Database, hanako: int
) -> None:
    written = await database.write(asks("夏祭りの日取り"))

    def fails(session: Session) -> None:
        lexicon.POSTS.put(session, written, "盆踊りの日取り")  # which carries out what the unit before it put off
        raise RuntimeError

    await in_one_batch(database, asks("夏祭りの屋台"), fails)
    assert [await found(database, hanako, word) for word in ("夏祭り", "屋台", "盆踊り")] == [2, 1, 0]
