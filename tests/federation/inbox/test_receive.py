"""What stands at the door of the inbox: what is let in, and everything that is not."""

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
from sqlalchemy.orm import Session

from community import towns
from federation import actors
from federation.catching_up.worker import ErrandWorker
from federation.models import Lane
from tests import factories
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor
from tests.towns import FixedClock


@pytest.fixture
def ken(peer: Peer) -> PeerActor:
    return peer.actor("ken")


def follow(door: Door, actor: PeerActor, **more: Any) -> dict[str, Any]:
    return actor.does("Follow", f"{door.origin}/users/hanako", **more)


async def test_a_signed_activity_is_committed_before_it_is_accepted(door: Door, ken: PeerActor) -> None:
    reply = await ken.post(door.inbox, follow(door, ken))
    assert reply.status == 202
    assert await door.items() == [("Follow", "pending", "")]


@pytest.mark.parametrize(
    "software",
    ["mastodon", "misskey", "gotosocial", "lemmy", "piefed", "nodebb", "akkoma", "discourse", "machi"],
)
async def test_every_software_is_understood(door: Door, clock: FixedClock, software: str) -> None:
    async with Peer(software, clock=clock) as peer:
        actor = peer.actor("mika")
        reply = await actor.post(door.inbox, follow(door, actor))
        assert (reply.status, reply.body) == (202, b"{}")


async def test_also_at_the_inbox_of_a_member(door: Door, ken: PeerActor) -> None:
    await door.do(lambda session: factories.member(session, "hanako").id)
    reply = await ken.post(f"{door.origin}/users/hanako/inbox", follow(door, ken))
    assert reply.status == 202


async def test_a_replay_is_accepted_and_has_no_second_row(door: Door, ken: PeerActor) -> None:
    activity = follow(door, ken)
    assert (await ken.post(door.inbox, activity)).status == 202
    assert (await ken.post(door.inbox, activity)).status == 202
    assert await door.states() == ["pending"]


