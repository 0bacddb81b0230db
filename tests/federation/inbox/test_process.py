"""The worker: order within a host, hosts side by side, retries, poison, and being killed anywhere."""

import asyncio
import json
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import events, follows, posts
from community.events import Bus
from community.models import Account, Follow, Post
from federation.inbox import process, queue
from federation.inbox.process import InboxWorker
from federation.models import InboxItem
from federation.replays import Replays
from tests import factories
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor
from tests.towns import FixedClock


def reply(door: Door, actor: PeerActor, parent: str, **more: Any) -> dict[str, Any]:
    mentions = {f"{door.origin}/users/hanako": "@hanako"}
    return actor.create(
        actor.note("<p>こうするとよいですよ。</p>", reply_to=parent, mentions=mentions, **more)
    )


async def stored(door: Door, letter: dict[str, Any]) -> Post | None:
    return await door.do(lambda session: posts.by_uri(session, letter["object"]["id"]))


async def test_follow_answer_and_favourite_by_a_mastodon(door: Door, peer: Peer, question: str) -> None:
    ken = peer.actor("ken")
    letter = reply(door, ken, question)
    for activity in (ken.does("Follow", f"{door.origin}/users/hanako"), letter, ken.does("Like", question)):
        assert (await ken.post(door.inbox, activity)).status == 202
    assert await door.worker.run_once() == 3
    assert await door.states() == ["done", "done", "done"]
    answer = await stored(door, letter)
    assert answer is not None
    assert answer.kind == "answer"
    asked = await door.do(lambda session: posts.by_uri(session, question))
    assert (asked.answers_count, asked.likes_count, asked.thanks_count) == (1, 1, 0)


async def test_settled_items_keep_no_body(door: Door, peer: Peer, question: str) -> None:
    ken = peer.actor("ken")
    await ken.post(door.inbox, reply(door, ken, question))
    await door.worker.run_once()
    assert await door.do(lambda session: session.scalars(select(InboxItem.body)).all()) == [b""]


async def test_a_replay_after_the_work_has_no_second_effect(door: Door, peer: Peer, question: str) -> None:
    ken = peer.actor("ken")
    letter = reply(door, ken, question)
    for _ in range(2):
        await ken.post(door.inbox, letter)
        await door.worker.run_once()
    assert await door.states() == ["done"]


async def test_who_follows_for_the_second_time_under_the_same_id_follows(
    door: Door, clock: FixedClock, question: str
) -> None:
    """As Misskey does. The first request, sent again as it was, changes nothing."""
    async with Peer("misskey", clock=clock) as peer:
        ai = peer.actor("ai")
        follow = ai.does("Follow", f"{door.origin}/users/hanako")
        undo = ai.does("Undo", follow)
        first = json.dumps(follow).encode()
        headers = ai.signed("POST", door.inbox, first)

        async def follows_hanako() -> bool:
            await door.worker.run_once()
            return await door.do(lambda session: session.scalar(select(Follow.state))) == "accepted"

        await peer.send("POST", door.inbox, headers, first)
        for _ in range(2):
            assert await follows_hanako()
            clock.advance(minutes=1)
            await ai.post(door.inbox, undo)
            assert not await follows_hanako()
            await peer.send("POST", door.inbox, headers, first)
            assert not await follows_hanako()
            clock.advance(minutes=1)
            await ai.post(door.inbox, follow)


async def test_a_follow_sent_again_as_it_was_does_not_count_again(door: Door, clock: FixedClock, question: str) -> None:
    """Also where the signature is not known any more: another process, a new start."""
    async with Peer("misskey", clock=clock) as peer:
        ai = peer.actor("ai")
        follow = ai.does("Follow", f"{door.origin}/users/hanako")
        body = json.dumps(follow).encode()
        headers = ai.signed("POST", door.inbox, body)
        await peer.send("POST", door.inbox, headers, body)
        await door.worker.run_once()
        clock.advance(minutes=1)
        await ai.post(door.inbox, ai.does("Undo", follow))
        await door.worker.run_once()
        vars(door.ctx.replays).update(vars(Replays()))
        assert (await peer.send("POST", door.inbox, headers, body)).status == 202
        await door.worker.run_once()
        assert await door.do(lambda session: session.scalar(select(Follow.state))) is None


async def test_what_is_ignored_says_why(door: Door, peer: Peer) -> None:
    ken = peer.actor("ken")
    await ken.post(door.inbox, ken.create(ken.note("<p>ひとりごと</p>")))
    await ken.post(door.inbox, ken.does("Arrive", ken.id))
    await door.worker.run_once()
    (_, first, why), (_, second, nothing) = await door.items()
    assert (first, second) == ("ignored", "ignored")
    assert "nobody here follows" in why
    assert "nothing is done here about Arrive" in nothing


