"""Several serving processes of one town: start them, replace one that falls, end them together.

Each is this same program with `MACHI_PROCESS` set to its number. They share the port (SO_REUSEPORT); the kernel deals
out the connections. Their stdin is a pipe from here: when this process is gone, however it went, they end too.
"""

import asyncio
import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Sequence

NUMBER = "MACHI_PROCESS"
STEADY_S = 5.0  # a process that falls sooner than this would fall again
PATIENCE_S = 4.8
log = logging.getLogger(__name__)


def supervise(arguments: Sequence[str], count: int) -> bool:
    """Keep `count` processes of `machi ARGUMENTS` up until SIGTERM or SIGINT; False if one could not be kept up."""
    return asyncio.run(_Supervisor(arguments).run(count))


class _Supervisor:
    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._stop = asyncio.Event()
        self._kept_up = True

    async def run(self, count: int) -> bool:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        async with asyncio.TaskGroup() as processes:
            for index in range(count):
                processes.create_task(self._keep_up(index))
        return self._kept_up

    async def _keep_up(self, index: int) -> None:
        while not self._stop.is_set():
            begun = time.monotonic()
            process = await self._start(index)
            fell = asyncio.create_task(process.wait())
            stopped = asyncio.create_task(self._stop.wait())
            await asyncio.wait({fell, stopped}, return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if self._stop.is_set():
                await _end(process)
            elif time.monotonic() - begun < STEADY_S:
                self._kept_up = False  # it has said why itself
                self._stop.set()
            else:
                log.error(
                    "serving process %s fell (status %s); another takes its place", index, process.returncode
                )

    async def _start(self, index: int) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "webui", *self._arguments,
            stdin=asyncio.subprocess.PIPE, env=os.environ | {NUMBER: str(index)},
        )  # fmt: skip


async def _end(process: asyncio.subprocess.Process) -> None:
    """Ask the process to drain; it is gone within its five seconds."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE_S)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
