"""What comes back through the outbound door: documents, pages, answers of inboxes, and what can go wrong instead.

Read with a bound on size that holds after decompression, only of the media types asked for, only as strict JSON.
"""

import re
import zlib
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from federation import media_types
from federation.addresses import Refused
from federation.vocabulary import reading

_TEMPORARY = frozenset({408, 421, 425, 429})
_GZIP = 31  # zlib's number for a gzip wrapper
_LONGEST_LINKS = 4_000
_META_BYTES = 2_048
_META_CHARSET = re.compile(rb"""<meta\b[^<>]{0,200}\bcharset=["']?([A-Za-z0-9_-]{2,20})""", re.IGNORECASE)
_CHARSETS = {
    "shift_jis": "cp932", "shift-jis": "cp932", "sjis": "cp932", "x-sjis": "cp932", "windows-31j": "cp932", "euc-jp": "euc_jp",
    "x-euc-jp": "euc_jp", "iso-2022-jp": "iso2022_jp", "iso-8859-1": "cp1252", "windows-1252": "cp1252", "gbk": "gb18030",
    "gb2312": "gb18030", "gb18030": "gb18030", "big5": "big5", "euc-kr": "cp949",
}  # fmt: skip
"""Old names that pages still go by. Everything else is read as UTF-8."""


class TemporaryFailure(Exception):
    """No usable answer this time: the network, a time limit, or a server in trouble (`status` if it said so)."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class PermanentFailure(Exception):
    """The server answered that it does not give this, now or later. `status` is 4xx or 501."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request, redirects included. Seconds and bytes; `body` counts after decompression."""

    connect: float = 5.0
    idle: float = 10.0
    total: float = 30.0
    body: int = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """A JSON object, and the address it was finally found at."""

    url: str
    body: dict[str, Any]

    @property
    def id(self) -> str | None:
        """Its `id`, if it has one on the host that it came from: only then may it be believed."""
        identity = reading.uri(self.body.get("id"))
        return identity if reading.same_origin(identity, self.url) else None


@dataclass(frozen=True, slots=True)
class Page:
    """Text, as it was found at `url`. `links` is the value of its Link header."""

    url: str
    text: str
    links: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What an inbox said. `retry_after` in seconds, if it asked for patience."""

    status: int
    retry_after: int | None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a GET brought, of a type that was asked for."""

    url: str
    media_type: str
    body: bytes
    links: str


async def fetched(address: URL, response: aiohttp.ClientResponse, accept: media_types.Accepts, limit: int) -> Fetched:
    """What `response` brings. Raises as `Outbound.get_json` does; `limit` in bytes."""
    check_status(address, response.status)
    media_type = response.headers.get("Content-Type", "")
    if not accept.fits(media_type):
        raise Refused(f"{address} is of the type {media_type[:80] or 'unknown'}")
    body = await _body(response, limit, beginning=accept.beginning)
    return Fetched(str(address), media_type, body, ", ".join(response.headers.getall("Link", []))[:_LONGEST_LINKS])


async def _body(response: aiohttp.ClientResponse, limit: int, *, beginning: bool) -> bytes:
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip", ""):
        raise Refused(f"{response.url} is encoded as {encoding[:20]}")
    inflate = zlib.decompressobj(_GZIP) if encoding.endswith("gzip") else None
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += inflate.decompress(chunk, limit + 1 - len(body)) if inflate else chunk
        if len(body) > limit:
            if beginning:
                return bytes(body[:limit])
            raise Refused(f"{response.url} is larger than {limit} bytes")
    if inflate and not inflate.eof:
        raise TemporaryFailure(f"{response.url} ended in the middle")
    return bytes(body)


def page_text(found: Fetched) -> str:
    """The words of a page, in the character set that it names, else UTF-8."""
    named = media_types.charset(found.media_type)
    if not named and (meta := _META_CHARSET.search(found.body[:_META_BYTES])):
        named = meta[1].decode().lower()
    return found.body.decode(_CHARSETS.get(named, "utf-8"), "replace")


def check_status(address: URL, status: int) -> None:
    if status == 200:
        return
    said = f"{address} answered {status}"
    if status in _TEMPORARY or (status >= 500 and status != 501):
        raise TemporaryFailure(said, status)
    if 400 <= status <= 501:
        raise PermanentFailure(said, status)
    raise Refused(said)


def document(found: Fetched) -> Document:
    try:
        return Document(found.url, reading.load(found.body))
    except reading.Unreadable as problem:
        raise Refused(f"{found.url}: {problem}") from problem
