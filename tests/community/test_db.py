"""Units of work: whole or not at all, neighbours unharmed, events before the commit and hooks after it."""

import asyncio
import threading
import time

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from community import events, town
from community.db import open_database
from community.errors import NotAllowed, StorageFailed
from community.models import Tag
from community.storage.failures import CLOSING
from community.storage.lanes import Load
from tests.community.units import TagMade, insert_tag, make_tag, tag_ids, then
from tests.towns import SPRING_MORNING


async def test_what_is_written_can_be_read(database):
    await database.write(make_tag(1))
    assert await database.read(tag_ids) == [1]


def test_without_a_loop_it_is_the_same(database):
    assert database.write_now(make_tag(1)).id == 1
    assert database.read_now(tag_ids) == [1]


async def test_what_a_unit_returns_stays_readable_whatever_comes_after(database):
    first = await database.write(make_tag(1))
    with pytest.raises(IntegrityError):
        await database.write(make_tag(2, name=first.name))
    read = await database.read(lambda session: session.get(Tag, 1))
    assert (first.label, read.label) == ("備蓄", "備蓄")
    assert (first in await database.write(list)) is False


async def test_the_load_tells_units_and_batches(database):
    before = database.load()
    await asyncio.gather(*(database.write(make_tag(number)) for number in range(1, 41)))
    await database.read(tag_ids)
    writer, reader = (
        Load(each.waiting, each.begun - before[lane].begun, each.batches - before[lane].batches)
        for lane, each in database.load().items()
    )
    assert (writer.waiting, writer.begun) == (0, 40)
    assert 1 <= writer.batches <= 40
    assert reader == Load(waiting=0, begun=1, batches=1)


async def test_the_town_is_on_every_session(database, clock):
    assert await database.write(town.now) == SPRING_MORNING
    clock.advance(minutes=1)
    assert await database.read(town.now) == SPRING_MORNING + 60_000


async def test_nothing_left_on_a_session_reaches_the_next_unit(database):
    async def mark(run):
        await run(lambda session: session.info.update(mark=True))
        return await run(lambda session: session.info.get("mark"))

    assert await mark(database.write) is None
    assert await mark(database.read) is None


# Failing units


async def test_a_unit_that_fails_leaves_nothing(database):
    with pytest.raises(NotAllowed):
        await database.write(then(make_tag(1), NotAllowed("だめです。")))
    with pytest.raises(NotAllowed):
        await database.write(then(insert_tag(1), NotAllowed("だめです。")))
    assert await database.read(tag_ids) == []


async def test_failing_units_harm_no_neighbour(database):
    """Ninety units wait at once: every third fails by itself, every third at its flush, the others stand."""
    await database.write(make_tag(1000, name="先客"))

    def unit(number: int):
        kind = number % 6
        if kind == 0:
            return then(insert_tag(number), ValueError(number))
        if kind == 1:
            return then(make_tag(number), ValueError(number))
        if kind == 2:
            return make_tag(number, name="先客")  # fails when it is flushed
        if kind == 3:
            return insert_tag(1000)  # fails at once
        return make_tag(number) if kind == 4 else insert_tag(number)

    results = await asyncio.gather(
        *(database.write(unit(number)) for number in range(90)), return_exceptions=True
    )
    for number, result in enumerate(results):
        expected = {0: ValueError, 1: ValueError, 2: IntegrityError, 3: IntegrityError, 4: Tag, 5: int}
        assert isinstance(result, expected[number % 6]), (number, result)
    stand = [number for number in range(90) if number % 6 in {4, 5}]
    assert await database.read(tag_ids) == [*stand, 1000]
    assert [results[number].id for number in stand if number % 6 == 4] == [n for n in stand if n % 6 == 4]


async def test_a_failing_read_harms_nobody(database):
    await database.write(make_tag(1))

    def wrong(session: Session) -> None:
        session.execute(text("SELECT nothing FROM nowhere"))

    results = await asyncio.gather(
        *(database.read(wrong if number % 2 else tag_ids) for number in range(20)), return_exceptions=True
    )
    assert all(isinstance(result, DBAPIError) for result in results[1::2])
    assert results[::2] == [[1]] * 10


