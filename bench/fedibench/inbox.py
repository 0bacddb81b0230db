"""Signed notes from other servers: how many are accepted a second, and when an app sees them all."""

import asyncio
import json
import sys
import time
from argparse import Namespace
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlsplit

from bench.fedibench import procstat
from bench.fedibench.apps import api_of
from bench.fedibench.client import HARD_SECONDS, Api, closed_loop
from bench.fedibench.figures import Meter, emit, iso, pids_of, rounded
from bench.fedibench.profiles import local_actor, make_remote, post_signed
from bench.fedibench.remote import AS, PUBLIC, Actor, Delivery, Remote

_COUNT_MOST = 20_000
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})


async def inbox(args: Namespace) -> dict[str, Any]:
    remote = make_remote(args)
    hosts = [remote.add_host() for _ in range(args.sender_hosts)]
    senders = [remote.add_actor(hosts[i % len(hosts)], f"sender{i}") for i in range(args.senders)]
    await remote.start()
    try:
        async with api_of(args) as api:
            out = await _Rush(args, api, remote, senders).run()
    finally:
        await remote.stop()
    first = out["first_contact"]
    human = (
        f"inbox ({args.mode}): {out['accepted_per_s']} accepted/s, p95 {out.get('p95_ms')} ms; "
        f"{out['visible']}/{out['activities']} visible in {out['t100_s']} s = {out['processed_per_s']}/s; "
        f"server {out.get('cpu_ms_per_activity')} CPU ms/activity; "
        f"first contact {first.get('cpu_ms_per_new_sender')} CPU ms/sender; codes {out['codes']}"
    )
    return emit(args, out | {"hosts": len(hosts)}, human)


def build_note(
    run: str, i: int, sender: Actor, target: dict[str, Any], *, mention: bool, at: datetime
) -> tuple[str, dict[str, Any]]:
    """The id of a note and its Create."""
    note_id = f"{sender.host.base}/notes/{run}-{i}"
    cc = [sender.uri + "/followers"]
    tags = []
    content = f"<p>note {run}-{i} " + "word " * 20 + "</p>"
    if mention:
        user = target["preferredUsername"]
        host = urlsplit(target["id"]).netloc
        cc.append(target["id"])
        tags = [{"type": "Mention", "href": target["id"], "name": f"@{user}@{host}"}]
        link = f'<a href="{target.get("url") or target["id"]}" class="u-url mention">@<span>{user}</span></a>'
        content = f'<p><span class="h-card">{link}</span> note {run}-{i} ' + "word " * 20 + "</p>"
    published = iso(at)
    note = {
        "id": note_id, "type": "Note", "attributedTo": sender.uri, "content": content, "published": published,
        "url": note_id, "to": [PUBLIC], "cc": cc, "tag": tags, "sensitive": False, "attachment": [],
    }  # fmt: skip
    create = {
        "@context": [AS, {"sensitive": "as:sensitive"}], "id": note_id + "/activity", "type": "Create",
        "actor": sender.uri, "published": published, "to": [PUBLIC], "cc": cc, "object": note,
    }  # fmt: skip
    return note_id, create


class Seen:
    """Counts our notes as the API shows them, reading each page as few times as possible."""

    def __init__(self, api: Api, mode: str, wanted: set[str]) -> None:
        self.api, self.mode, self.wanted = api, mode, wanted
        self.found: set[str] = set()
        self.items: set[str] = set()
        self.requests = 0
        self.newest: str | None = None

    def path(self, **query: str | None) -> str:
        mentions = self.mode == "mention"
        kind = "/api/v1/notifications?types[]=mention" if mentions else "/api/v1/timelines/home?x=1"
        return kind + "&limit=40" + "".join(f"&{key}={value}" for key, value in query.items() if value)

    async def page(self, **query: str | None) -> list[dict[str, Any]]:
        self.requests += 1
        items: list[dict[str, Any]] = await self.api.get(self.path(**query))
        for item in items:
            status = item.get("status") if self.mode == "mention" else item
            uri = (status or {}).get("uri")
            if uri in self.wanted:
                self.items.add(item["id"])
                self.found.add(uri)
        return items

    async def mark(self) -> None:
        items = await self.page()
        self.newest = items[0]["id"] if items else None

    async def forward(self) -> None:
        """Everything newer than the last item seen (min_id pages upward)."""
        for _ in range(100):
            items = await self.page(min_id=self.newest or "0")
            if not items:
                return
            self.newest = items[0]["id"]
            if len(items) < 20:
                return

    async def sweep(self) -> None:
        """Full pass downward: catches items that came in out of id order."""
        last = None
        for number in range(60):
            before = len(self.found)
            items = await self.page(max_id=last)
            if not items or len(self.found) == len(self.wanted):
                return
            last = items[-1]["id"]
            if len(self.found) == before and number > len(self.wanted) // 20:
                return