async def test_a_thread_is_fetched_with_signed_requests(door: Door, clock: FixedClock, question: str) -> None:
    """Unknown parents come from a server that answers signed GETs alone."""
    async with Peer("gotosocial", clock=clock) as peer:
        zora, lin = peer.actor("zora"), peer.actor("lin")
        first = lin.note("<p>はじめの話</p>")
        second = zora.note("<p>つづき</p>", reply_to=first["id"])
        letter = reply(door, zora, second["id"])
        await zora.post(door.inbox, letter)
        await door.worker.run_once()
        assert await door.states() == ["done"]
        comment = await stored(door, letter)
        root = await door.do(lambda session: posts.by_uri(session, first["id"]))
        assert comment is not None
        assert comment.root_id == root.id
        assert peer.refused == []


async def test_what_cannot_be_fetched_now_is_tried_again_and_then_done_without(
    door: Door, peer: Peer, other: Peer, clock: FixedClock, question: str
) -> None:
    ken, parent = peer.actor("ken"), other.actor("lin").note("<p>はじめの話</p>")
    other.answer(parent["id"].removeprefix(other.origin), status=503)
    letter = reply(door, ken, parent["id"])
    await ken.post(door.inbox, letter)
    for pause in process.PAUSES:
        await door.worker.run_once()
        ((_, state, why),) = await door.items()
        assert state == "pending"
        assert "cannot be had now" in why
        assert await door.worker.run_once() == 0
        clock.advance(ms=pause)
    await door.worker.run_once()
    assert await door.states() == ["done"]
    note = await stored(door, letter)
    assert note is not None
    assert (note.kind, note.in_reply_to_uri) == ("note", parent["id"])


async def test_it_comes_right_when_the_origin_is_back(
    door: Door, peer: Peer, other: Peer, clock: FixedClock, question: str
) -> None:
    ken, parent = peer.actor("ken"), other.actor("lin").note("<p>はじめの話</p>")
    path = parent["id"].removeprefix(other.origin)
    other.answer(path, status=503)
    letter = reply(door, ken, parent["id"])
    await ken.post(door.inbox, letter)
    await door.worker.run_once()
    other.restore(path)
    clock.advance(ms=process.PAUSES[0])
    await door.worker.run_once()
    comment = await stored(door, letter)
    assert comment is not None
    assert comment.kind == "comment"


async def test_an_item_that_waits_holds_its_host_only_briefly(
    door: Door, peer: Peer, other: Peer, clock: FixedClock, question: str
) -> None:
    ken, parent = peer.actor("ken"), other.actor("lin").note("<p>はじめの話</p>")
    other.answer(parent["id"].removeprefix(other.origin), status=503)
    await ken.post(door.inbox, reply(door, ken, parent["id"]))
    await ken.post(door.inbox, ken.does("Like", question))
    await door.worker.run_once()
    assert await door.states() == ["pending", "pending"]
    clock.advance(ms=process.PAUSES[0])
    await door.worker.run_once()
    assert await door.states() == ["pending", "pending"]
    clock.advance(ms=process.PAUSES[1])
    await door.worker.run_once()
    assert await door.states() == ["pending", "done"]


async def test_what_waits_is_tried_again_when_its_host_speaks(
    door: Door, peer: Peer, other: Peer, question: str
) -> None:
    """Not oftener than twice, however much the host says: what it asks us to fetch may be another's."""
    ken, parent = peer.actor("ken"), other.actor("lin").note("<p>はじめの話</p>")
    path = parent["id"].removeprefix(other.origin)
    other.answer(path, status=503)
    await ken.post(door.inbox, reply(door, ken, parent["id"]))
    await door.worker.run_once()
    asked = [other.asked(path)]
    for number in range(4):
        await ken.post(door.inbox, ken.does("Like", f"{question}#{number}"))
        await door.worker.run_once()
        asked.append(other.asked(path))
    assert asked == [1, 2, 3, 3, 3]
    assert (await door.states())[0] == "pending"


async def test_a_poisoned_item_ends_as_failed_with_its_error(
    door: Door, peer: Peer, bus: Bus, clock: FixedClock, question: str
) -> None:
    ken = peer.actor("ken")
    await ken.post(door.inbox, reply(door, ken, question))
    await ken.post(door.inbox, ken.does("Like", question))

    def spoil(session: Session, event: object) -> None:
        raise RuntimeError("poison")

    bus.subscribe(events.PostCreated, spoil)
    for pause in (*process.PAUSES, 0)[:3]:
        await door.worker.run_once()
        clock.advance(ms=pause)
    await door.worker.run_once()
    (_, first, error), (_, second, _) = await door.items()
    assert (first, second) == ("failed", "done")
    assert error == "RuntimeError: poison"


async def test_hosts_do_not_wait_for_each_other(door: Door, peer: Peer, other: Peer, question: str) -> None:
    """A host whose thread hangs does not hold another host's letters."""
    ken, lin = peer.actor("ken"), other.actor("lin")
    hanging = lin.note("<p>…</p>")
    await lin.post(door.inbox, lin.does("Like", question))
    other.hang(hanging["id"].removeprefix(other.origin))
    await lin.post(door.inbox, reply(door, lin, hanging["id"]))
    await ken.post(door.inbox, ken.does("Like", question))
    working = asyncio.create_task(door.worker.run_once())
    while await door.states() != ["done", "pending", "done"]:
        await asyncio.sleep(0)
        assert not working.done() or await door.states() == ["done", "pending", "done"]
    await working


