"""How long it is known where something went, and that what goes away still reaches whoever may hold it."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from community import boosts, members, posts, town
from community.db import Database
from community.events import Bus
from community.models import Account, Post
from federation.models import ActorKey, Delivery, OutboxItem
from federation.outbox import forgetting, publish
from federation.outbox.forgetting import KEPT, Swept
from tests import factories
from tests.federation.outbox.said import Bell, everything, follow
from tests.towns import FixedClock

FOLLOWER, STRANGER = "https://mast.example/inbox", "https://far.example/inbox"


@pytest.fixture(autouse=True)
def bell(bus: Bus) -> Bell:
    bell = Bell()
    publish.subscribe(bus, bell)
    return bell


def scene(session: Session) -> Account:
    """hanako, whom ken of mast.example follows; nobody follows anybody of far.example, which is known all the same."""
    hanako = factories.member(session, "hanako")
    follow(session, factories.remote(session, "ken", "mast.example"), hanako)
    factories.remote(session, "mai", "far.example")
    factories.remote(session, "rin", "far.example")
    return hanako


def deliver_all(session: Session) -> None:
    session.execute(update(Delivery).values(state="done", status=202))


def sweep(session: Session) -> int:
    """Sweep to the end; how many deliveries are left."""
    swept, now = Swept(), town.now(session)
    while swept.more:
        swept = forgetting.sweep(session, now, swept)
    return session.scalar(select(func.count()).select_from(Delivery)) or 0


async def asked(database: Database, **how: str) -> int:
    def unit(session: Session) -> int:
        post = factories.question(session, scene(session), **how)
        return post.id

    post_id: int = await database.write(unit)
    await database.write(deliver_all)
    return post_id


async def test_after_ninety_days_it_is_forgotten_where_an_open_post_went(database: Database, clock: FixedClock) -> None:
    await asked(database)
    before = await database.write(sweep)
    assert before > 0
    clock.advance(ms=KEPT - 1)
    assert await database.write(sweep) == before
    clock.advance(ms=2)
    assert await database.write(sweep) == 0
    assert await database.read(lambda session: len(everything(session, "Create"))) == 1  # what was said stands


async def test_what_waits_and_what_was_said_to_some_alone_is_kept(database: Database, clock: FixedClock) -> None:
    def unit(session: Session) -> None:
        hanako = scene(session)
        factories.sister(session, "yamate.example")
        factories.question(session, hanako, visibility="sister")
        factories.question(session, hanako)

    def settle_all_but_one(session: Session) -> None:
        deliver_all(session)
        waiting = select(Delivery.id).where(Delivery.host == "mast.example").order_by(Delivery.id.desc()).limit(1)
        session.execute(update(Delivery).values(state="pending").where(Delivery.id.in_(waiting)))

    await database.write(unit)
    await database.write(settle_all_but_one)
    clock.advance(ms=KEPT + 1)
    await database.write(sweep)

    def left(session: Session) -> set[tuple[str, str]]:
        rows = session.execute(select(Delivery.host, Delivery.state))
        return {(host, state) for host, state in rows}

    assert await database.read(left) == {("yamate.example", "done"), ("mast.example", "pending")}


@pytest.mark.parametrize(("days", "inboxes"), [(1, [FOLLOWER]), (91, [STRANGER, FOLLOWER])])
async def test_an_old_posts_delete_goes_to_every_server_known(
    database: Database, clock: FixedClock, days: int, inboxes: list[str]
) -> None:
    post_id = await asked(database)
    clock.advance(days=days)
    await database.write(sweep)

    def delete(session: Session) -> None:
        post = session.get_one(Post, post_id)
        posts.delete(session, post=post, by=session.get_one(Account, post.author_id))

    await database.write(delete)
    (gone,) = await database.read(lambda session: everything(session, "Delete"))
    assert gone.inboxes == inboxes


async def test_an_old_boost_is_taken_back_from_followers_and_author(database: Database, clock: FixedClock) -> None:
    def boost(session: Session) -> int:
        hanako = scene(session)
        mai = session.scalars(select(Account).where(Account.name == "mai")).one()
        note = factories.question(session, mai)
        boosts.boost(session, account=hanako, post=note)
        return note.id

    post_id = await database.write(boost)
    await database.write(deliver_all)
    clock.advance(ms=KEPT + 1)
    await database.write(sweep)

    def unboost(session: Session) -> None:
        boosts.unboost(session, account=factories.local(session, "hanako"), post=session.get_one(Post, post_id))

    await database.write(unboost)
    (undone,) = await database.read(lambda session: everything(session, "Undo{Announce}"))
    assert undone.inboxes == [STRANGER, FOLLOWER]


@pytest.mark.parametrize("shown", [True, False])
async def test_a_members_last_word_goes_to_every_server_that_may_know_them(database: Database, shown: bool) -> None:
    def leave(session: Session) -> None:
        hanako = scene(session)
        factories.remote(session, "old", "old.example", shared_inbox=False)
        factories.remote(session, "older", "old.example", shared_inbox=False)
        if shown:
            key = ActorKey(account_id=hanako.id, public_pem="", private_sealed=b"", created_at=town.now(session))
            session.add(key)
        members.leave(session, account_id=hanako.id)

    await database.write(leave)
    (gone,) = await database.read(lambda session: everything(session, "Delete"))
    others = [STRANGER, FOLLOWER, "https://old.example/users/old/inbox"]
    assert gone.inboxes == (others if shown else [FOLLOWER])


async def test_words_that_nothing_comes_back_to_are_forgotten_with_their_letters(
    database: Database, clock: FixedClock
) -> None:
    def edit(session: Session) -> None:
        hanako = scene(session)
        session.add(ActorKey(account_id=hanako.id, public_pem="", private_sealed=b"", created_at=0))
        session.flush()
        members.update_profile(session, account_id=hanako.id, nickname="はなこ")

    await database.write(edit)
    await database.write(deliver_all)
    kinds: Callable[[Session], set[str]] = lambda session: set(session.scalars(select(OutboxItem.type)))  # noqa: E731
    assert "Update" in await database.read(kinds)
    clock.advance(ms=KEPT + 1)
    await database.write(sweep)
    assert "Update" not in await database.read(kinds)


async def test_a_sweep_goes_on_where_it_stopped(database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forgetting, "LOOKED_AT_ONCE", 1)
    await asked(database)
    await asked_more(database)
    clock.advance(ms=KEPT + 1)
    left = await database.write(sweep)
    monkeypatch.undo()
    assert await database.write(sweep) == left


async def asked_more(database: Database) -> None:
    def unit(session: Session) -> None:
        for _ in range(3):
            factories.question(session, factories.local(session, "hanako"))

    await database.write(unit)
    await database.write(deliver_all)
