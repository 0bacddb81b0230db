"""One local post to thousands of followers elsewhere: when it has reached them, what each delivery costs."""

import asyncio
import statistics
import sys
import time
from argparse import Namespace
from collections import Counter
from typing import Any

import aiohttp

from bench.fedibench import procstat, signing
from bench.fedibench.apps import api_of
from bench.fedibench.client import HARD_SECONDS, Api
from bench.fedibench.figures import Meter, emit, pids_of, rounded
from bench.fedibench.profiles import local_actor, make_remote, post_signed
from bench.fedibench.remote import AS, Actor, Delivery, Remote
from bench.fedibench.signing import Message

_TOLD = (
    "api_post_s", "t50_s", "t95_s", "t100_s", "deliveries_per_s", "duplicates", "cpu_ms_per_delivery",
    "server_cpu_s", "hosts_reached",
)  # fmt: skip


async def fanout(args: Namespace) -> dict[str, Any]:
    remote = make_remote(args)
    populate(remote, args)
    await remote.start()
    try:
        async with api_of(args) as api:
            setup, posts = await _Spread(args, api, remote).run()
    finally:
        await remote.stop()
    middle = {name: _middle(posts, name) for name in _TOLD}
    out = {
        "followers": args.followers, "hosts": args.hosts, "slow_fraction": args.slow_fraction,
        "dead_fraction": args.dead_fraction, "shared_inbox": not args.no_shared_inbox, "median": middle,
        "setup": setup, "posts": posts,
    }  # fmt: skip
    human = (
        f"fanout {args.followers} followers on {args.hosts} hosts (slow {args.slow_fraction}, dead "
        f"{args.dead_fraction}): 50% {middle['t50_s']} s, 95% {middle['t95_s']} s, 100% {middle['t100_s']} s, "
        f"{middle['deliveries_per_s']} deliveries/s, {middle['duplicates']} duplicates, "
        f"{middle['cpu_ms_per_delivery']} CPU ms/delivery; "
        f"follow+accept {setup.get('cpu_ms_per_follow')} CPU ms each"
    )
    return emit(args, out, human)


def populate(remote: Remote, args: Namespace) -> None:
    """The hosts and the followers on them; troubled hosts are spread evenly over the server's queue."""
    slow, dead = int(args.hosts * args.slow_fraction), int(args.hosts * args.dead_fraction)
    counts = {"h": args.hosts - slow - dead, "s": slow, "d": dead}
    places = sorted(((i + 0.5) / count, kind) for kind, count in counts.items() for i in range(count))
    hosts = [remote.add_host(kind, shared_inbox=not args.no_shared_inbox) for _, kind in places]
    for i in range(args.followers):
        remote.add_actor(hosts[i % len(hosts)], f"f{i}")


class Track:
    """What the fake servers got of one local post."""

    def __init__(self, remote: Remote, author: str) -> None:
        self.remote, self.author = remote, author
        self.times: dict[str, list[float]] = {}  # the arrivals at each inbox
        self.samples: list[Delivery] = []
        self.attempts: Counter[str] = Counter()

    def __call__(self, got: Delivery) -> None:
        if got.type != "Create" or got.doc.get("actor") != self.author:
            return
        self.attempts[self.remote.hosts[got.domain].kind] += 1
        if got.answered:
            self.times.setdefault(f"http://{got.domain}{got.path}", []).append(got.at)
        self.samples.append(got)

    def reached(self) -> list[float]:
        """When each healthy host had the post: at its shared inbox, or at all its followers' inboxes."""
        out = []
        for host, actors in self.remote.inhabited():
            if host.kind != "h":
                continue
            shared = self.times.get(host.base + "/inbox")
            own = [self.times.get(actor.inbox, [0.0])[0] for actor in actors]
            if shared:
                out.append(shared[0])
            elif all(own):
                out.append(max(own))
        return sorted(out)