async def test_killed_between_lease_and_effect_it_is_begun_again(
    door: Door, peer: Peer, clock: FixedClock, question: str
) -> None:
    ken = peer.actor("ken")
    letter = reply(door, ken, question)
    await ken.post(door.inbox, letter)
    await door.do(lambda session: len(queue.claim(session, clock(), hosts=10)))  # and never heard of again
    assert await door.worker.run_once() == 0
    clock.advance(ms=queue.LEASE + 5_000)
    assert await door.worker.run_once() == 1
    assert await door.states() == ["done"]


async def test_a_worker_that_lost_its_lease_settles_nothing(
    door: Door, peer: Peer, clock: FixedClock, question: str
) -> None:
    ken = peer.actor("ken")
    await ken.post(door.inbox, reply(door, ken, question))
    (late,) = await door.do(lambda session: queue.claim(session, clock(), hosts=10))
    clock.advance(ms=queue.LEASE + 5_000)
    assert await door.worker.run_once() == 1
    await door.do(lambda session: queue.settle(session, late, queue.FAILED, "too late"))
    assert await door.states() == ["done"]


async def test_an_item_that_ends_the_process_each_time_is_given_up(
    door: Door, peer: Peer, question: str
) -> None:
    ken = peer.actor("ken")
    await ken.post(door.inbox, reply(door, ken, question))
    await door.do(
        lambda session: session.execute(update(InboxItem).values(attempts=queue.MOST_TRIES)) and None
    )
    await door.worker.run_once()
    assert await door.states() == ["failed"]


async def test_two_workers_share_without_doing_anything_twice(
    door: Door, peer: Peer, other: Peer, question: str
) -> None:
    actors = [*(peer.actor(f"p{n}") for n in range(3)), *(other.actor(f"o{n}") for n in range(3))]
    for actor in actors:
        await actor.post(door.inbox, reply(door, actor, question))
        await actor.post(door.inbox, actor.does("Like", question))
    done = await asyncio.gather(door.worker.run_once(), InboxWorker(door.ctx).run_once())
    while sum(done) < 12:
        done = [*done, await door.worker.run_once()]
    assert set(await door.states()) == {"done"}
    asked = await door.do(lambda session: posts.by_uri(session, question))
    assert (asked.answers_count, asked.likes_count) == (6, 6)


async def test_the_running_worker_is_woken_and_gives_back_what_it_holds(
    door: Door, peer: Peer, question: str
) -> None:
    ken = peer.actor("ken")
    running = asyncio.create_task(door.worker.run())
    await ken.post(door.inbox, ken.does("Like", question))
    while await door.states() != ["done"]:
        await asyncio.sleep(0)
    parent = ken.note("<p>…</p>")
    peer.hang(parent["id"].removeprefix(peer.origin))
    await ken.post(door.inbox, reply(door, ken, parent["id"]))
    while not peer.asked(parent["id"].removeprefix(peer.origin)):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    held = await door.do(
        lambda session: session.execute(select(InboxItem.leased_until, InboxItem.attempts)).all()
    )
    assert (0, 0) in [tuple(row) for row in held]


async def test_an_id_is_known_for_thirty_days(door: Door, peer: Peer, clock: FixedClock, question: str) -> None:
    ken = peer.actor("ken")
    like = ken.does("Like", question)
    await ken.post(door.inbox, like)
    await door.worker.run_once()
    clock.advance(days=30)
    assert await door.do(lambda session: queue.purge(session, clock())) == 0
    assert (await ken.post(door.inbox, like)).status == 202
    assert await door.states() == ["done"]


async def test_old_items_are_removed(door: Door, peer: Peer, clock: FixedClock, question: str) -> None:
    ken = peer.actor("ken")
    await ken.post(door.inbox, ken.does("Like", question))
    await door.worker.run_once()
    clock.advance(ms=queue.KEPT + 1)
    await ken.post(door.inbox, ken.does("Like", question))
    assert await door.do(lambda session: queue.purge(session, clock())) == 1
    assert await door.states() == ["pending"]


async def test_an_actor_that_leaves_is_gone_however_much_it_wrote(
    door: Door, peer: Peer, question: str
) -> None:
    ken = peer.actor("ken")
    await ken.post(door.inbox, reply(door, ken, question))
    await door.worker.run_once()

    def many(session: Session) -> None:
        account = session.scalars(select(Account).where(Account.uri == ken.id)).one()
        hanako = factories.local(session, "hanako")
        follows.accept(session, follow=follows.request(session, follower=hanako, followee=account))

    await door.do(many)
    for _ in range(5):
        await ken.post(door.inbox, ken.create(ken.note("<p>メモ</p>")))
    await ken.post(door.inbox, ken.does("Delete", ken.id))
    await door.worker.run_once()
    left = await door.do(
        lambda session: session.scalars(
            select(Post.id).where(Post.deleted_at.is_(None), Post.local.is_(False))
        ).all()
    )
    assert list(left) == []
