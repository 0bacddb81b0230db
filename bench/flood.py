"""`python -m bench flood`: how long others wait while one host floods the inbox.

A town of its own is served as for `bench town`. Ten quiet hosts send a mention now and then; one host sends twenty times as
much as all of them together, each of it something that concerns a member and so is worked on in full. The delay of a
quiet activity is from the beginning of its POST until the API shows it to the member; it is told for a while without the
flood, and for as long with it. Limits are off, which would stop the flood at the door: this is about what gets through.
"""

import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.fedibench.client import Api
from bench.fedibench.inbox import build_note
from bench.fedibench.profiles import local_actor, post_signed
from bench.fedibench.remote import Actor, Remote, key_pool
from bench.town import MEMBER, BenchTown

FLOODED = "nigiwai"
_POLL = 0.05  # seconds between looks at what the API shows
_PATIENCE = 60.0  # seconds for the last quiet activity to show
_FLOOD_AT_ONCE = 100  # requests of the flooding host under way at a time


def main(arguments: Sequence[str]) -> None:
    """Measure, and print a line for each phase."""
    args = _parser().parse_args(arguments)
    folder = args.keep or Path(tempfile.mkdtemp(prefix="machi-flood-"))
    town = BenchTown(folder, None)
    try:
        if not town.settings.exists():
            town.make(args)
            town.machi("member", "add", FLOODED, "--password-stdin", stdin="にぎわいの夜は灯りがきれい\n")
        with town.served():
            asyncio.run(_measure(town, args))
    finally:
        if args.keep is None:
            shutil.rmtree(folder)


async def _measure(town: BenchTown, args: Namespace) -> None:
    keys = key_pool(Path.home() / ".cache" / "fedibench", 4)
    remote = Remote(args.sink_port, keys, epoch=f"f{os.getpid()}", mode="ip")
    quiet = [remote.add_actor(remote.add_host(), f"quiet{number}") for number in range(args.hosts)]
    flooder = remote.add_actor(remote.add_host(), "flood")
    await remote.start()
    try:
        async with Api(town.base, town.token, limit=500) as api:
            run = _Run(args, api, quiet, flooder)
            await run.meet()
            for flooding in (False, True):
                print(json.dumps(await run.phase(flooding=flooding), ensure_ascii=False), flush=True)
    finally:
        await remote.stop()


