"""A fake remote fediverse: many hosts, many actors, one aiohttp server.

Host names look like h0001-e0.test:9990 and resolve to loopback through a
managed block in /etc/hosts (names mode), or are literal 127.x.y.z addresses
(ip mode). Kinds of host: h = healthy, s = hangs once `slow_on` is set,
d = its listener is closed by `kill_dead()` (connection refused).
"""

import asyncio
import contextlib
import fcntl
import json
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from bench.fedibench import signing

AS = "https://www.w3.org/ns/activitystreams"
PUBLIC = AS + "#Public"
AP_TYPE = "application/activity+json; charset=utf-8"
MAIN_IP, DEAD_IP = "127.0.0.1", "127.0.0.3"


def write_hosts(names_by_ip: dict[str, list[str]], tag: int, path: Path = Path("/etc/hosts")) -> None:
    """Replace our block of the hosts file, one for each tag (in place: the file may be a bind mount)."""
    first, last = f"# >>> fedibench {tag}", f"# <<< fedibench {tag}"
    with path.open("r+") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        text = handle.read()
        if first in text:
            head, _, tail = text.partition(first)
            text = head + tail.partition(last)[2].lstrip("\n")
        block = [first]
        for ip, names in names_by_ip.items():
            block += [f"{ip} " + " ".join(names[i : i + 8]) for i in range(0, len(names), 8)]
        block.append(last)
        new = text.rstrip("\n") + "\n"
        if names_by_ip:
            new += "\n".join(block) + "\n"
        handle.seek(0)
        handle.write(new)
        handle.truncate()


def key_pool(state_dir: Path, size: int) -> list[RSAPrivateKey]:
    """RSA-2048 keys kept on disk: making one costs some 50 ms, and actors may share them."""
    state_dir.mkdir(parents=True, exist_ok=True)
    keys = []
    for i in range(size):
        path = state_dir / f"key{i:03d}.pem"
        if not path.exists():
            path.write_bytes(signing.private_pem(signing.new_key()))
        keys.append(signing.load_private(path.read_bytes()))
    return keys


@dataclass
class Host:
    kind: str
    domain: str  # with the port, as it appears in ids
    address: str
    shared_inbox: bool = True

    @property
    def base(self) -> str:
        return "http://" + self.domain


@dataclass
class Actor:
    host: Host
    name: str
    key: RSAPrivateKey
    pem: str

    @property
    def uri(self) -> str:
        return f"{self.host.base}/users/{self.name}"

    @property
    def inbox(self) -> str:
        return self.uri + "/inbox"

    @property
    def key_id(self) -> str:
        return self.uri + "#main-key"

    def document(self) -> dict[str, Any]:
        doc = {
            "@context": [AS, "https://w3id.org/security/v1"],
            "id": self.uri,
            "type": "Person",
            "preferredUsername": self.name,
            "name": self.name,
            "summary": "",
            "url": f"{self.host.base}/@{self.name}",
            "inbox": self.inbox,
            "outbox": self.uri + "/outbox",
            "followers": self.uri + "/followers",
            "following": self.uri + "/following",
            "featured": self.uri + "/featured",
            "manuallyApprovesFollowers": False,
            "discoverable": True,
            "published": "2024-01-01T00:00:00Z",
            "publicKey": {"id": self.key_id, "owner": self.uri, "publicKeyPem": self.pem},
        }
        if self.host.shared_inbox:
            doc["endpoints"] = {"sharedInbox": self.host.base + "/inbox"}
        return doc

    def sign(
        self, method: str, url: str, body: bytes | None = None, accept: str | None = None
    ) -> dict[str, str]:
        return signing.sign_headers(self.key, self.key_id, method, url, body=body, accept=accept)


@dataclass
class Delivery:
    at: float
    domain: str
    path: str
    headers: dict[str, str]
    body: bytes
    type: str
    id: str
    answered: bool = True
    doc: dict[str, Any] = field(default_factory=dict)


