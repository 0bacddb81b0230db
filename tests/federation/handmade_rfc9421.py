"""Requests signed by RFC 9421, made by hand, for tests that get one part wrong."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from multidict import CIMultiDict

from federation.signatures import SignatureInvalid, SignedRequest, read, verify
from tests.federation.handmade import BODY, HOST, INBOX, KEY_ID, key
from tests.peer_rfc9421 import signed_headers
from tests.towns import SPRING_MORNING

EDWARDS = Ed25519PrivateKey.generate()
NOW = SPRING_MORNING // 1000


def request(
    *, body=BODY, url=INBOX, with_key=None, now=SPRING_MORNING, key_id=KEY_ID, **more
) -> CIMultiDict[str]:
    method = "POST" if body is not None else "GET"
    return CIMultiDict(
        signed_headers(method, url, body, key_id=key_id, key=with_key or key(), now=now, **more)
    )


def taken_in(
    headers, body=BODY, *, path="/inbox", now=SPRING_MORNING, host=HOST, scheme="https"
) -> SignedRequest:
    method = "POST" if body is not None else "GET"
    return read(method, path, headers, body, host=host, scheme=scheme, now=now)


def check(headers, body=BODY, *, by=None, **where) -> str:
    signed = taken_in(headers, body, **where)
    verify(signed, by or key().public_key())
    return signed.key_id


def refuses(headers, body=BODY, **where) -> str:
    with pytest.raises(SignatureInvalid) as caught:
        check(headers, body, **where)
    return str(caught.value)
