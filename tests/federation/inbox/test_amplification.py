"""However much one activity names, it makes this town ask little (federation reference §3, Amplification; Collections)."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from community import follows
from federation import actors
from federation.in_vain import KEPT_MS
from federation.inbox.inbound import FETCHES_MOST
from federation.inbox.placing import PARENTS_MOST
from tests import factories
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor
from tests.towns import FixedClock


@pytest.fixture
async def hanako(door: Door) -> str:
    return await door.do(lambda session: factories.member(session, "hanako").uri)


@pytest.fixture
def ken(peer: Peer) -> PeerActor:
    return peer.actor("ken")


def to_hanako(ken: PeerActor, hanako: str, **facts: Any) -> dict[str, Any]:
    return ken.create(ken.note("<p>ご覧ください</p>", mentions={hanako: "@hanako"}, **facts))


def thread(peer: Peer, length: int) -> str:
    """The last post of a thread, each by somebody whom nobody here knows."""
    above = None
    for number in range(length):
        above = peer.actor(f"p{number}").note("<p>はい</p>", **({"reply_to": above} if above else {}))["id"]
    assert above is not None
    return above


async def bring(door: Door, ken: PeerActor, letter: dict[str, Any]) -> None:
    assert (await ken.post(door.inbox, letter)).status == 202
    await door.worker.run_once()


async def test_one_activity_costs_twenty_requests_and_no_more(door: Door, ken, hanako, other: Peer) -> None:
    quoted = other.actor("cited").note("<p>元の話</p>")
    letter = to_hanako(ken, hanako, reply_to=thread(other, 30), quote=quoted["id"])
    letter["object"]["quoteAuthorization"] = f"{other.origin}/stamps/1"
    await bring(door, ken, letter)
    assert await door.states() == ["done"]
    assert len(other.requests) == FETCHES_MOST


async def test_a_thread_is_climbed_ten_steps(door: Door, ken, hanako, other: Peer) -> None:
    alice, above = other.actor("alice"), None
    for number in range(30):
        above = alice.note(f"<p>{number}</p>", **({"reply_to": above} if above else {}))["id"]
    await bring(door, ken, to_hanako(ken, hanako, reply_to=above))
    assert len(other.requests) == PARENTS_MOST + 1  # and their author


async def test_what_was_refused_is_not_asked_for_again_at_once(
    door: Door, ken, hanako, other: Peer, clock: FixedClock
) -> None:
    for _ in range(3):
        await bring(door, ken, to_hanako(ken, hanako, reply_to=f"{other.origin}/none"))
    assert other.asked("/none") == 1
    clock.advance(ms=KEPT_MS)
    await bring(door, ken, to_hanako(ken, hanako, reply_to=f"{other.origin}/none"))
    assert other.asked("/none") == 2


async def test_nobody_is_looked_up_by_finger_and_no_followers_are_walked(door: Door, ken, hanako, other: Peer) -> None:
    """Neither for who writes, nor for whom they answer, nor for whom they mention."""

    def follow(session: Session) -> None:
        yuki, there = factories.member(session, "yuki"), actors.by_uri(session, ken.id)
        assert there is not None
        follows.accept(session, follow=follows.request(session, follower=yuki, followee=there))

    letter = to_hanako(ken, hanako, reply_to=thread(other, 2))
    letter["object"]["tag"].append({"type": "Mention", "href": other.actor("rin").id, "name": "@rin@other.example"})
    letter["object"]["cc"] = [*letter["object"].get("cc", []), f"{ken.id}/followers"]
    await bring(door, ken, ken.does("Follow", hanako))
    await door.do(follow)
    await bring(door, ken, letter)
    asked = [each.path for each in (*ken.peer.requests, *other.requests)]
    assert asked != []
    assert [each for each in asked if "webfinger" in each or each.endswith(("/followers", "/following"))] == []
