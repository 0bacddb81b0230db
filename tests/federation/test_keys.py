"""Whose word a signature proves, with the other servers' keys fetched for real."""

import asyncio
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select, update

from community import towns
from community.models import Account
from federation import actors, keys
from federation.context import Federation, make_federation
from federation.keys import HostRefused, KeyGone, KeyUnavailable, instance_key, prove, public_key
from federation.models import RemoteActor
from federation.signatures import SignatureInvalid, read
from tests.peer import Peer, PeerActor
from tests.peer_actor import public_pem
from tests.peer_signing import STYLES

INBOX = "http://minato.example/inbox"
BODY = b'{"type":"Like"}'


def signed(ctx: Federation, actor: PeerActor, **more: Any):
    """A letter of `actor`, as our inbox reads it."""
    headers = actor.signed("POST", INBOX, BODY, **more) | {"content-length": str(len(BODY))}
    return read("POST", "/inbox", headers, BODY, host="minato.example", now=ctx.town.clock())


async def stored(ctx: Federation, uri: str) -> RemoteActor | None:
    unit = select(RemoteActor).join(Account, Account.id == RemoteActor.account_id).where(Account.uri == uri)
    return await ctx.database.read(lambda session: session.scalar(unit))


class TestFetching:
    @pytest.mark.parametrize("software", sorted(STYLES))
    async def test_every_software(self, ctx, clock, software):
        async with Peer(software, clock=clock) as peer:
            key = await instance_key(ctx)
            peer.trust(key.key_id, key.private_key)
            alice = peer.actor("alice")
            assert await prove(ctx, signed(ctx, alice)) == alice.id
            assert peer.refused == []
            row = await stored(ctx, alice.id)
            assert row is not None
            assert row.key_id == alice.key_id

    async def test_the_actor_is_stored_and_asked_for_no_more(self, ctx, peer):
        alice = peer.actor("alice")
        await prove(ctx, signed(ctx, alice))
        row = await stored(ctx, alice.id)
        assert (row.inbox, row.shared_inbox) == (alice.inbox, f"{peer.origin}/inbox")
        await prove(ctx, signed(ctx, alice))
        await prove(
            make_federation(ctx.town, ctx.database), signed(ctx, alice)
        )  # another process: from the row
        assert peer.asked("/users/alice") == 1

    async def test_the_fetch_is_signed_by_the_instance_actor(self, ctx, peer):
        peer.secure = True
        await prove(ctx, signed(ctx, peer.actor("alice")))
        sent = next(each for each in peer.requests if each.path == "/users/alice")
        assert 'keyId="http://minato.example/actor#main-key"' in sent.headers["Signature"]

    async def test_a_group_may_speak_as_well(self, ctx, peer):
        board = peer.group("fediverse")
        assert await prove(ctx, signed(ctx, board)) == board.id

    async def test_a_key_at_an_address_of_its_own(self, ctx, peer):
        """A bare key document, as the security vocabulary has it."""
        alice = peer.actor("alice")
        alice.key_id = f"{peer.origin}/keys/alice"
        entry = {"id": alice.key_id, "owner": alice.id, "publicKeyPem": public_pem(alice.key)}
        alice.document["publicKey"] = entry
        peer.put(entry | {"type": "CryptographicKey"})
        assert await prove(ctx, signed(ctx, alice)) == alice.id
        assert (await public_key(ctx, alice.key_id)).owner == alice.id

    async def test_one_of_several_keys(self, ctx, peer):
        alice, other = peer.actor("alice"), peer.actor("other")
        second = {"id": f"{alice.id}#second", "owner": alice.id, "publicKeyPem": public_pem(other.key)}
        alice.document["publicKey"] = [alice.document["publicKey"], second]
        alice.key_id = f"{alice.id}#second"
        assert await prove(ctx, signed(ctx, alice, key=other.key)) == alice.id

    async def test_a_pem_with_written_line_ends(self, ctx, peer):
        alice = peer.actor("alice")
        alice.document["publicKey"]["publicKeyPem"] = public_pem(alice.key).replace("\n", "\\n")
        assert await prove(ctx, signed(ctx, alice)) == alice.id

    async def test_many_letters_at_once_fetch_once(self, ctx, peer):
        alice = peer.actor("alice")
        await asyncio.gather(*(prove(ctx, signed(ctx, alice)) for _ in range(10)))
        assert peer.asked("/users/alice") == 1