async def test_a_savepoint_of_its_own_undoes_only_a_part_of_the_unit(database):
    await database.write(make_tag(1, name="先客"))

    def unit(session: Session) -> str:
        session.add(Tag(id=2, name="備蓄", label="備蓄"))
        try:
            with session.begin_nested():
                session.add(Tag(id=3, name="先客", label="備蓄"))
        except IntegrityError:
            session.add(Tag(id=4, name="続き", label="続き"))
        return "done"

    assert await database.write(unit) == "done"
    assert await database.read(tag_ids) == [1, 2, 4]


@pytest.mark.parametrize("deed", [Session.begin_nested, Session.commit, Session.rollback])
async def test_a_unit_cannot_end_its_transaction_nor_leave_one_open(database, deed):
    def unit(session: Session) -> None:
        insert_tag(1)(session)
        getattr(session, deed.__name__)()

    with pytest.raises(RuntimeError):
        await database.write(unit)
    await database.write(insert_tag(2))
    assert await database.read(tag_ids) == [2]


async def test_errors_that_a_future_cannot_carry_arrive_too(database):
    with pytest.raises(RuntimeError, match="StopIteration"):
        await database.write(lambda session: next(iter(())))


async def test_a_reading_unit_cannot_write(database):
    with pytest.raises(DBAPIError):
        await database.read(insert_tag(1))
    with pytest.raises(DBAPIError):
        await database.read(make_tag(1))
    with pytest.raises(RuntimeError):
        await database.read(lambda session: events.record(session, TagMade(1)))
    assert await database.read(tag_ids) == []


async def test_a_unit_inside_a_unit_is_refused_instead_of_waiting_for_ever(database):
    with pytest.raises(RuntimeError, match="inside another"):
        await database.write(lambda session: database.write_now(make_tag(1)))


