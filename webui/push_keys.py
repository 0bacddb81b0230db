"""The key pair by which push services know this town (VAPID, RFC 8292): P-256, from the key file `push`."""

import base64
from functools import lru_cache

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from community.town import Town

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256 (SEC 2, 2.4.2)


def private_key(town: Town) -> ec.EllipticCurvePrivateKey:
    """The key that signs. Raises SettingsError when the key file can be neither read nor made."""
    return _private(town.keys.push)


def public_key(town: Town) -> str:
    """The public key as apps are told it: the uncompressed point in base64url, padded as Mastodon pads it.

    Raises as `private_key`.
    """
    return _public(town.keys.push)


@lru_cache(maxsize=8)
def _private(secret: bytes) -> ec.EllipticCurvePrivateKey:
    # The file holds any 32 bytes; a private key is a number from 1 to the order of the curve less 1.
    return ec.derive_private_key(int.from_bytes(secret) % (_ORDER - 1) + 1, ec.SECP256R1())


@lru_cache(maxsize=8)
def _public(secret: bytes) -> str:
    point = _private(secret).public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).decode()
