"""What Fedify signs, and what it makes of our signatures: requests by RFC 9421 and by draft-cavage, integrity proofs."""

import copy
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from community.models import Post
from tests.integration.served import Town, quiet
from tests.interop.conftest import Enter
from tests.interop.peer import FedifyPeer, started
from tests.interop.test_questions import followed
from tests.peer import Peer, PeerActor
from tests.peer_shapes import Document


@pytest.fixture
async def guarded(program: str) -> AsyncIterator[FedifyPeer]:
    """A Fedify server that answers unsigned GETs of its actors with 401."""
    with started("--authorized-fetch", actors=("carol",)) as running:
        async with running.fresh() as made:
            yield made


async def test_its_rfc_9421_signatures_hold_at_the_first_knock(minato: Town, peer: FedifyPeer, capsys):
    """It would go back to draft-cavage after a 401, and nobody would notice."""
    await followed(minato, peer)
    await peer.do("post", content="こんにちは", mention=[f"@hanako@{minato.domain}"])
    await quiet(minato)
    assert "refused at the inbox" not in capsys.readouterr().out


async def test_its_actors_are_asked_for_with_a_signature(minato: Town, guarded: FedifyPeer, app: Enter):
    account = await (await app("hanako")).account(guarded.handle())
    assert account["display_name"] == "Fedify carol"
    asked = [each for each in await guarded.fetched() if each["path"] == "/users/carol"]
    assert asked
    assert all(each["signed"] for each in asked)


async def test_every_post_proves_who_said_it(minato: Town, peer: FedifyPeer, app: Enter):
    """Whatever the millisecond: of so many moments some end in a nought, and Fedify would not have noughts."""
    await followed(minato, peer)
    hanako = await app("hanako")
    for number in range(30):
        await hanako.post("/api/v1/statuses", status=f"{number}件目 <b>&amp;", visibility="public")
    await quiet(minato)
    creates = [each for each in await peer.received() if each["type"] == "Create"]
    assert len(creates) == 30
    for each in creates:
        assert each["signatures"]["integrityProof"] == {"cryptosuite": "eddsa-jcs-2022", "verified": True}


@pytest.fixture
async def messenger(make_peer: Callable[[str], Awaitable[Peer]]) -> PeerActor:
    """Somebody who sends on what others said."""
    return (await make_peer("mastodon")).actor("tsukai")


async def replied_out_of_sight(town: Town, peer: FedifyPeer, words: str) -> tuple[Document, str]:
    """What bob says to alice, his neighbour, under a post of hers that is known here: of it nothing comes here by itself.
    The Create with its proof, and the id of the reply.
    """
    above = await peer.do("post", content="はじめの話", mention=[f"@hanako@{town.domain}"])
    said = await peer.do("post", content=words, inReplyTo=above["object"], **{"as": "bob"})
    create = (await peer.next("Create"))["activity"]
    assert create["id"] == said["activity"]
    await quiet(town)
    assert await town.rows(Post.id, uri=said["object"]) == []
    return create, said["object"]


async def test_its_proof_is_believed_whoever_brings_it(minato: Town, peer: FedifyPeer, messenger: PeerActor):
    create, reply_uri = await replied_out_of_sight(minato, peer, "人づての話")
    path = reply_uri.removeprefix(peer.origin)
    reply = await messenger.post(f"{minato.origin}/inbox", create)
    assert reply.status == 202
    await quiet(minato)
    assert await minato.rows(Post.uri, uri=reply_uri) == [(reply_uri,)]
    assert path not in [each["path"] for each in await peer.fetched()]  # the proof was enough


async def test_what_was_changed_on_the_way_is_not_believed(minato: Town, peer: FedifyPeer, messenger: PeerActor):
    create, reply_uri = await replied_out_of_sight(minato, peer, "もとの話")
    bent = copy.deepcopy(create)
    bent["object"]["content"] = "<p>まげられた話</p>"
    await messenger.post(f"{minato.origin}/inbox", bent)
    await quiet(minato)
    assert await minato.rows(Post.id, uri=reply_uri) == []
