"""`machi demo`: three towns on this machine that live through a season together."""

import asyncio
import json
import signal
import time
from contextlib import ExitStack
from dataclasses import asdict
from functools import reduce
from operator import add
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from community.db import Database
from webui.demo import counting, script
from webui.demo.counting import Counts
from webui.demo.driver import DemoFailed, Driver
from webui.demo.journal import Journal
from webui.demo.script import Script
from webui.demo.towns import TownFailed, TownKeeper
from webui.opening import opened

_SETTLE_S = 60.0
_LOOK_S = 0.1
_FINISHED = "finished"


@click.command()
@click.option(
    "--dir", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path("machi-demo"), show_default=True,
    help="Where the three towns are kept.",
)  # fmt: skip
@click.option("--port", type=click.IntRange(1, 65533), default=script.FIRST_PORT, show_default=True,
              help="The first of three ports in a row.")  # fmt: skip
@click.option("--exit", "ends", is_flag=True, help="End when everything is done, instead of leaving the towns up.")
@click.option("--json", "as_json", is_flag=True, help="Print the closing figures as one line of JSON, last.")
def demo(folder: Path, port: int, ends: bool, as_json: bool) -> int:
    """Start three towns that federate for real and live through a season: 24 people, 30 questions, 81 thanks.

    Every act goes over the acting town's own pages. Interrupted and started again, it goes on where it stopped.
    """
    try:
        return asyncio.run(_Demo(folder, script.load(port), ends=ends, as_json=as_json).run())
    except (DemoFailed, TownFailed) as error:
        raise click.ClickException(str(error)) from error


class _Demo:
    def __init__(self, folder: Path, plot: Script, *, ends: bool, as_json: bool) -> None:
        self._plot = plot
        self._ends = ends
        self._as_json = as_json
        self._console = Console(stderr=True, highlight=False)
        folder.mkdir(parents=True, exist_ok=True)
        self._journal = Journal(folder / "journal.jsonl")
        self._keepers = [TownKeeper(plan, folder / plan.slug, self._say) for plan in plot.towns.values()]
        self._stop = asyncio.Event()

    def _say(self, sentence: str) -> None:
        self._console.print(sentence)

    async def run(self) -> int:
        """The whole demo; the exit status."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._stop.set)
        for keeper in self._keepers:
            await asyncio.to_thread(keeper.set_up, self._plot)
        try:
            await asyncio.gather(*(keeper.start() for keeper in self._keepers))
            await self._agreed()
            return await self._live()
        finally:
            await asyncio.gather(*(keeper.end() for keeper in self._keepers))

    async def _agreed(self) -> None:
        """Wait until every town has the word of every other: their letters cross as soon as all of them answer."""
        deadline = time.monotonic() + _SETTLE_S
        others = len(self._keepers) - 1
        for keeper in self._keepers:
            while await asyncio.to_thread(keeper.sisters) < others:
                if time.monotonic() > deadline:
                    raise TownFailed(f"{keeper.plan.name} does not hear from its sister towns")
                await asyncio.sleep(_LOOK_S)

    async def _live(self) -> int:
        begun = time.monotonic()
        acting = asyncio.create_task(self._act())
        stopped = asyncio.create_task(self._stop.wait())
        await asyncio.wait({acting, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not acting.done():
            acting.cancel()
            await asyncio.gather(acting, return_exceptions=True)
            self._say("Interrupted. Start it again to go on from here.")
            return 130
        stopped.cancel()
        acting.result()
        counts = await self._settled()
        self._tell(counts, time.monotonic() - begun)
        if not self._ends:
            self._say("The towns stay up; Ctrl-C closes them.")
            await self._stop.wait()
        return 1 if counts.failures else 0

    async def _act(self) -> None:
        if _FINISHED in self._journal:
            self._say("The demo is already loaded; nothing is done twice.")
            return
        self._say("Questions with a hidden name tag are released at once here; a real town waits 5 to 40 minutes.")
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            bar = progress.add_task("living through the season", total=len(self._plot.acts))
            keepers = {keeper.plan.slug: keeper for keeper in self._keepers}
            driver = Driver(
                self._plot,
                self._journal,
                progress=lambda act: progress.update(bar, advance=1, description=act.partition(":")[0]),
                give_role=lambda town, handle, role: keepers[town].give_role(handle, role),
            )
            await driver.run()
        self._journal.record(_FINISHED)

    async def _settled(self) -> Counts:
        """The figures once nothing is on its way any more."""
        with ExitStack() as stack:
            databases = [stack.enter_context(opened(keeper.settings)) for keeper in self._keepers]
            deadline = time.monotonic() + _SETTLE_S
            while (left := _under_way(databases)) and time.monotonic() < deadline:  # noqa: ASYNC110 - others' work
                await asyncio.sleep(_LOOK_S)
            counts = reduce(add, [counting.of_town(database) for database in databases])
            counts.failures += left
            return counts

    def _tell(self, counts: Counts, seconds: float) -> None:
        for plan in self._plot.towns.values():
            self._say(f"  {plan.title}: {plan.origin}")
        self._say(
            f"{counts.questions} questions, {counts.answers} answers, {counts.thanks} thanks "
            f"({counts.thanks_across_towns} across towns); {counts.deliveries} deliveries, {counts.failures} failures; "
            f"{seconds:.0f} s"
        )
        if self._as_json:
            click.echo(json.dumps(asdict(counts) | {"seconds": round(seconds, 1)}))


def _under_way(databases: list[Database]) -> int:
    return sum(counting.waiting(database) for database in databases)