class _Spread:
    """One run: everybody follows, then posts are made and their deliveries watched, then everybody leaves."""

    def __init__(self, args: Namespace, api: Api, remote: Remote) -> None:
        self.args, self.api, self.remote = args, api, remote
        self.pids = pids_of(args)
        self.stamp = format(time.time_ns(), "x")
        self.followers = list(remote.actors.values())
        self.gate = asyncio.Semaphore(args.concurrency)
        self.codes: Counter[str] = Counter()
        self.refusal_shown = False
        self.docs = dict[str, dict[str, Any]]()
        self.accepted = dict[str, float]()
        self.rejects = 0

    async def run(self) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        self.target = await local_actor(self.api, self.args.handle, self.followers[0])
        if (await self.api.get("/api/v1/accounts/verify_credentials")).get("locked"):
            print("# the account was locked (follows need approval); unlocked it", file=sys.stderr)
            await self.api.call("PATCH", "/api/v1/accounts/update_credentials", data={"locked": "false"})
        setup = await self._gather()
        if self.args.slow_fraction or self.args.dead_fraction:
            self.remote.slow_on = True
            await self.remote.kill_dead()
        posts = [await self._post(number) for number in range(self.args.posts)]
        self.remote.on_delivery = None
        if not self.args.keep_followers:
            setup["undo_codes"] = await self._leave()
            setup["followers_count_after_undo"] = await self._followers_count()
        return setup, posts

    async def _gather(self) -> dict[str, Any]:
        """Everybody follows; the server's Accepts are awaited."""
        self.remote.on_delivery = self._heard
        await procstat.quiet(self.pids)
        meter = Meter(self.pids)
        t0 = time.perf_counter()
        await asyncio.gather(*(self._follow(actor) for actor in self.followers))
        followed_s = time.perf_counter() - t0
        wanted = {actor.uri for actor in self.followers}
        while time.perf_counter() - t0 < self.args.follow_deadline and not wanted <= self.accepted.keys():
            await asyncio.sleep(0.1)
        accepted_s = max(self.accepted.values(), default=t0) - t0
        await procstat.quiet(self.pids)
        accepts = len(wanted & self.accepted.keys())
        print(f"# {accepts}/{len(wanted)} follows accepted in {rounded(accepted_s)} s", file=sys.stderr)
        return {
            **meter.read(len(self.followers), "cpu_ms_per_follow"), "follow_send_s": rounded(followed_s),
            "accepts": accepts, "rejects": self.rejects, "last_accept_s": rounded(accepted_s),
            "codes": dict(self.codes), "gets": dict(self.remote.gets),
            "followers_count_api": await self._followers_count(),
        }  # fmt: skip

    def _heard(self, got: Delivery) -> None:
        if got.type == "Accept":
            of = got.doc.get("object")
            uri = of.get("id") if isinstance(of, dict) else of
            self.accepted.setdefault(str(uri).rpartition("/follows/")[0], got.at)
        elif got.type == "Reject":
            self.rejects += 1

    async def _follow(self, actor: Actor) -> None:
        doc = {
            "@context": AS, "id": f"{actor.uri}/follows/{self.stamp}", "type": "Follow", "actor": actor.uri,
            "object": self.target["id"], "to": [self.target["id"]],
        }  # fmt: skip
        self.docs[actor.uri] = doc
        async with self.gate:
            for attempt in range(5):
                try:
                    code, text = await post_signed(self.api, actor, self.target["inbox"], doc)
                except (aiohttp.ClientError, TimeoutError) as error:
                    self.codes[type(error).__name__] += 1
                    continue
                self.codes[str(code)] += 1
                if code < 300:
                    return
                if not self.refusal_shown:
                    self.refusal_shown = True
                    print(f"# follow refused: {code} {text[:200]!r}", file=sys.stderr)
                await asyncio.sleep(0.5 * 2**attempt)

    async def _post(self, number: int) -> dict[str, Any]:
        """Post once, and watch until every healthy host has it."""
        track = self.remote.on_delivery = Track(self.remote, self.target["id"])
        await procstat.quiet(self.pids)
        meter = Meter(self.pids)
        t0 = time.perf_counter()
        words = f"fan-out {self.stamp} {number} " + "word " * 20
        await self.api.post("/api/v1/statuses", data={"status": words, "visibility": "public"})
        api_s = time.perf_counter() - t0
        healthy = sum(1 for host, _ in self.remote.inhabited() if host.kind == "h")
        while time.perf_counter() - t0 < min(self.args.deadline, HARD_SECONDS):
            await asyncio.sleep(0.1)
            if len(track.times) >= healthy and len(track.reached()) >= healthy:
                break
        if not self.args.slow_fraction and not self.args.dead_fraction:
            await procstat.quiet(self.pids)
        cpu = meter.read(max(1, track.attempts.total()), "cpu_ms_per_delivery")
        times = [at - t0 for at in track.reached()]
        arrived = sorted(at - t0 for each in track.times.values() for at in each)
        await asyncio.sleep(self.args.linger)

        def reach(share: int) -> float | None:
            need = -(-healthy * share // 100)
            return rounded(times[need - 1]) if 0 < need <= len(times) else None

        found = {
            "api_post_s": rounded(api_s), "hosts_reached": len(times), "hosts_healthy": healthy,
            "t50_s": reach(50), "t95_s": reach(95), "t100_s": reach(100), "deliveries": len(arrived),
            "inboxes": len(track.times), "duplicates": sum(len(each) - 1 for each in track.times.values()),
            "deliveries_per_s": rounded(len(arrived) / arrived[-1], 1) if arrived else None,
            "slow_attempts": track.attempts["s"], "dead_hosts": int(self.args.hosts * self.args.dead_fraction),
            "first_delivery_s": rounded(arrived[0]) if arrived else None, **cpu,
            "signatures": check_samples(track, self.target, self.args.verify_sample),
        }  # fmt: skip
        print(
            f"# post {number}: 50% {found['t50_s']} s, 95% {found['t95_s']} s, 100% {found['t100_s']} s "
            f"({found['hosts_reached']}/{healthy} hosts), {found['deliveries_per_s']} deliveries/s, "
            f"{found['duplicates']} duplicates, {found.get('cpu_ms_per_delivery')} CPU ms/delivery, "
            f"signatures {found['signatures']}",
            file=sys.stderr,
        )
        return found

    async def _leave(self) -> dict[str, int]:
        async def leave(actor: Actor) -> str:
            undo = {
                "@context": AS, "id": f"{actor.uri}/undo/{self.stamp}", "type": "Undo", "actor": actor.uri,
                "object": self.docs[actor.uri], "to": [self.target["id"]],
            }  # fmt: skip
            async with self.gate:
                try:
                    return str((await post_signed(self.api, actor, self.target["inbox"], undo))[0])
                except (aiohttp.ClientError, TimeoutError) as error:
                    return type(error).__name__

        codes = Counter(await asyncio.gather(*(leave(actor) for actor in self.followers)))
        await procstat.quiet(self.pids)
        return dict(codes)

    async def _followers_count(self) -> int | None:
        count: int | None = (await self.api.get("/api/v1/accounts/verify_credentials")).get("followers_count")
        return count


def check_samples(track: Track, target: dict[str, Any], how_many: int) -> dict[str, Any]:
    """Which form and components the server signs, and whether the signatures of a sample hold."""
    pem = target["publicKey"]["publicKeyPem"]
    step = max(1, len(track.samples) // max(1, how_many))
    forms: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    for got in track.samples[::step][:how_many]:
        try:
            found = signing.check(pem, Message("POST", got.path, got.headers, got.body, got.domain))
        except Exception as error:  # noqa: BLE001 - a malformed signature is a finding, not a crash
            found = {"form": "error", "ok": False, "detail": repr(error)}
        forms[f"{found['form']} alg={found.get('alg')} ({found.get('components')})"] += 1
        if not found["ok"]:
            bad[str(found["detail"])] += 1
    checked = forms.total()
    return {"checked": checked, "valid": checked - bad.total(), "forms": dict(forms), "bad": dict(bad)}


def _middle(posts: list[dict[str, Any]], name: str) -> float | None:
    values = [each[name] for each in posts if each.get(name) is not None]
    return round(statistics.median(values), 3) if values else None
