"""The server as a process: how much memory it holds, how soon it answers after its start."""

import asyncio
import os
import shlex
import signal
import statistics
import subprocess
import sys
import time
from argparse import Namespace
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from bench.fedibench import procstat
from bench.fedibench.figures import emit, pids_of, rounded

_FIRST = ("/api/v2/instance", "/api/v1/instance")
_RUNS_MOST = 20


async def memory(args: Namespace) -> dict[str, Any]:
    pids = pids_of(args)
    if not pids:
        sys.exit("no process found: give --pid")
    out = procstat.memory(pids) | {"pids": pids}
    human = (
        f"memory: RSS {out['rss_mib']} MiB, PSS {out['pss_mib']} MiB, private {out['private_mib']} MiB "
        f"in {out['procs']} processes, {out['threads']} threads"
    )
    return emit(args, out, human)


async def startup(args: Namespace) -> dict[str, Any]:
    """Start the server `--runs` times, from exec to the first 200; each is ended again."""
    if procstat.listeners(urlsplit(args.base).port or 80):
        sys.exit("something already listens on that port: stop it first")
    runs = [await _run(args) for _ in range(min(args.runs, _RUNS_MOST))]
    ready = [run["ready_s"] for run in runs]
    out = {
        "runs": runs, "median_s": rounded(statistics.median(ready)), "min_s": min(ready), "max_s": max(ready),
        "pss_mib": min(run["pss_mib"] for run in runs),
    }  # fmt: skip
    human = (
        f"startup: first 200 after {out['median_s']} s (range {out['min_s']}..{out['max_s']}), "
        f"idle PSS {out['pss_mib']} MiB"
    )
    return emit(args, out, human)


async def _run(args: Namespace) -> dict[str, Any]:
    with ExitStack() as stack:
        log = stack.enter_context(Path(args.log).open("ab")) if args.log else subprocess.DEVNULL
        began = time.perf_counter()
        child = subprocess.Popen(
            shlex.split(args.cmd), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
    try:
        ready = await _first_answer(args, child, began)
        cpu = procstat.cpu_seconds([child.pid])
        await asyncio.sleep(args.settle)
        held = procstat.memory([child.pid])
    finally:
        _end(child)
    await asyncio.sleep(0.5)
    return {
        "ready_s": rounded(ready), "cpu_s": rounded(cpu, 2), "pss_mib": held["pss_mib"], "rss_mib": held["rss_mib"]
    }  # fmt: skip


async def _first_answer(args: Namespace, child: subprocess.Popen[bytes], began: float) -> float:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as http:
        while time.perf_counter() - began < args.limit and child.poll() is None:
            for path in _FIRST:
                try:
                    async with http.get(args.base + path) as got:
                        await got.read()
                        if got.status == 200:
                            return time.perf_counter() - began
                except (aiohttp.ClientError, TimeoutError, OSError):
                    break
            await asyncio.sleep(0.01)
    sys.exit("the server did not answer 200 in time")


def _end(child: subprocess.Popen[bytes]) -> None:
    """End a server that this program started, with its own children."""
    if child.poll() is not None:
        return
    os.killpg(child.pid, signal.SIGTERM)
    try:
        child.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