class _Rush:
    """One run: first contact, then everything signed beforehand and sent as fast as the server takes it."""

    def __init__(self, args: Namespace, api: Api, remote: Remote, senders: list[Actor]) -> None:
        self.args, self.api, self.remote, self.senders = args, api, remote, senders
        self.pids = pids_of(args)
        self.run_name = format(int(time.time() * 10), "x")
        self.total = min(args.count, _COUNT_MOST)
        self.mention = args.mode == "mention"
        self.retries: Counter[str] = Counter()
        self.curve: list[tuple[float, int]] = []
        self.sent_all = asyncio.Event()
        self.t0 = 0.0

    async def run(self) -> dict[str, Any]:
        args = self.args
        self.target = await local_actor(self.api, args.handle, self.senders[0])
        self.inbox = self.target["inbox"]
        if args.inbox == "shared":
            self.inbox = self.target.get("endpoints", {}).get("sharedInbox") or sys.exit(
                "no sharedInbox here"
            )
        if not self.mention:
            await follow_remote(self.api, self.remote, self.senders, self.target)
            await procstat.quiet(self.pids)
        first = {} if args.cold else await self._first_contact()
        jobs, wanted = self._prepare()
        self.seen = Seen(self.api, args.mode, wanted)
        await self.seen.mark()
        await procstat.quiet(self.pids)
        gets0 = sum(self.remote.gets.values())
        meter = Meter(self.pids)
        self.t0 = time.perf_counter()
        watcher = asyncio.create_task(self._watch())
        sent = await closed_loop(args.concurrency, args.deadline, self.total, lambda i: self._send(*jobs[i]))
        sending = time.perf_counter() - self.t0
        self.sent_all.set()
        await watcher
        await procstat.quiet(self.pids)
        cpu = meter.read(self.total, "cpu_ms_per_activity")
        fetches = sum(self.remote.gets.values()) - gets0
        return {**self._result(sent, sending), "fetches_by_server": fetches, "first_contact": first, **cpu}

    def _result(self, sent: dict[str, Any], sending: float) -> dict[str, Any]:
        def when(share: float) -> float | None:
            return next((rounded(at) for at, count in self.curve if count >= share * self.total), None)

        whole = when(1)
        return {
            "mode": self.args.mode, "inbox": self.args.inbox, "senders": len(self.senders),
            "activities": self.total, "concurrency": self.args.concurrency, "accepted_per_s": sent["rps"],
            "send_s": rounded(sending),
            **{key: sent[key] for key in ("p50_ms", "p95_ms", "p99_ms", "codes") if key in sent},
            "retries": dict(self.retries), "visible": len(self.seen.found), "visible_items": len(self.seen.items),
            "t50_s": when(0.5), "t95_s": when(0.95), "t100_s": whole,
            "processed_per_s": rounded(self.total / whole, 1) if whole else None,
            "poll_requests": self.seen.requests, "gets": dict(self.remote.gets),
            "actor_get_needs_signature": self.target["_needs_signature"],
        }  # fmt: skip

    async def _first_contact(self) -> dict[str, Any]:
        """One note from each sender, which makes the server fetch actor and key."""
        begin = datetime.now(UTC) - timedelta(seconds=60)
        meter = Meter(self.pids)
        codes: Counter[str] = Counter()
        gate = asyncio.Semaphore(self.args.concurrency)

        async def warm(i: int) -> None:
            at = begin + timedelta(milliseconds=i)
            note_id, doc = build_note(
                self.run_name + "w", i, self.senders[i], self.target, mention=self.mention, at=at
            )
            self.remote.objects[note_id] = doc["object"]
            async with gate:
                codes[str((await post_signed(self.api, self.senders[i], self.inbox, doc))[0])] += 1

        await asyncio.gather(*(warm(i) for i in range(len(self.senders))))
        await procstat.quiet(self.pids)
        return {**meter.read(len(self.senders), "cpu_ms_per_new_sender"), "codes": dict(codes)}

    def _prepare(self) -> tuple[list[tuple[bytes, dict[str, str]]], set[str]]:
        """Everything built and signed, so that the timed part only sends."""
        begin = datetime.now(UTC) - timedelta(milliseconds=self.total)
        jobs, wanted = [], set()
        for i in range(self.total):
            sender = self.senders[i % len(self.senders)]
            at = begin + timedelta(milliseconds=i)
            note_id, doc = build_note(self.run_name, i, sender, self.target, mention=self.mention, at=at)
            body = json.dumps(doc).encode()
            self.remote.objects[note_id] = doc["object"]
            wanted.add(note_id)
            jobs.append((body, sender.sign("POST", self.inbox, body)))
        return jobs, wanted

    async def _send(self, body: bytes, headers: dict[str, str]) -> tuple[int, int]:
        code, text = 0, b""
        for attempt in range(5):
            async with self.api.http.post(self.inbox, data=body, headers=headers) as got:
                code, text = got.status, await got.read()
            if code not in _TRY_AGAIN:
                break
            self.retries[str(code)] += 1
            await asyncio.sleep(0.2 * 2**attempt)
        if code >= 300 and not self.retries["shown"]:
            self.retries["shown"] = 1
            print(f"# first refusal: {code} {text[:200]!r}", file=sys.stderr)
        return code, len(text)

    async def _watch(self) -> None:
        """Look at what the API shows until all is there, or nothing more comes."""
        stalls = 0
        while time.perf_counter() - self.t0 < min(self.args.deadline, HARD_SECONDS):
            before = len(self.seen.found)
            await self.seen.forward()
            if self.sent_all.is_set() and len(self.seen.found) == before:
                stalls += 1
                if stalls % 3 == 0:
                    await self.seen.sweep()
            if len(self.seen.found) != before:
                stalls = 0
                self.curve.append((time.perf_counter() - self.t0, len(self.seen.found)))
            if len(self.seen.found) == self.total or (self.sent_all.is_set() and stalls > 12):
                return
            await self._pause()

    async def _pause(self) -> None:
        """Seldom while sending, so that looking costs little."""
        if self.sent_all.is_set():
            await asyncio.sleep(self.args.poll)
            return
        try:
            await asyncio.wait_for(self.sent_all.wait(), max(self.args.poll, 1.0))
        except TimeoutError:
            return


