"""HTTP signatures, without network and without database: sign what leaves, read and verify what comes.

Two forms are spoken: draft-cavage-12 (federation reference §2.1), and RFC 9421 (§2.2), of which a request with
Signature-Input is taken to be.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache, partial
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256, SHA512, HashAlgorithm

from federation import cavage, rfc9421
from federation.cavage import CREATED, EXPIRES, TARGET
from federation.signed import (
    BODILESS,
    CAVAGE,
    RFC9421,
    WINDOW_MS,
    Form,
    LocalKey,
    SignatureInvalid,
    SignedRequest,
    check_window,
    joined,
    required,
)

__all__ = [
    "CAVAGE", "RFC9421", "WINDOW_MS", "Form", "LocalKey", "SignatureInvalid", "SignedRequest", "claimed_key", "read",
    "sign_request", "verify",
]  # fmt: skip

_SENT_ALGORITHM = "rsa-sha256"
_DEFAULT_PORTS = {"https": 443, "http": 80}
# What the request calls its algorithm only ever narrows this list: the kind of our stored key decides.
_HASHES: Mapping[str | None, tuple[type[HashAlgorithm], ...]] = {
    "rsa-sha256": (SHA256,),
    "hs2019": (SHA256, SHA512),
    None: (SHA256, SHA512),
}


def sign_request(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    key_id: str,
    private_key: RSAPrivateKey,
    now: int,
    form: Form = CAVAGE,
    with_query: bool = True,
    sha256: str | None = None,
    covering: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """`headers` and what signing in `form` adds to them: Host, Date, a digest for a body, the signature.

    `url` is sent exactly as it stands here; `now` in milliseconds. `with_query=False` signs the path alone, for servers
    that verify the older form so. `sha256` is the digest of the body in base64, where it is known already; the headers
    in `covering` are added and signed as well. Takes about 0.3 ms.
    """
    covering = covering or {}
    if body is not None and sha256 is None:
        sha256 = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if form == RFC9421:
        sent = {"Host": _host(url), "Date": formatdate(now / 1000, usegmt=True), **covering}
        signing = rfc9421.sign(
            method, url, sha256, key_id=key_id, private_key=private_key, now=now, covering=covering
        )
        return {**headers, **sent, **signing}
    split = urlsplit(url)
    path = split.path or "/"
    target = f"{path}?{split.query}" if split.query and with_query else path
    sent = {"Host": _host(url), "Date": formatdate(now / 1000, usegmt=True)}
    names = [TARGET, "host", "date"]
    if sha256 is not None:
        sent["Digest"] = f"SHA-256={sha256}"
        names.append("digest")
    sent.update(covering)
    names.extend(name.lower() for name in covering)
    fields = {name.lower(): value for name, value in sent.items()}
    text = cavage.message(names, fields, method=method, target=target)
    signature = private_key.sign(text, PKCS1v15(), SHA256())
    return {**headers, **sent, "Signature": cavage.header(key_id, _SENT_ALGORITHM, names, signature)}


def _host(url: str) -> str:
    """What the Host header says for `url`."""
    split = urlsplit(url)
    host = split.netloc.rpartition("@")[2]
    port = split.port
    return host.rpartition(":")[0] if port is not None and port == _DEFAULT_PORTS.get(split.scheme) else host


def read(
    method: str,
    raw_path: str,
    headers: Mapping[str, str],
    body: bytes | None,
    *,
    host: str,
    now: int,
    scheme: str = "https",
) -> SignedRequest:
    """Take in the signature of a request to `host` (our domain, with its port where ids have one).

    `raw_path` is path and query exactly as sent, `headers` may hold a name several times (a multidict), `body` is the
    exact bytes, None for a GET; `now` in milliseconds. Raises SignatureInvalid unless the signature covers target, host,
    time and, with a body, a digest that fits; unless host is ours and the time within an hour of ours.
    """
    fields = joined(headers)
    if "signature-input" in fields:
        return rfc9421.read(method, raw_path, fields, body, origin=f"{scheme}://{host}", now=now)
    try:
        return _read_cavage(method, raw_path, fields, body, host=host, now=now)
    except cavage.Malformed as problem:
        raise SignatureInvalid(str(problem)) from problem


def claimed_key(headers: Mapping[str, str]) -> str:
    """The id of the key by which a request says to be signed; nothing is verified. Raises SignatureInvalid."""
    fields = joined(headers)
    if "signature-input" in fields:
        return rfc9421.claimed_key(fields)
    try:
        return cavage.parse(fields.get("signature", "")).key_id
    except cavage.Malformed as problem:
        raise SignatureInvalid(str(problem)) from problem


def _read_cavage(
    method: str, raw_path: str, fields: Mapping[str, str], body: bytes | None, *, host: str, now: int
) -> SignedRequest:
    parameters = cavage.parse(required(fields, "signature"))
    _check_coverage(parameters, needs_digest=body is not None or method.upper() not in BODILESS)
    signed_at = _check_time(parameters, fields, now)
    if not _is_ours(required(fields, "host"), host):
        raise SignatureInvalid("the request was signed for another host")
    if "digest" in parameters.names:
        _check_digest(fields.get("digest", ""), body or b"")
    if parameters.algorithm not in _HASHES:
        raise SignatureInvalid(f"signatures of the kind {parameters.algorithm} are not taken")
    path, _, query = raw_path.partition("?")
    messages = tuple(
        cavage.message(
            parameters.names,
            fields,
            method=method,
            target=target,
            created=parameters.created,
            expires=parameters.expires,
        )
        for target in ([raw_path, path] if query else [raw_path])
    )
    return SignedRequest(
        parameters.key_id,
        parameters.signature,
        messages,
        _HASHES[parameters.algorithm],
        signed_at,
        covered=frozenset(parameters.names),
    )


def verify(signed: SignedRequest, public_key: object) -> None:
    """Raise SignatureInvalid unless the owner of `public_key` made this signature. The key's own kind decides how."""
    if isinstance(public_key, Ed25519PublicKey) and signed.edwards:
        trials = tuple(partial(public_key.verify, signed.signature, text) for text in signed.messages)
    elif isinstance(public_key, RSAPublicKey) and signed.hashes:
        trials = tuple(
            partial(public_key.verify, signed.signature, text, PKCS1v15(), algorithm())
            for text in signed.messages
            for algorithm in signed.hashes
        )
    else:
        raise SignatureInvalid("the key is of a kind that is not taken")
    for trial in trials:
        try:
            trial()
        except InvalidSignature:
            continue
        return
    raise SignatureInvalid("the signature does not hold")


