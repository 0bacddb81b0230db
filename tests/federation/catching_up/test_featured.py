"""What people of elsewhere show first: their collection, read from their own server, bounded, and nobody else's posts."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import pins
from community.models import Pin, Post
from federation import actors, errands, lookup
from federation.catching_up import looking
from federation.models import Errand
from tests.federation.asides import settled
from tests.federation.catching_up.conftest import Desk
from tests.peer import Peer
from tests.peer_actor import PeerActor


@pytest.fixture
async def alice(desk: Desk, peer: Peer) -> PeerActor:
    """Somebody known here, who shows posts first."""
    alice = peer.actor("alice", featured=f"{peer.origin}/users/alice/collections/featured")
    await lookup.account(desk.ctx, alice.handle)
    return alice


def shows(alice: PeerActor, entries: list[Any], **more: Any) -> None:
    kind = {"type": "OrderedCollection", "totalItems": len(entries)}
    alice.peer.put({"id": alice.document["featured"], **kind, "orderedItems": entries, **more})


async def first(desk: Desk, alice: PeerActor) -> list[str]:
    def unit(session: Session) -> list[str]:
        account = actors.by_uri(session, alice.id)
        assert account is not None
        return [session.get_one(Post, each).uri for each in pins.post_ids(session, account.id)]

    return await desk.database.read(unit)


async def test_they_stand_first_here_in_their_order(desk: Desk, alice: PeerActor) -> None:
    one, two, three = (alice.note(words) for words in ("一", "二", "三"))
    shows(alice, [one["id"], {name: value for name, value in two.items() if name != "@context"}, three["id"]])
    await desk.run(errands.FEATURED, alice.id)
    assert await first(desk, alice) == [one["id"], two["id"], three["id"]]
    shows(alice, [three["id"]])
    await desk.run(errands.FEATURED, alice.id)
    assert await first(desk, alice) == [three["id"]]
    shows(alice, [])
    await desk.run(errands.FEATURED, alice.id)
    assert await first(desk, alice) == []


async def test_what_others_wrote_and_hashtags_are_left_out(desk: Desk, alice: PeerActor, other: Peer) -> None:
    own = alice.note("わたしの")
    bob, carol = alice.peer.actor("bob"), other.actor("carol")
    tag = {"type": "Hashtag", "name": "#x", "href": f"{alice.peer.origin}/tags/x"}
    shows(alice, [bob.note("ぼくの")["id"], carol.note("よその")["id"], tag, 7, own["id"]])
    await desk.run(errands.FEATURED, alice.id)
    assert await first(desk, alice) == [own["id"]]
    assert await desk.uris() == [own["id"]]
    assert not other.requests


async def test_what_is_for_few_is_not_shown_first(desk: Desk, alice: PeerActor) -> None:
    shows(alice, [alice.note("内輪", to=[alice.followers], cc=[])["id"]])
    await desk.run(errands.FEATURED, alice.id)
    assert await first(desk, alice) == []


async def test_only_so_many_count(desk: Desk, alice: PeerActor) -> None:
    notes = [alice.note(str(number))["id"] for number in range(pins.FOREIGN_MOST + 5)]
    shows(alice, notes)
    await desk.run(errands.FEATURED, alice.id)
    assert len(await first(desk, alice)) <= pins.FOREIGN_MOST
    assert len([each for each in alice.peer.requests if "/statuses/" in each.path]) <= pins.FOREIGN_MOST


async def test_a_collection_of_another_host_is_not_asked_for(
    desk: Desk, alice: PeerActor, other: Peer
) -> None:
    alice.document["featured"] = f"{other.origin}/featured"
    await desk.run(errands.PROFILE, alice.id)
    await desk.run(errands.FEATURED, alice.id)
    assert not [each for each in other.requests if each.path == "/featured"]
    assert await first(desk, alice) == []


async def test_a_look_at_the_profile_asks_for_it_a_few_times_a_day(desk: Desk, alice: PeerActor) -> None:
    account = await desk.database.read(lambda session: actors.by_uri(session, alice.id))
    assert account is not None

    async def asked() -> int:
        looking.profile_opened(desk.ctx, account.id)
        await settled(desk.ctx)
        query = select(Errand.uri).where(Errand.kind == errands.FEATURED)
        return len(await desk.database.read(lambda session: session.scalars(query).all()))

    assert await asked() == 1
    await desk.run()
    assert await asked() == 0
    desk.clock.advance(hours=6)
    assert await asked() == 1
    assert await desk.database.read(lambda session: session.scalars(select(Pin.id)).all()) == []
