"""Object Integrity Proofs (FEP-8b32, cryptosuite eddsa-jcs-2022): a document that proves by itself who said it.

Without network and without database. Signatures over RDF (`RsaSignature2017` and its kin) are neither made nor read,
whatever they claim (federation reference §2.3).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from federation import jcs, multikey
from federation.vocabulary.reading import Document, items, moment, uri

OLDEST_MS = 29 * 86_400_000
"""A proof older than this proves nothing here: what had its effect is remembered only a little longer."""

_AHEAD_MS = 3_600_000
_TYPE, _SUITE, _PURPOSE = "DataIntegrityProof", "eddsa-jcs-2022", "assertionMethod"
_CONTEXT = "@context"
_NOT_COVERED = ("proof", "signature")  # a linked data signature is put on after the proof is made


class ProofInvalid(Exception):
    """The document does not prove who said it; the message says why, for the log."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A proof that a document bears: `method` names the key, `created` is in milliseconds."""

    method: str
    created: int
    options: Document
    value: bytes


def claim_of(document: Document) -> Claim | None:
    """The first proof of the one kind that is read here, if `document` bears any."""
    return next(_claims(document), None)


def verify(document: Document, key: Ed25519PublicKey, *, now: int) -> None:
    """Raise ProofInvalid unless the owner of `key` made the proof that `document` bears, within the last 29 days."""
    claim = claim_of(document)
    if claim is None:
        raise ProofInvalid("there is no proof")
    if not now - OLDEST_MS <= claim.created <= now + _AHEAD_MS:
        raise ProofInvalid("the proof is of another time")
    if "expires" in claim.options and (moment(claim.options["expires"]) or 0) < now:
        raise ProofInvalid("the proof has expired")
    bare = {name: value for name, value in document.items() if name not in _NOT_COVERED}
    try:
        whole = _hash(_in_context(bare, claim.options))
        for options in _readings(claim.options, bare):
            try:
                key.verify(claim.value, _hash(options) + whole)
            except InvalidSignature:
                continue
            return
    except jcs.Unfit as problem:
        raise ProofInvalid(f"the document has no canonical form: {problem}") from problem
    raise ProofInvalid("the proof does not hold")


def make(document: Document, key: Ed25519PrivateKey, *, method: str, created: str) -> Document:
    """The proof that belongs into `document` (which has its `@context` already) under the name `proof`.

    `method` is the id of the key, `created` a moment as the wire writes it.
    """
    options: Document = {
        "type": _TYPE,
        "cryptosuite": _SUITE,
        "verificationMethod": method,
        "proofPurpose": _PURPOSE,
        "created": created,
    }
    if _CONTEXT in document:
        options[_CONTEXT] = document[_CONTEXT]
    bare = {name: value for name, value in document.items() if name not in _NOT_COVERED}
    return {**options, "proofValue": multikey.encode(key.sign(_hash(options) + _hash(bare)))}


def _claims(document: Document) -> Iterator[Claim]:
    for each in items(document.get("proof")):
        if not isinstance(each, dict) or (each.get("type"), each.get("cryptosuite")) != (_TYPE, _SUITE):
            continue
        method, created, value = uri(each.get("verificationMethod")), moment(each.get("created")), each.get("proofValue")
        if method is None or created is None or each.get("proofPurpose") != _PURPOSE or not isinstance(value, str):
            continue
        try:
            raw = multikey.decode(value)
        except multikey.Unreadable:
            continue
        yield Claim(method, created, {name: said for name, said in each.items() if name != "proofValue"}, raw)


def _in_context(bare: Document, options: Document) -> Document:
    """The document as its proof means it: the context of the proof, which has to be what the document's begins with."""
    if _CONTEXT not in options:
        return bare
    meant, said = items(options[_CONTEXT]), items(bare.get(_CONTEXT))
    if said[: len(meant)] != meant:
        raise ProofInvalid("the proof is of another context")
    return {**bare, _CONTEXT: options[_CONTEXT]}


def _readings(options: Document, bare: Document) -> Iterator[Document]:
    """The options as they stand, and, where they have no context of their own, in that of the document: Fedify hashes
    it without writing it.
    """
    yield options
    if _CONTEXT not in options and _CONTEXT in bare:
        yield {**options, _CONTEXT: bare[_CONTEXT]}


def _hash(value: Any) -> bytes:
    return hashlib.sha256(jcs.canonical(value)).digest()
