"""What listening apps cost a serving process, and how soon they are told: `python -m bench streaming [LISTENERS]`.

A town is served by `machi serve` on this machine, with as many members as listeners. Another process opens a WebSocket for
each, writes posts and notes when each listener has them, both by the clock that the machine has for all its processes.
"""

import argparse
import asyncio
import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import aiohttp
import uvloop
from sqlalchemy.orm import Session

from bench.fedibench import procstat
from community import config, doors, follows, founding, members
from community.db import Database, open_database
from community.events import Bus
from community.keyfiles import KeyFiles
from community.models import Account
from community.town import Town
from webui.settings_file import settings_text, write_settings

FEW = 50  # followers of the author who is not read by all
_POSTS = 20
_OPENING_AT_ONCE = 100
_PATIENCE = 30.0  # seconds for one post to be told
_UPDATE = b'"event":"update"'
_PONG = b"\x8a\x80\x00\x00\x00\x00"


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m bench streaming", description=__doc__)
    parser.add_argument("listeners", type=int, nargs="?", default=5_000)
    parser.add_argument("--tell", metavar="JSON", help=argparse.SUPPRESS)  # the second process
    chosen = parser.parse_args(arguments)
    _allow_many_files()
    if chosen.tell:
        uvloop.run(_listen(json.loads(Path(chosen.tell).read_text())))
        return
    folder = Path(tempfile.mkdtemp(prefix="machi-bench-"))
    try:
        _measure(folder, chosen.listeners)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, listeners: int) -> None:
    port = _free_port()
    path = folder / "instance.toml"
    machi = [sys.executable, "-m", "webui"]
    values = {
        ("instance", "domain"): f"localhost:{port}", ("instance", "name"): "測るまち", ("instance", "scheme"): "http",
        ("server", "port"): port, ("federation", "allow_private_addresses"): True, ("limits", "enabled"): False,
    }  # fmt: skip
    write_settings(path, settings_text(values))
    subprocess.run([*machi, "init", "--config", path], check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*machi, "migrate", "--config", path], check=True, stdout=subprocess.DEVNULL)
    facts = _people(path, listeners) | {"origin": f"http://127.0.0.1:{port}"}
    server = subprocess.Popen([*machi, "serve", "--config", path], stdout=subprocess.DEVNULL)
    try:
        _wait(str(facts["origin"]))
        facts["server"] = server.pid
        told = folder / "facts.json"
        told.write_text(json.dumps(facts))
        subprocess.run([sys.executable, "-m", "bench", "streaming", "--tell", told], check=True)
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(10)


