"""`python -m bench spread`: how much sick hosts keep the healthy ones waiting, and what a delivery costs.

One post goes from a town of its own to a thousand followers on a thousand hosts, first with all of them well, then with a
tenth that take the request and never answer and a tenth that refuse the connection. The first to the last healthy host
must have it within 1.2 times of the time. Everything is in a temporary folder and on loopback.
"""

import contextlib
import io
import os
import shutil
import sys
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from bench.fedibench import cli as fedibench
from bench.town import MEMBER, BenchTown

AIM = 1.2


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the figures and the ratio."""
    args = _parser().parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="machi-bench-"))
    try:
        town = BenchTown(folder, args.database)
        town.make(Namespace(posts=args.stored, authors=200, follows=50, no_search=True))
        with town.served() as pid:
            well, sick = _alternating(town, pid, args)
    finally:
        shutil.rmtree(folder)
    _tell(args, well, sick)


def _alternating(town: BenchTown, pid: int, args: Namespace) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The posts of some rounds with everybody well, and of as many with the sick: in turn, for the machine is shared."""
    well: list[dict[str, Any]] = []
    sick: list[dict[str, Any]] = []
    for number in range(args.rounds):
        well += _round(town, pid, args, args.sink_port + 2 * number, 0.0)
        sick += _round(town, pid, args, args.sink_port + 2 * number + 1, args.fraction)
    return well, sick


def _round(town: BenchTown, pid: int, args: Namespace, port: int, fraction: float) -> list[dict[str, Any]]:
    """Hosts that the town never met (a port makes them others), so that it does not know which of them are sick."""
    with contextlib.redirect_stdout(io.StringIO()):
        run = fedibench.run(
            [
                "fanout", "--base", town.base, "--token", town.token, "--pid", str(pid), "--handle", MEMBER,
                "--followers", str(args.hosts), "--hosts", str(args.hosts), "--posts", str(args.posts),
                "--slow-fraction", str(fraction), "--dead-fraction", str(fraction), "--host-mode", "ip",
                "--sink-port", str(port), "--keys", "4",
            ]
        )  # fmt: skip
    posts: list[dict[str, Any]] = run["posts"]
    for post in posts:
        if post["hosts_reached"] < post["hosts_healthy"] or post["duplicates"]:
            sys.exit(f"a healthy host has it not, or twice: {post}")
    return posts


def _tell(args: Namespace, well: list[dict[str, Any]], sick: list[dict[str, Any]]) -> None:
    healthy = (sick[0]["hosts_healthy"], well[0]["hosts_healthy"])
    print(f"\n| {args.hosts} hosts, best of {len(well)} posts | all well | {args.fraction:.0%} hang, {args.fraction:.0%} refuse |")
    print("|---|---|---|")
    for name, what in (("t50_s", "half of the healthy have it"), ("t100_s", "all of them have it")):
        print(f"| {what} | {_best(well, name):.2f} s | {_best(sick, name):.2f} s |")
    print(f"| CPU of the server for each delivery | {_best(well, 'cpu_ms_per_delivery'):.2f} ms | |")
    ratio = _best(sick, "t100_s") / _best(well, "t100_s")
    print(f"\nwith the sick {ratio:.2f} times as long for {healthy[0]} as for {healthy[1]} (aim: {AIM}); nobody had it twice")
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs at the end")


def _best(posts: list[dict[str, Any]], name: str) -> float:
    """The quietest post counts: what else a machine does only ever adds."""
    return min(float(post[name]) for post in posts)


def _parser() -> ArgumentParser:
    top = ArgumentParser(prog="python -m bench spread", description="One post to a thousand hosts, some of them sick.")
    add: Callable[..., Any] = top.add_argument
    add("--hosts", type=int, default=1_000)
    add("--fraction", type=float, default=0.1, help="of the hosts that hang, and of those that refuse")
    add("--posts", type=int, default=1, help="in a round; after the first one it is known who is sick")
    add("--rounds", type=int, default=3)
    add("--stored", type=int, default=2_000, help="posts in the town before")
    add("--sink-port", type=int, default=9_990, help="the first of two for each round")
    add("--database", help="postgresql://…; default: a SQLite file")
    return top
