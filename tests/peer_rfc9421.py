"""RFC 9421 signatures as other servers make and check them: made by hand, checked by `http_message_signatures`."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)

from tests.peer_signing import Unproven

POST = ("@method", "@target-uri", "content-digest")
GET = ("@method", "@target-uri")


def digest(body: bytes, name: str = "sha-256") -> str:
    hashed = hashlib.new(name.replace("-", ""), body).digest()
    return f"{name}=:{base64.b64encode(hashed).decode()}:"


def signed_headers(
    method: str,
    url: str,
    body: bytes | None,
    *,
    key_id: str,
    key: RSAPrivateKey | Ed25519PrivateKey,
    now: int,
    names: tuple[str, ...] | None = None,
    values: Mapping[str, str] | None = None,
    label: str = "sig1",
    parameters: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers of a request, lower case. `now` in milliseconds; `values` and `parameters` are put over the right ones."""
    authority = url.split("/")[2]
    path, _, query = url.partition("://")[2].removeprefix(authority).partition("?")
    headers = {"host": authority, "accept": "application/activity+json"}
    if body is not None:
        headers |= {"content-type": "application/activity+json", "content-digest": digest(body)}
    headers |= {name: value for name, value in (values or {}).items() if not name.startswith("@")}
    known = {
        "@method": method, "@target-uri": url, "@authority": authority, "@path": path, "@query": f"?{query}",
        "@scheme": url.partition("://")[0], "@request-target": f"{path}?{query}" if query else path,
    } | headers | dict(values or {})  # fmt: skip
    covered = names or (GET if body is None else POST)
    said = {"created": str(now // 1000), "keyid": f'"{key_id}"'} | dict(parameters or {})
    listed = f"({' '.join(_quoted(name) for name in covered)})" + "".join(
        f";{name}={value}" for name, value in said.items() if value
    )
    lines = [f"{_quoted(name)}: {known[name.partition(';')[0]]}" for name in covered]
    text = "\n".join([*lines, f'"@signature-params": {listed}']).encode()
    made = key.sign(text, PKCS1v15(), SHA256()) if isinstance(key, RSAPrivateKey) else key.sign(text)
    return headers | {
        "signature-input": f"{label}={listed}",
        "signature": f"{label}=:{base64.b64encode(made).decode()}:",
    }


def _quoted(name: str) -> str:
    bare, semicolon, more = name.partition(";")
    return f'"{bare}"{semicolon}{more}'


@dataclass(frozen=True)
class _Message:
    method: str
    url: str
    headers: Mapping[str, str]


class _Known(HTTPSignatureKeyResolver):
    def __init__(self, key: RSAPublicKey | Ed25519PublicKey) -> None:
        self._key = key

    def resolve_public_key(self, key_id: str) -> Any:
        return self._key


class _Timeless(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        if "created" not in sig_input.params:
            raise Unproven("the signature does not say when it was created")


def key_id(headers: Mapping[str, str]) -> str:
    return headers["Signature-Input"].partition('keyid="')[2].partition('"')[0]


def check(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    key: RSAPublicKey | Ed25519PublicKey,
) -> None:
    """As Mastodon wants it: method, target and, with a body, its digest. Raises Unproven."""
    algorithm = algorithms.RSA_V1_5_SHA256 if isinstance(key, RSAPublicKey) else algorithms.ED25519
    verifier = _Timeless(signature_algorithm=algorithm, key_resolver=_Known(key))
    try:
        verifier.verify(
            _Message(method, url, headers), max_age=None, body=body, require_components=GET if body is None else POST
        )
    except HTTPMessageSignaturesException as problem:
        raise Unproven(f"the signature of RFC 9421 does not hold: {problem}") from problem
