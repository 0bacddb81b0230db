"""Which of our activities bear a proof, and what bears it when it is sent."""

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import select

from community import follows
from community.models import Account
from federation import actors
from federation.context import Federation
from federation.keys import ensure_key
from federation.models import OutboxItem
from federation.outbox import publish
from federation.outbox.deliver import DeliveryWorker
from federation.outbox.proving import proved
from federation.signatures import LocalKey
from tests import factories, peer_proofs
from tests.federation.handmade import key
from tests.peer import Peer

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
HANAKO = "https://minato.example/users/hanako"
EDWARDS = Ed25519PrivateKey.generate()
KEY = LocalKey(f"{HANAKO}#main-key", key(), f"{HANAKO}#ed25519-key", EDWARDS)


def said(**more: object) -> bytes:
    activity = {
        "@context": "https://www.w3.org/ns/activitystreams", "id": "https://minato.example/activities/1", "type": "Create",
        "actor": HANAKO, "published": "2026-04-01T00:00:00Z", "to": [PUBLIC], "object": {"type": "Note", "content": "労災"},
    }  # fmt: skip
    return orjson.dumps({name: value for name, value in (activity | more).items() if value is not None})


def test_what_is_for_everybody_bears_a_proof():
    body = proved(said(), KEY)
    document = orjson.loads(body)
    assert peer_proofs.holds(document, EDWARDS.public_key())
    assert document["proof"]["created"] == "2026-04-01T00:00:00Z"
    assert body.startswith(said()[:-1])  # the words stand as they stood


def test_the_moment_of_a_proof_is_written_in_one_way_only():
    """Fedify reads it and writes it anew: a fraction that ends in a nought would make the proof worthless there."""
    document = orjson.loads(proved(said(published="2026-04-01T00:00:00.340Z"), KEY))
    assert document["proof"]["created"] == "2026-04-01T00:00:00Z"
    assert document["published"] == "2026-04-01T00:00:00.340Z"
    assert peer_proofs.holds(document, EDWARDS.public_key())


def test_also_what_everybody_may_only_see_in_passing():
    assert b'"proof"' in proved(said(to=[f"{HANAKO}/followers"], cc=[PUBLIC]), KEY)


def test_the_moment_is_in_whole_seconds():
    """Fedify writes a fraction that ends in 0 without it, and would find another hash."""
    proof = orjson.loads(proved(said(published="2026-04-01T00:00:00.570Z"), KEY))["proof"]
    assert proof["created"] == "2026-04-01T00:00:00Z"


def test_the_same_bytes_whoever_makes_it():
    assert proved(said(), KEY) == proved(said(), KEY)


@pytest.mark.parametrize(
    "more",
    [
        {"to": [f"{HANAKO}/followers"]}, {"to": ["https://ken.example/ken"]}, {"to": None}, {"published": None},
        {"to": ["https://minato.example/sisters"], "cc": ["https://minato.example/boards/roumu"]},
        {"to": [f"{HANAKO}/followers"], "object": {"type": "Note", "to": [PUBLIC]}},
        {"actor": "https://minato.example/users/taro"}, {"actor": "https://ken.example/ken"},
    ],
)  # fmt: skip
def test_everything_else_goes_as_it_is(more):
    assert proved(said(**more), KEY) == said(**more)


def test_an_actor_without_such_a_key():
    assert proved(said(), LocalKey(f"{HANAKO}#main-key", key())) == said()


async def followed(ctx: Federation, peer: Peer, of: str) -> None:
    def unit(session):
        account = session.scalar(select(Account).where(Account.name == of))
        if account is None:
            account = factories.member(session, of)
        ken = actors.upsert(session, peer.actor("ken").document)
        follow = follows.request(session, follower=ken, followee=account, uri=f"{peer.origin}/follows/{of}")
        if follow.state != "accepted":
            follows.accept(session, follow=follow)

    await ctx.database.write(unit)


async def test_a_delivered_question_proves_who_asked(ctx: Federation, peer: Peer, bus):
    publish.subscribe(bus, ctx)
    await followed(ctx, peer, "hanako")

    def ask(session) -> int:
        hanako = session.scalar(select(Account).where(Account.name == "hanako"))
        factories.question(session, hanako)
        return hanako.id

    hanako = await ctx.database.write(ask)
    own = await ensure_key(ctx, hanako)
    peer.trust(own.key_id, own.private_key)
    await DeliveryWorker(ctx).run_once()
    received = await peer.next("Create")
    assert received.activity["proof"]["verificationMethod"] == own.proof_key_id
    assert peer_proofs.holds(received.activity, own.proof_key.public_key())
    stored = await ctx.database.read(
        lambda session: session.scalar(select(OutboxItem.body).where(OutboxItem.type == "Create"))
    )
    assert "proof" not in orjson.loads(
        stored
    )  # it costs nothing to ask again, and a rotated key proves what is sent later