async def test_a_cancelled_caller_leaves_the_others_their_results(database):
    tasks = [asyncio.ensure_future(database.write(make_tag(number))) for number in range(20)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert [tag.id for tag in results[1::2]] == list(range(1, 20, 2))
    assert set(range(1, 20, 2)) <= set(await database.read(tag_ids))


# Events and hooks


async def test_subscribers_write_in_the_transaction_of_the_deed(database, bus):
    def on_made(session: Session, event: TagMade) -> None:
        assert session.get(Tag, event.tag_id).id == event.tag_id
        if event.tag_id < 3:
            make_tag(event.tag_id + 1)(session)

    bus.subscribe(TagMade, on_made)
    await database.write(make_tag(1))
    assert await database.read(tag_ids) == [1, 2, 3]


async def test_a_subscriber_that_raises_undoes_the_deed_and_no_other(database, bus):
    def on_made(session: Session, event: TagMade) -> None:
        insert_tag(event.tag_id + 100)(session)
        if event.tag_id == 2:
            raise LookupError(event.tag_id)

    bus.subscribe(TagMade, on_made)
    results = await asyncio.gather(
        *(database.write(make_tag(number)) for number in (1, 2, 3)), return_exceptions=True
    )
    assert isinstance(results[1], LookupError)
    assert await database.read(tag_ids) == [1, 3, 101, 103]


async def test_what_a_failed_unit_told_is_forgotten(database, bus):
    heard = []
    bus.subscribe(TagMade, lambda session, event: heard.append(event))
    with pytest.raises(ValueError, match="no"):
        await database.write(then(make_tag(1), ValueError("no")))
    await database.write(insert_tag(2))
    assert heard == []


async def test_hooks_run_on_the_loop_after_the_commit(database):
    seen = []

    def hook() -> None:
        seen.append((threading.current_thread(), database.read_now(tag_ids)))

    def unit(session: Session) -> None:
        make_tag(1)(session)
        events.after_commit(session, hook)
        events.after_commit(session, hook)

    await database.write(unit)
    assert seen == [(threading.current_thread(), [1])]


async def test_hooks_of_a_failed_unit_never_run(database):
    def unit(session: Session) -> None:
        events.after_commit(session, lambda: pytest.fail("the unit failed"))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(unit)
    await database.write(make_tag(1))


async def test_a_hook_that_raises_takes_nothing_from_anybody(database):
    called = []

    def unit(session: Session) -> str:
        events.after_commit(session, lambda: 1 / 0)
        events.after_commit(session, lambda: called.append(1))
        return "done"

    assert await database.write(unit) == "done"
    assert called == [1]


async def test_hooks_of_blocking_callers_run_on_the_loop_as_well(database):
    async def threads_of_hook(write) -> set[threading.Thread]:
        done, threads = asyncio.Event(), set()

        def hook() -> None:
            threads.add(threading.current_thread())
            done.set()

        await write(lambda session: events.after_commit(session, hook))
        await done.wait()
        return threads

    async def here(unit) -> None:
        database.write_now(unit)

    async def elsewhere(unit) -> None:
        await asyncio.to_thread(database.write_now, unit)

    for write in (here, elsewhere):
        assert await threads_of_hook(write) == {threading.current_thread()}


# Many at once


async def test_reading_and_then_changing_a_row_loses_no_change(database):
    """The same on both engines: SQLite has one writer, PostgreSQL tells who came second and runs it again."""
    await database.write(make_tag(1, name="0"))

    def add_one(session: Session) -> None:
        tag = session.get(Tag, 1)
        tag.name = str(int(tag.name) + 1)

    await asyncio.gather(*(database.write(add_one) for _ in range(20)))
    assert (await database.read(lambda session: session.get(Tag, 1))).name == "20"


async def test_looking_and_then_making_makes_it_once(database):
    def get_or_make(session: Session) -> int:
        found = session.scalar(select(Tag).where(Tag.name == "備蓄"))
        if found is None:
            found = Tag(id=town.of(session).clock() + next(numbers), name="備蓄", label="備蓄")
            session.add(found)
        return found.id

    numbers = iter(range(1000))
    made = await asyncio.gather(*(database.write(get_or_make) for _ in range(20)))
    assert set(made) == set(await database.read(tag_ids))
    assert len(set(made)) == 1


async def test_a_reading_unit_sees_one_moment(database):
    await database.write(make_tag(1))
    began, written = threading.Event(), threading.Event()

    def unit(session: Session) -> tuple[list[int], list[int]]:
        before = tag_ids(session)
        began.set()
        assert written.wait(5)
        return before, tag_ids(session)

    reading = asyncio.ensure_future(database.read(unit))
    await asyncio.to_thread(began.wait, 5)
    await database.write(make_tag(2))
    written.set()
    assert await reading == ([1], [1])


async def test_a_later_read_sees_an_earlier_write(database):
    for number in range(50):
        await database.write(insert_tag(number))
        assert len(await database.read(tag_ids)) == number + 1


async def test_units_change_rows_of_others_without_stale_copies(database):
    """The session serves one unit after another, yet remembers no row of an earlier one."""
    await database.write(make_tag(1))
    await database.read(lambda session: session.get(Tag, 1))
    await database.write(lambda session: session.execute(update(Tag).values(label="防災")).rowcount)
    assert (await database.read(lambda session: session.get(Tag, 1))).label == "防災"
    assert await database.write(lambda session: session.get(Tag, 1).label) == "防災"


# The end


async def test_closing_does_what_waits(town, bus, database):
    other = open_database(town, bus)
    writes = [asyncio.ensure_future(other.write(insert_tag(number))) for number in range(300)]
    reads = [asyncio.ensure_future(other.read(tag_ids)) for _ in range(10)]
    await asyncio.sleep(0)
    await other.close()
    assert await asyncio.gather(*writes) == list(range(300))
    assert len(await asyncio.gather(*reads)) == 10
    assert len(await database.read(tag_ids)) == 300


async def test_after_closing_units_are_turned_away_kindly(town, bus):
    other = open_database(town, bus)
    await other.start()
    await other.close()
    await other.close()
    for deed in (other.write, other.read):
        with pytest.raises(StorageFailed) as failure:
            await deed(tag_ids)
        assert failure.value.message == CLOSING


async def test_closing_breaks_off_what_does_not_end(town, bus, database, monkeypatch):
    monkeypatch.setattr("community.db._CLOSING_TIME", 0.2)
    other = open_database(town, bus)
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
        if other.dialect == "sqlite"
        else "SELECT pg_sleep(60)"
    )
    began = threading.Event()

    def unit(session: Session) -> None:
        session.execute(insert(Tag), {"id": 1, "name": "備蓄", "label": "備蓄"})
        began.set()
        session.execute(text(endless))

    stuck = asyncio.ensure_future(other.write(unit))
    await asyncio.to_thread(began.wait, 5)
    start = time.monotonic()
    await other.close()
    assert time.monotonic() - start < 2
    with pytest.raises(StorageFailed):
        await stuck
    assert await database.read(tag_ids) == []