class Remote:
    def __init__(
        self,
        port: int,
        keys: list[RSAPrivateKey],
        *,
        epoch: str = "e0",
        mode: str = "names",
        slow_hold: float = 120.0,
    ) -> None:
        self.port, self.epoch, self.mode, self.slow_hold = port, epoch, mode, slow_hold
        self.keys = keys
        self.pems = [signing.public_pem(k) for k in keys]
        self.hosts: dict[str, Host] = {}
        self.actors: dict[tuple[str, str], Actor] = {}
        self.objects: dict[str, dict[str, Any]] = {}
        self.deliveries: list[Delivery] = []
        self.gets: Counter[str] = Counter()
        self.on_delivery: Callable[[Delivery], object] | None = None
        self.slow_on = False
        self._release = asyncio.Event()
        self._runners: dict[str, web.ServerRunner] = {}

    def add_host(self, kind: str = "h", *, shared_inbox: bool = True) -> Host:
        n = sum(1 for h in self.hosts.values() if h.kind == kind) + 1
        if self.mode == "ip":
            block = {"h": 77, "s": 78, "d": 79}[kind]
            address = f"127.{block}.{n // 250}.{n % 250 + 1}"
            name = address
        else:
            address = DEAD_IP if kind == "d" else MAIN_IP
            name = f"{kind}{n:04d}-{self.epoch}.test"
        host = Host(kind, f"{name}:{self.port}", address, shared_inbox)
        self.hosts[host.domain] = host
        return host

    def add_actor(self, host: Host, name: str) -> Actor:
        i = len(self.actors) % len(self.keys)
        actor = Actor(host, name, self.keys[i], self.pems[i])
        self.actors[(host.domain, name)] = actor
        return actor

    def inhabited(self) -> list[tuple[Host, list[Actor]]]:
        """Every host on which somebody lives, with its actors."""
        homes: dict[str, list[Actor]] = {}
        for actor in self.actors.values():
            homes.setdefault(actor.host.domain, []).append(actor)
        return [(self.hosts[domain], actors) for domain, actors in homes.items()]

    def map_names(self) -> None:
        if self.mode != "names":
            return
        by_ip: dict[str, list[str]] = {}
        for host in self.hosts.values():
            by_ip.setdefault(host.address, []).append(host.domain.rsplit(":", 1)[0])
        write_hosts(by_ip, self.port)

    async def start(self) -> None:
        self.map_names()
        groups = {
            "main": {h.address for h in self.hosts.values() if h.kind != "d"},
            "dead": {h.address for h in self.hosts.values() if h.kind == "d"},
        }
        for label, addresses in groups.items():
            if not addresses:
                continue
            runner = web.ServerRunner(
                web.Server(self.handle, access_log=None, keepalive_timeout=75), handler_cancellation=True
            )
            await runner.setup()
            for address in sorted(addresses):
                assert address.startswith("127.")
                await web.TCPSite(runner, address, self.port, backlog=1024).start()
            self._runners[label] = runner

    async def kill_dead(self) -> None:
        runner = self._runners.pop("dead", None)
        if runner:
            await runner.cleanup()

    async def stop(self) -> None:
        self._release.set()
        for runner in self._runners.values():
            await runner.cleanup()
        self._runners = {}

    async def handle(self, request: web.BaseRequest) -> web.Response:
        domain = request.headers.get("Host", "")
        host = self.hosts.get(domain)
        if host is None:
            self.gets["unknown-host"] += 1
            return web.Response(status=404, text="unknown host")
        path = request.path
        if request.method == "POST":
            return await self.receive(request, host, domain)
        signed = "signed" if "Signature" in request.headers else "plain"
        if path == "/.well-known/webfinger":
            self.gets["webfinger " + signed] += 1
            return self.webfinger(request, host)
        if path == "/.well-known/nodeinfo":
            self.gets["nodeinfo " + signed] += 1
            return self.json(
                {
                    "links": [
                        {
                            "rel": "http://nodeinfo.diaspora.software/ns/schema/2.0",
                            "href": host.base + "/nodeinfo/2.0",
                        }
                    ]
                },
                "application/json",
            )
        if path == "/nodeinfo/2.0":
            self.gets["nodeinfo " + signed] += 1
            return self.json(
                {
                    "version": "2.0",
                    "software": {"name": "fedibench", "version": "1"},
                    "protocols": ["activitypub"],
                    "services": {"inbound": [], "outbound": []},
                    "openRegistrations": False,
                    "usage": {"users": {"total": 1}},
                    "metadata": {},
                },
                'application/json; profile="http://nodeinfo.diaspora.software/ns/schema/2.0#"',
            )
        bits = path.strip("/").split("/")
        if len(bits) >= 2 and bits[0] == "users" and (domain, bits[1]) in self.actors:
            actor = self.actors[(domain, bits[1])]
            if len(bits) == 2:
                self.gets["actor " + signed] += 1
                return self.json(actor.document())
            if len(bits) == 3 and bits[2] in ("outbox", "followers", "following", "featured"):
                self.gets["collection " + signed] += 1
                return self.json(
                    {
                        "@context": AS,
                        "id": f"{actor.uri}/{bits[2]}",
                        "type": "OrderedCollection",
                        "totalItems": 0,
                        "orderedItems": [],
                    }
                )
        doc = self.objects.get(host.base + path)
        if doc:
            self.gets["object " + signed] += 1
            return self.json(doc)
        self.gets["404 " + path.split("/")[1]] += 1
        return web.Response(status=404, text="not here")

    def json(self, doc: dict[str, Any], kind: str = AP_TYPE) -> web.Response:
        return web.Response(body=json.dumps(doc).encode(), headers={"Content-Type": kind})

    def webfinger(self, request: web.BaseRequest, host: Host) -> web.Response:
        resource = unquote(request.query.get("resource", ""))
        name = resource.removeprefix("acct:").split("@")[0]
        if resource.startswith("http"):
            name = resource.rsplit("/", 1)[-1].lstrip("@")
        actor = self.actors.get((host.domain, name))
        if not actor:
            return web.Response(status=404, text="no such user")
        return self.json(
            {
                "subject": f"acct:{name}@{host.domain}",
                "aliases": [actor.uri],
                "links": [
                    {"rel": "self", "type": "application/activity+json", "href": actor.uri},
                    {
                        "rel": "http://webfinger.net/rel/profile-page",
                        "type": "text/html",
                        "href": f"{host.base}/@{name}",
                    },
                ],
            },
            "application/jrd+json",
        )

    async def receive(self, request: web.BaseRequest, host: Host, domain: str) -> web.Response:
        at = time.perf_counter()
        body = await request.read()
        try:
            doc = json.loads(body)
        except ValueError:
            return web.Response(status=400)
        got = Delivery(
            at,
            domain,
            request.path_qs,
            dict(request.headers),
            body,
            str(doc.get("type")),
            str(doc.get("id")),
            True,
            doc,
        )
        if self.slow_on and host.kind == "s":
            got.answered = False
            self.deliveries.append(got)
            if self.on_delivery:
                self.on_delivery(got)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._release.wait(), self.slow_hold)
            return web.Response(status=503)
        self.deliveries.append(got)
        if self.on_delivery:
            self.on_delivery(got)
        return web.Response(status=202)
