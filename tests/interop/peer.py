"""The Fedify server of `peer.js` as a process, driven through its control API (README.md has its commands)."""

import asyncio
import contextlib
import itertools
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp

from tests.interop.node import FOLDER, node

Entry = dict[str, Any]
PATIENCE = 15.0  # seconds that a test waits for something to arrive
_START_S = 30.0  # also on a busy machine
_numbers = itertools.count()


class FedifyPeer:
    """One server with some actors. Its first actor is whoever acts if a command names nobody."""

    def __init__(self, port: int, actors: tuple[str, ...], http: aiohttp.ClientSession) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self.actors = actors
        self._http = http
        self._seen = 0

    def id(self, name: str = "") -> str:
        """The actor id of `name`."""
        return f"{self.origin}/users/{name or self.actors[0]}"

    def handle(self, name: str = "") -> str:
        return f"@{name or self.actors[0]}@127.0.0.1:{self.port}"

    async def do(self, command: str, **given: Any) -> dict[str, Any]:
        """Run a command; it must go well, and whatever it delivers must be taken."""
        answer = await self.ask(command, **given)
        assert answer.get("ok") is not False and "error" not in answer, (command, answer)
        return answer

    async def ask(self, command: str, **given: Any) -> dict[str, Any]:
        """What a command answers, be it a refusal."""
        async with self._http.post(f"{self.origin}/control/{command}", json=given) as answer:
            return await answer.json()

    async def received(self) -> list[Entry]:
        """Everything that ever arrived, in order."""
        return (await self.do("received"))["items"]

    async def next(self, kind: str, *, where: Callable[[Any], bool] = lambda _: True) -> Entry:
        """The next delivery of an activity of the type `kind` for which `where` holds; those before it are passed over.
        Whatever is given back was taken by Fedify and verified by it."""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    found = await self.ask("received", since=self._seen, type=kind, wait=1)
                    for entry in found["items"]:
                        if where(entry["activity"]):
                            self._seen = entry["n"] + 1
                            return verified(entry)
        except TimeoutError:
            came = [(each["n"], each["type"], each["status"]) for each in await self.received()]
            raise AssertionError(f"{kind} did not come after number {self._seen}; came: {came}") from None

    async def fetched(self) -> list[Entry]:
        """The GETs of its documents."""
        return (await self.do("fetched"))["items"]


def verified(entry: Entry) -> Entry:
    """`entry`, which Fedify has taken: its HTTP signature holds, and whatever other signature it bears."""
    signatures = entry["signatures"]
    assert signatures["http"]["verified"] is True, entry
    for extra in (signatures["ld"], signatures["integrityProof"]):
        assert extra is None or extra["verified"] is True, entry
    assert entry["status"] in (200, 202), entry
    return entry


@contextlib.asynccontextmanager
async def fedify_peer(*flags: str, actors: tuple[str, ...] = ("alice", "bob")) -> AsyncIterator[FedifyPeer]:
    """A peer that has started; `flags` as `node peer.js` takes them. It ends with the block."""
    program = node()
    assert program is not None
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        program, str(FOLDER / "peer.js"), "--port", str(port), "--actors", ",".join(actors), *flags,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(_START_S):
            said = await process.stdout.readline()
        assert said.startswith(b"fedify-peer listening"), said
        async with aiohttp.ClientSession() as http:
            yield FedifyPeer(port, actors, http)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


def free_port() -> int:
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return int(place.getsockname()[1])
