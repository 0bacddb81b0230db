"""The one outbound door: every request of the federation to another server leaves here (federation reference §3).

Only public addresses on the usual port over https, no redirects but checked ones, bounds on time and size, only the
media types asked for, only strict JSON. `allow_private` (setting `allow_private_addresses`) loosens the rules about
scheme, port and address for trials, and nothing else.
"""

import asyncio
import re
import resource
import zlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from federation import media_types, outward
from federation.addresses import CheckedResolver, Refused
from federation.media_types import ANY_PAGE, AS2, JRD, Accepts
from federation.retry_after import seconds
from federation.signatures import LocalKey, sign_request
from federation.vocabulary import reading

__all__ = [
    "Answer",
    "Document",
    "Limits",
    "Outbound",
    "Page",
    "PermanentFailure",
    "Refused",
    "TemporaryFailure",
]

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_TEMPORARY = frozenset({408, 421, 425, 429})
_MOST_SOCKETS = 1_024
_ANSWER_BYTES = 16 * 1024
_ANSWER_PATIENCE = 1.0  # seconds
_GZIP = 31  # zlib's number for a gzip wrapper
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
class _Fetched:
    url: str
    media_type: str
    body: bytes
    links: str


class Outbound:
    """The door. `clock` gives milliseconds, for the dates that are signed. Open it with `start`, on the event loop."""

    def __init__(
        self,
        *,
        allow_private: bool,
        user_agent: str,
        clock: Callable[[], int],
        limits: Limits | None = None,
        resolver: CheckedResolver | None = None,
    ) -> None:
        self._allow_private = allow_private
        self._user_agent = user_agent
        self._clock = clock
        self._limits = limits or Limits()
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        limits = self._limits
        resolver = self._resolver or CheckedResolver(
            allow_private=self._allow_private, patience=limits.connect
        )
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(resolver=resolver, limit=_sockets(), ttl_dns_cache=60),
            timeout=aiohttp.ClientTimeout(
                total=limits.total, sock_connect=limits.connect, sock_read=limits.idle
            ),
            headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip"},
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # the bound on size holds for what comes out: inflated here, bit by bit
            trust_env=False,
        )

    async def close(self) -> None:
        """Hang up. Closing twice, or without having started, is harmless."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def get_json(self, url: str, *, signer: LocalKey | None = None, accept: Accepts = AS2) -> Document:
        """The JSON object at `url`, of one of the media types that `accept` names.

        Nothing is said about whose word it is: see `Document.id` and `get_object`. Raises TemporaryFailure,
        PermanentFailure, and Refused also for another type, for too much, and for anything but strict JSON.
        """
        return _document(await self._get(url, accept, signer))

    async def get_jrd(self, url: str) -> Document:
        """The WebFinger answer at `url`. Raises as `get_json` does."""
        return await self.get_json(url, accept=JRD)

    async def get_object(self, uri: str, *, signer: LocalKey | None = None) -> dict[str, Any]:
        """The object that `uri` leads to, fetched from the very place that its `id` names.

        If its `id` is another one on the host that it came from, it is fetched once more from there. So its `id` is
        always proved, but need not be `uri`. Raises as `get_json` does; Refused if the id cannot be proved.
        """
        return await self.proved(await self.get_json(uri, signer=signer), signer=signer)

    async def proved(self, found: Document, *, signer: LocalKey | None = None) -> dict[str, Any]:
        """`found`, or what stands at the `id` that it names on its own host. Raises as `get_object` does."""
        if found.id is None:
            raise Refused(f"what stands at {found.url} has no id on its own host")
        if found.id == found.url:
            return found.body
        again = await self.get_json(found.id, signer=signer)
        if again.id != found.id:
            raise Refused(f"{found.id} does not lead to itself")
        return again.body

    async def get_page(
        self, url: str, *, signer: LocalKey | None = None, accept: Accepts = ANY_PAGE
    ) -> Document | Page:
        """What stands at `url`: the ActivityStreams document if there is one, else the text of a page.

        Raises as `get_json` does.
        """
        fetched = await self._get(url, accept, signer)
        if AS2.fits(fetched.media_type):
            return _document(fetched)
        return Page(fetched.url, _text(fetched), fetched.links)

    async def post(self, url: str, body: bytes, *, signer: LocalKey) -> Answer:
        """Deliver `body`, an ActivityStreams document, to an inbox. Redirects are an answer like any other.

        Raises TemporaryFailure if there was no answer, Refused if we do not send there.
        """
        address = outward.checked(url, allow_private=self._allow_private)
        headers = {"Content-Type": media_types.ACTIVITY_JSON, "Accept": "*/*"}
        return await self._post(url, address, self._signed("POST", address, headers, body, signer), body)

    async def hand_over(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST `body` as it is and unsigned, to a push service: `headers` say what it is. Raises as `post` does."""
        return await self._post(url, outward.checked(url, allow_private=self._allow_private), headers, body)

    async def _post(self, url: str, address: URL, headers: Mapping[str, str], body: bytes) -> Answer:
        async with _told(url), self._request("POST", address, headers, body) as response:
            # What it says besides does not matter; but only once that is read may the next one use the connection.
            with suppress(TimeoutError, aiohttp.ClientError):
                async with asyncio.timeout(_ANSWER_PATIENCE):
                    await response.content.read(_ANSWER_BYTES)
            return Answer(response.status, seconds(response.headers.get("Retry-After"), self._clock()))

    async def _get(self, url: str, accept: Accepts, signer: LocalKey | None) -> _Fetched:
        """GET, following at most three redirects, each checked. A redirect to another origin is asked unsigned: our
        signature is for whom we chose to ask.
        """
        address = outward.checked(url, allow_private=self._allow_private)
        async with _told(url), asyncio.timeout(self._limits.total):
            for _ in range(_MOST_REDIRECTS + 1):
                found = await self._get_once(address, accept, signer)
                if isinstance(found, _Fetched):
                    return found
                next_address = outward.checked(
                    outward.joined(str(address), found), allow_private=self._allow_private
                )
                if next_address.origin() != address.origin():
                    signer = None
                address = next_address
        raise Refused(f"{url} redirects more than {_MOST_REDIRECTS} times")

    async def _get_once(self, address: URL, accept: Accepts, signer: LocalKey | None) -> _Fetched | str:
        """What stands at `address`, or the Location it sends us to."""
        headers = {"Accept": accept.header}
        if signer is None:
            return await self._fetch(address, accept, headers)
        try:
            return await self._fetch(address, accept, self._signed("GET", address, headers, None, signer))
        except PermanentFailure as failure:
            if failure.status != 401 or not address.raw_query_string:
                raise
        # Some verify the path without its query (federation reference §2.1).
        bare = self._signed("GET", address, headers, None, signer, with_query=False)
        return await self._fetch(address, accept, bare)

    async def _fetch(self, address: URL, accept: Accepts, headers: Mapping[str, str]) -> _Fetched | str:
        async with self._request("GET", address, headers) as response:
            if response.status in _REDIRECTS and "Location" in response.headers:
                return response.headers["Location"]
            _check_status(address, response.status)
            media_type = response.headers.get("Content-Type", "")
            if not accept.fits(media_type):
                raise Refused(f"{address} is of the type {media_type[:80] or 'unknown'}")
            body = await self._body(response, beginning=accept.beginning)
            return _Fetched(
                str(address), media_type, body, ", ".join(response.headers.getall("Link", []))[:4_000]
            )

    async def _body(self, response: aiohttp.ClientResponse, *, beginning: bool) -> bytes:
        limit = self._limits.body
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

    def _signed(
        self,
        method: str,
        address: URL,
        headers: Mapping[str, str],
        body: bytes | None,
        signer: LocalKey,
        *,
        with_query: bool = True,
    ) -> dict[str, str]:
        return sign_request(
            method,
            str(address),
            headers,
            body,
            key_id=signer.key_id,
            private_key=signer.private_key,
            now=self._clock(),
            with_query=with_query,
        )

    @asynccontextmanager
    async def _request(
        self, method: str, address: URL, headers: Mapping[str, str], body: bytes | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        if self._session is None:
            raise RuntimeError("the outbound door was not opened")
        async with self._session.request(
            method, address, headers=headers, data=body, allow_redirects=False
        ) as response:
            yield response


@asynccontextmanager
async def _told(url: str) -> AsyncIterator[None]:
    """Tells whatever went wrong on the way to `url` in our own terms."""
    try:
        yield
    except TimeoutError as failure:
        raise TemporaryFailure(f"{url} did not answer in time") from failure
    except aiohttp.InvalidURL as failure:
        raise Refused(f"{url} is no address to go to") from failure
    except zlib.error as failure:
        raise Refused(f"{url} is no valid gzip") from failure
    except (aiohttp.ClientError, OSError) as failure:
        raise TemporaryFailure(f"{url} could not be reached: {failure}") from failure


def _text(fetched: _Fetched) -> str:
    """The words of a page, in the character set that it names, else UTF-8."""
    named = media_types.charset(fetched.media_type)
    if not named and (found := _META_CHARSET.search(fetched.body[:_META_BYTES])):
        named = found[1].decode().lower()
    return fetched.body.decode(_CHARSETS.get(named, "utf-8"), "replace")


def _check_status(address: URL, status: int) -> None:
    if status == 200:
        return
    said = f"{address} answered {status}"
    if status in _TEMPORARY or (status >= 500 and status != 501):
        raise TemporaryFailure(said, status)
    if 400 <= status <= 501:
        raise PermanentFailure(said, status)
    raise Refused(said)


def _document(fetched: _Fetched) -> Document:
    try:
        return Document(fetched.url, reading.load(fetched.body))
    except reading.Unreadable as problem:
        raise Refused(f"{fetched.url}: {problem}") from problem


def _sockets() -> int:
    """How many connections may be open at once: half of the files this process may have, at most 1,024."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_SOCKETS if allowed == resource.RLIM_INFINITY else max(64, min(_MOST_SOCKETS, allowed // 2))
