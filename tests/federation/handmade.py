"""Signed requests made by hand, part by part, for tests that get one part wrong."""

import base64
from email.utils import formatdate
from functools import cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from multidict import CIMultiDict

from federation.signatures import SignatureInvalid, read, verify
from tests import peer_signing
from tests.towns import SPRING_MORNING

HOST = "minato.example"
INBOX = f"https://{HOST}/inbox"
KEY_ID = "https://yamate.example/users/alice#main-key"
BODY = '{"type":"Create","content":"こんにちは"}'.encode()
HOUR = 3_600_000
COVERED = "(request-target) host date digest"


@cache
def key(number: int = 0) -> RSAPrivateKey:
    return generate_private_key(public_exponent=65537, key_size=2048)


def request(
    *,
    names: str = COVERED,
    algorithm: str | None = "rsa-sha256",
    now: int = SPRING_MORNING,
    body: bytes | None = BODY,
    path: str = "/inbox",
    signed_path: str | None = None,
    hash_with: Any = None,
    headers: dict[str, str] | None = None,
    parameters: dict[str, str] | None = None,
    key_id: str = KEY_ID,
) -> CIMultiDict[str]:
    """The headers of a request, signed by hand. What is given here is signed as it stands."""
    fields = {"host": HOST, "date": formatdate(now / 1000, usegmt=True)}
    if body is not None:
        fields["digest"] = peer_signing.digest(body)
    fields |= headers or {}
    said = (
        {"keyId": key_id} | ({"algorithm": algorithm} if algorithm is not None else {}) | (parameters or {})
    )
    text = peer_signing.message(
        names.lower(), fields, said, "POST" if body is not None else "GET", signed_path or path
    )
    signature = key().sign(text.encode(), PKCS1v15(), (hash_with or SHA256)())
    said |= {"headers": names, "signature": base64.b64encode(signature).decode()}
    fields["signature"] = ",".join(f'{name}="{value}"' for name, value in said.items())
    return CIMultiDict(fields)


def check(
    headers: Any,
    body: bytes | None = BODY,
    *,
    path: str = "/inbox",
    now: int = SPRING_MORNING,
    host: str = HOST,
) -> str:
    """Reads and verifies; gives the key id."""
    signed = read("POST" if body is not None else "GET", path, headers, body, host=host, now=now)
    verify(signed, key().public_key())
    return signed.key_id


def refuses(headers: Any, body: bytes | None = BODY, **where: Any) -> str:
    with pytest.raises(SignatureInvalid) as caught:
        check(headers, body, **where)
    return str(caught.value)
