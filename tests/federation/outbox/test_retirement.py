"""Hosts that are given up: when, what is still queued for them, and what makes them hosts like any other again."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import town
from community.db import Database
from community.models import Account, Follow
from federation import errands
from federation.models import Errand, Lane, RemoteHost
from federation.outbox import addressing, lanes, retirement, retry
from federation.outbox.retry import DAY, Outcome
from tests import factories
from tests.federation.outbox.said import follow
from tests.federation.outbox.test_lanes import claim, end, lane, queue, states
from tests.towns import FixedClock

HOST, OTHER = "yamate.example", "mast.example"
WEEK = 7 * DAY


async def retired_at(database: Database, host: str = HOST) -> int | None:
    return await database.read(
        lambda session: session.scalar(select(RemoteHost.retired_at).where(RemoteHost.host == host))
    )


async def fail_for_a_week(database: Database, clock: FixedClock) -> None:
    await database.write(lambda session: queue(session, HOST))
    for _ in range(60):
        drives = await claim(database)
        if drives:
            await end(database, drives[0], Outcome(error="no route"))
        if await retired_at(database) is not None:
            return
        clock.now = (await lane(database, HOST)).next_attempt_at
    pytest.fail("it was never given up")


async def test_a_host_that_took_nothing_for_a_week_is_given_up(database: Database, clock: FixedClock) -> None:
    began = clock.now
    await fail_for_a_week(database, clock)
    assert WEEK <= clock.now - began < WEEK + 2 * DAY
    assert await retired_at(database) == clock.now
    assert await states(database, HOST) == [("failed", 15, None)]


async def test_nothing_new_is_queued_for_it_but_a_weekly_trial(database: Database, clock: FixedClock) -> None:
    await fail_for_a_week(database, clock)
    for _ in range(3):
        await database.write(lambda session: queue(session, HOST, OTHER))
    assert len(await states(database, HOST)) == 1  # the one that was given up
    assert len(await states(database, OTHER)) == 3
    clock.advance(ms=WEEK)
    assert [drive.host for drive in await claim(database)] == [OTHER]  # its lane comes to rest
    for _ in range(3):
        await database.write(lambda session: queue(session, HOST))
    assert await states(database, HOST) == [("failed", 15, None), ("pending", 0, None)]
    (drive,) = await claim(database)
    await end(database, drive, Outcome(error="no route"))
    assert (await lane(database, HOST)).next_attempt_at == clock.now + WEEK
    await database.write(lambda session: queue(session, HOST))
    assert len(await states(database, HOST)) == 2


async def test_the_first_letter_it_takes_brings_it_back(database: Database, clock: FixedClock) -> None:
    await fail_for_a_week(database, clock)
    clock.advance(ms=WEEK)
    assert await claim(database) == []
    await database.write(lambda session: queue(session, HOST))
    (drive,) = await claim(database)
    await end(database, drive, Outcome(202))
    assert await retired_at(database) is None
    assert (await lane(database, HOST)).failures == 0
    await database.write(lambda session: queue(session, HOST))
    assert len(await claim(database)) == 1


async def test_a_verified_word_of_it_brings_it_back_at_once(database: Database, clock: FixedClock) -> None:
    await fail_for_a_week(database, clock)
    await database.write(lambda session: lanes.lift(session, HOST, town.now(session)))
    assert await retired_at(database) is None
    await database.write(lambda session: queue(session, HOST))
    (drive,) = await claim(database)
    assert (drive.host, drive.failures) == (HOST, 0)


async def test_its_followers_stay(database: Database, clock: FixedClock) -> None:
    def settle_in(session: Session) -> None:
        follow(session, factories.remote(session, "taro", HOST), factories.member(session, "natsu"))

    await database.write(settle_in)
    await fail_for_a_week(database, clock)

    def look(session: Session) -> None:
        hanako = factories.local(session, "natsu")
        assert session.scalars(select(Follow.state)).all() == ["accepted"]
        assert [each.host for each in addressing.followers(session, hanako)] == [HOST]
        assert addressing.allowed(session, addressing.followers(session, hanako)) == []

    await database.read(look)


async def test_410_of_a_shared_inbox_closes_the_host(database: Database, clock: FixedClock) -> None:
    await database.write(lambda session: factories.remote(session, "taro", HOST) and None)
    for _ in range(3):
        await database.write(lambda session: queue(session, HOST))
    (drive,) = await claim(database, letters=1)
    await end(database, drive, Outcome(410))
    assert await retired_at(database) == clock.now
    assert [state for state, _, _ in await states(database, HOST)] == ["failed"] * 3
    assert await claim(database) == []
    await database.write(lambda session: queue(session, HOST))
    assert len(await states(database, HOST)) == 3
    assert (await lane(database, HOST)).next_attempt_at == clock.now + retry.PROBE_EVERY


async def test_410_of_a_personal_inbox_has_its_owner_asked_for(database: Database) -> None:
    def settle_in(session: Session) -> None:
        factories.remote(session, "taro", HOST, shared_inbox=False)
        gone = factories.remote(session, "gone", HOST, shared_inbox=False)
        gone.deleted_at = 1
        queue(session, HOST, path="/users/taro/inbox")
        queue(session, HOST, path="/users/gone/inbox")

    await database.write(settle_in)
    (drive,) = await claim(database)
    await end(database, drive, Outcome(410), Outcome(410))

    def look(session: Session) -> None:
        taro = session.scalars(select(Account.uri).where(Account.name == "taro")).one()
        assert [(each.kind, each.uri) for each in session.scalars(select(Errand))] == [(errands.PROFILE, taro)]
        assert session.scalar(select(RemoteHost.retired_at).where(RemoteHost.host == HOST)) is None
        assert session.get_one(Lane, HOST).failures == 0

    await database.read(look)


async def test_when_a_host_was_heard_is_kept_to_the_hour(database: Database, clock: FixedClock) -> None:
    async def heard() -> int | None:
        await database.write(lambda session: retirement.heard(session, HOST, town.now(session)))
        return await database.read(lambda session: session.get_one(RemoteHost, HOST).heard_at)

    first = clock.now
    assert await heard() == first
    clock.advance(ms=retirement.HEARD_EVERY - 1)
    assert await heard() == first
    clock.advance(ms=1)
    assert await heard() == clock.now
