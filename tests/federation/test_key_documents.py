"""Keys as actor documents list them, Ed25519 ones among them; and how often one host is asked for any."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select

from community import towns
from federation import actors, key_documents
from federation.keyring import Allowances
from federation.keys import KeyUnavailable, prove, public_key
from federation.models import RemoteActor
from federation.signatures import SignatureInvalid, read
from federation.vocabulary.parse import read_actor
from tests import peer_proofs, peer_rfc9421
from tests.peer import Peer

INBOX = "http://minato.example/inbox"
BODY = b'{"type":"Like"}'


def signed(ctx, actor, *, key_id=None, key=None):
    headers = peer_rfc9421.signed_headers(
        "POST",
        INBOX,
        BODY,
        key_id=key_id or actor.proof_key_id,
        key=key or actor.proof_key,
        now=ctx.town.clock(),
    )
    return read("POST", "/inbox", headers, BODY, host="minato.example", scheme="http", now=ctx.town.clock())


def multikey(actor, *, controller):
    """The proof key of `actor` as a document of its own that names another owner."""
    text = peer_proofs.multikey(actor.proof_key.public_key())
    return {"id": actor.proof_key_id, "type": "Multikey", "controller": controller.id, "publicKeyMultibase": text}


class TestMultikeys:
    async def test_fetched_and_stored(self, ctx, peer):
        alice = peer.actor("alice").lists_proof_key()
        assert await prove(ctx, signed(ctx, alice)) == alice.id
        ctx.keyring.others.drop(alice.proof_key_id)
        assert await prove(ctx, signed(ctx, alice)) == alice.id
        assert peer.asked("/users/alice") == 1

    async def test_both_keys_of_one_actor_at_once(self, ctx, peer):
        alice = peer.actor("alice").lists_proof_key()
        assert await prove(ctx, signed(ctx, alice)) == alice.id
        assert await prove(ctx, signed(ctx, alice, key_id=alice.key_id, key=alice.key)) == alice.id
        assert peer.asked("/users/alice") == 1

    async def test_at_an_address_of_its_own(self, ctx, peer):
        alice = peer.actor("alice")
        alice.proof_key_id = f"{peer.origin}/keys/alice"
        alice.lists_proof_key()
        peer.put(alice.document["assertionMethod"][0])
        assert await prove(ctx, signed(ctx, alice)) == alice.id

    async def test_at_an_address_of_its_own_that_its_owner_does_not_list(self, ctx, peer):
        alice, mallory = peer.actor("alice"), peer.actor("mallory")
        mallory.proof_key_id = f"{peer.origin}/keys/mallory"
        peer.put(multikey(mallory, controller=alice))
        with pytest.raises(SignatureInvalid, match="does not list"):
            await prove(ctx, signed(ctx, mallory))

    async def test_of_an_owner_on_another_host(self, ctx, peer, clock):
        async with Peer("mastodon", clock=clock) as other:
            alice, mallory = peer.actor("alice"), other.actor("mallory")
            mallory.proof_key_id = f"{other.origin}/keys/mallory"
            other.put(multikey(mallory, controller=alice))
            with pytest.raises(SignatureInvalid, match="no owner on its own host"):
                await prove(ctx, signed(ctx, mallory))
            assert peer.requests == []

    async def test_a_new_one_under_the_same_id(self, ctx, peer, clock):
        alice, other = peer.actor("alice").lists_proof_key(), peer.actor("other")
        await prove(ctx, signed(ctx, alice))
        alice.proof_key = other.proof_key
        alice.lists_proof_key()
        clock.advance(minutes=6)
        assert await prove(ctx, signed(ctx, alice)) == alice.id

    @pytest.mark.parametrize(
        "bad", ["z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc", "z6Mk", "junk", "", None, 5, ["z6Mk"]]
    )
    async def test_what_is_no_ed25519_key(self, ctx, peer, bad):
        alice = peer.actor("alice").lists_proof_key()
        alice.document["assertionMethod"][0]["publicKeyMultibase"] = bad
        with pytest.raises(SignatureInvalid):
            await prove(ctx, signed(ctx, alice))

    async def test_a_key_id_never_speaks_for_two(self, ctx, peer):
        alice, mallory = peer.actor("alice").lists_proof_key(), peer.actor("mallory")
        entry = {
            "controller": mallory.id,
            "publicKeyMultibase": peer_proofs.multikey(mallory.proof_key.public_key()),
        }
        mallory.document["assertionMethod"] = [alice.document["assertionMethod"][0] | entry]
        await ctx.database.write(lambda session: actors.upsert(session, alice.document).id)
        await ctx.database.write(lambda session: actors.upsert(session, mallory.document).id)
        holders = select(RemoteActor.inbox).where(RemoteActor.proof_key_id == alice.proof_key_id)
        assert await ctx.database.read(lambda session: session.scalars(holders).all()) == [alice.inbox]
        assert (await public_key(ctx, alice.proof_key_id)).owner == alice.id
        with pytest.raises(SignatureInvalid):
            await prove(ctx, signed(ctx, mallory, key_id=alice.proof_key_id))


class TestReading:
    def actor(self, **more):
        return {
            "id": "https://a.example/a", "type": "Person", "preferredUsername": "a", "inbox": "https://a.example/a/inbox",
        } | more  # fmt: skip

    def key(self, **more):
        return {
            "id": "https://a.example/a#key", "type": "Multikey", "controller": "https://a.example/a",
            "publicKeyMultibase": "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2",
        } | more  # fmt: skip

    def test_the_first_of_its_own(self):
        other = self.key(id="https://b.example/b#key")
        read = read_actor(
            self.actor(
                assertionMethod=[
                    "https://a.example/x",
                    other,
                    self.key(),
                    self.key(id="https://a.example/a#2"),
                ]
            )
        )
        assert (read.proof_key_id, read.proof_multikey) == (
            "https://a.example/a#key",
            self.key()["publicKeyMultibase"],
        )

    @pytest.mark.parametrize(
        "more",
        [
            {"id": "https://b.example/a#key"}, {"id": None}, {"controller": "https://a.example/b"}, {"type": "JsonWebKey"},
            {"publicKeyMultibase": "z6LSbysY2xFMRpGMhb7tFTLMpeuPRaqaWM1yECx2AtzE3KCc"}, {"publicKeyMultibase": None},
        ],
    )  # fmt: skip
    def test_what_is_none_of_its_own(self, more):
        assert read_actor(self.actor(assertionMethod=[self.key(**more)])).proof_key_id is None

    def test_an_entry_says_whose_it_is(self):
        document = self.actor(assertionMethod=self.key())
        assert key_documents.listed(document, "https://a.example/a#key")
        for name in ("owner", "controller"):
            spoiled = self.actor(assertionMethod=self.key(**{name: "https://a.example/b"}))
            with pytest.raises(SignatureInvalid):
                key_documents.listed(spoiled, "https://a.example/a#key")


class TestAllowances:
    """Whoever names key after key in the name of a host makes us ask there a few times, not thousands."""

    async def test_a_host_in_whose_name_many_keys_are_invented(self, ctx, peer, clock):
        for number in range(40):
            mallory = peer.actor("mallory")
            with pytest.raises((SignatureInvalid, KeyUnavailable)):
                await prove(ctx, signed(ctx, mallory, key_id=f"{peer.origin}/users/nobody{number}#key"))
        assert len(peer.requests) <= 30
        alice = peer.actor("alice").lists_proof_key()
        with pytest.raises(KeyUnavailable, match="too many"):
            await prove(ctx, signed(ctx, alice))
        clock.advance(minutes=5)
        assert await prove(ctx, signed(ctx, alice)) == alice.id

    async def test_other_hosts_and_known_keys_do_not_suffer(self, ctx, peer, clock):
        alice = peer.actor("alice").lists_proof_key()
        await prove(ctx, signed(ctx, alice))
        for _ in range(30):
            ctx.keyring.allowances.note(peer.domain, clock(), failed=True)
        assert await prove(ctx, signed(ctx, alice)) == alice.id
        async with Peer("mastodon", clock=clock, secure=False) as other:
            bob = other.actor("bob").lists_proof_key()
            assert await prove(ctx, signed(ctx, bob)) == bob.id

    def test_a_period(self):
        allowances = Allowances()
        for _ in range(300):
            assert not allowances.is_spent("a.example", 0)
            allowances.note("a.example", 0, failed=False)
        assert allowances.is_spent("a.example", 299_999)
        assert not allowances.is_spent("b.example", 0)
        assert not allowances.is_spent("a.example", 300_000)


async def test_a_refetch_that_leads_in_circles_is_not_tried_again(ctx, peer):
    peer.answer("/users/alice", status=302, headers={"Location": "/users/alice"})
    alice = peer.actor("alice")
    for _ in range(3):
        with pytest.raises(SignatureInvalid, match="redirects"):
            await prove(ctx, signed(ctx, alice, key_id=alice.key_id, key=alice.key))
    assert peer.asked("/users/alice") == 4  # the first time, with three redirects


async def test_a_refused_host_is_not_asked_for_a_key_of_either_kind(ctx, peer):
    await ctx.database.write(lambda session: towns.suspend(session, peer.domain))
    with pytest.raises(SignatureInvalid, match="refused"):
        await prove(ctx, signed(ctx, peer.actor("alice").lists_proof_key()))
    assert peer.requests == []


@pytest.mark.parametrize(
    ("exponent", "taken"), [(3, True), (65537, True), ((1 << 3_000) + 1, False)], ids=("3", "65537", "huge")
)
def test_a_key_whose_use_is_work_is_not_taken(exponent: int, taken: bool) -> None:
    """With an exponent as long as the key, 3,072 bits, each of four trials would hold everybody else up for 15 ms."""
    numbers = rsa.RSAPublicNumbers(exponent, (1 << 3_071) | 1)
    pem = numbers.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    if taken:
        assert key_documents.of_pem(pem).public_numbers() == numbers
        return
    with pytest.raises(SignatureInvalid, match="not taken"):
        key_documents.of_pem(pem)
