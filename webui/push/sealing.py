"""What a push service is given: a message that only the device can read, and whose word it is.

Two encodings: aes128gcm (RFC 8291), which new apps ask for as `standard`, and aesgcm, the draft that Mastodon spoke before.
`http_ece` does the encryption, with a fresh key for each message.
"""

import base64
import os
from dataclasses import dataclass

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

_VALID_FOR = 12 * 3600  # seconds that a push service may believe us; RFC 8292 allows a day
_SALT = 16


@dataclass(frozen=True, slots=True)
class Letter:
    """A request to a push service."""

    body: bytes
    headers: dict[str, str]


class Unsealable(ValueError):
    """The keys of the device are none."""


def sealed(content: bytes, *, point: bytes, auth: bytes, standard: bool, voucher: tuple[str, str]) -> Letter:
    """`content` for the device whose public `point` and secret `auth` these are; `voucher` comes from `vouch`.

    Raises Unsealable for a point that does not lie on the curve.
    """
    token, public = voucher
    encoding = "aes128gcm" if standard else "aesgcm"
    key, salt, body = _encrypted(content, point, auth, encoding)
    headers = {"Content-Type": "application/octet-stream", "Content-Encoding": encoding}
    if standard:
        headers["Authorization"] = f"vapid t={token}, k={public}"
    else:
        headers["Encryption"] = f"salt={_text(salt)}"
        headers["Crypto-Key"] = f"dh={_text(key)};p256ecdsa={public}"
        headers["Authorization"] = f"WebPush {token}"
    return Letter(body, headers)


def vouch(origin: str, *, key: ec.EllipticCurvePrivateKey, subject: str, now: int) -> str:
    """A signed word (JWT, ES256) to the push service at `origin` that it is us; `now` in milliseconds."""
    claims = {"aud": origin, "exp": now // 1000 + _VALID_FOR, "sub": subject}
    said = b".".join(_text(orjson.dumps(it)).encode() for it in ({"typ": "JWT", "alg": "ES256"}, claims))
    r, s = decode_dss_signature(key.sign(said, ec.ECDSA(hashes.SHA256())))
    return f"{said.decode()}.{_text(r.to_bytes(32) + s.to_bytes(32))}"


def is_point(raw: bytes) -> bool:
    """Whether `raw` is a point of P-256, as a device's public key has to be."""
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), raw)
    except ValueError:
        return False
    return True


def _encrypted(content: bytes, point: bytes, auth: bytes, encoding: str) -> tuple[bytes, bytes, bytes]:
    """The public half of the fresh key, the salt, the message."""
    import http_ece  # type: ignore[import-untyped]  # noqa: PLC0415 - only towns whose members have devices need it

    fresh = ec.generate_private_key(ec.SECP256R1())
    salt = os.urandom(_SALT)
    try:
        body: bytes = http_ece.encrypt(
            content, salt=salt, private_key=fresh, dh=point, auth_secret=auth, version=encoding
        )
    except ValueError as error:
        raise Unsealable("the device's key is no point of the curve") from error
    public = fresh.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return public, salt, body


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
