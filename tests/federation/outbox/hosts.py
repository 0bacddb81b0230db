"""Many hosts on loopback, each with an address of its own (127.x.y.z): some answer, some hang, some are not there yet."""

import asyncio
from collections import Counter
from typing import Self

import orjson
from aiohttp import web

from federation.outbox.addressing import Inbox


class Hosts:
    """A fediverse of `number` hosts on one port. A host is known by its place in the row.

    `got` counts what each host took, by activity; `tried` every request that reached it.
    """

    def __init__(self, number: int, *, hanging: frozenset[int] = frozenset(), absent: frozenset[int] = frozenset()) -> None:
        self.number = number
        self.hanging = set(hanging)
        self.absent = set(absent)
        self.got: dict[int, list[str]] = {each: [] for each in range(number)}
        self.tried: Counter[int] = Counter()
        self.inside: Counter[int] = Counter()
        self.most_inside: Counter[int] = Counter()
        self._freed = asyncio.Event()
        self._news = asyncio.Condition()
        self._server = web.Server(self._serve, handler_cancellation=True)  # who is hung up on takes nothing
        self._runner = web.ServerRunner(self._server)
        self.port = 0

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        first = web.TCPSite(self._runner, self.address(0), 0)
        await first.start()
        self.port = self._runner.addresses[0][1]
        for each in range(1, self.number):
            if each not in self.absent:
                await self._open(each)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._freed.set()
        await self._runner.cleanup()

    @staticmethod
    def address(number: int) -> str:
        return f"127.81.{number // 200}.{number % 200 + 1}"

    def inbox(self, number: int) -> Inbox:
        host = f"{self.address(number)}:{self.port}"
        return Inbox(host, f"http://{host}/inbox")

    @property
    def healthy(self) -> list[int]:
        return [each for each in range(self.number) if each not in self.hanging | self.absent]

    async def recover(self) -> None:
        """Whoever hung or was not there answers from now on, also who is still being waited for."""
        self._freed.set()
        for each in sorted(self.absent):
            await self._open(each)
        self.hanging.clear()
        self.absent.clear()

    async def until(self, activity: str, numbers: list[int], patience: float = 20) -> None:
        """Wait until all these hosts have `activity`."""
        async with asyncio.timeout(patience), self._news:
            await self._news.wait_for(lambda: all(activity in self.got[each] for each in numbers))

    async def _open(self, number: int) -> None:
        await web.TCPSite(self._runner, self.address(number), self.port).start()

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        *_, third, fourth = (int(part) for part in request.host.partition(":")[0].split("."))
        number = third * 200 + fourth - 1
        self.tried[number] += 1
        self.inside[number] += 1
        self.most_inside[number] = max(self.most_inside[number], self.inside[number])
        try:
            activity = orjson.loads(await request.read())["id"]
            if number in self.hanging:
                await self._freed.wait()
            self.got[number].append(activity)
            async with self._news:
                self._news.notify_all()
            return web.json_response({}, status=202)
        finally:
            self.inside[number] -= 1
