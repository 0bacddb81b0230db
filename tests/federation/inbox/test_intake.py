"""What is done at the door itself, in the unit that stores it, and what waits in the queue instead."""

import asyncio
from contextlib import ExitStack
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.orm import Session

from community import events, posts, towns
from community.events import Bus
from community.models import Follow, Post
from federation.doorstep import AT_ONCE, AT_ONCE_IN_ALL, Doorstep
from federation.inbox import intake, queue
from federation.models import InboxItem
from tests import factories
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor
from tests.towns import FixedClock


@pytest.fixture
async def question(door: Door) -> str:
    """The address of Hanako's question; somebody works on the queue, so the door is open."""
    door.ctx.doorstep.is_open = True

    def unit(session: Session) -> str:
        return factories.question(session, factories.member(session, "hanako")).uri

    return await door.do(unit)


@pytest.fixture
def ken(peer: Peer) -> PeerActor:
    return peer.actor("ken")


def reply(actor: PeerActor, parent: str, **more: Any) -> dict[str, Any]:
    return actor.create(actor.note("<p>こうするとよいですよ。</p>", reply_to=parent, **more))


async def stored(door: Door, letter: dict[str, Any]) -> Post | None:
    return await door.do(lambda session: posts.by_uri(session, letter["object"]["id"]))


async def bodies(door: Door) -> list[bytes]:
    return await door.do(lambda session: list(session.scalars(select(InboxItem.body).order_by(InboxItem.id))))


async def test_what_waits_for_nobody_is_done_before_it_is_accepted(door: Door, ken: PeerActor, question: str) -> None:
    letter = reply(ken, question)
    assert (await ken.post(door.inbox, letter)).status == 202
    assert await door.states() == ["done"]
    assert await stored(door, letter) is not None
    assert await bodies(door) == [b""]
    assert await door.worker.run_once() == 0


async def test_a_replay_has_no_second_effect(door: Door, ken: PeerActor, question: str, clock: FixedClock) -> None:
    like = ken.does("Like", question)
    for _ in range(2):
        assert (await ken.post(door.inbox, like)).status == 202
        clock.advance(minutes=1)  # another signature
    asked = await door.do(lambda session: posts.by_uri(session, question))
    assert (await door.states(), asked.likes_count) == (["done"], 1)


async def test_who_follows_again_under_the_same_id_follows(
    door: Door, ken: PeerActor, question: str, clock: FixedClock
) -> None:
    follow = ken.does("Follow", f"{door.origin}/users/hanako")
    for activity in (follow, ken.does("Undo", follow), follow):
        await ken.post(door.inbox, activity)
        clock.advance(minutes=1)
    await door.worker.run_once()
    assert await door.do(lambda session: session.scalar(select(Follow.state))) == "accepted"


async def test_nothing_is_made_anew_for_a_stranger_who_follows(door: Door, ken: PeerActor, question: str) -> None:
    async def follows(actor: PeerActor) -> None:
        assert (await actor.post(door.inbox, actor.does("Follow", f"{door.origin}/users/hanako"))).status == 202

    await follows(ken.peer.actor("ryo"))  # so that the town has its own key
    compiled: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, _parameters: Any, context: Any, _many: Any) -> None:
        if context.compiled is not None:  # SQLAlchemy put it together; what is made once goes past that
            compiled.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        await follows(ken)
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert compiled == []


async def test_what_has_to_be_fetched_first_waits_for_the_worker(
    door: Door, ken: PeerActor, question: str, peer: Peer
) -> None:
    parent = peer.actor("lin").note("<p>はじめの話</p>")
    letter = reply(ken, parent["id"], mentions={f"{door.origin}/users/hanako": "@hanako"})
    assert (await ken.post(door.inbox, letter)).status == 202
    assert await door.states() == ["pending"]
    assert (await bodies(door))[0] != b""
    assert await stored(door, letter) is None
    assert await door.worker.run_once() == 1
    comment = await stored(door, letter)
    assert comment is not None
    assert comment.kind == "comment"


async def test_nothing_overtakes_what_waits_of_the_same_host(
    door: Door, ken: PeerActor, question: str, peer: Peer
) -> None:
    parent = peer.actor("lin").note("<p>はじめの話</p>")
    first = reply(ken, parent["id"], mentions={f"{door.origin}/users/hanako": "@hanako"})
    await ken.post(door.inbox, first)
    await ken.post(door.inbox, ken.does("Delete", {"type": "Tombstone", "id": first["object"]["id"]}))
    await ken.post(door.inbox, ken.does("Like", question))
    assert await door.states() == ["pending", "pending", "pending"]
    assert await door.worker.run_once() == 3
    gone = await stored(door, first)
    assert gone is not None
    assert gone.deleted_at is not None


