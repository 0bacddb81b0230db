"""What an app does: reads its home, posts. And `seed`, which lets a member post a realistic mix through the API."""

import json
import random
import time
from argparse import Namespace
from collections import Counter
from typing import Any

from bench.fedibench import procstat
from bench.fedibench.client import Api, closed_loop
from bench.fedibench.figures import Meter, emit, pids_of

_SEED_MOST = 20_000


def api_of(args: Namespace) -> Api:
    return Api(args.base, args.token, gzip=args.gzip)


async def seed(args: Namespace) -> dict[str, Any]:
    """Statuses as real accounts have them: a quarter replies, some boosts and favourites.

    A database with no reply and no boost in it gives query planners wrong statistics, so seed before measuring, then
    restart the server once.
    """
    pids, pick = pids_of(args), random.Random(7)
    made: list[str] = []
    kinds: Counter[str] = Counter()
    meter = Meter(pids)
    async with api_of(args) as api:
        for i in range(min(args.count, _SEED_MOST)):
            form = {"status": f"seed {i} " + "word " * (5 + i % 30), "visibility": args.visibility}
            if i % 5 == 0:
                form["status"] += f"#seed{i % 20}"
            if made and i % 4 == 0:
                form["in_reply_to_id"] = pick.choice(made)
                kinds["replies"] += 1
            made.append((await api.post("/api/v1/statuses", data=form))["id"])
            kinds["statuses"] += 1
            for every, verb in ((10, "reblog"), (11, "favourite")):
                if i % every == every - 1:
                    path = f"/api/v1/statuses/{pick.choice(made)}/{verb}"
                    code, _ = await api.call("POST", path, ok=False)
                    kinds[verb if code < 300 else f"{verb} {code}"] += 1
    await procstat.quiet(pids)
    out = {**kinds, **meter.read(sum(kinds.values()))}
    human = f"seeded {dict(kinds)} in {out['wall_s']} s, {out.get('cpu_ms_per_op')} CPU ms each"
    return emit(args, out, human)


async def api_read(args: Namespace) -> dict[str, Any]:
    pids = pids_of(args)
    async with api_of(args) as api:
        sample = await api.get(args.path)
        await procstat.quiet(pids)

        async def one(_: int) -> tuple[int, int]:
            async with api.http.get(api.base + args.path, headers=api.auth) as got:
                return got.status, len(await got.read())

        await closed_loop(args.concurrency, 1.0, 50, one)  # warm-up
        meter = Meter(pids)
        out = await closed_loop(args.concurrency, args.seconds, args.max_requests, one)
        out |= meter.read(out["requests"], "cpu_ms_per_read")
    items = len(sample) if isinstance(sample, list) else None
    out |= {"path": args.path, "items": items, "concurrency": args.concurrency}
    human = (
        f"read {args.path}: {out['rps']} req/s, p50 {out.get('p50_ms')} ms, p95 {out.get('p95_ms')} ms, "
        f"p99 {out.get('p99_ms')} ms, server {out.get('cpu_ms_per_read')} CPU ms/read, codes {out['codes']}"
    )
    return emit(args, out, human)


async def api_write(args: Namespace) -> dict[str, Any]:
    pids = pids_of(args)
    async with api_of(args) as api:
        stamp = format(int(time.time()), "x")
        ids = []

        async def one(i: int) -> tuple[int, int]:
            form = {"status": f"bench {stamp} {i} " + "word " * 20, "visibility": args.visibility}
            async with api.http.post(api.base + "/api/v1/statuses", data=form, headers=api.auth) as got:
                text = await got.read()
                if got.status < 300:
                    ids.append(json.loads(text)["id"])
                return got.status, len(text)

        await one(-1)
        await procstat.quiet(pids)
        meter = Meter(pids)
        out = await closed_loop(args.concurrency, args.seconds, args.max_requests, one)
        wall = meter.read()["wall_s"]
        await procstat.quiet(pids)
        out |= {**meter.read(out["requests"], "cpu_ms_per_post"), "wall_s": wall}
        out |= {"concurrency": args.concurrency, "distinct_ids": len(set(ids)) - 1}
    human = (
        f"write: {out['rps']} posts/s, p50 {out.get('p50_ms')} ms, p95 {out.get('p95_ms')} ms, "
        f"p99 {out.get('p99_ms')} ms, server {out.get('cpu_ms_per_post')} CPU ms/post, codes {out['codes']}"
    )
    return emit(args, out, human)
