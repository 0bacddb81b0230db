"""Object Integrity Proofs (FEP-8b32) as other software makes and checks them, written without any code of ours."""

import hashlib
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Document = dict[str, Any]
_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def base58(raw: bytes) -> str:
    number, text = int.from_bytes(raw, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        text = _LETTERS[digit] + text
    return "z" + "1" * (len(raw) - len(raw.lstrip(b"\0"))) + text


def unbase58(text: str) -> bytes:
    number = 0
    for letter in text[1:]:
        number = number * 58 + _LETTERS.index(letter)
    return b"\0" * (len(text[1:]) - len(text[1:].lstrip("1"))) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def multikey(key: Ed25519PublicKey) -> str:
    return base58(b"\xed\x01" + key.public_bytes_raw())


def hashed(options: Document, document: Document) -> bytes:
    return b"".join(hashlib.sha256(rfc8785.dumps(each)).digest() for each in (options, document))


def with_proof(
    document: Document,
    key: Ed25519PrivateKey,
    method: str,
    created: str,
    *,
    in_context: bool = True,
    written: bool = True,
    **more: Any,
) -> Document:
    """`document` and its proof. `in_context`: the context is hashed with the options; `written`: and stands there too.

    Mitra once left it out of both, Fedify hashes it without writing it, the FEP writes it.
    """
    options = {
        "type": "DataIntegrityProof", "cryptosuite": "eddsa-jcs-2022", "verificationMethod": method,
        "proofPurpose": "assertionMethod", "created": created,
    } | more  # fmt: skip
    meant = options | ({"@context": document["@context"]} if in_context and "@context" in document else {})
    value = base58(key.sign(hashed(meant, document)))
    return document | {"proof": (meant if written else options) | {"proofValue": value}}


def holds(document: Document, key: Ed25519PublicKey) -> bool:
    """As Fedify checks: the context of the document counts with the options."""
    bare = {name: value for name, value in document.items() if name not in ("proof", "signature")}
    proof = document["proof"]
    names = ("type", "cryptosuite", "verificationMethod", "proofPurpose", "created")
    options = {name: proof[name] for name in names} | {"@context": document["@context"]}
    try:
        key.verify(unbase58(proof["proofValue"]), hashed(options, bare))
    except InvalidSignature:
        return False
    return True
