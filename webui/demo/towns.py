"""The three towns of the demo as processes: set up, started, started again if they fall, ended."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import aiohttp

from community import members, sisters, towns
from community.keyfiles import KeyFiles
from community.models import Account
from webui.demo.script import Script, TownPlan
from webui.opening import opened
from webui.serving import check_free
from webui.settings_file import settings_text, write_settings

_START_S = 60.0
_END_S = 5.0
_LOOK_S = 0.1
_AGAIN_S = 0.5  # before a town that fell is started again
_HOST = "127.0.0.1"


class TownFailed(Exception):
    """A town of the demo does not start; the message says where its log is."""


class TownKeeper:
    """Keeps one town going. `say` is told what people should know."""

    def __init__(self, plan: TownPlan, folder: Path, say: Callable[[str], None]) -> None:
        self.plan = plan
        self.folder = folder
        self.settings = folder / "instance.toml"
        self._log = folder / "town.log"
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    def set_up(self, script: Script) -> None:
        """Write settings and keys if this is the first time, found the town, ask the others to be sisters."""
        if not self.settings.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            write_settings(self.settings, settings_text(_values(self.plan)))
        KeyFiles.create(self.folder / "keys")
        with opened(self.settings) as database:
            for other in script.towns.values():
                if other.slug != self.plan.slug:
                    database.write_now(lambda session, domain=other.domain: sisters.ask(session, domain))  # type: ignore[misc]

    async def start(self) -> None:
        """Serve, and go on serving. Raises SettingsError if the port is taken, TownFailed if nothing answers."""
        check_free(_HOST, self.plan.port)
        await self._run()
        await self._answers()
        self._watch = asyncio.create_task(self._keep())

    async def _run(self) -> None:
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "webui", "serve", "--config", str(self.settings), stdin=asyncio.subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    async def _answers(self) -> None:
        """Wait until the town is ready."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + _START_S
        async with aiohttp.ClientSession() as http:
            while loop.time() < deadline:
                assert self._process is not None
                if self._process.returncode is not None:
                    break
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with http.get(f"http://{_HOST}:{self.plan.port}/readyz") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(_LOOK_S)
        raise TownFailed(f"{self.plan.name} does not start; see {self._log}")

    def sisters(self) -> int:
        """With how many towns this one has agreed to be 姉妹まち. All ask each other, which is the agreement."""
        with opened(self.settings) as database:
            return len(database.read_now(towns.sisters))

    async def _keep(self) -> None:
        while True:
            assert self._process is not None
            await self._process.wait()
            self._say(f"{self.plan.name} stopped; starting it again")
            await asyncio.sleep(_AGAIN_S)
            await self._run()

    @property
    def process_id(self) -> int | None:
        return self._process.pid if self._process else None

    def give_role(self, handle: str, role: str) -> None:
        """Let a member be what the demo file says, as the operator does it: on the command line, while the town is served."""
        with opened(self.settings) as database:
            account = database.read_now(lambda session: members.by_login(session, handle))
            if account is not None and account[1].role != role:
                person: Account = account[0]
                database.write_now(lambda session: members.set_role(session, account_id=person.id, role=role))

    async def end(self) -> None:
        """Ask the town to close, and end its process if it does not."""
        if self._watch is not None:
            self._watch.cancel()
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), _END_S)
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


def _values(plan: TownPlan) -> dict[tuple[str, str], object]:
    return {
        ("instance", "domain"): plan.domain,
        ("instance", "name"): plan.title,
        ("instance", "region"): plan.name,
        ("instance", "scheme"): "http",
        ("instance", "registrations"): "open",
        ("instance", "sample"): True,
        ("server", "host"): _HOST,
        ("server", "port"): plan.port,
        ("federation", "allow_private_addresses"): True,
        # Released at once: nobody wants to wait forty minutes for a demo. The command says so.
        ("anonymity", "delay_minutes"): [0, 0],
    }
