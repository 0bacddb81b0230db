"""Draft-cavage signatures as other software makes and checks them, written without any code of ours.

What each one covers and how it writes the header: federation reference §2.1.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256


@dataclass(frozen=True)
class Style:
    """How one software signs: what stands in the header, and which fields it covers."""

    algorithm: str
    post: str
    get: str
    with_query: bool = True
    expires_in: int | None = None  # seconds; None: a Date instead of (created) and (expires)


STYLES = {
    "mastodon": Style(
        "rsa-sha256", "host date digest content-type (request-target)", "host date (request-target)"
    ),
    "misskey": Style("rsa-sha256", "(request-target) date host digest", "(request-target) date host accept"),
    "gotosocial": Style("hs2019", "(request-target) host date digest", "(request-target) host date"),
    "lemmy": Style("hs2019", "(request-target) content-type date digest host", "(request-target) date host"),
    "piefed": Style("rsa-sha256", "(request-target) host date digest content-type", "(request-target) host date"),
    "nodebb": Style("rsa-sha256", "(request-target) host date digest", "(request-target) host date"),
    "akkoma": Style(
        "rsa-sha256", "(request-target) content-length date digest host", "(request-target) date host", with_query=False
    ),
    "discourse": Style(
        "hs2019", "(created) (expires) (request-target) digest host", "(created) (expires) (request-target) host",
        expires_in=600,
    ),
    "mbin": Style("rsa-sha256", "(request-target) host date digest content-type", "(request-target) host date"),
    "machi": Style("rsa-sha256", "(request-target) host date digest", "(request-target) host date"),
}  # fmt: skip
CONTENT_TYPES = {"nodebb": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"'}


def digest(body: bytes) -> str:
    return f"SHA-256={base64.b64encode(hashlib.sha256(body).digest()).decode()}"


def signed_headers(
    software: str,
    method: str,
    url: str,
    body: bytes | None,
    *,
    key_id: str,
    key: RSAPrivateKey,
    now: int,
    covering: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers of a request as `software` sends it, `covering` among them. `now` in milliseconds."""
    style = STYLES[software]
    split = urlsplit(url)
    headers = {"host": split.netloc, "accept": "application/activity+json, application/ld+json"}
    if body is not None:
        headers |= {
            "content-type": CONTENT_TYPES.get(software, "application/activity+json"),
            "digest": digest(body),
            "content-length": str(len(body)),
        }
    parameters = {"keyId": key_id, "algorithm": style.algorithm}
    if style.expires_in is None:
        headers["date"] = formatdate(now / 1000, usegmt=True)
    else:
        parameters |= {"created": str(now // 1000), "expires": str(now // 1000 + style.expires_in)}
    query = f"?{split.query}" if split.query and style.with_query else ""
    target = f"{split.path or '/'}{query}"
    names = style.post if body is not None else style.get
    headers |= covering or {}
    names = " ".join([names, *(covering or {})])
    text = message(names, headers, parameters, method, target)
    signature = base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
    parameters |= {"headers": names, "signature": signature}
    headers["signature"] = ",".join(f'{name}="{value}"' for name, value in parameters.items())
    headers.pop("content-length", None)  # the client counts itself
    return headers


def message(
    names: str, headers: Mapping[str, str], parameters: Mapping[str, str], method: str, target: str
) -> str:
    """The text that is signed."""
    pseudo = {
        "(request-target)": f"{method.lower()} {target}",
        "(created)": parameters.get("created", ""),
        "(expires)": parameters.get("expires", ""),
    }
    return "\n".join(f"{name}: {pseudo.get(name) or headers[name]}" for name in names.split(" "))


_STRICT = re.compile(
    r'keyId="(?P<keyId>[^"]+)",algorithm="(?P<algorithm>rsa-sha256|hs2019)",'
    r'headers="(?P<headers>[^"]+)",signature="(?P<signature>[A-Za-z0-9+/=]+)"'
)


class Unproven(Exception):
    """The request is not signed as the strictest servers want it; the message says why."""


def read_strictly(method: str, path: str, headers: Mapping[str, str], body: bytes | None) -> re.Match[str]:
    """The parts of a Signature header, under the rules of the strictest readers together. Raises Unproven."""
    found = _STRICT.fullmatch(headers.get("Signature", ""))
    if found is None:
        raise Unproven(f"cannot read the signature {headers.get('Signature')!r}")
    covered = found["headers"].split(" ")
    wanted = {"(request-target)", "host", "date"} | ({"digest"} if body is not None else set())
    if not wanted <= set(covered):
        raise Unproven(f"the signature covers {covered} only")
    if body is not None and headers.get("Digest") != digest(body):  # PieFed compares the whole string
        raise Unproven("the digest does not fit")
    if not re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", headers.get("Date", "")):
        raise Unproven(f"the date reads {headers.get('Date')!r}")
    if "#" not in found["keyId"]:  # Lemmy
        raise Unproven("the keyId has no fragment")
    return found


def check(
    method: str, path: str, headers: Mapping[str, str], found: re.Match[str], key: RSAPublicKey
) -> None:
    """Raises Unproven unless `key` made the signature."""
    lower = {name.lower(): value for name, value in headers.items()}
    text = message(found["headers"], lower, {}, method, path)
    try:
        key.verify(base64.b64decode(found["signature"]), text.encode(), PKCS1v15(), SHA256())
    except InvalidSignature:
        raise Unproven("the signature does not hold") from None