async def test_what_nothing_comes_of_is_kept_with_its_reason(door: Door, ken: PeerActor, question: str) -> None:
    assert (await ken.post(door.inbox, ken.create(ken.note("<p>ひとりごと</p>")))).status == 202
    ((_, state, why),) = await door.items()
    assert (state, await bodies(door)) == ("ignored", [b""])
    assert "nobody here follows" in why


async def test_what_changes_nothing_but_is_kept_in_mind_says_so(door: Door, ken: PeerActor, question: str) -> None:
    like = ken.does("Like", question)
    await ken.post(door.inbox, ken.does("Undo", like))
    said = [(state, why) for _, state, why in await door.items() if why]  # and one row that remembers it
    assert [state for state, _ in said] == ["ignored"]
    await ken.post(door.inbox, like)
    asked = await door.do(lambda session: posts.by_uri(session, question))
    assert asked.likes_count == 0


async def test_what_fails_leaves_nothing_and_is_tried_by_the_worker(
    door: Door, ken: PeerActor, question: str, bus: Bus
) -> None:
    failures = [RuntimeError("once")]

    def spoil(session: Session, event: object) -> None:
        if failures:
            raise failures.pop()

    bus.subscribe(events.PostCreated, spoil)
    letter = reply(ken, question)
    assert (await ken.post(door.inbox, letter)).status == 202
    assert (await door.states(), await stored(door, letter)) == (["pending"], None)
    await door.worker.run_once()
    assert (await door.states(), await stored(door, letter) is not None) == (["done"], True)


async def test_a_suspended_host_is_turned_away_although_its_key_is_known(
    door: Door, ken: PeerActor, question: str, peer: Peer
) -> None:
    await ken.post(door.inbox, ken.does("Like", question))
    await door.do(lambda session: towns.suspend(session, peer.domain))
    for at_once in (True, False):
        door.ctx.doorstep.is_open = at_once
        assert (await ken.post(door.inbox, reply(ken, question))).status == 403
    assert await door.states() == ["done"]


async def test_long_work_is_left_to_the_worker(door: Door, ken: PeerActor, question: str) -> None:
    await ken.post(door.inbox, ken.does("Like", question))
    await ken.post(door.inbox, ken.does("Delete", ken.id))
    assert await door.states() == ["done", "pending"]


async def test_more_than_its_share_of_the_queue_is_not_taken(
    door: Door, ken: PeerActor, question: str, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "SHARE", 3)
    door.ctx.doorstep.is_open = False
    for _ in range(3):
        assert (await ken.post(door.inbox, reply(ken, question))).status == 202
    refused = await ken.post(door.inbox, reply(ken, question))
    assert (refused.status, "error" in refused.json) == (429, True)
    assert int(refused.headers["Retry-After"]) > 0
    async with Peer("misskey", clock=peer.clock, host="127.9.0.2") as other:
        ai = other.actor("ai")
        assert (await ai.post(door.inbox, ai.does("Like", question))).status == 202
    await door.worker.run_once()
    assert (await ken.post(door.inbox, reply(ken, question))).status == 202


async def test_the_running_worker_opens_the_door_and_closes_it(door: Door, question: str) -> None:
    door.ctx.doorstep.is_open = False
    running = asyncio.create_task(door.worker.run())
    for _ in range(1_000):
        if door.ctx.doorstep.is_open or door.database.dialect != "sqlite":
            break
        await asyncio.sleep(0.005)
    assert door.ctx.doorstep.is_open == (door.database.dialect == "sqlite")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert not door.ctx.doorstep.is_open


def test_the_places_at_the_door_are_few_for_each_host() -> None:
    step = Doorstep()
    step.is_open = True
    with ExitStack() as held:
        assert [held.enter_context(step.place("flood.example")) for _ in range(AT_ONCE + 1)] == [True] * AT_ONCE + [False]
        assert held.enter_context(step.place("quiet.example"))
        others = [held.enter_context(step.place(f"h{number}.example")) for number in range(AT_ONCE_IN_ALL)]
        assert others.count(True) == AT_ONCE_IN_ALL - AT_ONCE - 1
    with step.place("flood.example") as again:
        assert again
    step.is_open = False
    with step.place("flood.example") as closed:
        assert not closed


async def test_an_item_leased_to_somebody_holds_its_host(door: Door, ken: PeerActor, question: str) -> None:
    door.ctx.doorstep.is_open = False
    await ken.post(door.inbox, ken.does("Like", question))
    door.ctx.doorstep.is_open = True
    await door.do(lambda session: session.execute(update(InboxItem).values(leased_until=1 << 60)) and None)
    await ken.post(door.inbox, reply(ken, question))
    assert await door.states() == [queue.PENDING, queue.PENDING]
