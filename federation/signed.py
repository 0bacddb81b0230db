"""What a signature is to the rest of us, whichever of the two forms it has (federation reference §2.1, §2.2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import HashAlgorithm

Form = Literal["cavage", "rfc9421"]
CAVAGE: Final = "cavage"
RFC9421: Final = "rfc9421"

WINDOW_MS = 3_600_000
"""How far a signature's time may lie from ours, either way."""

BODILESS = ("GET", "HEAD")

_ONCE = ("signature", "host", "date")


class SignatureInvalid(Exception):
    """The request does not prove who sent it; the message says why, for the log. Answered with 401."""


@dataclass(frozen=True, slots=True)
class LocalKey:
    """What a local actor signs with: requests with the RSA key, activities (`proofs`) with the other one."""

    key_id: str
    private_key: RSAPrivateKey
    proof_key_id: str = ""
    proof_key: Ed25519PrivateKey | None = None


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request whose signature is well-formed, timely and covers what it must; `verify` tells whether it holds.

    `messages` are the readings under which it may hold: senders of the older form differ on the query string. `hashes`
    are those that an RSA key may have been used with, `edwards` whether an Ed25519 key may have made it: what the request
    calls its algorithm has narrowed them, and the kind of the key that we hold decides. `signed_at` is the moment under
    the signature, in milliseconds; `covered` the lower-case names of the headers under it, among others.
    """

    key_id: str
    signature: bytes
    messages: tuple[bytes, ...]
    hashes: tuple[type[HashAlgorithm], ...]
    signed_at: int
    edwards: bool = False
    covered: frozenset[str] = frozenset()


def joined(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by lower-case name, repeated ones joined in order. Raises SignatureInvalid where one must stand once."""
    fields = {name.lower(): value.strip() for name, value in headers.items()}
    if len(fields) == len(headers):
        return fields
    fields = {}
    for name, value in headers.items():
        key = name.lower()
        if key in fields and key in _ONCE:
            raise SignatureInvalid(f"the header {key} stands twice")
        fields[key] = f"{fields[key]}, {value.strip()}" if key in fields else value.strip()
    return fields


def required(fields: Mapping[str, str], name: str) -> str:
    value = fields.get(name, "")
    if not value:
        raise SignatureInvalid(f"the request has no {name} header")
    return value


def check_window(signed_at: int, now: int) -> None:
    """Milliseconds both. Raises SignatureInvalid."""
    if abs(signed_at - now) > WINDOW_MS:
        raise SignatureInvalid("the signature's time is more than an hour from ours")
