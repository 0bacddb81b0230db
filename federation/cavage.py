"""The text of draft-cavage-12 signatures: the header's parameters, and the message that is signed.

`httpsig` writes and reads this text, and does nothing else for us. Its verifier takes the algorithm from the request,
so that an HMAC keyed with a public key passes it; its crypto is not even loaded. What it gets wrong about the text is
mended here: it overlooks parameters given twice, knows no (created) and (expires), takes `%` in a key id for a place to
fill, crashes on non-ASCII values, and keeps one of several headers of a name.
"""

import base64
import binascii
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import Any


def _no_resources() -> ModuleType:
    """A pkg_resources, which new setuptools lack, for httpsig to ask for its own version: it hears of none."""

    def get_distribution(name: str) -> Any:
        raise LookupError(name)

    return _module("pkg_resources", get_distribution=get_distribution, DistributionNotFound=LookupError)


def _no_crypto() -> Iterator[ModuleType]:
    """The parts of PyCryptodome that httpsig names, empty: the real ones cost 2 MB and 40 ms, for what must not be used."""
    yield _module("Crypto")
    for part, names in (("Hash", "HMAC SHA SHA256 SHA512"), ("PublicKey", "RSA"), ("Signature", "PKCS1_v1_5")):
        yield _module(f"Crypto.{part}", **dict.fromkeys(names.split()))


def _module(name: str, **contents: object) -> ModuleType:
    made = ModuleType(name)
    vars(made).update(contents)
    return made


@contextmanager
def _standing_in(*modules: ModuleType) -> Iterator[None]:
    """Have these modules found by their names instead of the real ones, for one import."""
    real = {each.__name__: sys.modules.get(each.__name__) for each in modules}
    sys.modules.update((each.__name__, each) for each in modules)
    try:
        yield
    finally:
        for name, module in real.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


with _standing_in(_no_resources(), *_no_crypto()):
    from httpsig.utils import (
        build_signature_template,
        generate_message,
        parse_http_list,
        parse_signature_header,
    )

TARGET, CREATED, EXPIRES = "(request-target)", "(created)", "(expires)"
_LONGEST_HEADER = 8_000
_LONGEST_KEY_ID = 2_048
_SECONDS = re.compile(r"[0-9]{1,11}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PAIR = re.compile(r'([A-Za-z]+)="([^"\\]*)"(?:,(?=[A-Za-z])|\Z)')


class Malformed(ValueError):
    """The signature cannot be read, or speaks of what is not there; the message says why, for the log."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a Signature header says. `names` are lower case, in signing order; times are seconds since 1970."""

    key_id: str
    algorithm: str | None
    names: tuple[str, ...]
    signature: bytes
    created: int | None
    expires: int | None


def parse(header: str) -> Parameters:
    """Read the value of a Signature header. Raises Malformed, also for parameters or names that stand twice."""
    found = _pairs(header)
    key_id = found.get("keyid", "")
    if not key_id or len(key_id) > _LONGEST_KEY_ID or not key_id.isprintable():
        raise Malformed("the signature names no usable keyId")
    names = tuple(found.get("headers", "").lower().split())
    if len(set(names)) != len(names):
        raise Malformed("a header is listed twice")
    try:
        signature = base64.b64decode(found.get("signature", ""), validate=True)
    except (binascii.Error, ValueError) as problem:
        raise Malformed("the signature is not base64") from problem
    if not signature:
        raise Malformed("the signature is empty")
    return Parameters(
        key_id=key_id,
        algorithm=found["algorithm"].lower() if "algorithm" in found else None,
        names=names,
        signature=signature,
        created=_seconds(found.get("created")),
        expires=_seconds(found.get("expires")),
    )


def _pairs(header: str) -> dict[str, str]:
    # A backslash would let httpsig, which takes the text apart a second time, see other parameters than we do.
    if len(header) > _LONGEST_HEADER or "\\" in header:
        raise Malformed("the Signature header cannot be read")
    pairs = _PAIR.findall(header)
    # As nearly everybody writes it: there is nothing else in it, so that nothing can be read in two ways.
    if sum(len(name) + len(value) + 3 for name, value in pairs) + len(pairs) - 1 == len(header):
        plain = {name.lower(): value for name, value in pairs}
        if len(plain) == len(pairs):
            return plain
    found: dict[str, str] = {}
    for piece in parse_http_list(header):
        for name, value in parse_signature_header(piece).items():
            if name in found:
                raise Malformed(f"the parameter {name} stands twice")
            found[name] = value
    return found


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not _SECONDS.fullmatch(text):
        raise Malformed("created or expires is no number of seconds")
    return int(text)


def message(
    names: Sequence[str],
    headers: Mapping[str, str],
    *,
    method: str,
    target: str,
    created: int | None = None,
    expires: int | None = None,
) -> bytes:
    """The bytes that are signed. `headers` have lower-case names, several values of a name joined by a comma.

    `target` is path and query as sent. Raises Malformed if something listed is not there.
    """
    times = {CREATED: created, EXPIRES: expires}
    values = {name: times.get(name) if name.startswith("(") else headers.get(name) for name in names if name != TARGET}
    missing = [name for name, value in values.items() if value is None]
    if missing or not names or not target:
        raise Malformed(f"signed is what is not there: {', '.join(missing) or 'nothing'}")
    lines = [f"{name}: {method.lower()} {target}" if name == TARGET else f"{name}: {values[name]}" for name in names]
    if all(each.isascii() and each.isprintable() for each in lines):  # as nearly always: httpsig would write the same
        return "\n".join(lines).encode()
    return _unusual([*names], {name: str(value) for name, value in values.items()}, method, target)


def _unusual(names: list[str], values: Mapping[str, str], method: str, target: str) -> bytes:
    """The message where a value is more than plain ASCII."""
    tokens: dict[bytes, bytes] = {}

    def ascii_only(value: str) -> str:
        """What httpsig can write: for anything but ASCII a token that no real value can be confused with."""
        if "\x00" in value or "\n" in value or "\r" in value:
            raise Malformed("a signed value holds a control character")
        if value.isascii():
            return value
        token = f"\x00{len(tokens)}\x00"
        tokens[token.encode()] = value.encode("utf-8", "surrogateescape")  # the bytes as they came
        return token

    fields = {name: ascii_only(value) for name, value in values.items()}
    text: bytes = generate_message(names, fields, method=method, path=ascii_only(target))
    for token, value in tokens.items():
        text = text.replace(token, value)
    return text


def header(key_id: str, algorithm: str, names: Sequence[str], signature: bytes) -> str:
    """The value of a Signature header: every value quoted, no spaces, in the order that the strictest readers want
    (federation reference §2.1). Raises ValueError for a key id that would break the quotes.
    """
    if '"' in key_id or "\\" in key_id or _CONTROL.search(key_id):
        raise ValueError(key_id)
    # Made without the list of headers, which httpsig would put behind the signature.
    template: str = build_signature_template(key_id.replace("%", "%%"), algorithm, None, "signature")
    start, _, end = template.rpartition(",")
    made: str = f'{start},headers="{" ".join(names)}",{end}' % base64.b64encode(signature).decode()
    return made
