"""Values out of documents that others wrote: strict about the JSON itself, tolerant about its shapes.

Nothing here raises over a strange value: what cannot be read is absent. Only `load` raises, over bytes that are no
single plain JSON object (federation reference §3, JSON).
"""

import json
import math
import re
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

import idna
import orjson

Document = dict[str, Any]

DEPTH_LIMIT = 32
PARTS_LIMIT = 50_000
"""Values that a document may consist of: the longest list of ids that is read has 20,000. What a megabyte of brackets costs
would keep everybody else waiting for a second.
"""
_DIGITS_LIMIT = 20
_LONGEST_URI = 2048
_DEFAULT_PORTS = {"https": 443, "http": 80}
_FORBIDDEN_KEYS = frozenset({"@graph", "@included", "@reverse"})
_MILLIS = 1000
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_NOT_IN_ADDRESSES = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\s]")
_PLAIN_ADDRESS = re.compile(r"(https?)://([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?::([1-9][0-9]{0,3}))?(?=[/?#]|\Z)")
_REMEMBERED = 2_048  # addresses taken apart; of one activity the same few are asked for dozens of times
_KEY_ENDS = re.compile(rb'"[ \t\r\n]*:')
_TEXTS = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)  # the last one may have no end: so it takes one pass
_HALF_CHARACTER = re.compile(r"\\u[dD][89a-fA-F]")  # it may be one; the check itself is dearer


class Unreadable(ValueError):
    """A document that is not what it should be; the message says why, for the log."""


def load(body: bytes, *, parts: int = PARTS_LIMIT) -> Document:
    """The JSON object in `body`. Raises Unreadable for anything else: malformed, duplicate keys, NaN, huge integers,
    halves of surrogate pairs, more than 32 levels or so many `parts`, and the JSON-LD keywords that smuggle further documents.
    """
    if _marks(body) > parts and _marks(_TEXTS.sub(b"", body)) > parts:
        raise Unreadable(f"the document has more than {parts} parts")
    plain = _plain(body)
    return plain if plain is not None else _strict(body)


def _marks(body: bytes) -> int:
    """Commas and opening brackets: outside of texts there is about one of them for each value."""
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _plain(body: bytes) -> Document | None:
    """The document, if it certainly has nothing in it that `_strict` would refuse; None if that is to be seen.

    A fast parser takes the last of two equal keys. Each key that stands in the text ends in a quote and a colon, so if
    there are no more of those than keys in the result, no key stands twice. (Text may hold them too: then there are more.)
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    keys, level = 0, [value] if isinstance(value, dict) else []
    for _ in range(DEPTH_LIMIT):
        below: list[Any] = []
        for each in level:
            inner: Any = each
            if isinstance(each, dict):
                keys += len(each)
                if not _FORBIDDEN_KEYS.isdisjoint(each):
                    return None
                inner = each.values()
            for one in inner:
                kind = type(one)  # a parser makes no others
                if kind is dict or kind is list:
                    below.append(one)
                elif kind is float:  # or an integer too large for one: parsers differ about numbers alone
                    return None
        if not below:
            return value if level and len(_KEY_ENDS.findall(body)) == keys else None
        level = below
    return None


def _strict(body: bytes) -> Document:
    """The same for any bytes whatever. Raises Unreadable."""
    try:
        text = body.decode("utf-8-sig")
        value = json.loads(
            text, object_pairs_hook=_object, parse_constant=_refuse_constant, parse_int=_integer, parse_float=_number
        )
        if _HALF_CHARACTER.search(text):
            json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError: no database could keep it
    except Unreadable:
        raise
    except (ValueError, RecursionError) as problem:
        raise Unreadable("the body is not JSON") from problem
    if not isinstance(value, dict):
        raise Unreadable("the body is not a JSON object")
    check_depth(value)
    return value


def check_depth(value: object) -> None:
    """Raise Unreadable if `value` is nested deeper than 32 levels."""
    level: list[object] = [value]
    for _ in range(DEPTH_LIMIT):
        level = [inner for each in level for inner in _children(each)]
        if not level:
            return
    raise Unreadable(f"the document is nested deeper than {DEPTH_LIMIT} levels")


def _children(value: object) -> list[object]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [each for each in inner if isinstance(each, dict | list)]


def _object(pairs: list[tuple[str, Any]]) -> Document:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Unreadable("a key stands twice in one object")
    if not _FORBIDDEN_KEYS.isdisjoint(made):
        raise Unreadable("the document uses @graph, @included or @reverse")
    return made


def _refuse_constant(text: str) -> float:
    raise Unreadable(f"{text} is no JSON number")


def _integer(text: str) -> int:
    if len(text) > _DIGITS_LIMIT:
        raise Unreadable("an integer is too large")
    return int(text)


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise Unreadable("a number is too large")
    return number


def text_of(value: object) -> str:
    """`value` if it is a string without NUL, else an empty one."""
    if not isinstance(value, str):
        return ""
    return value.replace("\x00", "") if "\x00" in value else value


def truth(value: object) -> bool:
    return value is True


def items(value: object) -> list[Any]:
    """What stands in a property that may hold nothing, one thing or a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def type_of(document: Document) -> str:
    """The `type`; of several the first, as Misskey reads it."""
    told = document.get("type")
    if isinstance(told, str):  # as nearly everybody writes it
        return text_of(told)
    return next((text_of(each) for each in items(document.get("type")) if isinstance(each, str)), "")


