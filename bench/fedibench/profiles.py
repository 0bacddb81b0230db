"""The local member as other servers see them: WebFinger and the actor document, and how fast they are served."""

import json
import time
from argparse import Namespace
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from bench.fedibench import procstat
from bench.fedibench.client import Api, closed_loop, require_loopback
from bench.fedibench.figures import Meter, emit, pids_of
from bench.fedibench.remote import Actor, Remote, key_pool

AP_ACCEPT = "application/activity+json"


async def webfinger(api: Api, handle: str) -> str:
    """The id of the actor behind `handle`."""
    doc = await api.get(_finger_path(api, handle))
    for link in doc["links"]:
        if link.get("rel") == "self" and "json" in link.get("type", ""):
            return str(link["href"])
    raise RuntimeError("webfinger has no ActivityPub self link")


async def local_actor(api: Api, handle: str, probe: Actor) -> dict[str, Any]:
    """The local member's actor document, by a plain GET or else a signed one (`_needs_signature` says which)."""
    uri = await webfinger(api, handle)
    require_loopback(uri)
    plain = {"Accept": AP_ACCEPT, "Authorization": ""}
    code, doc = await api.call("GET", uri, ok=False, headers=plain)
    signed = code >= 300 or "inbox" not in doc
    if signed:
        async with api.http.get(uri, headers=probe.sign("GET", uri, accept=AP_ACCEPT)) as got:
            code, text = got.status, await got.text()
        if code >= 300:
            raise RuntimeError(f"actor document: {code} {text[:200]}")
        doc = json.loads(text)
    doc["_needs_signature"] = signed
    return dict(doc)


def make_remote(args: Namespace) -> Remote:
    keys = key_pool(Path(args.state_dir), args.keys)
    return Remote(
        args.sink_port,
        keys,
        epoch=args.epoch,
        mode=args.host_mode,
        slow_hold=getattr(args, "slow_hold", 120.0),
    )


async def post_signed(api: Api, actor: Actor, url: str, doc: dict[str, Any]) -> tuple[int, bytes]:
    body = json.dumps(doc).encode()
    async with api.http.post(url, data=body, headers=actor.sign("POST", url, body)) as got:
        return got.status, await got.read()


async def profile_ap(args: Namespace) -> dict[str, Any]:
    """Documents of one actor and answers of WebFinger a second; the GET is signed only if the server demands it."""
    remote = make_remote(args)
    probe = remote.add_actor(remote.add_host(), "probe")
    await remote.start()
    try:
        async with Api(args.base, None, gzip=args.gzip) as api:
            actor = await local_actor(api, args.handle, probe)
            must_sign = actor["_needs_signature"] or args.sign == "always"
            plain = not actor["_needs_signature"]
            out = {"signed_get": must_sign, "plain_get_allowed": plain, "concurrency": args.concurrency}
            headers = _Headers(probe, actor["id"], signed=must_sign)
            finger = api.base + _finger_path(api, args.handle)
            out["actor"] = await _loop(args, _getting(api, actor["id"], headers))
            out["webfinger"] = await _loop(args, _getting(api, finger, dict))
    finally:
        await remote.stop()
    a, w = out["actor"], out["webfinger"]
    human = (
        f"actor {'(signed GET) ' if must_sign else ''}{a['rps']} req/s, p95 {a.get('p95_ms')} ms, "
        f"{a.get('cpu_ms_per_op')} CPU ms; webfinger {w['rps']} req/s, p95 {w.get('p95_ms')} ms, "
        f"{w.get('cpu_ms_per_op')} CPU ms"
    )
    return emit(args, out, human)


class _Headers:
    """The headers of a GET; one signature a second is fresh enough."""

    def __init__(self, probe: Actor, uri: str, *, signed: bool) -> None:
        self.probe, self.uri, self.signed = probe, uri, signed
        self.second, self.kept = 0, {"Accept": AP_ACCEPT}

    def __call__(self) -> dict[str, str]:
        if self.signed and int(time.time()) != self.second:
            self.second = int(time.time())
            self.kept = self.probe.sign("GET", self.uri, accept=AP_ACCEPT)
        return self.kept


def _getting(
    api: Api, url: str, headers: Callable[[], dict[str, str]]
) -> Callable[[int], Awaitable[tuple[int, int]]]:
    async def one(_: int) -> tuple[int, int]:
        async with api.http.get(url, headers=headers()) as got:
            return got.status, len(await got.read())

    return one


async def _loop(args: Namespace, one: Callable[[int], Awaitable[tuple[int, int]]]) -> dict[str, Any]:
    pids = pids_of(args)
    await closed_loop(args.concurrency, 1.0, 50, one)
    await procstat.quiet(pids)
    meter = Meter(pids)
    got = await closed_loop(args.concurrency, args.seconds, args.max_requests, one)
    return got | meter.read(got["requests"])


def _finger_path(api: Api, handle: str) -> str:
    user, _, host = handle.lstrip("@").partition("@")
    host = host or urlsplit(api.base).netloc
    return "/.well-known/webfinger?resource=" + quote(f"acct:{user}@{host}")
