"""Private keys as they are stored: sealed with the key file outside the database, each bound to its place."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

_BITS = 2048
_NONCE = 12  # bytes, in front of the sealed text


class SealBroken(Exception):
    """A stored key cannot be opened with this town's key file: the file and the database do not belong together."""


def make_rsa() -> tuple[bytes, str]:
    """A new key pair: the private half as PKCS#8 PEM, the public one as SPKI PEM. Takes 50 to 300 ms."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    return (
        private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
    )


def seal_rsa(sealing: bytes, account_id: int, private_pem: bytes) -> bytes:
    """Bound to its account: a sealed key that is moved to another row does not open."""
    return _sealed(sealing, f"actor_keys:{account_id}", private_pem)


def open_rsa(sealing: bytes, account_id: int, sealed: bytes) -> rsa.RSAPrivateKey:
    """Raises SealBroken."""
    # Our own keys were checked when they were made; checking again takes 45 ms.
    private = load_pem_private_key(
        _unsealed(sealing, f"actor_keys:{account_id}", sealed, account_id), None, unsafe_skip_rsa_key_validation=True
    )
    if not isinstance(private, rsa.RSAPrivateKey):
        raise SealBroken(f"the key of account {account_id} is no RSA key")
    return private


def seal_proof(sealing: bytes, account_id: int, private: Ed25519PrivateKey) -> bytes:
    """As `seal_rsa`, for the key of integrity proofs: neither opens in the other's place."""
    return _sealed(sealing, f"actor_keys.proof:{account_id}", private.private_bytes_raw())


def open_proof(sealing: bytes, account_id: int, sealed: bytes) -> Ed25519PrivateKey:
    """Raises SealBroken."""
    raw = _unsealed(sealing, f"actor_keys.proof:{account_id}", sealed, account_id)
    return Ed25519PrivateKey.from_private_bytes(raw)


def _sealed(sealing: bytes, place: str, private: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(sealing).encrypt(nonce, private, place.encode())


def _unsealed(sealing: bytes, place: str, sealed: bytes, account_id: int) -> bytes:
    try:
        return AESGCM(sealing).decrypt(sealed[:_NONCE], sealed[_NONCE:], place.encode())
    except (InvalidTag, ValueError) as problem:
        raise SealBroken(
            f"the key of account {account_id} was sealed with another key file than keys/sealing"
        ) from problem
