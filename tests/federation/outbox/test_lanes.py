"""Lanes as rows: leasing, order, pauses, giving up, taking over. No network is needed to prove these."""

import asyncio
from collections.abc import Callable

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import ids, town
from community.db import Database
from federation.models import Delivery, Lane, OutboxItem
from federation.outbox import claiming, lanes, retry, sayings
from federation.outbox.addressing import Inbox
from federation.outbox.claiming import Drive
from federation.outbox.lanes import RESTING
from federation.outbox.retry import Outcome
from federation.outbox.settle import Report, settle
from tests import factories
from tests.towns import SPRING_MORNING, FixedClock

MIDDLE: Callable[[], float] = lambda: 0.5  # noqa: E731
START = SPRING_MORNING


def queue(session: Session, *hosts: str, path: str = "/inbox") -> None:
    """One activity to each of `hosts`, at `path`, of an account that is made on first need."""
    now = town.now(session)
    item = session.scalars(select(OutboxItem)).first()
    if item is None:
        author = factories.member(session, "hanako")
        number = ids.new(now)
        session.add(
            OutboxItem(
                id=number, account_id=author.id, type="Create", object_uri="x", public=True, body=b"{}", created_at=now
            )
        )  # fmt: skip
        session.flush()
    else:
        number = item.id
    sayings.deliver(session, number, [Inbox(host, f"https://{host}{path}") for host in hosts])


async def claim(database: Database, *, steady: int = 10, shaky: int = 10, letters: int = 10) -> list[Drive]:
    return await database.write(
        lambda session: claiming.claim(session, town.now(session), steady=steady, shaky=shaky, letters=letters)
    )


async def end(database: Database, drive: Drive, *outcomes: Outcome) -> None:
    report = Report(drive, list(zip(drive.letters, outcomes, strict=False)))
    await database.write(lambda session: settle(session, [report], MIDDLE))


async def states(database: Database, host: str) -> list[tuple[str, int, int | None]]:
    def look(session: Session) -> list[tuple[str, int, int | None]]:
        query = select(Delivery.state, Delivery.attempts, Delivery.status).where(Delivery.host == host)
        return [(row.state, row.attempts, row.status) for row in session.execute(query.order_by(Delivery.id))]

    return await database.read(look)


async def lane(database: Database, host: str) -> Lane:
    return await database.read(lambda session: session.get_one(Lane, host))


async def test_letters_of_a_host_come_together_and_in_order(database: Database) -> None:
    for _ in range(3):
        await database.write(lambda session: queue(session, "a.example", "b.example"))
    drives = await claim(database, letters=2)
    assert [drive.host for drive in drives] == ["a.example", "b.example"]
    assert [len(drive.letters) for drive in drives] == [2, 2]
    assert drives[0].letters[0].id < drives[0].letters[1].id
    assert await claim(database) == []  # leased
    await end(database, drives[0], Outcome(202), Outcome(404))
    assert await states(database, "a.example") == [("done", 1, 202), ("failed", 1, 404), ("pending", 0, None)]
    (again,) = await claim(database)
    assert [letter.attempts for letter in again.letters] == [0]


async def test_a_lane_without_letters_rests_until_something_is_queued(database: Database) -> None:
    await database.write(lambda session: queue(session, "a.example"))
    (drive,) = await claim(database)
    await end(database, drive, Outcome(202))
    assert await claim(database) == []
    assert (await lane(database, "a.example")).next_attempt_at == RESTING
    await database.write(lambda session: queue(session, "a.example"))
    assert len(await claim(database)) == 1


async def test_a_failing_host_pauses_and_new_letters_do_not_shorten_the_pause(
    database: Database, clock: FixedClock
) -> None:
    await database.write(lambda session: queue(session, "a.example"))
    (drive,) = await claim(database)
    await end(database, drive, Outcome(503, retry_after=90))
    paused = await lane(database, "a.example")
    assert (paused.failures, paused.failing_since, paused.next_attempt_at) == (1, START, START + 90_000)
    await database.write(lambda session: queue(session, "a.example"))
    assert await claim(database) == []
    clock.advance(seconds=90)
    (drive,) = await claim(database, steady=0)  # it is one of the shaky now
    assert [letter.attempts for letter in drive.letters] == [1, 0]
    await end(database, drive, Outcome(error="timed out"))
    paused = await lane(database, "a.example")
    assert (paused.failures, paused.failing_since) == (2, START)
    assert paused.next_attempt_at == clock.now + 120_000
    clock.advance(minutes=2)
    (drive,) = await claim(database)
    await end(database, drive, Outcome(202), Outcome(202))
    healthy = await lane(database, "a.example")
    assert (healthy.failures, healthy.failing_since) == (0, None)
    assert await states(database, "a.example") == [("done", 3, 202), ("done", 1, 202)]


