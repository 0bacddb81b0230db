"""Integrity proofs: the vectors of FEP-8b32, what others write, and what must not pass for one."""

from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from federation import jcs, multikey, proofs
from federation.proofs import ProofInvalid
from federation.vocabulary import reading
from federation.vocabulary.terms import CONTEXT
from tests import peer_proofs
from tests.towns import SPRING_MORNING

# The key and the documents of fep-8b32.feature, as they stood first and as they stand now.
KEY = multikey.read("z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2")
METHOD = "https://server.example/users/alice#ed25519-key"
OPTIONS = {
    "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "verificationMethod": METHOD,
    "proofPurpose": "assertionMethod", "created": "2023-02-24T23:36:38Z",
}  # fmt: skip
V1 = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v1"]
V2 = ["https://www.w3.org/ns/activitystreams", "https://w3id.org/security/data-integrity/v2"]
FIRST = {
    "@context": V1, "type": "Create", "actor": "https://server.example/users/alice",
    "object": {"type": "Note", "content": "Hello world"},
    "proof": OPTIONS | {"proofValue": "z3sXaxjKs4M3BRicwWA9peyNPJvJqxtGsDmpt1jjoHCjgeUf71TRFz56osPSfDErszyLp5Ks1EhYSgpDaNM977Rg2"},
}  # fmt: skip
NOW = {
    "@context": V2, "id": "https://server.example/activities/1", "type": "Create", "actor": "https://server.example/users/alice",
    "object": {
        "id": "https://server.example/objects/1", "type": "Note", "attributedTo": "https://server.example/users/alice",
        "content": "Hello world",
        "location": {"type": "Place", "longitude": -71.184902, "latitude": 25.273962},
    },
    "proof": OPTIONS | {
        "@context": V2,
        "proofValue": "z42ffGu6AUKPCFcFPiabmUvnGLPJzC7e4DGWC52NUasSSH37UMa9c58tdgVszUcZfytxa4fQ5TYHaJENCxUDe9SdL",
    },
}  # fmt: skip
THEN = 1_677_281_798_000
MINE = Ed25519PrivateKey.generate()
HERE = "2026-04-01T00:00:00Z"
NOTE = {
    "@context": CONTEXT, "id": "https://a.example/1", "type": "Create", "actor": "https://a.example/a",
    "object": {"type": "Note", "content": '労災の\u2028書類 "\\\x7f\t𠮷'},
}  # fmt: skip


def holds(document: dict[str, Any], key: Any = None, now: int = SPRING_MORNING) -> bool:
    try:
        proofs.verify(document, key or MINE.public_key(), now=now)
    except ProofInvalid:
        return False
    return True


@pytest.mark.parametrize("document", [FIRST, NOW])
def test_the_vectors_of_the_fep(document):
    proofs.verify(document, KEY, now=THEN)
    assert multikey.write(KEY) == "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


@pytest.mark.parametrize(("in_context", "written"), [(True, True), (True, False), (False, False)])
def test_every_way_to_count_the_context(in_context, written):
    assert holds(peer_proofs.with_proof(NOTE, MINE, METHOD, HERE, in_context=in_context, written=written))


def test_a_linked_data_signature_that_was_added_later_does_not_count():
    proved = peer_proofs.with_proof(NOTE, MINE, METHOD, HERE)
    assert holds(proved | {"signature": {"type": "RsaSignature2017", "signatureValue": "x"}})


def test_a_linked_data_signature_alone_proves_nothing():
    signed = NOTE | {
        "signature": {
            "type": "RsaSignature2017",
            "creator": "https://a.example/a#main-key",
            "signatureValue": "eA==",
        }
    }
    assert proofs.claim_of(signed) is None
    assert not holds(signed)


def test_what_we_make_is_what_others_check():
    proof = proofs.make(NOTE, MINE, method=METHOD, created=HERE)
    assert peer_proofs.holds(NOTE | {"proof": proof}, MINE.public_key())
    assert holds(NOTE | {"proof": proof})
    assert proof == proofs.make(NOTE, MINE, method=METHOD, created=HERE)


