"""`python -m bench town --posts 1000000`: a town of its own, filled, served and measured; the figures as a table.

Everything is in a temporary folder (or the one of `--keep`, which a second run uses as it stands) and on loopback. Only
the server that was started here is ended.
"""

import contextlib
import io
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from bench.fedibench import cli as fedibench
from webui.settings_file import settings_text, write_settings

MEMBER = "yomite"
_PATIENCE = 120.0  # seconds for the server to come up or go
_Figures = dict[str, Any]


def main(arguments: Sequence[str]) -> None:
    """Measure, and print the table."""
    args = _parser().parse_args(arguments)
    folder = args.keep or Path(tempfile.mkdtemp(prefix="machi-bench-"))
    try:
        town = BenchTown(folder, args.database)
        if not town.settings.exists():
            town.make(args)
        _tell(args, _measured(town, args))
    finally:
        if args.keep is None:
            shutil.rmtree(folder)


class BenchTown:
    """A town in a folder, made by the commands of `machi`, served as a process of its own."""

    def __init__(self, folder: Path, database: str | None) -> None:
        self.folder = folder
        self.database = database
        self.settings = folder / "instance.toml"
        self.port = int((folder / "port").read_text()) if self.settings.exists() else _free_port()
        self.base = f"http://localhost:{self.port}"

    @property
    def token(self) -> str:
        return (self.folder / "token").read_text().strip()

    def make(self, args: Namespace) -> None:
        """Settings, keys, one member with a token, and the posts."""
        self.folder.mkdir(parents=True, exist_ok=True)
        values: dict[tuple[str, str], Any] = {
            ("instance", "domain"): f"localhost:{self.port}", ("instance", "name"): "測るまち",
            ("instance", "scheme"): "http", ("server", "port"): self.port,
            ("federation", "allow_private_addresses"): True, ("limits", "enabled"): False,
        }  # fmt: skip
        if self.database:
            values["database", "url"] = self.database
        write_settings(self.settings, settings_text(values))
        (self.folder / "port").write_text(str(self.port))
        self.machi("init")
        if self.database:
            self.machi("migrate")
        self.machi("member", "add", MEMBER, "--password-stdin", stdin="みなとの朝はパンがおいしい\n")
        self._python("bench", "seed", "--config", str(self.settings), "--member", MEMBER, *_seeding(args))
        (self.folder / "token").write_text(self.machi("member", "token", MEMBER))

    def machi(self, *arguments: str, stdin: str = "") -> str:
        """What a command of `machi` prints."""
        return self._python("webui", *arguments, "--config", str(self.settings), stdin=stdin, quiet=True)

    def command(self) -> list[str]:
        return [sys.executable, "-m", "webui", "serve", "--config", str(self.settings)]

    @contextmanager
    def served(self) -> Iterator[int]:
        """The town being served; gives the pid of the process, which is ended afterwards."""
        with (self.folder / "town.log").open("ab") as log:
            child = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment()
            )
        try:
            self._await(child)
            yield child.pid
        finally:
            child.terminate()
            child.wait(_PATIENCE)

    def _await(self, child: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and child.poll() is None:
            with contextlib.suppress(URLError, OSError), urlopen(f"{self.base}/readyz", timeout=5):
                return
            time.sleep(0.05)
        sys.exit((self.folder / "town.log").read_text() + "\nthe town was not ready in time")

    def _python(self, *arguments: str, stdin: str = "", quiet: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "-m", *arguments], input=stdin, text=True, env=_environment(), check=True,
            stdout=subprocess.PIPE if quiet else None,
        )  # fmt: skip
        return done.stdout or ""