async def follow_remote(api: Api, remote: Remote, senders: list[Actor], target: dict[str, Any]) -> None:
    """The local member follows every sender; the fake servers answer Accept."""
    waiting: dict[str, asyncio.Future[bool]] = {}
    loop = asyncio.get_running_loop()
    tasks = []
    by_uri = {actor.uri: actor for actor in senders}

    async def accept(actor: Actor, doc: dict[str, Any]) -> None:
        answer = {
            "@context": AS, "id": f"{actor.uri}/accepts/{time.time_ns()}", "type": "Accept", "actor": actor.uri,
            "object": doc,
        }  # fmt: skip
        await post_signed(api, actor, target["inbox"], answer)
        future = waiting.get(actor.uri)
        if future and not future.done():
            future.set_result(True)

    def on_delivery(got: Delivery) -> None:
        if got.type == "Follow":
            whom = got.doc["object"]
            actor = by_uri.get(whom if isinstance(whom, str) else whom["id"])
            if actor is not None:
                tasks.append(loop.create_task(accept(actor, got.doc)))

    remote.on_delivery = on_delivery
    for actor in senders:
        name = quote(f"@{actor.name}@{actor.host.domain}")
        found = await api.get(f"/api/v2/search?type=accounts&resolve=true&q={name}")
        if not found["accounts"]:
            raise RuntimeError(f"search could not resolve {actor.name}@{actor.host.domain}")
        account = found["accounts"][0]["id"]
        relation = (await api.get(f"/api/v1/accounts/relationships?id[]={account}"))[0]
        if not relation.get("following"):
            waiting[actor.uri] = loop.create_future()
            await api.post(f"/api/v1/accounts/{account}/follow")
    if waiting:
        await asyncio.wait(waiting.values(), timeout=30)
    await asyncio.gather(*tasks)
    remote.on_delivery = None