class _Run:
    def __init__(self, args: Namespace, api: Api, quiet: list[Actor], flooder: Actor) -> None:
        self.args, self.api, self.quiet, self.flooder = args, api, quiet, flooder
        self.name = format(int(time.time() * 10), "x")
        self.made = 0
        self.sent: dict[str, float] = {}
        self.seen: dict[str, float] = {}
        self.codes: Counter[str] = Counter()

    async def meet(self) -> None:
        """Let the town learn the keys of everybody first: this is about who is served, not about first contacts."""
        self.member = await local_actor(self.api, MEMBER, self.quiet[0])
        self.other = await local_actor(self.api, FLOODED, self.quiet[0])
        for actor in (*self.quiet, self.flooder):
            await post_signed(self.api, actor, self.inbox, self._mention(actor, self.other)[1])

    @property
    def inbox(self) -> str:
        return str(self.member["endpoints"]["sharedInbox"])

    async def phase(self, *, flooding: bool) -> dict[str, Any]:
        """The delays of what the quiet hosts send, with or without the flood."""
        self.sent, self.seen, self.codes = {}, {}, Counter()
        seconds, rate = self.args.seconds, self.args.rate * len(self.quiet)
        flood = []
        if flooding:  # signed beforehand, so that the flood itself costs the machine little
            for _ in range(int(rate * self.args.times * seconds)):
                body = json.dumps(self._mention(self.flooder, self.other)[1]).encode()
                flood.append((body, self.flooder.sign("POST", self.inbox, body)))
        before = await self._mentions(None)
        newest = before[0]["id"] if before else "0"
        watcher = asyncio.create_task(self._watch(int(self.args.rate * seconds) * len(self.quiet), newest))
        pouring = asyncio.create_task(self._pour(flood, rate * self.args.times))
        await asyncio.gather(*(self._speak(actor, number) for number, actor in enumerate(self.quiet)))
        await watcher
        pouring.cancel()
        await asyncio.gather(pouring, return_exceptions=True)
        delays = sorted(self.seen[uri] - at for uri, at in self.sent.items() if uri in self.seen)
        return {
            "flood": flooding, "quiet_sent": len(self.sent), "quiet_shown": len(delays),
            "p50_s": _at(delays, 0.5), "p95_s": _at(delays, 0.95), "max_s": _at(delays, 1.0),
            "flood_answers": dict(self.codes), "load1": round(os.getloadavg()[0], 1),
        }  # fmt: skip

    async def _speak(self, actor: Actor, number: int) -> None:
        """One quiet host: an activity each `1 / rate` seconds, the hosts evenly apart."""
        step = 1 / self.args.rate
        begin = time.perf_counter() + step * number / len(self.quiet)
        for turn in range(int(self.args.rate * self.args.seconds)):
            await asyncio.sleep(max(0.0, begin + turn * step - time.perf_counter()))
            uri, letter = self._mention(actor, self.member)
            self.sent[uri] = time.perf_counter()
            code, _ = await post_signed(self.api, actor, self.inbox, letter)
            if code != 202:
                sys.exit(f"a quiet host was answered {code}")

    async def _pour(self, flood: list[tuple[bytes, dict[str, str]]], rate: float) -> None:
        """The flood at its rate, or as fast as the town takes it."""
        gate = asyncio.Semaphore(_FLOOD_AT_ONCE)
        begin = time.perf_counter()

        async def send(body: bytes, headers: dict[str, str]) -> None:
            async with gate, self.api.http.post(self.inbox, data=body, headers=headers) as got:
                await got.read()
                self.codes[str(got.status)] += 1

        async with asyncio.TaskGroup() as group:
            for number, (body, headers) in enumerate(flood):
                await asyncio.sleep(max(0.0, begin + number / rate - time.perf_counter()))
                group.create_task(send(body, headers))

    async def _watch(self, wanted: int, newest: str) -> None:
        """Note when each quiet activity shows in the member's notifications, which are read from `newest` on."""
        until = time.perf_counter() + self.args.seconds + _PATIENCE
        while len(self.seen) < wanted and time.perf_counter() < until:
            for item in await self._mentions(newest):
                self.seen.setdefault(item["status"]["uri"], time.perf_counter())
                newest = max(newest, item["id"], key=int)
            await asyncio.sleep(_POLL)

    async def _mentions(self, since: str | None) -> list[dict[str, Any]]:
        more = f"&min_id={since}" if since else ""
        found: list[dict[str, Any]] = await self.api.get(f"/api/v1/notifications?types[]=mention&limit=40{more}")
        return found

    def _mention(self, actor: Actor, target: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        self.made += 1
        return build_note(self.name, self.made, actor, target, mention=True, at=datetime.now(UTC))


def _at(delays: list[float], share: float) -> float | None:
    return round(delays[min(len(delays) - 1, int(share * len(delays)))], 3) if delays else None


def _parser() -> ArgumentParser:
    top = ArgumentParser(prog="python -m bench flood", description="How long others wait while one host floods the inbox.")
    add = top.add_argument
    add("--hosts", type=int, default=10, help="quiet ones")
    add("--rate", type=float, default=2.0, help="activities a second of each quiet host")
    add("--times", type=float, default=20.0, help="how many times as much as all the others the flood is")
    add("--seconds", type=float, default=15.0, help="for each of the two phases")
    add("--posts", type=int, default=10_000, help="that the town begins with")
    add("--authors", type=int, default=2_000, help="of them")
    add("--follows", type=int, default=500, help="whom the member follows")
    add("--no-search", action="store_true", help="seed without the search index of posts")
    add("--sink-port", type=int, default=9993, help="of the fake hosts, at 127.77.x.y")
    add("--keep", type=Path, help="use this folder, and leave the town there")
    return top