def _measured(town: BenchTown, args: Namespace) -> list[tuple[str, str]]:
    """Each figure with its name: the best of `--runs`, for what else a machine does only ever adds."""
    rows: list[tuple[str, str]] = []
    start = _fedibench(town, "startup", "--cmd", " ".join(town.command()), "--runs", str(args.runs))
    with town.served() as pid:
        time.sleep(2)
        idle = _fedibench(town, "mem", "--pid", str(pid))
        load = ("--token", town.token, "--pid", str(pid), "--seconds", str(args.seconds))

        def best(key: str, *what: str) -> _Figures:
            runs = [_fedibench(town, *what, *load) for _ in range(args.runs)]
            return min(runs, key=lambda run: float(run[key]))

        for concurrency in ("8", "1"):
            read = best("cpu_ms_per_read", "api-read", "--concurrency", concurrency)
            size = read["bytes_per_answer"] / 1000
            what = f"home of {read['items']} ({size:.0f} kB), readers: {concurrency}"
            rows.append((what, _said(read, "cpu_ms_per_read")))
        rows += [
            (path, _said(best("cpu_ms_per_read", "api-read", "--path", path), "cpu_ms_per_read"))
            for path in args.path
        ]
        if not args.no_write:
            rows.append(("posting, writers: 4", _said(best("cpu_ms_per_post", "api-write"), "cpu_ms_per_post")))
        profile = _profile(town, pid, args)
        rows += [(what, _said(profile[what], "cpu_ms_per_op")) for what in ("actor", "webfinger")]
        busy = _fedibench(town, "mem", "--pid", str(pid))
    rows.append(("memory idle · after all this", f"{idle['pss_mib']} · {busy['pss_mib']} MiB PSS"))
    rows.append(("start to the first 200", f"{start['min_s']} s ({start['pss_mib']} MiB PSS)"))
    return rows


def _profile(town: BenchTown, pid: int, args: Namespace) -> _Figures:
    what = ("profile-ap", "--handle", MEMBER, "--host-mode", "ip", "--sink-port", str(_free_port()))
    runs = [
        _fedibench(town, *what, "--pid", str(pid), "--seconds", str(args.seconds)) for _ in range(args.runs)
    ]
    return min(runs, key=lambda run: float(run["actor"]["cpu_ms_per_op"]))


def _fedibench(town: BenchTown, *arguments: str) -> _Figures:
    """One measurement; its own lines go to stderr, so that stdout is the table."""
    with contextlib.redirect_stdout(io.StringIO()) as said:
        result = fedibench.run([arguments[0], "--base", town.base, *arguments[1:]])
    print(said.getvalue().splitlines()[-1], file=sys.stderr, flush=True)
    codes = result.get("codes", {})
    if any(not code.startswith("2") for code in codes):
        sys.exit(f"{arguments[0]}: not every answer was good: {codes}")
    return result


def _said(run: _Figures, key: str) -> str:
    return f"{run[key]:.2f} ms CPU · {run['rps']:,.0f}/s · p95 {run['p95_ms']} ms"


def _tell(args: Namespace, rows: Sequence[tuple[str, str]]) -> None:
    print(f"\n| {args.posts:,} posts | |\n|---|---|")
    for what, figure in rows:
        print(f"| {what} | {figure} |")
    print(f"\nload {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs at the end")


def _seeding(args: Namespace) -> list[str]:
    names = ("posts", "authors", "follows")
    given = [text for name in names for text in (f"--{name}", str(getattr(args, name)))]
    return [*given, "--no-search"] if args.no_search else given


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _parser() -> ArgumentParser:
    top = ArgumentParser(prog="python -m bench town", description="Fill a town, serve it, measure it.")
    add: Callable[..., Any] = top.add_argument
    add("--posts", type=int, default=100_000)
    add("--authors", type=int, default=2_000)
    add("--follows", type=int, default=500, help="whom the member follows who reads")
    add("--no-search", action="store_true", help="seed without the search index of posts")
    add("--no-write", action="store_true", help="leave out posting")
    add("--path", action="append", default=[], help="measure this page too, such as /api/v1/notifications")
    add("--seconds", type=float, default=8.0, help="for each measurement")
    add("--runs", type=int, default=3, help="the best of so many counts")
    add("--keep", type=Path, help="use this folder, and leave the town there")
    add("--database", help="postgresql://… instead of a file; it must be empty")
    return top
