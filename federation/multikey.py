"""Ed25519 keys and proof values as text: multibase base58btc (`z…`), keys as Multikey (FEP-521a, W3C CID §2.2.2)."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_DIGITS = {letter: value for value, letter in enumerate(_ALPHABET)}
_BASE58BTC = "z"
_ED25519 = b"\xed\x01"
_LONGEST = 128  # characters; the text of a signature has 89


class Unreadable(ValueError):
    """The text is no base58btc, or no Ed25519 key."""


def encode(raw: bytes) -> str:
    """`raw` as multibase base58btc."""
    number = int.from_bytes(raw, "big")
    letters = []
    while number:
        number, digit = divmod(number, 58)
        letters.append(_ALPHABET[digit])
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return _BASE58BTC + _ALPHABET[0] * zeros + "".join(reversed(letters))


def decode(text: str) -> bytes:
    """The bytes of a multibase base58btc text. Raises Unreadable."""
    if not text.startswith(_BASE58BTC) or not 1 < len(text) <= _LONGEST:
        raise Unreadable("not multibase base58btc")
    number = 0
    for letter in text[1:]:
        if letter not in _DIGITS:
            raise Unreadable("not base58btc")
        number = number * 58 + _DIGITS[letter]
    zeros = len(text) - 1 - len(text[1:].lstrip(_ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8, "big")


def write(key: Ed25519PublicKey) -> str:
    """`key` as the `publicKeyMultibase` of a Multikey."""
    return encode(_ED25519 + key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def read(text: str) -> Ed25519PublicKey:
    """The key that a Multikey's `publicKeyMultibase` holds. Raises Unreadable, also for other kinds of keys."""
    raw = decode(text)
    if not raw.startswith(_ED25519) or len(raw) != len(_ED25519) + 32:
        raise Unreadable("no Ed25519 key")
    return Ed25519PublicKey.from_public_bytes(raw.removeprefix(_ED25519))
