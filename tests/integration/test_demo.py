"""The demo, run by its command: a town is killed in the middle, the demo itself interrupted, and all comes out as written."""

import asyncio
import json
import os
import re
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.processes import environment, look_into
from tests.integration.served import until
from tests.ports import free_ports
from tests.webui.browsing import Browser
from webui.demo import script
from webui.demo.driver import PASSPHRASE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE = 240.0  # seconds for anything in here, on a busy machine
_COUNT = r"<dt>{}</dt><dd>(\d+)</dd>"


class Demo:
    """The folder and the ports of one demo, and whatever command is running in it."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self.process: asyncio.subprocess.Process | None = None

    async def run(self, *more: str) -> asyncio.subprocess.Process:
        self.process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "webui", "demo", "--json", "--port", str(self.port), "--dir", str(self.folder), *more,
            stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
            cwd="/", env=environment(),
        )  # fmt: skip
        return self.process

    async def reached(self, acts: int) -> None:
        journal = self.folder / "journal.jsonl"

        async def look() -> bool:
            assert self.process is not None
            assert self.process.returncode is None, await self.process.communicate()
            return journal.exists() and len(journal.read_bytes().splitlines()) > acts

        await until(f"{acts} acts", look, patience=PATIENCE)

    def town(self, slug: str) -> int | None:
        """The process that serves a town now, known by the settings of this very demo."""
        wanted = os.fsencode(self.folder / slug / "instance.toml")
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    words = (entry / "cmdline").read_bytes().split(b"\0")
                except OSError:
                    continue  # gone meanwhile
                if wanted in words and b"serve" in words:
                    return int(entry.name)
        return None

    def rows(self, slug: str, query: str) -> list[tuple[Any, ...]]:
        return look_into(self.folder / slug / "machi.db", query)


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Demo]:
    made = Demo(tmp_path / "demo", free_ports(3)[0])
    yield made
    if made.process is not None and made.process.returncode is None:
        made.process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(made.process.communicate(), 30)
        except TimeoutError:
            made.process.kill()  # the towns notice by themselves that it has gone


def expected() -> dict[str, Counter[str]]:
    """What the file says of the letters that each person gets: from their own town, and from others."""
    story = json.loads(Path(script.__file__).with_name("soumu-demo.json").read_text("utf-8"))
    home = {person["username"]: person["region"] for person in story["members"]}
    letters = {name: Counter(here=0, elsewhere=0) for name in home}
    for question in story["questions"]:
        for answer in question["answers"]:
            for thanks in answer["thanks"]:
                giver = home[thanks["by"]] if thanks["by"] is not None else question["region"]
                letters[answer["by"]]["here" if giver == home[answer["by"]] else "elsewhere"] += 1
    return letters


def gathered() -> list[tuple[str, str]]:
    """The town of each who comes to a flag, and the flag's own, as the file says."""
    story = json.loads(Path(script.__file__).with_name("soumu-demo.json").read_text("utf-8"))
    home = {person["username"]: person["region"] for person in story["members"]}
    return [(home[name], flag["region"]) for flag in story["flags"] for name in flag["joined"]]


async def test_killed_interrupted_and_gone_on_with(demo: Demo) -> None:
    await demo.run("--exit")
    await demo.reached(90)
    first = demo.town("yamate")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await demo.reached(130)
    assert demo.town("yamate") not in (None, first)  # started again
    running = demo.process
    assert running is not None
    running.send_signal(signal.SIGINT)
    _, said = await asyncio.wait_for(running.communicate(), 30)
    assert running.returncode == 130
    assert "Start it again to go on" in said.decode()
    assert demo.town("minato") is None

    running = await demo.run("--exit")
    out, said = await asyncio.wait_for(running.communicate(), PATIENCE)
    assert running.returncode == 0, said.decode()
    figures = check_figures(json.loads(out.decode().splitlines()[-1]))
    check_databases(demo)

    running = await demo.run()  # the towns stay up
    assert running.stdout is not None
    assert running.stderr is not None
    again = json.loads(await asyncio.wait_for(running.stdout.readline(), PATIENCE))
    # What flags count is told within a minute: letters about that may still leave.
    assert again["deliveries"] >= figures["deliveries"]
    assert {**again, "seconds": 0, "deliveries": 0} == {**figures, "seconds": 0, "deliveries": 0}
    await check_profiles(demo)
    running.send_signal(signal.SIGINT)
    _, said = await asyncio.wait_for(running.communicate(), 30)
    assert "already loaded" in said.decode()
    assert running.returncode == 0


def check_figures(figures: dict[str, Any]) -> dict[str, Any]:
    told = {
        name: figures[name]
        for name in ("questions", "answers", "thanks", "thanks_across_towns", "flags", "gathered", "failures")
    }
    assert told == {
        "questions": 30, "answers": 42, "thanks": 81, "thanks_across_towns": 55, "flags": 6, "gathered": 27, "failures": 0,
    }  # fmt: skip
    assert figures["gathered_across_towns"] == sum(came != home for came, home in gathered())
    assert figures["deliveries"] > 300
    return figures


def check_databases(demo: Demo) -> None:
    """Everything is marked 見本, and what one town says open or to sisters stands in all three, once."""
    made: set[tuple[str, str, str]] = set()
    held: dict[str, set[tuple[str, str, str]]] = {}
    for slug in script.TOWNS:
        for what in ("posts WHERE true", "thanks WHERE true", "accounts WHERE kind = 'person'"):
            assert demo.rows(slug, f"SELECT count(*) FROM {what} AND NOT sample") == [(0,)], (slug, what)
        posts = "SELECT uri, kind, body_text FROM posts WHERE kind IN ('question', 'answer', 'flag') AND visibility != 'town'"
        held[slug] = set(demo.rows(slug, posts))
        made |= set(demo.rows(slug, f"{posts} AND local"))
        twice = "SELECT kind, account_id, actor_id, post_id FROM notifications GROUP BY 1, 2, 3, 4 HAVING count(*) > 1"
        assert demo.rows(slug, twice) == []
    for slug, posts_there in held.items():
        assert posts_there == made, slug


async def check_profiles(demo: Demo) -> None:
    """Each person's page at home shows a neighbour the letters that the file says."""
    story = script.load(demo.port)
    letters = expected()
    assert sum(count["elsewhere"] for count in letters.values()) == 55
    assert sum(count.total() for count in letters.values()) == 81
    for slug, town in story.towns.items():
        people = [name for name, home in story.people.items() if home == slug]
        async with Browser(town.origin) as browser:
            entered = await browser.send(
                await browser.get("/login"), "/login", login=people[0], passphrase=PASSPHRASE
            )
            assert entered.status == 200, entered.alert
            for name in people:
                count, page = letters[name], await browser.get(f"/@{name}")
                shown = [re.search(_COUNT.format(where), page.text) for where in ("このまち", "ほかのまち")]
                numbers = [int(found[1]) if found else 0 for found in shown]
                assert numbers == [count["here"], count["elsewhere"]], name
                assert page.text.count('<li class="letter">') == min(count.total(), 20), name
                assert "見本" in page.text
