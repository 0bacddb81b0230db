"""How a figure is taken and told: CPU of the server's processes, latencies, one JSON line and one line for people."""

import json
import resource
import time
from argparse import Namespace
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from bench.fedibench import procstat


def percentile(values: Collection[float], q: float) -> float | None:
    if not values:
        return None
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q / 100 * len(ordered)))]


def latencies(values: Collection[float]) -> dict[str, float]:
    found = {f"p{q}_ms": percentile(values, q) for q in (50, 95, 99)}
    return {name: round(value * 1000, 2) for name, value in found.items() if value is not None}


def rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)


def own_cpu() -> float:
    use = resource.getrusage(resource.RUSAGE_SELF)
    return use.ru_utime + use.ru_stime


def iso(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def pids_of(args: Namespace) -> list[int]:
    """The processes of the server under test: those named, or whoever listens on its port."""
    if args.pid == "none":
        return []
    if args.pid == "auto":
        return procstat.listeners(urlsplit(args.base).port or 80)
    return [int(each) for each in args.pid.split(",")]


class Meter:
    """CPU of the server's process tree and of this harness over an interval."""

    def __init__(self, pids: list[int]) -> None:
        self.pids = pids
        self.server0 = procstat.cpu_seconds(pids) if pids else 0.0
        self.own0 = own_cpu()
        self.t0 = time.perf_counter()

    def read(self, operations: int | None = None, label: str = "cpu_ms_per_op") -> dict[str, float]:
        wall = time.perf_counter() - self.t0
        out = {"wall_s": round(wall, 3), "harness_cpu_s": round(own_cpu() - self.own0, 2)}
        if self.pids:
            used = procstat.cpu_seconds(self.pids) - self.server0
            out["server_cpu_s"] = round(used, 2)
            if operations:
                out[label] = round(used * 1000 / operations, 3)
        return out


def emit(args: Namespace, result: dict[str, Any], human: str) -> dict[str, Any]:
    """Print the result, append it to `--out`, and give it back whole."""
    result = {
        "bench": args.bench, "label": args.label, **result,
        "load1": round(procstat.load1(), 2), "at": iso(datetime.now(UTC)),
    }  # fmt: skip
    line = json.dumps(result)
    print(line)
    print("# " + human, flush=True)
    if args.out:
        with Path(args.out).open("a") as file:
            file.write(line + "\n")
    return result
