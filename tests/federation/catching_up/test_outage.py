"""The town was down: what others said meanwhile, and gave up on sending, stands here afterwards, once."""

import asyncio
import json

import pytest
from sqlalchemy import select

from community import ids
from community.models import Account
from federation.catching_up import outage
from federation.inbox import queue
from federation.inbox.process import InboxWorker
from federation.models import Errand, Heartbeat, InboxItem
from tests import factories
from tests.federation.catching_up.conftest import Desk, collection
from tests.federation.catching_up.test_outboxes import path


async def down(desk: Desk, *, minutes: int) -> int:
    """The town was at work, was away so long, and begins again; how many errands it sends out."""
    await desk.do(outage.beat)
    desk.clock.advance(minutes=minutes)
    return await desk.do(outage.begin)


async def recover(desk: Desk) -> None:
    """Let the errands run that a start has sent out, however they were spread."""
    desk.clock.advance(minutes=40)
    await desk.run(rounds=3)


@pytest.fixture
async def reader(desk, peer) -> int:
    """A member who follows alice and has read her outbox."""
    member = await desk.follow("hanako", peer.actor("alice"))
    await desk.do(lambda session: session.query(Errand).delete())
    return member


class TestGaps:
    async def test_the_first_start_ever_misses_nothing(self, desk, reader):
        assert await desk.do(outage.begin) == 0

    @pytest.mark.parametrize(("minutes", "number"), [(0, 0), (1, 0), (4, 0), (5, 1), (10, 1), (600, 1)])
    async def test_a_gap_of_more_than_four_minutes_is_an_outage(self, desk, reader, minutes, number):
        assert await down(desk, minutes=minutes) == number

    async def test_a_heartbeat_says_once_a_minute_that_the_town_is_here(self, desk, reader, ctx, monkeypatch):
        monkeypatch.setattr(outage, "BEAT_S", 0)
        before = await desk.do(lambda session: outage.beat(session) or desk.clock())
        beating = asyncio.create_task(outage.keep_beating(ctx))
        desk.clock.advance(minutes=3)
        async with asyncio.timeout(5):
            while await desk.do(lambda session: session.scalar(select(Heartbeat.at))) == before:
                await asyncio.sleep(0)
        beating.cancel()
        assert await desk.waiting() == []

    async def test_errands_set_out_one_after_another(self, desk, reader, peer):
        for number in range(30):
            await desk.follow("hanako", peer.actor(f"p{number}"))
        await desk.do(lambda session: session.query(Errand).delete())
        assert await down(desk, minutes=10) == 31
        due = await desk.do(lambda session: session.scalars(select(Errand.due_at)).all())
        assert len(set(due)) > 20 and min(due) >= desk.clock()

    async def test_a_second_outage_during_the_first_recovery_forgets_nothing(self, desk, reader, peer, clock):
        alice = peer.actor("alice")
        await desk.do(outage.beat)
        clock.advance(minutes=5)
        note = alice.note("<p>はじめの留守</p>")
        clock.advance(minutes=5)
        await desk.do(outage.begin)
        clock.advance(minutes=30)
        await desk.do(outage.begin)
        collection(peer, path(alice), [alice.create(note)])
        await recover(desk)
        assert await desk.uris() == [note["id"]]