class TestRefusals:
    async def test_another_actors_key(self, ctx, peer):
        alice, mallory = peer.actor("alice"), peer.actor("mallory")
        with pytest.raises(SignatureInvalid, match="does not hold"):
            await prove(ctx, signed(ctx, alice, key=mallory.key))

    async def test_an_owner_that_does_not_list_the_key(self, ctx, peer):
        alice, mallory = peer.actor("alice"), peer.actor("mallory")
        mallory.key_id = f"{peer.origin}/keys/1"
        pem = public_pem(mallory.key)
        peer.put({"id": mallory.key_id, "type": "Key", "owner": alice.id, "publicKeyPem": pem})
        with pytest.raises(SignatureInvalid, match="does not list"):
            await prove(ctx, signed(ctx, mallory))
        assert await stored(ctx, mallory.id) is None

    async def test_an_owner_on_another_host(self, ctx, peer, clock):
        async with Peer("mastodon", clock=clock) as other:
            alice, mallory = peer.actor("alice"), other.actor("mallory")
            mallory.key_id = f"{other.origin}/keys/1"
            pem = public_pem(mallory.key)
            other.put({"id": mallory.key_id, "type": "Key", "owner": alice.id, "publicKeyPem": pem})
            alice.document["publicKey"] = {"id": mallory.key_id, "owner": alice.id, "publicKeyPem": pem}
            with pytest.raises(SignatureInvalid, match="no owner on its own host"):
                await prove(ctx, signed(ctx, mallory))
            assert peer.requests == []

    async def test_an_actor_document_with_the_id_of_another_host(self, ctx, peer, clock):
        async with Peer("mastodon", clock=clock) as other:
            mallory, alice = other.actor("mallory"), peer.actor("alice")
            key = {"id": mallory.key_id, "owner": alice.id, "publicKeyPem": public_pem(mallory.key)}
            other.answer("/users/mallory", body=alice.document | {"publicKey": key})
            with pytest.raises(SignatureInvalid):
                await prove(ctx, signed(ctx, mallory))

    async def test_a_key_claimed_for_somebody_else(self, ctx, peer):
        alice = peer.actor("alice")
        alice.document["publicKey"]["owner"] = f"{peer.origin}/users/bob"
        with pytest.raises(SignatureInvalid):
            await prove(ctx, signed(ctx, alice))

    async def test_keys_that_are_not_taken(self, ctx, peer, clock):
        weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
        edwards = ed25519.Ed25519PrivateKey.generate().public_key()
        pem = edwards.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
        for number, bad in enumerate((public_pem(weak), pem, "junk", "", 5, None, ["x"])):
            actor = peer.actor(f"bad{number}")
            actor.document["publicKey"]["publicKeyPem"] = bad
            with pytest.raises(SignatureInvalid, match=r"not taken|cannot be read|does not list"):
                await prove(ctx, signed(ctx, actor))

    @pytest.mark.parametrize(
        "key_id", ["#main-key", "x", "acct:a@b", "http://minato.example/users/hanako#main-key"]
    )
    async def test_key_ids_that_name_no_other_server(self, ctx, key_id):
        with pytest.raises(SignatureInvalid, match="another server"):
            await public_key(ctx, key_id)

    async def test_an_upload_in_the_place_of_an_actor(self, ctx, peer):
        alice = peer.actor("alice")
        peer.answer("/users/alice", body=alice.document, content_type="application/json")
        with pytest.raises(SignatureInvalid, match="type"):
            await prove(ctx, signed(ctx, alice))

    async def test_a_host_that_is_refused_here_is_not_even_asked(self, ctx, peer):
        await ctx.database.write(lambda session: towns.suspend(session, peer.domain))
        with pytest.raises(HostRefused):
            await prove(ctx, signed(ctx, peer.actor("alice")))
        assert peer.requests == []