async def test_letters_are_given_up_after_seven_days_and_the_host_is_then_looked_at_weekly(
    database: Database, clock: FixedClock
) -> None:
    await database.write(lambda session: queue(session, "a.example"))
    for _ in range(40):
        if not (drives := await claim(database)):
            clock.now = min((await lane(database, "a.example")).next_attempt_at, clock.now + retry.DAY)
            continue
        await end(database, drives[0], Outcome(error="no route"))
        if (await states(database, "a.example"))[0][0] == "failed":
            break
    assert await states(database, "a.example") == [("failed", 15, None)]
    assert 7 * retry.DAY <= clock.now - START < 8 * retry.DAY
    assert (await lane(database, "a.example")).next_attempt_at == clock.now + 7 * retry.DAY


async def test_a_word_of_a_host_that_was_away_shortens_its_pause(database: Database, clock: FixedClock) -> None:
    await database.write(lambda session: queue(session, "a.example", "b.example"))
    for seconds in (1, 2, 4, 8, 16):
        drives = {drive.host: drive for drive in await claim(database)}
        await end(database, drives["a.example"], Outcome(error="connection refused"))
        began = (await lane(database, "a.example")).next_attempt_at
        assert began - clock.now >= 30_000
        for _ in range(3):  # a host that says a lot comes no sooner
            await database.write(lambda session: lanes.lift(session, "a.example", town.now(session)))
            assert (await lane(database, "a.example")).next_attempt_at == clock.now + 1_000 * seconds
        clock.advance(seconds=seconds)
    (drive,) = await claim(database)
    assert (drive.host, drive.failures) == ("a.example", 5)
    await end(database, drive, Outcome(202))
    assert (await lane(database, "a.example")).failures == 0


async def test_a_word_of_the_host_lifts_a_long_pause_but_not_a_short_one(
    database: Database, clock: FixedClock
) -> None:
    await database.write(lambda session: queue(session, "a.example"))
    for failures in range(1, 7):
        (drive,) = await claim(database)
        await end(database, drive, Outcome(500))
        await database.write(lambda session: lanes.lift(session, "a.example", town.now(session)))
        clock.now = (await lane(database, "a.example")).next_attempt_at
        assert (await lane(database, "a.example")).failures == failures % 6
    (drive,) = await claim(database, shaky=0)
    assert drive.failures == 0


async def test_a_lost_lease_is_taken_over_and_its_holder_can_settle_nothing(
    database: Database, clock: FixedClock
) -> None:
    await database.write(lambda session: queue(session, "a.example"))
    (lost,) = await claim(database)
    clock.advance(ms=lanes.LEASE + 5_000)
    (taken,) = await claim(database)
    assert taken.letters == lost.letters
    await end(database, lost, Outcome(410))
    assert await states(database, "a.example") == [("pending", 0, None)]
    await end(database, taken, Outcome(202))
    assert await states(database, "a.example") == [("done", 1, 202)]


async def test_the_only_worker_of_a_town_takes_over_at_once(database: Database) -> None:
    await database.write(lambda session: queue(session, "a.example"))
    assert await claim(database)
    await database.write(lanes.free_all)
    assert await claim(database)


async def test_a_drive_that_was_cut_short_leaves_its_letters(database: Database) -> None:
    await database.write(lambda session: queue(session, "a.example", "b.example"))
    drives = await claim(database)
    await end(database, drives[0])
    (again,) = await claim(database)
    assert again.host == "a.example"
    assert await states(database, "a.example") == [("pending", 0, None)]


async def test_failing_hosts_have_places_of_their_own(database: Database, clock: FixedClock) -> None:
    shaky = [f"s{number}.example" for number in range(5)]
    await database.write(lambda session: queue(session, *shaky, "well.example"))
    await database.write(
        lambda session: session.execute(update(Lane).where(Lane.host.in_(shaky)).values(failures=3)) and None
    )
    drives = await claim(database, steady=5, shaky=2)
    assert len(drives) == 3
    assert "well.example" in [drive.host for drive in drives]


async def test_a_letter_dropped_while_under_way_does_not_come_back(database: Database) -> None:
    await database.write(lambda session: queue(session, "a.example"))
    (drive,) = await claim(database)
    await database.write(
        lambda session: session.execute(update(Delivery).values(state=sayings.DROPPED)) and None
    )
    await end(database, drive, Outcome(503))
    assert await states(database, "a.example") == [("dropped", 1, 503)]


async def test_many_claim_at_once_and_none_gets_what_another_has(database: Database) -> None:
    hosts = [f"h{number:02}.example" for number in range(40)]
    await database.write(lambda session: queue(session, *hosts))
    taken = await asyncio.gather(*(claim(database, steady=10) for _ in range(8)))
    found = [drive.host for drives in taken for drive in drives]
    assert len(found) == len(set(found))
    rest = await claim(database, steady=64)
    assert sorted([*found, *(drive.host for drive in rest)]) == hosts