class TestRecovery:
    async def test_what_was_said_meanwhile_comes_home_as_if_delivered(self, desk, reader, peer, clock):
        alice = peer.actor("alice")
        old = alice.note("<p>まえ</p>")
        clock.advance(minutes=3)
        await desk.do(outage.beat)
        clock.advance(minutes=5)
        here = await desk.do(lambda session: session.get_one(Account, reader).uri)
        note = alice.note("<p>留守中</p>", mentions={here: "@hanako@minato.example"})
        clock.advance(minutes=5)
        collection(
            peer,
            path(alice),
            [alice.create(note), {**alice.create(old), "published": old["published"]}],
            per=20,
        )
        assert await desk.do(outage.begin) == 1
        await recover(desk)
        assert await desk.uris() == [note["id"]]
        assert await desk.home(reader) == [note["id"]]
        assert await desk.notices(reader) == ["mention"]

    async def test_boosts_and_bare_ids_too(self, desk, reader, peer, other, clock):
        alice, note = peer.actor("alice"), other.actor("bob").note("<p>よいもの</p>")
        await desk.do(outage.beat)
        clock.advance(minutes=10)
        mine = alice.note("<p>自分</p>")
        entries = [alice.does("Announce", note["id"]), {**alice.create(mine), "object": mine["id"]}]
        collection(peer, path(alice), entries)
        await desk.do(outage.begin)
        await recover(desk)
        stored = await desk.uris()
        assert {mine["id"], note["id"], entries[0]["id"]} == set(stored)

    async def test_a_delivery_that_comes_late_has_no_effect(self, desk, reader, peer, clock, ctx):
        alice = peer.actor("alice")
        await desk.do(outage.beat)
        clock.advance(minutes=10)
        here = await desk.do(lambda session: session.get_one(Account, reader).uri)
        note = alice.note("<p>留守中</p>", mentions={here: "@hanako@minato.example"})
        create = alice.create(note)
        collection(peer, path(alice), [create])
        await desk.do(outage.begin)
        await recover(desk)
        known = await desk.do(lambda session: session.scalars(select(InboxItem.activity_uri)).all())
        assert create["id"] in known  # an inbox drops what it holds already
        await _deliver(desk, ctx, {**create, "id": create["id"] + "-again"})
        assert await desk.uris() == [note["id"]]
        assert await desk.home(reader) == [note["id"]]
        assert await desk.notices(reader) == ["mention"]

    async def test_what_was_delivered_after_all_is_not_done_twice(self, desk, reader, peer, clock, ctx):
        alice = peer.actor("alice")
        await desk.do(outage.beat)
        clock.advance(minutes=10)
        note = alice.note("<p>留守中</p>")
        create = alice.create(note)
        collection(peer, path(alice), [create])
        await desk.do(outage.begin)
        await _deliver(desk, ctx, create)
        await recover(desk)
        assert await desk.uris() == [note["id"]]

    async def test_what_was_taken_back_meanwhile_stays_away(self, desk, reader, peer, clock, ctx):
        alice = peer.actor("alice")
        await desk.do(outage.beat)
        clock.advance(minutes=10)
        note = alice.note("<p>留守中</p>")
        collection(peer, path(alice), [alice.create(note)])
        await desk.do(outage.begin)
        await _deliver(desk, ctx, alice.does("Delete", note["id"]))
        await recover(desk)
        assert await desk.uris() == []

    async def test_an_answer_to_a_question_of_ours(self, desk, reader, peer, clock):
        """By somebody whom nobody follows, but who took part before; its asker hears of it."""
        question = await desk.do(
            lambda session: factories.question(session, session.get_one(Account, reader)).uri
        )
        bob = peer.actor("bob")
        await desk.know(bob)
        first = bob.note("<p>はい</p>", reply_to=question)
        await _store(desk, first)
        await desk.do(lambda session: session.query(Errand).delete())
        await desk.do(outage.beat)
        clock.advance(minutes=10)
        second = bob.note("<p>もうひとつ</p>", reply_to=question)
        collection(peer, path(bob), [bob.create(second)])
        assert await desk.do(outage.begin) == 3  # alice, bob, and what stands under his answer
        await recover(desk)
        assert (await desk.post(second["id"])).kind == "answer"
        assert (await desk.notices(reader)).count("answer") == 2

    async def test_what_does_not_concern_us_is_not_taken_in(self, desk, reader, peer, clock):
        question = await desk.do(
            lambda session: factories.question(session, session.get_one(Account, reader)).uri
        )
        bob = peer.actor("bob")
        await desk.know(bob)
        await _store(desk, bob.note("<p>はい</p>", reply_to=question))
        before = await desk.uris()
        await desk.do(outage.beat)
        clock.advance(minutes=10)
        collection(peer, path(bob), [bob.create(bob.note("<p>ひとりごと</p>"))])
        await desk.do(outage.begin)
        await recover(desk)
        assert await desk.uris() == before

    async def test_boards_of_sister_towns(self, desk, other, clock, reader):
        board = other.group("roumu")
        await desk.know(board)
        await desk.do(lambda session: factories.sister(session, other.domain))
        await desk.do(outage.beat)
        clock.advance(minutes=10)
        note = other.actor("taro").note(
            "<p>はい</p>", name="どこ？", to=["https://www.w3.org/ns/activitystreams#Public", board.id]
        )
        collection(other, path(board), [board.does("Announce", note["id"])])
        await desk.do(outage.begin)
        await recover(desk)
        assert await desk.uris() == [note["id"]]

    async def test_an_outbox_that_speaks_for_others_is_not_believed(self, desk, reader, peer, other, clock):
        alice, bob = peer.actor("alice"), other.actor("bob")
        await desk.follow("hanako", bob)
        await desk.do(outage.beat)
        clock.advance(minutes=10)
        forged = bob.create(bob.note("<p>うそ</p>"))
        renamed = {**forged, "id": f"{peer.origin}/y"}
        elsewhere = {**alice.create(alice.note("<p>x</p>")), "id": f"{other.origin}/x"}
        collection(peer, path(alice), [forged, renamed, elsewhere, forged["object"]])
        await desk.do(outage.begin)
        await recover(desk)
        assert peer.asked(path(alice)) == 1
        assert await desk.uris() == []


async def _store(desk: Desk, note) -> None:
    """`note` came here before the outage."""
    await _deliver(desk, desk.ctx, desk_create(note))


def desk_create(note) -> dict:
    return {
        "id": note["id"] + "/create", "type": "Create", "actor": note["attributedTo"], "object": note,
        "to": note["to"], "cc": note["cc"], "published": note["published"],
    }  # fmt: skip


async def _deliver(desk: Desk, ctx, activity) -> None:
    """`activity` lies in the inbox, its signature checked, and is worked off."""
    now = desk.clock()

    def unit(session) -> None:
        session.add(
            InboxItem(
                id=ids.new(now), activity_uri=activity["id"], host=activity["actor"].split("/")[2],
                actor_uri=activity["actor"], type=activity["type"], body=json.dumps(activity).encode(),
                state=queue.PENDING, next_attempt_at=now, received_at=now,
            )
        )  # fmt: skip

    await desk.do(unit)
    await InboxWorker(ctx).run_once()