class TestFailures:
    @pytest.mark.parametrize("status", [404, 410])
    async def test_gone(self, ctx, peer, status):
        peer.answer("/users/alice", status=status)
        with pytest.raises(KeyGone):
            await prove(ctx, signed(ctx, peer.actor("alice")))

    async def test_an_actor_that_we_know_to_be_deleted(self, ctx, peer):
        alice = peer.actor("alice")
        await ctx.database.write(lambda session: actors.upsert(session, alice.document).id)
        gone = update(Account).where(Account.uri == alice.id).values(deleted_at=1)
        await ctx.database.write(lambda session: session.execute(gone) and None)
        with pytest.raises(KeyGone):
            await prove(ctx, signed(ctx, alice))
        assert peer.requests == []

    @pytest.mark.parametrize("status", [500, 503, 429])
    async def test_trouble_that_passes(self, ctx, peer, clock, status):
        alice = peer.actor("alice")
        peer.answer("/users/alice", status=status)
        with pytest.raises(KeyUnavailable):
            await prove(ctx, signed(ctx, alice))
        peer.restore("/users/alice")
        with pytest.raises(KeyUnavailable):  # not asked again at once
            await prove(ctx, signed(ctx, alice))
        assert peer.asked("/users/alice") == 1
        clock.advance(seconds=31)
        assert await prove(ctx, signed(ctx, alice)) == alice.id

    async def test_no_for_good_is_remembered_for_five_minutes(self, ctx, peer, clock):
        alice = peer.actor("alice")
        peer.answer("/users/alice", status=410)
        for _ in range(3):
            with pytest.raises(KeyGone):
                await prove(ctx, signed(ctx, alice))
        assert peer.asked("/users/alice") == 1
        peer.restore("/users/alice")
        clock.advance(minutes=5, seconds=1)
        assert await prove(ctx, signed(ctx, alice)) == alice.id

    async def test_a_host_is_asked_for_one_key_at_a_time(self, ctx, peer):
        """Keys of many actors, named at once, are many requests, but never two side by side."""
        people = [peer.actor(f"p{number}") for number in range(3)]
        peer.hang("/users/p0")
        first = asyncio.create_task(prove(ctx, signed(ctx, people[0])))
        while not peer.asked("/users/p0"):
            await asyncio.sleep(0)
        others = [asyncio.create_task(prove(ctx, signed(ctx, each))) for each in people[1:]]
        with pytest.raises(KeyUnavailable):
            await first
        assert not any(each.done() for each in others)
        assert await asyncio.gather(*others) == [each.id for each in people[1:]]

    async def test_a_crowd_waiting_for_one_host_is_sent_away(self, ctx, peer):
        alice = peer.actor("alice")
        peer.hang("/users/alice")
        letters = [signed(ctx, alice) for _ in range(40)]
        results = await asyncio.gather(*(prove(ctx, each) for each in letters), return_exceptions=True)
        assert {type(each) for each in results} == {KeyUnavailable}
        assert sum("too many" in str(each) for each in results) == 8
        assert peer.asked("/users/alice") == 1


class TestNewKeys:
    async def test_a_new_key_under_the_same_id_is_fetched_on_failure(self, ctx, peer, clock):
        alice = peer.actor("alice")
        await prove(ctx, signed(ctx, alice))
        old = alice.rotate()
        clock.advance(minutes=6)
        assert await prove(ctx, signed(ctx, alice)) == alice.id
        assert peer.asked("/users/alice") == 2
        assert (await stored(ctx, alice.id)).public_key_pem == public_pem(alice.key)
        with pytest.raises(SignatureInvalid):
            await prove(ctx, signed(ctx, alice, key=old))

    async def test_once_in_five_minutes(self, ctx, peer, clock):
        alice, mallory = peer.actor("alice"), peer.actor("mallory")
        await prove(ctx, signed(ctx, alice))
        clock.advance(minutes=6)
        for _ in range(5):
            with pytest.raises(SignatureInvalid):
                await prove(ctx, signed(ctx, alice, key=mallory.key))
        assert peer.asked("/users/alice") == 2
        clock.advance(minutes=6)
        with pytest.raises(SignatureInvalid):
            await prove(ctx, signed(ctx, alice, key=mallory.key))
        assert peer.asked("/users/alice") == 3

    async def test_a_key_that_an_update_brought_is_found_without_asking(self, ctx, peer):
        alice = peer.actor("alice")
        await prove(ctx, signed(ctx, alice))
        alice.rotate()
        await ctx.database.write(lambda session: actors.upsert(session, alice.document).id)
        assert await prove(ctx, signed(ctx, alice)) == alice.id
        assert peer.asked("/users/alice") == 1

    async def test_a_forged_letter_does_no_harm_to_the_real_key(self, ctx, peer, clock):
        alice, mallory = peer.actor("alice"), peer.actor("mallory")
        await prove(ctx, signed(ctx, alice))
        clock.advance(minutes=6)
        peer.answer("/users/alice", status=500)
        with pytest.raises((SignatureInvalid, KeyUnavailable)):
            await prove(ctx, signed(ctx, alice, key=mallory.key))
        assert await prove(ctx, signed(ctx, alice)) == alice.id

    async def test_the_memory_of_a_key_fades(self, ctx, peer, clock):
        alice = peer.actor("alice")
        await prove(ctx, signed(ctx, alice))
        await ctx.database.write(
            lambda session: session.execute(update(RemoteActor).values(public_key_pem="junk")) and None
        )
        await prove(ctx, signed(ctx, alice))
        clock.advance(ms=keys.COOLDOWN_MS)
        with pytest.raises(SignatureInvalid):
            await public_key(ctx, alice.key_id)
