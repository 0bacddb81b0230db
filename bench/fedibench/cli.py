"""The command line: `python -m bench fedibench SUBCOMMAND --base http://localhost:8080 …`."""

import argparse
import asyncio
import os
import tempfile
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

from bench.fedibench import apps, fanout, inbox, process, profiles
from bench.fedibench.client import require_loopback

_STATE = Path(tempfile.gettempdir()) / "machi-fedibench"
_Bench = Callable[[Namespace], Awaitable[dict[str, Any]]]


def main(arguments: Sequence[str]) -> None:
    """Measure what the arguments say."""
    run(arguments)


def run(arguments: Sequence[str]) -> dict[str, Any]:
    """The same, and give the result back."""
    args = parser().parse_args(arguments)
    args.base = args.base.rstrip("/")
    require_loopback(args.base)
    result: dict[str, Any] = asyncio.run(args.bench_of(args))
    return result


def parser() -> ArgumentParser:
    top = ArgumentParser(
        prog="python -m bench fedibench", description="Measure a fediverse server on this machine."
    )
    add = top.add_subparsers(dest="bench", required=True).add_parser
    one = _common(add("seed", help="post a realistic mix through the API"), apps.seed, token=True)
    one.add_argument("--count", "-k", type=int, default=1000)
    one.add_argument("--visibility", default="public")
    one = _load(_common(add("api-read", help="read a page again and again"), apps.api_read, token=True))
    one.add_argument("--path", default="/api/v1/timelines/home?limit=20")
    one = _load(_common(add("api-write", help="post"), apps.api_write, token=True), concurrency=4, most=5000)
    one.add_argument("--visibility", default="public")
    one = add("profile-ap", help="actor documents and WebFinger")
    _load(_remote(_common(one, profiles.profile_ap, handle=True)))
    one.add_argument("--sign", choices=("auto", "always"), default="auto")
    _inbox(add("inbox", help="signed notes from other servers"))
    _fanout(add("fanout", help="one post to many followers elsewhere"))
    _common(add("mem", help="memory of the server's processes"), process.memory)
    one = _common(add("startup", help="seconds to the first answer"), process.startup)
    one.add_argument("--cmd", required=True, help="command that runs the server in the foreground")
    one.add_argument("--runs", type=int, default=3)
    one.add_argument("--limit", type=float, default=120)
    one.add_argument("--settle", type=float, default=3)
    one.add_argument("--log")
    return top


def _inbox(one: ArgumentParser) -> None:
    _remote(_common(one, inbox.inbox, token=True, handle=True))
    one.add_argument("--mode", choices=("mention", "follow"), default="mention")
    one.add_argument("--inbox", choices=("personal", "shared"), default="personal")
    one.add_argument("--count", "-k", type=int, default=500)
    one.add_argument("--senders", "-a", type=int, default=10)
    one.add_argument("--sender-hosts", type=int, default=5)
    one.add_argument("--concurrency", "-c", type=int, default=8)
    one.add_argument("--deadline", type=float, default=180)
    one.add_argument("--poll", type=float, default=0.25)
    one.add_argument("--cold", action="store_true", help="no first-contact round before the timed part")


def _fanout(one: ArgumentParser) -> None:
    _remote(_common(one, fanout.fanout, token=True, handle=True))
    one.add_argument("--followers", "-f", type=int, default=1000)
    one.add_argument("--hosts", "-n", type=int, default=500)
    one.add_argument("--posts", type=int, default=1)
    one.add_argument("--slow-fraction", type=float, default=0.0)
    one.add_argument("--dead-fraction", type=float, default=0.0)
    one.add_argument(
        "--slow-hold", type=float, default=120.0, help="seconds a slow host keeps a request open"
    )
    one.add_argument("--no-shared-inbox", action="store_true")
    one.add_argument("--concurrency", "-c", type=int, default=8, help="follows sent at a time")
    one.add_argument("--follow-deadline", type=float, default=300)
    one.add_argument("--deadline", type=float, default=180)
    one.add_argument("--linger", type=float, default=3.0, help="seconds to wait for duplicates")
    one.add_argument("--verify-sample", type=int, default=50)
    one.add_argument("--keep-followers", action="store_true")


def _common(
    one: ArgumentParser, bench: _Bench, *, token: bool = False, handle: bool = False
) -> ArgumentParser:
    one.set_defaults(bench_of=bench)
    one.add_argument("--base", required=True, help="the server, such as http://localhost:8080")
    one.add_argument("--pid", default="auto", help="pids of the server, by commas; auto: who listens; none")
    one.add_argument("--gzip", action="store_true", help="send Accept-Encoding: gzip (default: identity)")
    one.add_argument("--label", default="", help="free text kept in the result")
    one.add_argument("--out", help="also append the JSON line to this file")
    if token:
        one.add_argument(
            "--token", default=os.environ.get("FEDIBENCH_TOKEN"), help="bearer token of the client API"
        )
    if handle:
        one.add_argument("--handle", required=True, help="local member: alice or alice@host")
    return one


def _remote(one: ArgumentParser) -> ArgumentParser:
    one.add_argument("--sink-port", type=int, default=9990)
    one.add_argument("--epoch", default="e0", help="part of the fake host names; change it for fresh hosts")
    one.add_argument(
        "--host-mode", choices=("names", "ip"), default="names",
        help="names: a block in /etc/hosts (needs root); ip: 127.77.x.y literals",
    )  # fmt: skip
    one.add_argument("--keys", type=int, default=16, help="RSA keys shared by the fake actors")
    one.add_argument("--state-dir", default=str(_STATE), help=argparse.SUPPRESS)
    return one


def _load(one: ArgumentParser, concurrency: int = 8, most: int = 20_000) -> ArgumentParser:
    one.add_argument("--concurrency", "-c", type=int, default=concurrency)
    one.add_argument("--seconds", "-s", type=float, default=10.0)
    one.add_argument("--max-requests", type=int, default=most)
    return one