class TestForgeries:
    def test_a_changed_word(self):
        proved = peer_proofs.with_proof(NOTE, MINE, METHOD, HERE)
        assert not holds(proved | {"object": {"type": "Note", "content": "別のこと"}})
        assert not holds(proved | {"actor": "https://b.example/b"})
        assert not holds(proved | {"to": ["https://b.example/b"]})

    def test_another_key(self):
        assert not holds(peer_proofs.with_proof(NOTE, MINE, METHOD, HERE), KEY)

    @pytest.mark.parametrize("name", ["created", "verificationMethod"])
    def test_changed_options(self, name):
        proved = peer_proofs.with_proof(NOTE, MINE, METHOD, HERE)
        other = {"created": "2026-03-31T23:00:00Z", "verificationMethod": "https://a.example/b#key"}[name]
        assert not holds(proved | {"proof": proved["proof"] | {name: other}})

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("type", "Ed25519Signature2020"), ("cryptosuite", "eddsa-rdfc-2022"), ("proofPurpose", "authentication"),
            ("created", None), ("created", "yesterday"), ("proofValue", "uAAAA"), ("proofValue", "z0OIl"), ("proofValue", 5),
            ("proofValue", "z" + "1" * 400), ("verificationMethod", None),
        ],
    )  # fmt: skip
    def test_proofs_of_other_kinds(self, name, value):
        proved = peer_proofs.with_proof(NOTE, MINE, METHOD, HERE)
        proved["proof"][name] = value
        assert proofs.claim_of(proved) is None

    @pytest.mark.parametrize("created", ["2026-03-02T00:00:00Z", "2026-04-01T01:00:01Z"])
    def test_proofs_of_another_time(self, created):
        assert not holds(peer_proofs.with_proof(NOTE, MINE, METHOD, created))

    def test_an_expired_proof(self):
        assert holds(peer_proofs.with_proof(NOTE, MINE, METHOD, HERE, expires="2026-04-01T00:00:01Z"))
        assert not holds(peer_proofs.with_proof(NOTE, MINE, METHOD, HERE, expires="2026-03-31T23:59:59Z"))

    def test_a_context_that_is_not_the_documents(self):
        proved = peer_proofs.with_proof(NOTE, MINE, METHOD, HERE)
        assert not holds(proved | {"@context": ["https://evil.example/context", *CONTEXT]})
        assert not holds({name: value for name, value in proved.items() if name != "@context"})

    def test_a_context_that_goes_on_is_the_proofs(self):
        """VC Data Integrity EdDSA §3.3.2: what was proved is the document in the context of the proof."""
        proved = peer_proofs.with_proof(NOTE, MINE, METHOD, HERE)
        assert holds(proved | {"@context": [*CONTEXT, "https://more.example/"]})

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda each: (
                st.lists(each)
                | st.dictionaries(st.sampled_from([*OPTIONS, "@context", "proofValue"]), each)
            ),
            max_leaves=8,
        )
    )
    @settings(max_examples=200, deadline=None)
    def test_no_proof_makes_it_stumble(self, junk):
        assert not holds(NOTE | {"proof": junk})
        assert not holds(peer_proofs.with_proof(NOTE, MINE, METHOD, HERE) | {"@context": junk})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda each: st.lists(each) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), each),
    max_leaves=20,
)  # fmt: skip


class TestCanonical:
    @given(JSON)
    @settings(max_examples=500, deadline=None)
    def test_the_quick_way_writes_what_the_rfc_wants(self, value):
        assert jcs.canonical(value) == rfc8785.dumps(value)

    @given(
        st.dictionaries(
            st.text(st.characters(max_codepoint=127)), st.text(st.characters(exclude_categories=["Cs"]))
        )
    )
    @settings(max_examples=300, deadline=None)
    def test_with_names_in_ascii(self, value):
        assert jcs._is_plain(value)
        assert jcs.canonical(value) == rfc8785.dumps(value)

    @pytest.mark.parametrize("value", [2**53, -(2**53), float("nan"), {"a": "\ud800"}, {1: 2}, b"x"])
    def test_what_has_no_such_form(self, value):
        with pytest.raises(jcs.Unfit):
            jcs.canonical(value)

    def test_the_numbers_of_the_rfc(self):
        read = reading.load(
            b'{"numbers": [333333333.33333329, 4.50, 2e-3, 0.000000000000000000000000001], "b": -0.0}'
        )
        assert jcs.canonical(read) == b'{"b":0,"numbers":[333333333.3333333,4.5,0.002,1e-27]}'


class TestMultikey:
    @given(st.binary(min_size=1, max_size=64))
    def test_there_and_back(self, raw):
        assert multikey.decode(multikey.encode(raw)) == raw
        assert multikey.encode(raw) == peer_proofs.base58(raw)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "z",
            "m6Mk",
            "z0",
            "zé",
            "z" + "2" * 200,
            "z6Mk",
            "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        ],
    )
    def test_what_is_no_key_of_ours(self, text):
        with pytest.raises(multikey.Unreadable):
            multikey.read(text)

    @given(st.text(max_size=60))
    def test_no_text_makes_it_stumble(self, text):
        try:
            multikey.read("z" + text)
        except multikey.Unreadable:
            return
