"""The harness as a client: requests with a token, and the closed loop that all figures of throughput come from."""

import asyncio
import ipaddress
import json
import socket
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any, Self
from urllib.parse import urlsplit

import aiohttp

from bench.fedibench.figures import latencies

HARD_SECONDS = 600
"""No loop of this program runs longer than this."""

HARD_REQUESTS = 100_000
"""Nor sends more than this."""


def require_loopback(url: str) -> None:
    """End the program unless `url` is plain http and every address of its host is on this machine."""
    parts = urlsplit(url)
    if parts.scheme != "http":
        sys.exit("fedibench speaks plain http only")
    for info in socket.getaddrinfo(parts.hostname, parts.port or 80, type=socket.SOCK_STREAM):
        if not ipaddress.ip_address(info[4][0]).is_loopback:
            sys.exit(f"{parts.hostname} is {info[4][0]}: only loopback addresses are measured")


class Api:
    """A session of a client; answers come uncompressed unless `gzip`."""

    def __init__(self, base: str, token: str | None, *, gzip: bool = False, limit: int = 200) -> None:
        self.base = base.rstrip("/")
        self.limit = limit
        self.encoding = "gzip" if gzip else "identity"
        self.auth = {"Authorization": "Bearer " + token} if token else {}

    async def __aenter__(self) -> Self:
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self.limit, ttl_dns_cache=600),
            timeout=aiohttp.ClientTimeout(total=60),
            headers={"Accept-Encoding": self.encoding},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.close()

    async def call(
        self, method: str, path: str, *, ok: bool = True, headers: dict[str, str] | None = None, **more: Any
    ) -> tuple[int, Any]:
        """Status and answer, as JSON if it is. RuntimeError for an error that is not expected (`ok`)."""
        url = path if path.startswith("http") else self.base + path
        async with self.http.request(method, url, headers={**self.auth, **(headers or {})}, **more) as got:
            text = await got.text()
            if ok and got.status >= 300:
                raise RuntimeError(f"{method} {path}: {got.status} {text[:300]}")
            try:
                return got.status, json.loads(text)
            except ValueError:
                return got.status, text

    async def get(self, path: str, **more: Any) -> Any:
        return (await self.call("GET", path, **more))[1]

    async def post(self, path: str, **more: Any) -> Any:
        return (await self.call("POST", path, **more))[1]


async def closed_loop(
    workers: int, seconds: float, most: int, one: Callable[[int], Awaitable[tuple[int, int]]]
) -> dict[str, Any]:
    """`workers` callers, each with one request in flight; `one(i)` gives status and bytes. Bounded both ways."""
    seconds, most = min(seconds, HARD_SECONDS), min(most, HARD_REQUESTS)
    took: list[float] = []
    codes: Counter[str] = Counter()
    size = sent = 0
    start = time.perf_counter()

    async def worker() -> None:
        nonlocal size, sent
        while sent < most and time.perf_counter() - start < seconds:
            i, sent = sent, sent + 1
            began = time.perf_counter()
            try:
                code, length = await one(i)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                codes[type(error).__name__] += 1
            else:
                codes[str(code)] += 1
                size += length
            took.append(time.perf_counter() - began)

    await asyncio.gather(*(worker() for _ in range(workers)))
    wall = time.perf_counter() - start
    good = sum(count for code, count in codes.items() if code.startswith("2"))
    return {
        "requests": len(took), "good": good, "rps": round(good / wall, 1), **latencies(took),
        "codes": dict(codes), "bytes_per_answer": size // max(1, len(took)),
    }  # fmt: skip
