"""CPU and memory of a process tree, read from /proc."""

import asyncio
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

_PROC = Path("/proc")
_TICK = os.sysconf("SC_CLK_TCK")
_GONE = (OSError, ValueError)  # a process ended while it was looked at


def tree(roots: Iterable[int]) -> list[int]:
    """The processes `roots` that live, and all their descendants."""
    kids: dict[int, list[int]] = {}
    for pid in _all():
        try:
            kids.setdefault(_stat(pid)[0], []).append(pid)
        except _GONE:
            continue
    seen: list[int] = []
    todo = list(roots)
    while todo:
        pid = todo.pop()
        if pid not in seen and (_PROC / str(pid)).exists():
            seen.append(pid)
            todo += kids.get(pid, [])
    return seen


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system seconds of the live tree, and of its children that were reaped."""
    total = 0
    for pid in tree(roots):
        try:
            total += sum(_stat(pid)[1])
        except _GONE:
            continue
    return total / _TICK


def memory(roots: Iterable[int]) -> dict[str, float]:
    out: dict[str, float] = {"rss_mib": 0.0, "pss_mib": 0.0, "private_mib": 0.0, "procs": 0, "threads": 0}
    for pid in tree(roots):
        try:
            fields = _rollup(pid)
            threads = _stat(pid)[2]
        except _GONE:
            continue
        out["rss_mib"] += fields.get("Rss", 0) / 1024
        out["pss_mib"] += fields.get("Pss", 0) / 1024
        out["private_mib"] += (fields.get("Private_Clean", 0) + fields.get("Private_Dirty", 0)) / 1024
        out["procs"] += 1
        out["threads"] += threads
    return {name: round(value, 1) if isinstance(value, float) else value for name, value in out.items()}


def listeners(port: int) -> list[int]:
    """The topmost processes that hold a listening TCP socket on this port."""
    sockets = _listening(port)
    holders: dict[int, int] = {}
    for pid in _all():
        try:
            if any(str(each.readlink()) in sockets for each in (_PROC / str(pid) / "fd").iterdir()):
                holders[pid] = _stat(pid)[0]
        except _GONE:
            continue
    return [pid for pid, parent in holders.items() if parent not in holders]


def load1() -> float:
    return os.getloadavg()[0]


async def quiet(roots: Iterable[int], window: float = 0.5, limit: float = 15.0) -> float:
    """Wait until the tree uses less than 4 % of a core over `window`; the seconds waited."""
    start = time.perf_counter()
    roots = list(roots)
    if not roots:
        await asyncio.sleep(1)
        return time.perf_counter() - start
    before = cpu_seconds(roots)
    while time.perf_counter() - start < limit:
        await asyncio.sleep(window)
        now = cpu_seconds(roots)
        if now - before < 0.04 * window:
            break
        before = now
    return time.perf_counter() - start


def _all() -> Iterator[int]:
    return (int(each.name) for each in _PROC.iterdir() if each.name.isdigit())


def _stat(pid: int) -> tuple[int, list[int], int]:
    """The parent; the ticks of CPU used, one's own and those of reaped children; the number of threads."""
    text = (_PROC / str(pid) / "stat").read_text()
    rest = text[text.rindex(")") + 2 :].split()  # begins with field 3, the state
    return int(rest[1]), [int(each) for each in rest[11:15]], int(rest[17])


def _rollup(pid: int) -> dict[str, int]:
    fields: dict[str, int] = {}
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        bits = line.split()
        if len(bits) == 3 and bits[2] == "kB":
            fields[bits[0].rstrip(":")] = int(bits[1])
    return fields


def _listening(port: int) -> set[str]:
    """The listening sockets on `port`, as they stand in /proc/PID/fd."""
    found = set()
    for table in ("tcp", "tcp6"):
        try:
            rows = (_PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            bits = row.split()
            if bits[3] == "0A" and int(bits[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{bits[9]}]")
    return found
