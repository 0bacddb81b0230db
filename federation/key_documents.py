"""What actor documents say of keys, and keys out of what they say (federation reference §2.3, FEP-521a)."""

from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from federation import multikey
from federation.signatures import SignatureInvalid
from federation.vocabulary.reading import items, uri

PublicKey = RSAPublicKey | Ed25519PublicKey

_SMALLEST, _LARGEST = 2_048, 8_192  # bits
_LARGEST_EXPONENT = 1 << 33  # nearly everybody's is 65537; with one as long as the key to verify takes a hundred times as long
_LISTS = ("publicKey", "assertionMethod")
_OWNERS = ("owner", "controller")


def entry(document: dict[str, Any], key_id: str) -> dict[str, Any]:
    """What `document` says of the key. Raises SignatureInvalid if it says nothing."""
    for name in _LISTS:
        for each in items(document.get(name)):
            if isinstance(each, dict) and uri(each.get("id")) == key_id:
                return each
    raise SignatureInvalid("the owner of the key does not list it")


def listed(actor: dict[str, Any], key_id: str) -> PublicKey:
    """The key as its owner, `actor`, lists it. Raises SignatureInvalid, also for a key of somebody else."""
    found = entry(actor, key_id)
    if any(found.get(name, actor["id"]) != actor["id"] for name in _OWNERS):
        raise SignatureInvalid("the owner of the key does not list it")
    pem, multibase = found.get("publicKeyPem"), found.get("publicKeyMultibase")
    if isinstance(pem, str):
        return of_pem(pem)
    if isinstance(multibase, str):
        return of_multikey(multibase)
    raise SignatureInvalid("the owner of the key does not list it")


def of_pem(pem: str) -> RSAPublicKey:
    """Raises SignatureInvalid unless it is an RSA key of a sensible size."""
    try:
        key = load_pem_public_key(pem.replace("\\n", "\n").strip().encode())
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise SignatureInvalid("the key cannot be read") from problem
    if not isinstance(key, RSAPublicKey) or not _SMALLEST <= key.key_size <= _LARGEST:
        raise SignatureInvalid("the key is of a kind that is not taken")
    if key.public_numbers().e >= _LARGEST_EXPONENT:
        raise SignatureInvalid("the key is of a kind that is not taken")
    return key


def of_multikey(text: str) -> Ed25519PublicKey:
    """Raises SignatureInvalid."""
    try:
        return multikey.read(text)
    except ValueError as problem:
        raise SignatureInvalid("the key cannot be read") from problem
