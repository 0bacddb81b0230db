"""The other server that tests rely on: it lets nothing pass that a strict one would not."""

import json

import pytest

from community.town import system_clock
from federation.signatures import read, sign_request, verify
from tests.federation.handmade import key
from tests.peer import Peer
from tests.peer_signing import STYLES
from tests.towns import FixedClock

KEY_ID = "https://minato.example/users/hanako#main-key"


@pytest.fixture
async def peer():
    async with Peer("mastodon", clock=FixedClock()) as made:
        made.trust(KEY_ID, key())
        yield made


def letter(peer: Peer, body: bytes = b'{"type":"Like"}', **more) -> dict[str, str]:
    url = f"{peer.origin}/inbox"
    return sign_request("POST", url, {}, body, key_id=KEY_ID, private_key=key(), now=peer.clock()) | more


async def test_takes_what_is_well_signed(peer):
    for kind in ("Like", "Create"):
        body = json.dumps({"type": kind}).encode()
        reply = await peer.send("POST", f"{peer.origin}/inbox", letter(peer, body), body)
        assert reply.status == 202
    received = await peer.next("Create")
    assert (received.activity, received.key_id, received.path) == ({"type": "Create"}, KEY_ID, "/inbox")
    assert [each.type for each in peer.received] == ["Like", "Create"]


@pytest.mark.parametrize(
    "spoil",
    [{"Signature": ""}, {"Signature": 'keyId="x"'}, {"Digest": "sha-256=x"}, {"Date": "2026-04-01T00:00:00Z"},
     {"Date": "Wed, 01 Apr 2026 00:00:01 GMT"}, {"Host": "kawabe.example"}],
)  # fmt: skip
async def test_turns_away_what_is_not(peer, spoil):
    body = b'{"type":"Like"}'
    reply = await peer.send("POST", f"{peer.origin}/inbox", letter(peer, body, **spoil), body)
    assert reply.status == 401
    assert peer.received == []
    assert len(peer.refused) == 1


async def test_turns_away_a_changed_body_and_an_unknown_key(peer):
    url = f"{peer.origin}/inbox"
    assert (await peer.send("POST", url, letter(peer), b'{"type":"Note"}')).status == 401
    unknown = sign_request(
        "POST", url, {}, b"{}", key_id=f"{peer.origin}/users/x#main-key", private_key=key(), now=0
    )
    assert (await peer.send("POST", url, unknown, b"{}")).status == 401


@pytest.mark.parametrize("software", sorted(STYLES))
async def test_two_peers_talk(software):
    async with Peer(software) as one, Peer("machi") as other:
        alice = one.actor("alice")
        reply = await alice.get(f"{other.origin}/nowhere")
        assert reply.status == 404
        signed = read(
            "GET",
            "/x",
            alice.signed("GET", f"{other.origin}/x", None),
            None,
            host=other.domain,
            now=system_clock(),
        )
        verify(signed, alice.key.public_key())


async def test_whatever_an_actor_does_stands_at_its_id(peer):
    alice = peer.actor("alice")
    note = alice.note(
        "<p>x</p>", reply_to="https://a.example/1", mentions={"https://a.example/u": "@u@a.example"}
    )
    create = alice.create(note)
    for document in (alice.document, note, create):
        assert (await alice.get(document["id"])).json == document
    assert create["object"]["cc"] == [alice.followers, "https://a.example/u"]
    assert alice.does("Follow", "https://a.example/u")["actor"] == alice.id


async def test_what_does_not_come_is_told(peer, monkeypatch):
    monkeypatch.setattr("tests.peer._PATIENCE", 0.01)
    with pytest.raises(AssertionError, match="Accept did not come; came: nothing"):
        await peer.next("Accept")
