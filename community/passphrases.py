"""Secrets that people keep: passphrases, recovery codes, あいことば.

Passphrases are hashed with argon2id, slow on purpose: tens of milliseconds and 32 MiB each. Callers use a bounded pool
of threads. Recovery codes are random (130 bits), so a plain SHA-256 keeps them.
"""

import hashlib
import hmac
import secrets
import unicodedata
from functools import cache
from importlib import resources

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from community.errors import Invalid

SHORTEST = 10
"""Characters of a passphrase; there is no other rule."""

# RFC 9106 asks for 64 MiB where memory is plenty; a town shares 512 MB with everything else.
_HASHER = PasswordHasher(time_cost=3, memory_cost=32 * 1024, parallelism=1)
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U
_LOOKALIKES = str.maketrans("OIL", "011")
_CODE_LENGTH = 26  # of 5 bits each
_TO_HIRAGANA = ord("ァ") - ord("ぁ")
_PHRASE_WORDS = 8  # of 410: 69 bits


def check(text: str) -> None:
    """Raise Invalid("passphrase") unless `text` may be a passphrase."""
    if len(text) < SHORTEST:
        raise Invalid(
            "passphrase",
            "パスフレーズは%(count)s文字以上で書いてください。好きな言葉をいくつか並べると覚えやすくなります。",
            count=SHORTEST,
        )


def hash_passphrase(text: str) -> str:
    """The argon2id hash to store. Slow. Raises Invalid("passphrase") when `text` is too short."""
    check(text)
    return _HASHER.hash(_same_on_every_keyboard(text))


def verify_passphrase(stored: str, text: str) -> bool:
    """Whether `text` is the passphrase that was hashed as `stored`. Slow."""
    try:
        return _HASHER.verify(stored, _same_on_every_keyboard(text))
    except (VerificationError, InvalidHashError):
        return False


def new_recovery_code() -> str:
    """A fresh recovery code, 130 bits, in groups that are easy to copy. It is shown once and never stored."""
    signs = "".join(secrets.choice(_ALPHABET) for _ in range(_CODE_LENGTH))
    return "-".join(signs[start : start + 5] for start in range(0, _CODE_LENGTH, 5))


def hash_recovery_code(code: str) -> str:
    """What is stored of a recovery code: SHA-256, hex. Capitals, spaces, hyphens and look-alikes make no difference."""
    return hashlib.sha256(plain_code(code).encode()).hexdigest()


def verify_recovery_code(stored: str, code: str) -> bool:
    """Whether `code` is the one whose hash is `stored`; takes the same time either way."""
    return hmac.compare_digest(stored, hash_recovery_code(code))


def plain_code(code: str) -> str:
    """A typed code as it is compared: letters and digits only, capitals, O read as 0, I and L as 1."""
    typed = unicodedata.normalize("NFKC", code).upper()
    return "".join(sign for sign in typed if sign.isalnum()).translate(_LOOKALIKES)


def new_code(length: int) -> str:
    """A random code of `length` signs (5 bits each) as invitations bear it."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def new_phrase() -> str:
    """A fresh あいことば: eight words in hiragana, easy to copy by hand, 69 bits."""
    return " ".join(secrets.choice(_words()) for _ in range(_PHRASE_WORDS))


def plain_phrase(text: str) -> str:
    """An あいことば as it is compared: spaces, commas, capitals and katakana make no difference."""
    typed = unicodedata.normalize("NFKC", text).casefold()
    kana = (chr(ord(sign) - _TO_HIRAGANA) if "ァ" <= sign <= "ヶ" else sign for sign in typed)
    return "".join(sign for sign in kana if sign.isalnum())


def _same_on_every_keyboard(text: str) -> str:
    """Full width or half, one code point or two: the same passphrase gives the same bytes."""
    return unicodedata.normalize("NFKC", text)


@cache
def _words() -> tuple[str, ...]:
    return tuple(resources.files("community").joinpath("data/words.txt").read_text(encoding="utf-8").split())
