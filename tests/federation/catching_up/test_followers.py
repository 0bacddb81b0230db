"""Followers that two servers count differently are put right, and only by a whole list of the actor's own host."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import follows
from community.models import Account, Follow, Member
from federation import errands
from federation.catching_up import followers
from federation.models import Delivery, OutboxItem
from tests import factories
from tests.federation.catching_up.conftest import Desk, collection
from tests.peer import Peer
from tests.peer_actor import PeerActor

HERE = "http://minato.example/users"
LIST = "/users/ken/followers_synchronization"


@pytest.fixture
async def ken(desk: Desk, peer: Peer) -> PeerActor:
    """Somebody whom hanako and jiro have followed for some time."""
    made = peer.actor("ken")
    for name in ("hanako", "jiro"):
        await desk.follow(name, made)
    await desk.do(lambda session: session.query(Delivery).delete())
    desk.clock.advance(hours=1)
    return made


async def compare(desk: Desk, ken: PeerActor, address: str | None = None) -> None:
    address = address or ken.peer.origin + LIST
    await desk.run(errands.FOLLOWERS, f"{address}#{ken.id}")


async def counted(desk: Desk) -> list[str]:
    def unit(session: Session) -> list[str]:
        names = select(Account.name).join(Follow, Follow.follower_id == Account.id)
        return sorted(session.scalars(names.where(Follow.state == follows.ACCEPTED)))

    return await desk.do(unit)


async def told(desk: Desk) -> list[tuple[str, str]]:
    """What was said to ken's server since, and by whom."""

    def unit(session: Session) -> list[tuple[str, str]]:
        said = (
            select(OutboxItem.type, Account.name)
            .join(Account, Account.id == OutboxItem.account_id)
            .join(Delivery, Delivery.outbox_item_id == OutboxItem.id)
        )
        return sorted(tuple(row) for row in session.execute(said))

    return await desk.do(unit)


async def test_whom_they_do_not_count_stops_following_here_and_says_so(
    desk: Desk, ken: PeerActor, peer: Peer
) -> None:
    collection(peer, LIST, [f"{HERE}/hanako"])
    await compare(desk, ken)
    assert await counted(desk) == ["hanako"]
    assert await told(desk) == [("Undo", "jiro")]


async def test_whom_they_count_and_we_do_not_is_taken_back_there(
    desk: Desk, ken: PeerActor, peer: Peer
) -> None:
    await desk.do(lambda session: factories.member(session, "sora") and None)
    collection(peer, LIST, [f"{HERE}/{name}" for name in ("hanako", "jiro", "sora", "nobody")])
    await compare(desk, ken)
    assert await counted(desk) == ["hanako", "jiro"]
    assert await told(desk) == [("Undo", "sora")]


async def test_of_a_list_of_all_who_live_here_a_few_are_taken_back_at_a_time(
    desk: Desk, ken: PeerActor, peer: Peer
) -> None:
    """Else one header an hour would have a town speak for each of its members, to whoever wants to hear it."""
    names = [f"m{number}" for number in range(followers.TAKEN_BACK_MOST + 3)]
    await desk.do(lambda session: [factories.member(session, each) for each in names] and None)
    collection(peer, LIST, [f"{HERE}/{name}" for name in ("hanako", "jiro", *names)])
    await compare(desk, ken)
    assert len(await told(desk)) == followers.TAKEN_BACK_MOST


async def test_who_waits_to_be_let_in_or_is_shut_out_says_nothing(desk: Desk, ken: PeerActor, peer: Peer) -> None:
    """An answer would tell that there is somebody."""

    def two(session: Session) -> None:
        session.get_one(Member, factories.member(session, "sora").id).state = "pending"
        factories.member(session, "umi").suspended_at = 1

    await desk.do(two)
    collection(peer, LIST, [f"{HERE}/{name}" for name in ("hanako", "jiro", "sora", "umi")])
    await compare(desk, ken)
    assert await told(desk) == []


async def test_a_request_whose_answer_was_lost_is_accepted(desk: Desk, ken: PeerActor, peer: Peer) -> None:
    def ask(session: Session) -> None:
        actor = session.scalars(select(Account).where(Account.uri == ken.id)).one()
        follows.request(session, follower=factories.member(session, "sora"), followee=actor)

    await desk.do(ask)
    collection(peer, LIST, [f"{HERE}/{name}" for name in ("hanako", "jiro", "sora")])
    await compare(desk, ken)
    assert await counted(desk) == ["hanako", "jiro", "sora"]


async def test_a_young_follow_may_be_on_its_way(desk: Desk, ken: PeerActor, peer: Peer) -> None:
    await desk.follow("sora", ken)
    collection(peer, LIST, [f"{HERE}/hanako", f"{HERE}/jiro"])
    await compare(desk, ken)
    assert await counted(desk) == ["hanako", "jiro", "sora"]


async def test_a_list_in_pages_counts_as_a_whole(desk: Desk, ken: PeerActor, peer: Peer) -> None:
    collection(peer, LIST, [f"{HERE}/x{number}" for number in range(4)] + [f"{HERE}/jiro"], per=2)
    await compare(desk, ken)
    assert await counted(desk) == ["jiro"]


async def test_a_list_without_an_end_severs_nobody(desk: Desk, ken: PeerActor, peer: Peer) -> None:
    collection(peer, LIST, [f"{HERE}/x{number}" for number in range(followers.PAGES_MOST + 1)], per=1)
    await compare(desk, ken)
    assert await counted(desk) == ["hanako", "jiro"]


async def test_a_list_that_is_not_there_severs_nobody(desk: Desk, ken: PeerActor, peer: Peer) -> None:
    await compare(desk, ken)
    peer.answer(LIST, status=500)
    await compare(desk, ken)
    peer.put({"id": peer.origin + LIST, "type": "Note"})
    await compare(desk, ken)
    assert await counted(desk) == ["hanako", "jiro"]


async def test_a_page_on_another_host_severs_nobody(
    desk: Desk, ken: PeerActor, peer: Peer, other: Peer
) -> None:
    elsewhere = collection(other, LIST, [])
    peer.put({"id": peer.origin + LIST, "type": "OrderedCollection", "first": elsewhere})
    await compare(desk, ken)
    await compare(desk, ken, elsewhere)
    assert await counted(desk) == ["hanako", "jiro"]
    assert other.requests == []
