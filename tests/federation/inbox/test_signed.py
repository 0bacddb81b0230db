"""At the door in either form of signature: deliveries, fetches, keys of both kinds, and requests that came before."""

import json
from typing import Any

import pytest
from sqlalchemy import delete

from community.town import Town
from federation.models import InboxItem
from federation.replays import KEPT_MS, Replays
from tests import factories, peer_rfc9421
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor
from tests.towns import make_town

AS2 = "application/activity+json"


@pytest.fixture
def ken(peer: Peer) -> PeerActor:
    return peer.actor("ken").lists_proof_key()


def follow(door: Door, actor: PeerActor, **more: Any) -> dict[str, Any]:
    return actor.does("Follow", f"{door.origin}/users/hanako", **more)


class TestRfc9421:
    async def test_by_the_rsa_key(self, door, ken):
        assert (await ken.post_rfc9421(door.inbox, follow(door, ken))).status == 202
        assert len(await door.items()) == 1

    async def test_by_the_ed25519_key_that_the_actor_lists(self, door, ken):
        assert (await ken.post_rfc9421(door.inbox, follow(door, ken), edwards=True)).status == 202
        assert len(await door.items()) == 1

    async def test_by_either_once_the_actor_is_known(self, door, ken, peer):
        await ken.post(door.inbox, follow(door, ken))
        for edwards in (False, True):
            assert (await ken.post_rfc9421(door.inbox, follow(door, ken), edwards=edwards)).status == 202
        assert peer.asked("/users/ken") == 1

    async def test_an_ed25519_key_that_the_actor_does_not_list(self, door, peer):
        mallory = peer.actor("mallory")
        assert (await mallory.post_rfc9421(door.inbox, follow(door, mallory), edwards=True)).status == 401

    async def test_an_ed25519_key_of_somebody_else(self, door, ken, peer):
        mallory = peer.actor("mallory")
        mallory.document["assertionMethod"] = ken.document["assertionMethod"]
        mallory.proof_key_id, mallory.proof_key = ken.proof_key_id, ken.proof_key
        assert (await mallory.post_rfc9421(door.inbox, follow(door, mallory), edwards=True)).status == 403

    async def test_whoever_fails_in_one_form_may_knock_in_the_other(self, door, ken):
        activity = follow(door, ken)
        spoiled = await ken.post_rfc9421(door.inbox, activity, names=("@method", "@target-uri"))
        assert spoiled.status == 401
        assert (await ken.post(door.inbox, activity)).status == 202

    async def test_for_another_host_brought_here(self, door, ken):
        body = json.dumps(follow(door, ken)).encode()
        sent = peer_rfc9421.signed_headers(
            "POST", "http://kawabe.example/inbox", body, key_id=ken.key_id, key=ken.key, now=ken.peer.clock()
        )
        sent["host"] = door.origin.removeprefix("http://")
        assert (await ken.peer.send("POST", door.inbox, sent, body)).status == 401

    async def test_another_body(self, door, ken):
        body = json.dumps(follow(door, ken)).encode()
        sent = peer_rfc9421.signed_headers(
            "POST", door.inbox, body, key_id=ken.key_id, key=ken.key, now=ken.peer.clock()
        )
        assert (
            await ken.peer.send("POST", door.inbox, sent, body.replace(b"hanako", b"hinako"))
        ).status == 401

    async def test_too_late(self, door, ken, clock):
        body = json.dumps(follow(door, ken)).encode()
        sent = peer_rfc9421.signed_headers(
            "POST", door.inbox, body, key_id=ken.key_id, key=ken.key, now=ken.peer.clock()
        )
        clock.advance(hours=2)
        assert (await ken.peer.send("POST", door.inbox, sent, body)).status == 401


