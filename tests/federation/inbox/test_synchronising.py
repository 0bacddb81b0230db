"""A header about followers at the door of the inbox: when it counts, and what comes of it."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import follows
from federation import actors, errands, synchronisation
from federation.inbox import synchronising
from federation.models import Errand
from tests import factories
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor
from tests.towns import FixedClock

NAME = synchronisation.HEADER.lower()


@pytest.fixture
async def ken(door: Door, peer: Peer) -> PeerActor:
    """Somebody whom hanako follows."""
    made = peer.actor("ken")

    def unit(session: Session) -> None:
        actor = actors.upsert(session, made.document)
        asked = follows.request(session, follower=factories.member(session, "hanako"), followee=actor)
        follows.accept(session, follow=asked)

    await door.do(unit)
    return made


def header(ken: PeerActor, *, ids: list[str] = [], **parts: str) -> dict[str, str]:  # noqa: B006 - only read
    whole = {
        "collectionId": ken.followers,
        "url": f"{ken.id}/followers_synchronization",
        "digest": synchronisation.digest(ids),
    } | parts
    return {NAME: ", ".join(f'{name}="{value}"' for name, value in whole.items())}


async def say(door: Door, ken: PeerActor, **how: Any) -> None:
    activity = ken.create(ken.note("身内だけに", to=[ken.followers], cc=[]))
    assert (await ken.post(door.inbox, activity, **how)).status == 202


async def waiting(door: Door) -> list[str]:
    return await door.do(
        lambda session: list(session.scalars(select(Errand.uri).where(Errand.kind == errands.FOLLOWERS)))
    )


async def test_who_counts_others_is_asked_for_the_list(door: Door, ken: PeerActor) -> None:
    await say(door, ken, covering=header(ken))
    assert await waiting(door) == [f"{ken.id}/followers_synchronization#{ken.id}"]


async def test_who_counts_as_we_do_is_not(door: Door, ken: PeerActor) -> None:
    await say(door, ken, covering=header(ken, ids=[f"{door.origin}/users/hanako"]))
    assert await waiting(door) == []


async def test_a_header_that_is_not_under_the_signature_is_ignored(door: Door, ken: PeerActor) -> None:
    await say(door, ken, headers=header(ken))
    assert await waiting(door) == []


async def test_a_list_on_another_host_is_ignored(door: Door, ken: PeerActor, other: Peer) -> None:
    await say(door, ken, covering=header(ken, url=f"{other.origin}/list"))
    assert await waiting(door) == []


async def test_somebody_elses_collection_is_ignored(door: Door, ken: PeerActor, peer: Peer) -> None:
    await say(door, ken, covering=header(ken, collectionId=peer.actor("mai").followers))
    assert await waiting(door) == []


async def test_an_actor_whom_nobody_here_knows_is_not_asked(door: Door, ken: PeerActor) -> None:
    def forget(session: Session) -> None:
        actor = actors.by_uri(session, ken.id)
        assert actor is not None
        actor.deleted_at = 1

    await say(door, ken)
    await door.do(forget)
    await say(door, ken, covering=header(ken))
    assert await waiting(door) == []


async def test_one_actor_is_asked_once_an_hour(door: Door, ken: PeerActor, clock: FixedClock) -> None:
    async def again() -> int:
        await say(door, ken, covering=header(ken))
        found = len(await waiting(door))
        await door.do(lambda session: session.query(Errand).delete())
        return found

    assert [await again(), await again()] == [1, 0]
    clock.advance(ms=synchronising.EVERY_MS)
    assert await again() == 1


async def test_it_counts_under_the_newer_form_of_signature_too(door: Door, ken: PeerActor) -> None:
    activity = ken.create(ken.note("身内だけに", to=[ken.followers], cc=[]))
    values, names = header(ken), ("@method", "@target-uri", "content-digest", NAME)
    assert (await ken.post_rfc9421(door.inbox, activity, values=values, names=names)).status == 202
    assert len(await waiting(door)) == 1
