"""The one outbound door: every request of the federation to another server leaves here (federation reference §3).

Only public addresses on the usual port over https, no redirects but checked ones, bounds on time and size, only the
media types asked for, only strict JSON. `allow_private` (setting `allow_private_addresses`) loosens the rules about
scheme, port and address for trials, and nothing else.
"""

import asyncio
import resource
import zlib
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import aiohttp
from yarl import URL

from federation import answers, media_types, outward
from federation.addresses import CheckedResolver, Refused
from federation.answers import Answer, Document, Fetched, Limits, Page, PermanentFailure, TemporaryFailure
from federation.knocking import Knocks, is_refusal
from federation.media_types import ANY_PAGE, AS2, JRD, Accepts
from federation.retry_after import seconds
from federation.signatures import CAVAGE, Form, LocalKey, sign_request

__all__ = [
    "Answer", "Document", "Limits", "Outbound", "Page", "PermanentFailure", "Refused", "TemporaryFailure",
]  # fmt: skip

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 3
_MOST_SOCKETS = 1_024
_ANSWER_BYTES = 16 * 1024
_ANSWER_PATIENCE = 1.0  # seconds
_TO_AN_INBOX = {"Content-Type": media_types.ACTIVITY_JSON, "Accept": "*/*"}
_TROUBLES = (TimeoutError, aiohttp.ClientError, zlib.error, OSError)


