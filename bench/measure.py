"""How the figures are taken: CPU time of the whole process, all threads, for each operation; and operations a second."""

import asyncio
import gc
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

CALLERS = (1, 8, 64)


@dataclass(frozen=True)
class Figure:
    cpu: float  # microseconds for one operation
    rate: float  # operations a second


async def measure(
    operation: Callable[[int], Awaitable[object]], *, callers: int, seconds: float = 0.06, rounds: int = 50
) -> Figure:
    """The quietest round of `operation(number)`, called again and again by `callers` tasks; numbers never repeat.

    The quietest and not the median: whatever else a machine does only ever adds, also to CPU time.
    """
    number = 0

    async def caller(until: float) -> None:
        nonlocal number
        while time.perf_counter() < until:
            number += 1
            await operation(number)

    async def one_round() -> Figure:
        first, cpu, wall = number, time.process_time(), time.perf_counter()
        await asyncio.gather(*(caller(wall + seconds) for _ in range(callers)))
        count = number - first
        used, took = time.process_time() - cpu, time.perf_counter() - wall
        return Figure(cpu=used / count * 1e6, rate=count / took)

    await one_round()  # fills the caches of statements
    gc.collect()
    figures = [await one_round() for _ in range(rounds)]
    return Figure(cpu=min(figure.cpu for figure in figures), rate=max(figure.rate for figure in figures))
