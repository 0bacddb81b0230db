"""HTTP message signatures of the harness, which shares no code with the server it measures.

Outgoing: draft-cavage (rsa-sha256), the form that every server accepts. Incoming: draft-cavage and RFC 9421 (RSA
PKCS#1 v1.5 with SHA-256) are both understood, so that a run can say which one a server uses.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

_PAIR = re.compile(r'(\w+)=(?:"([^"]*)"|([^,\s]*))')
_CONTENT_TYPE = "application/activity+json"
Finding = dict[str, Any]
"""What was found of one signature: form, ok, detail; key_id, components and alg where they could be read."""


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_private(pem: bytes) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def public_pem(key: rsa.RSAPrivateKey) -> str:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


def sign_headers(
    key: rsa.RSAPrivateKey,
    key_id: str,
    method: str,
    url: str,
    *,
    body: bytes | None = None,
    accept: str | None = None,
) -> dict[str, str]:
    """The headers of one draft-cavage signed request, Signature included."""
    parts = urlsplit(url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {"Host": parts.netloc, "Date": formatdate(usegmt=True)}
    names = ["(request-target)", "host", "date"]
    if body is not None:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        headers |= {"Digest": "SHA-256=" + digest, "Content-Type": _CONTENT_TYPE}
        names += ["digest", "content-type"]
    if accept:
        headers["Accept"] = accept
    values = {name.lower(): value for name, value in headers.items()}
    values["(request-target)"] = f"{method.lower()} {target}"
    text = "\n".join(f"{name}: {values[name]}" for name in names)
    raw = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
    headers["Signature"] = (
        f'keyId="{key_id}",algorithm="rsa-sha256",headers="{" ".join(names)}",signature="{raw}"'
    )
    return headers


@dataclass(frozen=True)
class Message:
    """One request as it was received; `target` is its path with the query, `authority` its Host."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes | None
    authority: str


def check(public_pem_text: str, message: Message) -> Finding:
    """Whether the signature of a received request holds, and what form it has."""
    key = serialization.load_pem_public_key(public_pem_text.encode())
    assert isinstance(key, rsa.RSAPublicKey)
    low = {name.lower(): value for name, value in message.headers.items()}
    if "signature-input" in low:
        return _check_rfc9421(key, message, low)
    if "signature" in low:
        return _check_cavage(key, message, low)
    return {"form": "none", "ok": False, "detail": "no Signature header"}


def _check_cavage(key: rsa.RSAPublicKey, message: Message, low: dict[str, str]) -> Finding:
    params = {found[0]: found[1] or found[2] for found in _PAIR.findall(low["signature"])}
    names = params.get("headers", "date").split()
    out = {
        "form": "cavage", "key_id": params.get("keyId"), "components": " ".join(names), "alg": params.get("algorithm")
    }  # fmt: skip
    values = low | {
        "(request-target)": f"{message.method.lower()} {message.target}",
        "(created)": params.get("created", ""),
        "(expires)": params.get("expires", ""),
    }
    missing = [name for name in names if name not in values]
    if missing:
        return out | {"ok": False, "detail": f"signed header {missing[0]} is absent"}
    text = "\n".join(f"{name}: {values[name]}" for name in names)
    if not _verify(key, text, base64.b64decode(params.get("signature", ""))):
        return out | {"ok": False, "detail": "signature does not verify"}
    return out | _covers(message.body, names, "digest", low.get("digest", "").partition("=")[2])


def _check_rfc9421(key: rsa.RSAPublicKey, message: Message, low: dict[str, str]) -> Finding:
    label, _, rest = low["signature-input"].partition("=")
    inner = re.match(r"\(([^)]*)\)(.*)", rest)
    if not inner:
        return {"form": "rfc9421", "ok": False, "detail": "unreadable Signature-Input"}
    names = re.findall(r'"([^"]+)"', inner.group(1))
    found = re.findall(r';(\w+)=(?:"([^"]*)"|([^;]*))', inner.group(2))
    params = {name: quoted or plain for name, quoted, plain in found}
    out = {
        "form": "rfc9421", "key_id": params.get("keyid"), "components": " ".join(names), "alg": params.get("alg")
    }  # fmt: skip
    path, _, query = message.target.partition("?")
    values = low | {
        "@method": message.method.upper(), "@path": path, "@authority": message.authority.lower(), "@scheme": "http",
        "@target-uri": f"http://{message.authority}{message.target}", "@request-target": message.target,
        "@query": "?" + query,
    }  # fmt: skip
    missing = [name for name in names if name not in values]
    if missing:
        return out | {"ok": False, "detail": f"component {missing[0]} is absent"}
    lines = [f'"{name}": {values[name]}' for name in names]
    lines.append(f'"@signature-params": {rest.strip()}')
    raw = re.search(re.escape(label.strip()) + r"=:([^:]+):", low.get("signature", ""))
    if not raw or not _verify(key, "\n".join(lines), base64.b64decode(raw.group(1))):
        return out | {"ok": False, "detail": "signature does not verify"}
    digest = re.search(r"sha-256=:([^:]+):", low.get("content-digest", ""))
    return out | _covers(message.body, names, "content-digest", digest.group(1) if digest else "")


def _covers(body: bytes | None, names: list[str], header: str, digest: str) -> Finding:
    """Whether the signature speaks for the body as well."""
    if body is None:
        return {"ok": True, "detail": ""}
    if header not in names:
        return {"ok": False, "detail": f"{header} is not signed"}
    if digest != base64.b64encode(hashlib.sha256(body).digest()).decode():
        return {"ok": False, "detail": f"{header} mismatch"}
    return {"ok": True, "detail": ""}


def _verify(key: rsa.RSAPublicKey, text: str, signature: bytes) -> bool:
    try:
        key.verify(signature, text.encode(), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True