class Outbound:
    """The door. `clock` gives milliseconds, for the dates that are signed. Open it with `start`, on the event loop.

    `knocks` knows in which form each host takes a signature.
    """

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
        self.knocks = Knocks(clock)
        self._session: aiohttp.ClientSession | None = None

    @property
    def sockets(self) -> int:
        """How many connections may be open at once."""
        return _sockets()

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
        return answers.document(await self._get(url, accept, signer))

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
            return answers.document(fetched)
        return Page(fetched.url, answers.page_text(fetched), fetched.links)

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        signer: LocalKey,
        sha256: str | None = None,
        covering: Mapping[str, str] | None = None,
    ) -> Answer:
        """Deliver `body`, an ActivityStreams document, to an inbox. Redirects are an answer like any other.

        An inbox that does not understand the signature is knocked at once more in the other form. `sha256` is the digest
        of the body in base64, where it is known already; `covering` are further headers, which are signed as well. Raises
        TemporaryFailure if there was no answer, Refused if we do not send there.
        """
        address = outward.checked(url, allow_private=self._allow_private)
        host = _host(address)
        form = self.knocks.form(host)
        knock = partial(self._knock, url, address, body, signer=signer, sha256=sha256, covering=covering)
        answer = await knock(form=form)
        if answer.status < 300:
            self.knocks.took(host, form)
            return answer
        if (other := self.knocks.other(host, answer.status)) is None:
            return answer
        again = await knock(form=other)
        if is_refusal(again.status):
            self.knocks.refused_both(host)
            return answer
        if again.status < 300:
            self.knocks.took(host, other)
        return again

    async def _knock(
        self,
        url: str,
        address: URL,
        body: bytes,
        *,
        signer: LocalKey,
        form: Form,
        sha256: str | None,
        covering: Mapping[str, str] | None,
    ) -> Answer:
        headers = sign_request(
            "POST", str(address), _TO_AN_INBOX, body,
            key_id=signer.key_id, private_key=signer.private_key, now=self._clock(), form=form, sha256=sha256,
            covering=covering,
        )  # fmt: skip
        return await self._post(url, address, headers, body)

    async def hand_over(self, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """POST `body` as it is and unsigned, to a push service: `headers` say what it is. Raises as `post` does."""
        return await self._post(url, outward.checked(url, allow_private=self._allow_private), headers, body)

    async def _post(self, url: str, address: URL, headers: Mapping[str, str], body: bytes) -> Answer:
        """One request, with as little around it as can be: of these a town makes the most."""
        if self._session is None:
            raise RuntimeError("the outbound door was not opened")
        try:
            response = await self._session.request(
                "POST", address, headers=headers, data=body, allow_redirects=False
            )
        except _TROUBLES as trouble:
            raise _in_our_terms(url, trouble) from trouble
        try:
            if not response.content.is_eof():
                await _read_a_little(response)
            return Answer(response.status, seconds(response.headers.get("Retry-After"), self._clock()))
        finally:
            response.release()

    async def _get(self, url: str, accept: Accepts, signer: LocalKey | None) -> Fetched:
        """GET, following at most three redirects, each checked. A redirect to another origin is asked unsigned: our
        signature is for whom we chose to ask.
        """
        address = outward.checked(url, allow_private=self._allow_private)
        try:
            async with asyncio.timeout(self._limits.total):
                return await self._followed(url, address, accept, signer)
        except _TROUBLES as trouble:
            raise _in_our_terms(url, trouble) from trouble

    async def _followed(self, url: str, address: URL, accept: Accepts, signer: LocalKey | None) -> Fetched:
        for _ in range(_MOST_REDIRECTS + 1):
            found = await self._get_once(address, accept, signer)
            if isinstance(found, Fetched):
                return found
            next_address = outward.checked(
                outward.joined(str(address), found), allow_private=self._allow_private
            )
            if next_address.origin() != address.origin():
                signer = None
            address = next_address
        raise Refused(f"{url} redirects more than {_MOST_REDIRECTS} times")

    async def _get_once(self, address: URL, accept: Accepts, signer: LocalKey | None) -> Fetched | str:
        """What stands at `address`, or the Location it sends us to."""
        headers = {"Accept": accept.header}
        if signer is None:
            return await self._fetch(address, accept, headers)
        host = _host(address)
        form = self.knocks.form(host)
        try:
            return await self._get_signed(address, accept, signer, form)
        except PermanentFailure as failure:
            if (other := self.knocks.other(host, failure.status)) is None:
                raise
        try:
            found = await self._get_signed(address, accept, signer, other)
        except PermanentFailure as failure:
            if is_refusal(failure.status):
                self.knocks.refused_both(host)
            raise
        self.knocks.took(host, other)  # a first knock that is let in proves nothing: most let anybody read
        return found

    async def _get_signed(self, address: URL, accept: Accepts, signer: LocalKey, form: Form) -> Fetched | str:
        """GET signed in one form. Some verify the path without its query: they are asked once more (reference §2.1)."""
        headers = {"Accept": accept.header}
        try:
            return await self._fetch(address, accept, self._signed(address, headers, signer, form=form))
        except PermanentFailure as failure:
            if failure.status != 401 or form != CAVAGE or not address.raw_query_string:
                raise
        bare = self._signed(address, headers, signer, form=form, with_query=False)
        return await self._fetch(address, accept, bare)

    async def _fetch(self, address: URL, accept: Accepts, headers: Mapping[str, str]) -> Fetched | str:
        if self._session is None:
            raise RuntimeError("the outbound door was not opened")
        response = await self._session.request("GET", address, headers=headers, allow_redirects=False)
        try:
            if response.status in _REDIRECTS and "Location" in response.headers:
                return response.headers["Location"]
            return await answers.fetched(address, response, accept, self._limits.body)
        finally:
            response.release()

    def _signed(
        self, address: URL, headers: Mapping[str, str], signer: LocalKey, *, form: Form, with_query: bool = True
    ) -> dict[str, str]:
        return sign_request(
            "GET", str(address), headers, None,
            key_id=signer.key_id, private_key=signer.private_key, now=self._clock(), form=form, with_query=with_query,
        )  # fmt: skip


def _in_our_terms(url: str, trouble: Exception) -> Exception:
    if isinstance(trouble, TimeoutError):
        return TemporaryFailure(f"{url} did not answer in time")
    if isinstance(trouble, aiohttp.InvalidURL):
        return Refused(f"{url} is no address to go to")
    if isinstance(trouble, zlib.error):
        return Refused(f"{url} is no valid gzip")
    return TemporaryFailure(f"{url} could not be reached: {trouble}")


async def _read_a_little(response: aiohttp.ClientResponse) -> None:
    """What an inbox says besides its status does not matter; but only once that is read may the next letter use the
    connection.
    """
    with suppress(TimeoutError, aiohttp.ClientError):
        async with asyncio.timeout(_ANSWER_PATIENCE):
            await response.content.read(_ANSWER_BYTES)


def _host(address: URL) -> str:
    """host[:port] as ids have it: a default port is left out."""
    return (address.host_port_subcomponent or "").lower()


def _sockets() -> int:
    """How many connections may be open at once: half of the files this process may have, at most 1,024."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_SOCKETS if allowed == resource.RLIM_INFINITY else max(64, min(_MOST_SOCKETS, allowed // 2))