class TestRefusals:
    """Every refusal is an answer with its reason, and leaves no row."""

    @pytest.fixture(autouse=True)
    async def nothing_is_stored(self, door: Door):
        yield
        assert await door.items() == []

    async def test_unsigned(self, door: Door, ken: PeerActor) -> None:
        body = json.dumps(follow(door, ken)).encode()
        reply = await ken.peer.send("POST", door.inbox, {"Content-Type": "application/activity+json"}, body)
        assert reply.status == 401
        assert "error" in reply.json

    async def test_a_digest_that_does_not_fit(self, door: Door, ken: PeerActor) -> None:
        body = json.dumps(follow(door, ken)).encode()
        headers = ken.signed("POST", door.inbox, body)
        reply = await ken.peer.send("POST", door.inbox, headers, body.replace(b"hanako", b"hinako"))
        assert reply.status == 401

    async def test_a_stale_date(self, door: Door, ken: PeerActor, clock: FixedClock) -> None:
        body = json.dumps(follow(door, ken)).encode()
        headers = ken.signed("POST", door.inbox, body)
        clock.advance(hours=2)
        assert (await ken.peer.send("POST", door.inbox, headers, body)).status == 401

    async def test_another_key(self, door: Door, ken: PeerActor, peer: Peer) -> None:
        body = json.dumps(follow(door, ken)).encode()
        headers = ken.signed("POST", door.inbox, body, key=peer.actor("mallory").key)
        assert (await peer.send("POST", door.inbox, headers, body)).status == 401

    async def test_an_hmac_made_with_the_public_key(self, door: Door, ken: PeerActor) -> None:
        body = json.dumps(follow(door, ken)).encode()
        headers = {name.lower(): value for name, value in ken.signed("POST", door.inbox, body).items()}
        lines = [
            "(request-target): post /inbox",
            *(f"{name}: {headers[name]}" for name in ("host", "date", "digest")),
        ]
        pem = ken.document["publicKey"]["publicKeyPem"].encode()
        forged = base64.b64encode(hmac.new(pem, "\n".join(lines).encode(), hashlib.sha256).digest()).decode()
        headers["signature"] = (
            f'keyId="{ken.key_id}",algorithm="hmac-sha256",headers="(request-target) host date digest",signature="{forged}"'
        )
        assert (await ken.peer.send("POST", door.inbox, headers, body)).status == 401

    async def test_more_parts_than_anything_that_is_said_has(self, door: Door, ken: PeerActor) -> None:
        """It is read before anybody is known to have signed it."""
        letter = follow(door, ken) | {"nonsense": [[]] * 6_000}
        assert (await ken.post(door.inbox, letter)).status == 400

    async def test_a_signer_who_is_not_the_actor(self, door: Door, ken: PeerActor, peer: Peer) -> None:
        assert (await peer.actor("mallory").post(door.inbox, follow(door, ken))).status == 403

    async def test_an_id_of_another_host(self, door: Door, ken: PeerActor) -> None:
        assert (await ken.post(door.inbox, follow(door, ken) | {"id": "https://a.example/1"})).status == 403

    async def test_an_actor_of_ours(self, door: Door, ken: PeerActor) -> None:
        ours = {"actor": f"{door.origin}/users/hanako", "id": f"{door.origin}/activities/1"}
        assert (await ken.post(door.inbox, follow(door, ken) | ours)).status == 403

    async def test_a_suspended_host_without_asking_it_for_anything(
        self, door: Door, ken: PeerActor, peer: Peer
    ) -> None:
        await door.do(lambda session: towns.suspend(session, peer.domain))
        assert (await ken.post(door.inbox, follow(door, ken))).status == 403
        assert peer.requests == []

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b'"text"',
            b"{}",
            b'{"id":"http://a.example/1","id":"http://a.example/2","type":"Follow","actor":"http://a.example/a","object":"x"}',
            b'{"id":"http://a.example/1","type":"Like","actor":"http://a.example/a","object":"x","n":NaN}',
            b'{"id":"http://a.example/1","type":"Like","actor":"http://a.example/a","object":"x","@graph":[]}',
            b'{"id":"http://a.example/1","type":"Like","actor":"http://a.example/a","object":"x","n":{"@included":1}}',
            b'{"id":"http://a.example/1","type":"Like","actor":"http://a.example/a","object":"x","n":[{"@reverse":1}]}',
            b'{"id":"http://a.example/1","type":"Like","actor":"http://a.example/a","object":"x","n":' + b"9" * 21 + b"}",
            b'{"id":"http://a.example/1","type":"Like","actor":"http://a.example/a","object":{"a":1,"b":2,"a":3}}',
            b'{"id":"http://a.example/1","type":"Like","actor":"http://a.example/a"}',
            b'{"id":1,"type":"Like","actor":"http://a.example/a","object":"x"}',
            b'{"type":"Like","actor":"http://a.example/a","object":"x"}',
            b'{"a":' * 40 + b"1" + b"}" * 40,
            b"[" * 100_000,
            b"\xff\xfe",
        ],
    )
    async def test_malformed(self, door: Door, ken: PeerActor, body: bytes) -> None:
        reply = await ken.post(door.inbox, body)
        assert reply.status == 400
        assert "error" in reply.json

    @pytest.mark.filterwarnings("ignore:Sending a large body")
    async def test_too_large(self, door: Door, ken: PeerActor) -> None:
        activity = follow(door, ken, content="あ" * 400_000)
        assert (await ken.post(door.inbox, activity)).status == 413

    async def test_another_media_type(self, door: Door, ken: PeerActor) -> None:
        reply = await ken.post(door.inbox, follow(door, ken), headers={"content-type": "application/json"})
        assert reply.status == 415

    async def test_a_key_that_cannot_be_had_now(self, door: Door, ken: PeerActor, peer: Peer) -> None:
        peer.answer(ken.id.removeprefix(peer.origin), status=503)
        reply = await ken.post(door.inbox, follow(door, ken))
        assert reply.status == 503
        assert int(reply.headers["Retry-After"]) > 0

    async def test_the_farewell_of_somebody_unknown_asks_nobody(
        self, door: Door, ken: PeerActor, peer: Peer
    ) -> None:
        farewell = ken.does("Delete", ken.id)
        peer.answer(ken.id.removeprefix(peer.origin), status=410)
        assert (await ken.post(door.inbox, farewell)).status == 202
        assert peer.requests == []


async def test_the_farewell_of_somebody_known_is_stored(door: Door, ken: PeerActor) -> None:
    await ken.post(door.inbox, follow(door, ken))
    assert (await ken.post(door.inbox, ken.does("Delete", ken.id))).status == 202
    assert await door.states() == ["pending", "pending"]