class TestReplays:
    @pytest.mark.parametrize("form", ["cavage", "rfc9421"])
    async def test_a_request_that_came_before_has_no_effect_whatever_the_database_remembers(
        self, door, ken, form
    ):
        """The id of the activity is the second guard; this one holds even where that is forgotten."""
        body = json.dumps(follow(door, ken)).encode()
        if form == "cavage":
            sent = ken.signed("POST", door.inbox, body)
        else:
            sent = peer_rfc9421.signed_headers(
                "POST", door.inbox, body, key_id=ken.key_id, key=ken.key, now=ken.peer.clock()
            )
        assert (await ken.peer.send("POST", door.inbox, sent, body)).status == 202
        await door.do(lambda session: session.execute(delete(InboxItem)) and None)
        assert (await ken.peer.send("POST", door.inbox, sent, body)).status == 202
        assert await door.items() == []

    async def test_what_was_refused_may_come_again(self, door, ken, peer):
        body = json.dumps(follow(door, ken)).encode()
        sent = ken.signed("POST", door.inbox, body)
        peer.answer("/users/ken", status=503)
        assert (await peer.send("POST", door.inbox, sent, body)).status == 503
        peer.restore("/users/ken")
        peer.clock.advance(minutes=1)
        assert (await peer.send("POST", door.inbox, sent, body)).status == 202
        assert len(await door.items()) == 1

    async def test_the_same_activity_signed_anew_is_known_by_its_id(self, door, ken, clock):
        activity = follow(door, ken)
        await ken.post(door.inbox, activity)
        clock.advance(seconds=5)
        assert (await ken.post(door.inbox, activity)).status == 202
        assert len(await door.items()) == 1

    def test_for_as_long_as_a_signature_is_good(self):
        replays = Replays()
        replays.note(b"a", 0)
        assert replays.is_known(b"a", KEPT_MS)
        assert not replays.is_known(b"b", 0)
        replays.note(b"b", KEPT_MS)
        assert replays.is_known(b"a", 2 * KEPT_MS - 1)
        assert not replays.is_known(b"a", 3 * KEPT_MS)

    def test_a_signature_noted_late_in_a_half_is_kept_long_enough(self):
        replays = Replays()
        replays.note(b"first", 0)
        replays.note(b"late", KEPT_MS - 1)
        assert replays.is_known(b"late", 2 * KEPT_MS - 2)

    def test_what_is_remembered_is_bounded(self):
        replays = Replays(most=100)
        for number in range(10_000):
            replays.note(b"%d" % number, 1)
        assert len(replays._new) + len(replays._old) <= 200
        assert replays.is_known(b"9999", 1)


class TestFetches:
    @pytest.fixture
    def town(self, request: pytest.FixtureRequest, database_url: str, clock, listener) -> Town:
        place = listener.getsockname()
        return make_town(
            database_url, clock=clock, domain=f"localhost:{place[1]}", instance={"scheme": "http"},
            federation={"allow_private_addresses": True, "authorized_fetch": True},
        )  # fmt: skip

    async def get(self, ken: PeerActor, url: str, form: str) -> int:
        if form == "cavage":
            sent = ken.signed("GET", url, None)
        else:
            key_id, key = (ken.proof_key_id, ken.proof_key) if form == "ed25519" else (ken.key_id, ken.key)
            sent = peer_rfc9421.signed_headers("GET", url, None, key_id=key_id, key=key, now=ken.peer.clock())
        return (await ken.peer.send("GET", url, sent, None)).status

    @pytest.mark.parametrize("form", ["cavage", "rfc9421", "ed25519"])
    async def test_where_signatures_are_demanded_each_form_will_do(self, door, ken, form):
        await door.do(lambda session: factories.member(session, "hanako").id)
        for path in ("/users/hanako", "/users/hanako/outbox?page=1"):
            url = f"{door.origin}{path}"
            assert (await ken.peer.send("GET", url, {"Accept": AS2}, None)).status == 401
            assert await self.get(ken, url, form) == 200

    @pytest.mark.parametrize("form", ["cavage", "rfc9421", "ed25519"])
    async def test_a_signature_for_another_path_will_not(self, door, ken, form):
        await door.do(lambda session: factories.member(session, "hanako").id)
        url = f"{door.origin}/users/hanako"
        if form == "cavage":
            sent = ken.signed("GET", f"{door.origin}/actor", None)
        else:
            key_id, key = (ken.proof_key_id, ken.proof_key) if form == "ed25519" else (ken.key_id, ken.key)
            sent = peer_rfc9421.signed_headers(
                "GET", f"{door.origin}/actor", None, key_id=key_id, key=key, now=ken.peer.clock()
            )
        assert (await ken.peer.send("GET", url, sent, None)).status == 401

    async def test_the_town_itself_is_given_to_everybody(self, door, ken):
        reply = await ken.peer.send("GET", f"{door.origin}/actor", {"Accept": AS2}, None)
        assert reply.status == 200
        assert reply.json["assertionMethod"][0]["id"] == f"{door.origin}/actor#ed25519-key"
        assert reply.json["assertionMethod"][0]["controller"] == f"{door.origin}/actor"
