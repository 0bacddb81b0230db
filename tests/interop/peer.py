"""The Fedify server of `peer.js` as a process, driven through its control API (README.md has its commands)."""

import asyncio
import contextlib
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import Any

import aiohttp

from tests.interop.node import FOLDER, node
from tests.ports import free_port

Entry = dict[str, Any]
PATIENCE = 15.0  # seconds that a test waits for something to arrive


class FedifyPeer:
    """One server with some actors. Its first actor is whoever acts if a command names nobody."""

    def __init__(self, port: int, actors: tuple[str, ...], http: aiohttp.ClientSession) -> None:
        self.port = port
        self.origin = f"http://127.0.0.1:{port}"
        self.actors = actors
        self._http = http
        self._seen: dict[str, int] = {}  # type of activity → number from which on it is looked for

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

    async def next(
        self, kind: str, *, where: Callable[[Any], bool] = lambda _: True, refused: bool = False
    ) -> Entry:
        """The next delivery of an activity of the type `kind` for which `where` holds; those of the type before it are
        passed over. Whatever is given back was taken by Fedify and verified by it; what is expected to be `refused`,
        answered with 400.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    found = await self.ask("received", since=self._seen.get(kind, 0), type=kind, wait=1)
                    for entry in found["items"]:
                        if where(entry["activity"]):
                            self._seen[kind] = entry["n"] + 1
                            return with_400(entry) if refused else verified(entry)
        except TimeoutError:
            came = [(each["n"], each["type"], each["status"]) for each in await self.received()]
            raise AssertionError(f"{kind} did not come after number {self._seen.get(kind, 0)}; came: {came}") from None

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


def with_400(entry: Entry) -> Entry:
    """`entry`, which is rightly signed and of a kind that Fedify knows nothing of."""
    assert (entry["status"], entry["signatures"]["http"]["verified"]) == (400, True), entry
    return entry


@dataclass(frozen=True)
class Program:
    """A running peer: making one and its actors' keys takes seconds, so tests share it, and reset it."""

    port: int
    actors: tuple[str, ...]

    @contextlib.asynccontextmanager
    async def fresh(self) -> AsyncIterator[FedifyPeer]:
        """The peer, which has forgotten everything but its keys. The town of each test is a stranger to it."""
        async with aiohttp.ClientSession() as http:
            made = FedifyPeer(self.port, self.actors, http)
            await made.do("reset")
            yield made


@contextlib.contextmanager
def started(*flags: str, actors: tuple[str, ...]) -> Iterator[Program]:
    """A peer that listens; `flags` as `node peer.js` takes them. It ends with the block."""
    program = node()
    assert program is not None
    port = free_port()
    process = subprocess.Popen(
        [program, str(FOLDER / "peer.js"), "--port", str(port), "--actors", ",".join(actors), "--quiet", *flags],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.startswith(b"fedify-peer listening"), said
        try:
            yield Program(port, actors)
        finally:
            process.terminate()