def uri(value: object) -> str | None:
    """`value` as the address of something: a string, or an object that has an `id` (a Link: `href`). Nothing that holds
    control characters is an address.
    """
    if value is None:
        return None
    if isinstance(value, list):
        return next((found for each in value if (found := uri(each))), None)
    if isinstance(value, dict):
        value = value.get("id") or value.get("href")
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST_URI:
        return None
    return value if value.isprintable() or not _CONTROL.search(value) else None


def uris(value: object, limit: int = 256) -> tuple[str, ...]:
    """Every address in a property such as `to`, once each, in order."""
    found = (uri(each) for each in items(value)[:limit])
    return tuple(dict.fromkeys(each for each in found if each))


def link(value: object, *, owner: str) -> str | None:
    """A web address for people to open: https or http on the host of `owner`, else None (forged `url`s are a known
    trick). Of several, an HTML one is preferred.
    """
    candidates = items(value)
    html = [each for each in candidates if isinstance(each, dict) and each.get("mediaType") == "text/html"]
    for each in (*html, *candidates):
        address = each.get("href") if isinstance(each, dict) else each
        if isinstance(address, str) and same_origin(address, owner):
            return address
    return None


def authority(address: str | None) -> str | None:
    """`host[:port]` of an http or https address, lower case, default port left out, IDN as A-label; else None."""
    found = _taken_apart(address) if address else None
    return None if found is None else found[1]


def origin(address: str | None) -> str | None:
    """`scheme://host[:port]` of `address`, or None: what two addresses share if one party speaks for both."""
    found = _taken_apart(address) if address else None
    return None if found is None else found[0]


def same_origin(*addresses: str | None) -> bool:
    """Whether all `addresses` are readable and of one origin (FEP-fe34)."""
    first = origin(addresses[0]) if addresses else None
    return first is not None and all(origin(each) == first for each in addresses[1:])


@lru_cache(_REMEMBERED)
def _taken_apart(address: str) -> tuple[str, str] | None:
    """Origin and authority of an address, None for what is none."""
    if len(address) > _LONGEST_URI:
        return None
    plain = _PLAIN_ADDRESS.match(address) if address.isprintable() and " " not in address else None
    if plain is not None:  # as nearly everybody's: a parser would read nothing else in it
        scheme, host, port = plain.groups()
        found = host if port is None or int(port) == _DEFAULT_PORTS[scheme] else f"{host}:{port}"
        return f"{scheme}://{found}", found
    if _NOT_IN_ADDRESSES.search(address):
        return None
    try:
        split = urlsplit(address)
        if split.scheme not in _DEFAULT_PORTS or not split.hostname or "@" in split.netloc:
            return None
        found = _authority(split)
    except ValueError:  # an unbalanced bracket, a port that is no number, a label no IDN can hold
        return None
    return (f"{split.scheme}://{found}", found) if found else None


def _authority(split: SplitResult) -> str:
    host = (split.hostname or "").rstrip(".")
    if not host.isascii():
        # As the outbound door has it. The older IDNA (Python's codec) takes straße.example for strasse.example, which is
        # somebody else's: what the one serves would count as the other's word.
        host = idna.encode(host, uts46=True).decode("ascii")
    if ":" in host:
        host = f"[{host}]"
    port = split.port
    return host if port is None or port == _DEFAULT_PORTS[split.scheme] else f"{host}:{port}"


def moment(value: object) -> int | None:
    """A time of the wire (RFC 3339; without a zone: UTC) as milliseconds since 1970, or None."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.fromisoformat(value)
        read = read if read.tzinfo else read.replace(tzinfo=UTC)
        millis = round(read.timestamp() * _MILLIS)
    except (ValueError, OverflowError):
        return None
    return millis if millis >= 0 else None