def _people(path: Path, listeners: int) -> dict[str, object]:
    """Members with a token each; all follow one author, few another."""
    settings = config.load(path)
    database = open_database(Town(settings, KeyFiles.load(settings.keys_dir)), Bus())
    try:
        database.write_now(founding.found)
        authors = [_join(database, [f"author{number}"])[0] for number in range(2)]
        joined: list[tuple[int, str]] = []
        for start in range(0, listeners, 200):
            names = [f"m{number}" for number in range(start, min(start + 200, listeners))]
            joined += _join(database, names)

        def follow(session: Session, account_ids: list[int], author_id: int) -> None:
            author = session.get_one(Account, author_id)
            for account_id in account_ids:
                follows.request(session, follower=session.get_one(Account, account_id), followee=author)

        everybody = [account_id for account_id, _ in joined]
        for start in range(0, listeners, 200):
            database.write_now(lambda session, start=start: follow(session, everybody[start : start + 200], authors[0][0]))  # type: ignore[misc]
        database.write_now(lambda session: follow(session, everybody[:: max(1, listeners // FEW)][:FEW], authors[1][0]))
    finally:
        database.close_now()
    return {"tokens": [token for _, token in joined], "all": authors[0][1], "few": authors[1][1]}


def _join(database: Database, names: Sequence[str]) -> list[tuple[int, str]]:
    """New members; the account and a token of each."""

    def unit(session: Session) -> list[tuple[int, str]]:
        found = []
        for name in names:
            joined = members.join(
                session, name=name, nickname=name, passphrase_hash="none", application="", by_operator=True
            )
            found.append((joined.account.id, doors.issue_token(session, joined.account.id, "read write", "bench")))
        return found

    return database.write_now(unit)


class _Listener(asyncio.Protocol):
    """One app: notes when it is told of a post, and answers pings. Parses no more than it needs."""

    heard: list[float] = []  # noqa: RUF012 - of all listeners together
    open = 0

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._transport: asyncio.Transport | None = None
        self.ready = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.monotonic()
        if not self.ready.done():
            assert data.startswith(b"HTTP/1.1 101"), data
            _Listener.open += 1
            self.ready.set_result(None)
        elif data == b"\x89\x00":
            assert self._transport is not None
            self._transport.write(_PONG)
        else:
            _Listener.heard.extend([now] * data.count(_UPDATE))

    def connection_lost(self, _error: Exception | None) -> None:
        _Listener.open -= 1


async def _listen(facts: dict[str, object]) -> None:
    origin, server, tokens = str(facts["origin"]), int(str(facts["server"])), list(facts["tokens"])  # type: ignore[call-overload]
    before = _pss(server)
    begun = time.monotonic()
    kept = await _open(origin, tokens, "user")
    opened = time.monotonic() - begun
    await asyncio.sleep(1)
    print(f"{len(kept)} WebSockets, each of another member, opened in {opened:.1f} s")
    print(f"PSS of the serving process: {before:.0f} MiB idle, {_pss(server):.0f} MiB with them")
    async with aiohttp.ClientSession() as session:
        few = min(FEW, len(tokens))
        author = _Author(session, origin, server)
        await author.post(str(facts["few"]), few, f"a post for {few} of them")
        await author.post(str(facts["all"]), len(tokens), "a post for all of them, each on their own home")
        kept += await _open(origin, tokens, "public:local", close=kept)
        await author.post(str(facts["few"]), len(tokens), "a post for all of them, who listen to public:local")
    print(f"PSS at the end: {_pss(server):.0f} MiB; {_Listener.open} still connected")


async def _open(
    origin: str, tokens: Sequence[str], stream: str, close: Sequence[_Listener] = ()
) -> list[_Listener]:
    for listener in close:
        assert listener._transport is not None
        listener._transport.abort()
    loop = asyncio.get_running_loop()
    host, port = origin.removeprefix("http://").split(":")
    gate = asyncio.Semaphore(_OPENING_AT_ONCE)

    async def one(token: str) -> _Listener:
        request = (
            f"GET /api/v1/streaming?stream={stream} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
            f"Authorization: Bearer {token}\r\nUser-Agent: bench\r\n\r\n"
        ).encode()
        async with gate:
            _, listener = await loop.create_connection(lambda: _Listener(request), host, int(port))
            await asyncio.wait_for(listener.ready, 20)
            return listener

    return await asyncio.gather(*(one(token) for token in tokens))


class _Author:
    """Writes posts one after the other, and tells how long after each was sent its listeners had it."""

    def __init__(self, session: aiohttp.ClientSession, origin: str, server: int) -> None:
        self._session = session
        self._address = f"{origin}/api/v1/statuses"
        self._server = server

    async def post(self, token: str, expected: int, title: str) -> None:
        await self._one(token, expected, f"{title}, to warm up")
        before = procstat.cpu_seconds([self._server])
        waits = [wait for number in range(_POSTS) for wait in await self._one(token, expected, f"{title} {number}")]
        used = (procstat.cpu_seconds([self._server]) - before) * 1000 / _POSTS
        cut = statistics.quantiles(waits, n=100)
        print(
            f"{title}: median {cut[49]:.0f} ms, 95 % {cut[94]:.0f} ms, last {max(waits):.0f} ms from sending the post; "
            f"{used:.0f} ms CPU of the server for each"
        )

    async def _one(self, token: str, expected: int, words: str) -> list[float]:
        _Listener.heard.clear()
        sent = time.monotonic()
        headers = {"Authorization": f"Bearer {token}"}
        async with self._session.post(self._address, json={"status": words}, headers=headers) as response:
            assert response.status == 200, await response.text()
        deadline = time.monotonic() + _PATIENCE
        while len(_Listener.heard) < expected and time.monotonic() < deadline:
            await asyncio.sleep(0.005)
        assert len(_Listener.heard) == expected, (len(_Listener.heard), expected)
        return [(each - sent) * 1000 for each in _Listener.heard]


def _pss(process: int) -> float:
    return procstat.memory([process])["pss_mib"]


def _allow_many_files() -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def _wait(origin: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(f"{origin}/readyz", timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


if __name__ == "__main__":
    os.environ.setdefault("PYTHONUTF8", "1")
    main(sys.argv[1:])