def _check_coverage(parameters: cavage.Parameters, *, needs_digest: bool) -> None:
    names = parameters.names
    needed = {TARGET, "host"} | ({"digest"} if needs_digest else set())
    missing = sorted(needed.difference(names))
    if missing:
        raise SignatureInvalid(f"the signature does not cover {', '.join(missing)}")
    if "date" not in names and CREATED not in names:
        raise SignatureInvalid("the signature covers no time")
    if parameters.algorithm == "rsa-sha256" and (CREATED in names or EXPIRES in names):
        raise SignatureInvalid("(created) and (expires) belong to hs2019")  # draft-cavage-12 §2.3


def _check_time(parameters: cavage.Parameters, fields: Mapping[str, str], now: int) -> int:
    """The moment that was signed, in milliseconds: every one that was lies within the window."""
    signed = []
    if "date" in parameters.names:
        signed.append(_date(required(fields, "date")))
    if CREATED in parameters.names and parameters.created is not None:
        signed.append(parameters.created * 1000)
    for moment in signed:
        check_window(moment, now)
    if parameters.expires is not None and parameters.expires * 1000 < now:
        raise SignatureInvalid("the signature has expired")
    if not signed:
        raise cavage.Malformed(f"signed is what is not there: {CREATED}")
    return signed[0]


@lru_cache(64)  # the requests of a second bear the same
def _date(text: str) -> int:
    """An HTTP date as milliseconds."""
    try:
        moment = parsedate_to_datetime(text)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
    except (ValueError, TypeError, OverflowError, IndexError) as problem:
        raise SignatureInvalid("the Date cannot be read") from problem


def _is_ours(given: str, ours: str) -> bool:
    """Whether a Host header means us; some senders write the default port out."""
    return given.lower() in (ours, f"{ours}:443", f"{ours}:80")


def _check_digest(header: str, body: bytes) -> None:
    """Every SHA-256 digest of the header has to fit, and there has to be one."""
    expected = base64.b64encode(hashlib.sha256(body).digest())
    given = [
        value.strip().encode("utf-8", "surrogateescape")
        for name, _, value in (each.strip().partition("=") for each in header.split(","))
        if name.lower() == "sha-256"
    ]
    if not given or not all(hmac.compare_digest(each, expected) for each in given):
        raise SignatureInvalid("the digest does not fit the body")
