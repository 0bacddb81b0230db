"""Another server of the fediverse, real as far as we can see it: it listens on loopback, holds real keys, signs as its
software does, and checks what we sign as the strictest do.

    async with Peer("mastodon", clock=clock) as peer:
        alice = peer.actor("alice")
        follow = alice.does("Follow", hanako_uri)
        answer = await alice.post(f"{town}/users/hanako/inbox", follow)
        accept = await peer.next("Accept")

Anything it serves can be bent: `peer.answer(path, status=410)`, `peer.hang(path)`, `peer.put(document)`.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from community.town import Clock, system_clock
from tests import peer_rfc9421, peer_shapes, peer_signing
from tests.peer_actor import PeerActor, Reply, give_keys_back
from tests.peer_shapes import Document
from tests.peer_signing import Unproven

__all__ = ["Peer", "PeerActor", "Received", "Reply", "Request"]

ACTIVITY = "application/activity+json"
_PATIENCE = 10.0  # seconds that a test waits for something to arrive
_spare_keys: list[
    RSAPrivateKey
] = []  # making one takes 0.2 s: actors of later tests take over those of earlier ones


@dataclass(frozen=True)
class Received:
    """An activity that came, its signature checked."""

    activity: Document
    body: bytes
    path: str
    headers: Mapping[str, str]
    key_id: str

    @property
    def type(self) -> str:
        return str(self.activity.get("type"))


@dataclass(frozen=True)
class Request:
    """Any request that came, in order."""

    method: str
    path: str  # with its query
    headers: Mapping[str, str]


@dataclass
class _Answer:
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


class Peer:
    """A server. `secure`: it answers GETs only if they are signed (GoToSocial always does so).

    Signatures of ours are checked with the key that it fetches from us, unless `trust` gave it before. `takes` names the
    forms of signature that it understands; it answers others with 401.
    """

    def __init__(
        self,
        software: str = "mastodon",
        *,
        clock: Clock = system_clock,
        secure: bool | None = None,
        takes: tuple[str, ...] = ("cavage",),
        host: str = "127.0.0.1",
    ) -> None:
        self.host = host
        self.takes = takes
        self.software = software
        self.clock = clock
        self.secure = software == "gotosocial" if secure is None else secure
        self.numbers = itertools.count(1)
        self.actors: dict[str, PeerActor] = {}
        self.received: list[Received] = []
        self.refused: list[str] = []
        """Why requests of ours were turned away."""
        self.requests: list[Request] = []
        self.inbox_status = 202
        self.domain = ""
        self.origin = ""
        self._documents: dict[str, Document] = {}
        self._answers: dict[str, _Answer] = {}
        self._hanging: set[str] = set()
        self._closing = asyncio.Event()
        self._news = asyncio.Condition()
        self._seen = 0
        self._keys: dict[str, RSAPublicKey] = {}

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=4 * 1024 * 1024)
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, self.host, 0).start()
        self.domain = "{}:{}".format(*self._runner.addresses[0][:2])
        self.origin = f"http://{self.domain}"
        self._client = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        await self._client.close()
        await self._runner.cleanup()
        give_keys_back(self.actors.values())

    def actor(self, name: str, kind: str = "Person", **fields: Any) -> PeerActor:
        """Somebody who lives here; `fields` are put over the actor document. The same name gives the same one again."""
        if name not in self.actors:
            self.actors[name] = PeerActor(self, name, kind)
        self.actors[name].document.update(fields)
        return self.actors[name]

    def group(self, name: str, **fields: Any) -> PeerActor:
        return self.actor(name, "Group", **fields)

    def put(self, document: Document) -> str:
        """Serve `document` at its id; gives the id."""
        uri = str(document["id"])
        self._documents[uri.removeprefix(self.origin)] = document
        return uri

    def answer(
        self,
        path: str,
        *,
        status: int = 200,
        body: bytes | str | Document = b"",
        content_type: str = ACTIVITY,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """From now on, say this to whoever asks for `path` (with or without a query); gives its address."""
        raw = (
            body
            if isinstance(body, bytes)
            else (body if isinstance(body, str) else json.dumps(body)).encode()
        )
        self._answers[path] = _Answer(status, raw, {"Content-Type": content_type, **(headers or {})})
        return self.origin + path

    def restore(self, path: str) -> None:
        """Take back what `answer` or `hang` did to `path`."""
        self._answers.pop(path, None)
        self._hanging.discard(path)

    def hang(self, path: str) -> str:
        """From now on, keep whoever asks for `path` waiting until this server ends; gives its address."""
        self._hanging.add(path)
        return self.origin + path

    def trust(self, key_id: str, key: RSAPublicKey | RSAPrivateKey) -> None:
        """Know this key already: for tests in which our side does not listen."""
        self._keys[key_id] = key.public_key() if isinstance(key, RSAPrivateKey) else key

    def moment(self) -> str:
        return datetime.fromtimestamp(self.clock() / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def asked(self, path: str) -> int:
        """How often `path` was asked for, whatever its query."""
        return sum(each.path.partition("?")[0] == path for each in self.requests)

    async def next(
        self, kind: str | None = None, *, where: Callable[[Received], bool] = lambda _: True
    ) -> Received:
        """The next activity that came, of the type `kind` if given; others before it are passed over. Waits for it."""

        def found() -> Received | None:
            for position in range(self._seen, len(self.received)):
                each = self.received[position]
                if (kind is None or each.type == kind) and where(each):
                    self._seen = position + 1
                    return each
            return None

        try:
            async with asyncio.timeout(_PATIENCE), self._news:
                return await self._news.wait_for(found)  # type: ignore[return-value]
        except TimeoutError:
            came = ", ".join(each.type for each in self.received) or "nothing"
            raise AssertionError(
                f"{kind or 'an activity'} did not come; came: {came}; refused: {self.refused}"
            ) from None

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Reply:
        """Any request, with exactly these headers."""
        async with self._client.request(
            method, url, headers=headers, data=body, allow_redirects=False
        ) as answer:
            return Reply(answer.status, answer.headers, await answer.read())

    async def _serve(self, request: web.Request) -> web.Response:
        self.requests.append(Request(request.method, request.raw_path, request.headers))
        path = request.raw_path.partition("?")[0]
        if path in self._hanging:
            await self._closing.wait()
        answer = self._answers.get(request.raw_path) or self._answers.get(path)
        if answer is not None:
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        if request.method == "POST":
            return await self._take(request)
        if path.startswith(("/.well-known/", "/nodeinfo/")):
            return self._discovery(request, path)
        if self.secure:
            try:
                await self._prove(request, None)
            except Unproven as reason:
                self.refused.append(str(reason))
                return web.Response(status=401)
        document = self._document(path)
        return web.Response(status=404) if document is None else _json(document, ACTIVITY)

    def _document(self, path: str) -> Document | None:
        if path in self._documents:
            return self._documents[path]
        for actor in self.actors.values():
            if path == actor.id.removeprefix(self.origin):
                return actor.document
            if path == actor.key_id.removeprefix(self.origin):
                return peer_shapes.stub(actor.document)
        return None

    def _discovery(self, request: web.Request, path: str) -> web.Response:
        schema = "http://nodeinfo.diaspora.software/ns/schema/2.0"
        if path == "/.well-known/nodeinfo":
            return _json(
                {"links": [{"rel": schema, "href": f"{self.origin}/nodeinfo/2.0"}]}, "application/json"
            )
        if path == "/nodeinfo/2.0":
            return _json(peer_shapes.nodeinfo(self.software), f'application/json; profile="{schema}#"')
        resource = request.query.get("resource", "")
        for actor in self.actors.values():
            if path == "/.well-known/webfinger" and resource in (
                f"acct:{actor.handle[1:]}",
                actor.id,
                actor.document["url"],
            ):
                links = [{"rel": "self", "type": ACTIVITY, "href": actor.id}]
                return _json({"subject": f"acct:{actor.handle[1:]}", "links": links}, "application/jrd+json")
        return web.Response(status=404)

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        try:
            key_id = await self._prove(request, body)
        except Unproven as reason:
            self.refused.append(str(reason))
            return web.Response(status=401)
        if 200 <= self.inbox_status < 300:
            self.received.append(
                Received(json.loads(body), body, request.path, request.headers.copy(), key_id)
            )
            self._hear_of_keys(self.received[-1].activity)
            async with self._news:
                self._news.notify_all()
        return web.Response(status=self.inbox_status)

    def _hear_of_keys(self, activity: Document) -> None:
        """A new key in an Update of its own actor replaces the one that is known here."""
        told = activity.get("object")
        if activity.get("type") == "Update" and isinstance(told, dict) and told.get("id") == activity["actor"]:
            entry = told.get("publicKey", {})
            if entry.get("id") in self._keys:
                self._keys[entry["id"]] = load_pem_public_key(entry["publicKeyPem"].encode())  # type: ignore[assignment]

    async def _prove(self, request: web.Request, body: bytes | None) -> str:
        """The keyId of whoever signed. Raises Unproven."""
        if "Signature-Input" in request.headers:
            return await self._prove_rfc9421(request, body)
        if "cavage" not in self.takes:
            raise Unproven("signed in the older form")
        found = peer_signing.read_strictly(request.method, request.raw_path, request.headers, body)
        if request.headers["Host"] != self.domain:
            raise Unproven(f"the request is for {request.headers['Host']}")
        key_id = found["keyId"]
        key = self._keys.get(key_id) or await self._fetch_key(key_id)
        peer_signing.check(request.method, request.raw_path, request.headers, found, key)
        return key_id

    async def _prove_rfc9421(self, request: web.Request, body: bytes | None) -> str:
        if "rfc9421" not in self.takes:
            raise Unproven("signed in the newer form")
        key_id = peer_rfc9421.key_id(request.headers)
        key = self._keys.get(key_id) or await self._fetch_key(key_id)
        peer_rfc9421.check(request.method, self.origin + request.raw_path, request.headers, body, key)
        return key_id

    async def _fetch_key(self, key_id: str) -> RSAPublicKey:
        try:
            reply = await self.send("GET", key_id.partition("#")[0], {"Accept": ACTIVITY}, None)
            entry = reply.json["publicKey"]
            key = load_pem_public_key(entry["publicKeyPem"].encode())
        except (aiohttp.ClientError, ValueError, KeyError) as problem:
            raise Unproven(f"the key {key_id} cannot be had: {problem!r}") from problem
        if entry["id"] != key_id or not isinstance(key, RSAPublicKey):
            raise Unproven(f"{key_id} is another key")
        self._keys[key_id] = key
        return key


def _json(document: Document, content_type: str) -> web.Response:
    return web.Response(
        body=json.dumps(document, ensure_ascii=False).encode(), headers={"Content-Type": content_type}
    )