async def test_a_host_that_is_suspended_after_its_key_was_learnt(door: Door, ken: PeerActor, peer: Peer) -> None:
    assert (await ken.post(door.inbox, follow(door, ken))).status == 202
    await door.do(lambda session: towns.suspend(session, peer.domain))
    assert (await ken.post(door.inbox, ken.does("Like", f"{door.origin}/posts/1"))).status == 403
    assert len(await door.items()) == 1


async def test_a_rotated_key_is_fetched_once(
    door: Door, ken: PeerActor, peer: Peer, clock: FixedClock
) -> None:
    await ken.post(door.inbox, follow(door, ken))
    clock.advance(hours=1)
    ken.rotate()
    assert (await ken.post(door.inbox, follow(door, ken))).status == 202


async def test_who_speaks_to_us_is_alive(door: Door, ken: PeerActor, peer: Peer, clock: FixedClock) -> None:
    """Whatever waited for that host goes out now."""

    def in_trouble(session: Session) -> None:
        session.add(
            Lane(
                host=peer.domain,
                next_attempt_at=clock() + 1_000_000,
                leased_until=0,
                failures=9,
                failing_since=1,
            )
        )

    await door.do(in_trouble)
    await ken.post(door.inbox, follow(door, ken))
    assert await door.do(lambda session: session.get_one(Lane, peer.domain).failures) == 0


class TestAFarewellWhoseKeyIsGone:
    """Nothing proves it any more: the server of who is gone is asked, and its word alone counts."""

    async def say_goodbye(self, door: Door, ken: PeerActor, clock: FixedClock, *, told: int) -> int:
        await ken.post(door.inbox, follow(door, ken))
        clock.advance(hours=1)
        ken.rotate()
        ken.peer.answer(ken.id.removeprefix(ken.peer.origin), status=told)
        return (await ken.post(door.inbox, ken.does("Delete", ken.id))).status

    async def is_gone(self, door: Door, ken: PeerActor) -> bool:
        def unit(session: Session) -> bool:
            account = actors.by_uri(session, ken.id)
            assert account is not None
            return account.deleted_at is not None

        await ErrandWorker(door.ctx).run_once()
        return bool(await door.do(unit))

    async def test_is_believed_once_its_server_says_so(self, door: Door, ken: PeerActor, clock: FixedClock) -> None:
        assert await self.say_goodbye(door, ken, clock, told=410) == 202
        assert await door.states() == ["pending"]
        assert await self.is_gone(door, ken)

    async def test_is_not_believed_at_once_where_nothing_is_found(
        self, door: Door, ken: PeerActor, clock: FixedClock
    ) -> None:
        assert await self.say_goodbye(door, ken, clock, told=404) == 202
        assert not await self.is_gone(door, ken)

    async def test_of_somebody_who_stands_there_is_refused(
        self, door: Door, ken: PeerActor, peer: Peer, clock: FixedClock
    ) -> None:
        await ken.post(door.inbox, follow(door, ken))
        clock.advance(hours=1)
        own, ken.key = ken.key, peer.actor("forger").key
        assert (await ken.post(door.inbox, ken.does("Delete", ken.id))).status == 401
        ken.key = own  # each key goes back to where it was taken from
        assert not await self.is_gone(door, ken)

    async def test_a_key_that_nobody_else_has_says_nothing_of_it(
        self, door: Door, ken: PeerActor, other: Peer, clock: FixedClock
    ) -> None:
        """Else anybody could have us ask a host about its people, as often as they like, by a key that never was."""
        await ken.post(door.inbox, follow(door, ken))
        asked = ken.peer.asked("/users/ken")
        stranger = other.actor("mallory")
        other.answer("/users/mallory", status=404)
        assert (await stranger.post(door.inbox, ken.does("Delete", ken.id))).status == 401
        await ErrandWorker(door.ctx).run_once()
        assert ken.peer.asked("/users/ken") == asked

    async def test_covers_nothing_but_the_farewell(self, door: Door, ken: PeerActor, clock: FixedClock) -> None:
        assert await self.say_goodbye(door, ken, clock, told=410) == 202
        clock.advance(hours=1)
        assert (await ken.post(door.inbox, follow(door, ken))).status == 401
