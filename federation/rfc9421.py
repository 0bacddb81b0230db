"""HTTP Message Signatures (RFC 9421) as the fediverse uses them, without network and without database.

`http_message_signatures` makes the text that was signed out of what came. It verifies nothing for us: whose key counts
is known only later, and the kind of that key decides how, never what the request says (`signatures.verify`).
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import http_sf
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureAlgorithm,
    HTTPSignatureKeyResolver,
)
from http_message_signatures.digests import ContentDigest

from federation.signed import BODILESS, SignatureInvalid, SignedRequest, check_window

_RSA, _EDWARDS = "rsa-v1_5-sha256", "ed25519"
_MOST_LABELS = 4
_LONGEST_HEADER = 8_000
_LONGEST_KEY_ID = 2_048
_LABEL = "sig1"


@dataclass(frozen=True, slots=True)
class _Claim:
    """One signature that the request bears: what it says to cover, and under which parameters."""

    label: str
    covered: frozenset[str]
    parameters: Mapping[str, Any]
    signature: bytes

    @property
    def key_id(self) -> str:
        return str(self.parameters["keyid"])


@dataclass(frozen=True, slots=True)
class _Message:
    """A request in the form in which the library takes it."""

    method: str
    url: str
    headers: Mapping[str, str]


class _Anybody(HTTPSignatureKeyResolver):
    def resolve_public_key(self, key_id: str) -> bytes:
        return key_id.encode()


class _ToBeVerified(HTTPSignatureAlgorithm):
    """Stands where the library would verify: the text alone is wanted of it."""

    algorithm_id = _RSA

    def __init__(self, public_key: object = None, private_key: object = None) -> None:
        pass

    def verify(self, signature: bytes, message: bytes) -> None:
        pass


class _ToBeVerifiedWithEdwards(_ToBeVerified):
    algorithm_id = _EDWARDS


class _Reader(HTTPMessageVerifier):
    """The library's reading of a request. The times are looked at here (`_check_time`), with the town's clock."""

    signature_metadata_parameters: ClassVar[set[str]] = {"alg", "created", "expires", "keyid", "nonce", "tag"}

    def validate_created_and_expires(self, sig_input: object, max_age: object = None) -> None:
        pass


_READERS = {
    alg: _Reader(signature_algorithm=algorithm, key_resolver=_Anybody())
    for alg, algorithm in ((None, _ToBeVerified), (_RSA, _ToBeVerified), (_EDWARDS, _ToBeVerifiedWithEdwards))
}
"""By what the signature calls its algorithm; everything else is not taken."""


def read(
    method: str, raw_path: str, fields: Mapping[str, str], body: bytes | None, *, origin: str, now: int
) -> SignedRequest:
    """Take in the signature of a request to `origin` (scheme and authority, as our ids begin).

    `fields` are the headers by lower-case name, repeated ones joined; `now` in milliseconds. Of several signatures the
    first one that covers what it must is taken. Raises SignatureInvalid unless it covers method, target, and with a body
    a Content-Digest that fits, and was made within an hour of now.
    """
    whole = body is not None or method.upper() not in BODILESS
    claim = _chosen(fields, has_query="?" in raw_path, whole=whole)
    _check_time(claim.parameters, now)
    alg = claim.parameters.get("alg")
    if alg is not None and alg not in _READERS:
        raise SignatureInvalid(f"signatures of the kind {alg} are not taken")
    if "content-digest" in claim.covered:
        _check_digest(fields.get("content-digest", ""), body or b"")
    return SignedRequest(
        key_id=claim.key_id,
        signature=claim.signature,
        messages=(_text(_READERS[alg], claim, _Message(method.upper(), origin + raw_path, fields)),),
        hashes=() if alg == _EDWARDS else (SHA256,),
        signed_at=claim.parameters["created"] * 1000,
        edwards=alg != _RSA,
        covered=claim.covered,
    )


def claimed_key(fields: Mapping[str, str]) -> str:
    """The id of the key that the first usable signature names; nothing is verified. Raises SignatureInvalid."""
    return next(_claims(fields)).key_id


def sign(
    method: str,
    url: str,
    sha256: str | None,
    *,
    key_id: str,
    private_key: RSAPrivateKey,
    now: int,
    covering: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The headers that sign a request: Content-Digest for a body, Signature-Input, Signature.

    One signature, RSA v1.5 with SHA-256, without alg, tag and nonce (federation reference §2.2). `url` is sent exactly
    as it stands here; `now` in milliseconds. `sha256` is the digest of the body in base64, None without one; the
    headers in `covering` are signed as well. Raises ValueError for a key id that would break the quotes.
    """
    if '"' in key_id or "\\" in key_id or not key_id.isascii() or not key_id.isprintable():
        raise ValueError(key_id)
    names, lines, sent = '"@method" "@target-uri"', f'"@method": {method}\n"@target-uri": {url}\n', {}
    for name, value in (covering or {}).items():
        names, lines = f'{names} "{name.lower()}"', f'{lines}"{name.lower()}": {value}\n'
    if sha256 is not None:
        digest = f"sha-256=:{sha256}:"
        names, lines = f'{names} "content-digest"', f'{lines}"content-digest": {digest}\n'
        sent["Content-Digest"] = digest
    parameters = f'({names});created={now // 1000};keyid="{key_id}"'
    text = f'{lines}"@signature-params": {parameters}'
    signature = base64.b64encode(private_key.sign(text.encode(), PKCS1v15(), SHA256())).decode()
    return {**sent, "Signature-Input": f"{_LABEL}={parameters}", "Signature": f"{_LABEL}=:{signature}:"}


