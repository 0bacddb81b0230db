"""Polls of elsewhere: their counts are read anew when somebody looks, and when they end."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import composing, polls
from community.models import Account, Poll, PollOption, Post
from federation import errands
from federation.catching_up import looking
from tests import factories
from tests.federation.asides import settled
from tests.federation.catching_up.conftest import Desk
from tests.peer import Peer
from tests.peer_actor import PeerActor
from tests.towns import SPRING_MORNING

MINUTE = 60_000


def question(alice: PeerActor, *counts: int, **facts: Any) -> dict[str, Any]:
    options = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": count}}
        for name, count in zip("AB", counts, strict=True)
    ]
    note = alice.note(
        "どちら？", type="Question", oneOf=options, endTime="2026-04-01T01:00:00Z", votersCount=sum(counts)
    )
    return note | facts


@pytest.fixture
def alice(peer: Peer) -> PeerActor:
    return peer.actor("alice")


async def counts(desk: Desk, post_id: int) -> list[int]:
    query = select(PollOption.votes_count).where(PollOption.post_id == post_id).order_by(PollOption.position)
    return await desk.database.read(lambda session: list(session.scalars(query)))


async def recounted(desk: Desk, alice: PeerActor, note: dict[str, Any], *numbers: int) -> None:
    for option, number in zip(note["oneOf"], numbers, strict=True):
        option["replies"]["totalItems"] = number
    alice.peer.put(note)


async def test_a_look_reads_the_counts_anew_once_in_some_minutes(desk: Desk, alice: PeerActor) -> None:
    note = question(alice, 1, 2)
    post_id = await desk.look_up(note["id"])
    await recounted(desk, alice, note, 5, 6)

    async def look() -> int:
        looking.poll_opened(desk.ctx, post_id)
        await settled(desk.ctx)
        return await desk.run()

    assert await look() == 0
    assert await counts(desk, post_id) == [1, 2]
    desk.clock.advance(minutes=6)
    assert await look() == 1
    assert await counts(desk, post_id) == [5, 6]
    assert await look() == 0


async def test_the_end_is_read_from_its_server_and_no_more_after_it(desk: Desk, alice: PeerActor) -> None:
    note = question(alice, 1, 2)
    post_id = await desk.look_up(note["id"])
    await recounted(desk, alice, note, 8, 9)
    desk.clock.now = SPRING_MORNING + 61 * MINUTE
    assert await desk.do(polls.close_due) == 1
    desk.clock.advance(seconds=10)
    assert await desk.run() == 1
    assert await counts(desk, post_id) == [8, 9]
    desk.clock.advance(hours=1)
    looking.poll_opened(desk.ctx, post_id)
    await settled(desk.ctx)
    assert await desk.waiting() == []


async def test_polls_of_ours_are_read_from_nowhere(desk: Desk, alice: PeerActor) -> None:
    def unit(session: Session) -> int:
        hanako = factories.member(session, "hanako")
        poll = polls.Draft(("月曜", "火曜"), 600)
        return composing.write(session, author=hanako, draft=composing.Draft(text="いつ？", poll=poll)).id

    post_id = await desk.do(unit)
    desk.clock.advance(minutes=11)
    looking.poll_opened(desk.ctx, post_id)
    await settled(desk.ctx)
    await desk.do(polls.close_due)
    assert await desk.waiting() == []


async def test_a_vote_here_is_one_more_until_their_server_counts(desk: Desk, alice: PeerActor) -> None:
    note = question(alice, 1, 2)
    await desk.follow("hanako", alice)
    post_id = await desk.look_up(note["id"])

    def vote(session: Session) -> None:
        hanako = session.scalars(select(Account).where(Account.name == "hanako")).one()
        polls.vote(session, account=hanako, post=session.get_one(Post, post_id), choices=[0])

    await desk.do(vote)
    assert await counts(desk, post_id) == [2, 2]
    await recounted(desk, alice, note, 2, 2)
    await desk.run(errands.POST, note["id"])
    assert await counts(desk, post_id) == [2, 2]
    voters = await desk.database.read(lambda session: session.get_one(Poll, post_id).voters_count)
    assert voters == 3
