"""Towns as processes of their own, so that one can be killed the way a machine kills it; and a look into their files."""

import asyncio
import contextlib
import os
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from sqlalchemy.orm import Session

from community.keyfiles import KeyFiles
from tests.integration.served import until
from webui.opening import opened
from webui.settings_file import settings_text, write_settings

T = TypeVar("T")
START_S = 60.0  # also on a busy machine


def environment() -> dict[str, str]:
    """That of a command which finds this code from wherever it runs."""
    return os.environ | {"PYTHONPATH": str(Path.cwd())}


class TownProcess:
    """`machi serve` over a folder of its own."""

    def __init__(self, folder: Path, name: str, port: int) -> None:
        self.folder = folder
        self.port = port
        self.domain = f"localhost:{port}"
        self.origin = f"http://{self.domain}"
        self.settings = folder / "instance.toml"
        self._process: asyncio.subprocess.Process | None = None
        folder.mkdir()
        values: dict[tuple[str, str], object] = {
            ("instance", "domain"): self.domain,
            ("instance", "name"): name,
            ("instance", "scheme"): "http",
            ("server", "port"): port,
            ("federation", "allow_private_addresses"): True,
            ("limits", "enabled"): False,
        }
        write_settings(self.settings, settings_text(values))
        KeyFiles.create(folder / "keys")

    def do(self, unit: Callable[[Session], T]) -> T:
        """A unit of work from another process, as the commands of an operator do theirs; the town sends what it says."""
        with opened(self.settings) as database:
            return database.write_now(unit)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        return look_into(self.folder / "machi.db", query, *values)

    def count(self, query: str, *values: object) -> int:
        return int(self.rows(f"SELECT count(*) FROM {query}", *values)[0][0])

    async def start(self) -> None:
        with (self.folder / "town.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "webui", "serve", "--config", str(self.settings),
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", env=environment(),
            )  # fmt: skip
        async with aiohttp.ClientSession() as http:

            async def ready() -> bool:
                assert self._process is not None
                assert self._process.returncode is None, (self.folder / "town.log").read_text()
                with contextlib.suppress(aiohttp.ClientError):
                    async with http.get(f"http://127.0.0.1:{self.port}/readyz") as answer:
                        return answer.status == 200
                return False

            await until(f"{self.origin} to be ready", ready, patience=START_S)

    async def kill(self) -> None:
        """End it between any two instructions: no farewell, nothing written."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def close(self) -> None:
        if self._process is not None and self._process.returncode is None:
            await self.kill()


def look_into(database: Path, query: str, *values: object) -> list[tuple[Any, ...]]:
    """What a query finds in the file of a town, whoever else has it open."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        return connection.execute(query, values).fetchall()