def _chosen(fields: Mapping[str, str], *, has_query: bool, whole: bool) -> _Claim:
    missing = ""
    for claim in _claims(fields):
        missing = _missing(claim.covered, has_query=has_query, whole=whole)
        if not missing:
            return claim
    raise SignatureInvalid(f"the signature does not cover {missing}")


def _missing(covered: frozenset[str], *, has_query: bool, whole: bool) -> str:
    """What a signature would have to cover and does not."""
    path = {"@path", "@query"} if has_query else {"@path"}
    targets: tuple[set[str], ...] = ({"@target-uri"}, {"@authority", "@request-target"}, {"@authority", *path})
    if "@method" not in covered:
        return "@method"
    if not any(each <= covered for each in targets):
        return "@target-uri"
    return "content-digest" if whole and "content-digest" not in covered else ""


def _claims(fields: Mapping[str, str]) -> Iterator[_Claim]:
    """The signatures of the request, in order; at least one. Raises SignatureInvalid for anything strange."""
    inputs, signatures = _dictionary(fields, "signature-input"), _dictionary(fields, "signature")
    if inputs.keys() != signatures.keys() or not 0 < len(inputs) <= _MOST_LABELS:
        raise SignatureInvalid("Signature-Input and Signature do not belong together")
    for label, (covered, parameters) in inputs.items():
        signature = signatures[label][0]
        if not isinstance(covered, list) or not isinstance(signature, bytes) or not signature:
            raise SignatureInvalid("a signature is no list of what it covers, or no bytes")
        key_id = parameters.get("keyid")
        if type(key_id) is not str or not 0 < len(key_id) <= _LONGEST_KEY_ID:
            raise SignatureInvalid("the signature names no usable keyid")
        bare = frozenset(name for name, more in covered if isinstance(name, str) and not more)
        yield _Claim(label, bare, parameters, signature)


def _dictionary(fields: Mapping[str, str], name: str) -> dict[str, Any]:
    text = fields.get(name, "")
    if not 0 < len(text) <= _LONGEST_HEADER:
        raise SignatureInvalid(f"the {name} header is missing or too long")
    try:
        read: Any = http_sf.parse(text.encode("ascii"), tltype="dictionary", on_duplicate_key=_refuse_twice)
    except (ValueError, TypeError, RecursionError) as problem:
        raise SignatureInvalid(f"the {name} header cannot be read") from problem
    found: dict[str, Any] = read
    return found


def _refuse_twice(key: str, _context: str) -> None:
    raise SignatureInvalid(f"{key} stands twice")


def _check_time(parameters: Mapping[str, Any], now: int) -> None:
    created, expires = parameters.get("created"), parameters.get("expires")
    if type(created) is not int:
        raise SignatureInvalid("the signature does not say when it was created")
    check_window(created * 1000, now)
    # However long it would like to be good for: the window ends well before the twelve hours that others allow.
    if expires is not None and (type(expires) is not int or expires * 1000 < now):
        raise SignatureInvalid("the signature has expired")


def _check_digest(header: str, body: bytes) -> None:
    """Every digest of the header has to fit, and there has to be one; SHA-256 and SHA-512 are known (RFC 9530)."""
    try:
        ContentDigest.verify(header, body)
    except (HTTPMessageSignaturesException, ValueError) as problem:
        raise SignatureInvalid(f"the digest does not fit the body: {problem}") from problem


def _text(reader: _Reader, claim: _Claim, message: _Message) -> bytes:
    """The signature base (RFC 9421 §2.5) of `claim`, which is left as the only signature of `message`."""
    alone = dict(message.headers)
    if "," in alone["signature"]:
        alone |= {name: _only(alone[name], claim.label) for name in ("signature-input", "signature")}
    try:
        (result,) = reader.verify(_Message(message.method, message.url, alone), max_age=None)
    except (HTTPMessageSignaturesException, ValueError, TypeError) as problem:
        raise SignatureInvalid(f"what was signed cannot be told: {problem}") from problem
    return "\n".join(f"{name}: {value}" for name, value in result.covered_components.items()).encode()


def _only(header: str, label: str) -> str:
    whole: Any = http_sf.parse(header.encode(), tltype="dictionary")
    return http_sf.ser({label: whole[label]})
