"""toot, a client for the terminal, run as the command it is: log in, post, read, search, and follow an expert of another town."""

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest

from tests.integration.served import Town, quiet
from tests.integration.test_mastodon_py import sign_in
from tests.webui.browsing import Browser

TOOT = Path(sys.executable).with_name("toot")
_LONGEST = 60.0  # seconds that one command may take


class Toot:
    """The command with a settings folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._surroundings = {**os.environ, "XDG_CONFIG_HOME": str(folder), "BROWSER": "true", "PYTHONWARNINGS": "ignore"}

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            str(TOOT), "--no-color", *words, env=self._surroundings,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip

    async def __call__(self, *words: str) -> str:
        """What the command says; it has to end well."""
        process = await self.start(*words)
        said, _ = await asyncio.wait_for(process.communicate(), _LONGEST)
        assert process.returncode == 0, f"toot {' '.join(words)}: {said.decode()}"
        return said.decode()

    async def log_in(self, town: Town, name: str) -> str:
        """The command shows an address; its code is fetched in a browser and typed in."""
        process = await self.start("login", "--instance", town.origin)
        assert process.stdin is not None
        assert process.stdout is not None
        said = ""
        while not (found := re.search(r"http\S+/oauth/authorize\S+\n", said)):
            piece = await asyncio.wait_for(process.stdout.read(1024), _LONGEST)
            assert piece, said
            said += piece.decode()
        code = await code_of(town, name, found[0].strip())
        process.stdin.write(f"n\n{code}\n".encode())
        rest, _ = await asyncio.wait_for(process.communicate(), _LONGEST)
        assert process.returncode == 0, said + rest.decode()
        return rest.decode()


async def code_of(town: Town, name: str, address: str) -> str:
    """Log in, agree, and read the code off the page that shows it."""
    async with Browser(town.origin) as browser:
        page = await sign_in(browser, town, name, address)
        assert page.status == 200, page.alert
        found = re.search(r"<code[^>]*>([^<]+)</code>", page.text)
        assert found, page.text
        return found[1].strip()


@pytest.mark.slow
async def test_toot_is_an_app_for_the_town(sisters, tmp_path):
    minato, yamate = sisters
    hanako, jun = Toot(tmp_path / "hanako"), Toot(tmp_path / "jun")
    assert "Successfully logged in" in await hanako.log_in(minato, "hanako")
    assert "Successfully logged in" in await jun.log_in(yamate, "jun")
    assert f"hanako@{minato.domain}" in await hanako("auth")
    assert "hanako" in await hanako("whoami")

    posted = await hanako("post", "備品の棚を片づけました #備品")
    assert "Toot posted" in posted or "posted" in posted.lower(), posted
    address = re.search(r"http\S+", posted)
    assert address, posted
    identifier = address[0].rstrip("/").rpartition("/")[2]
    assert "備品の棚を片づけました" in await hanako("timelines", "home", "--no-pager")
    assert "備品の棚を片づけました" in await hanako("timelines", "public", "--local", "--no-pager")
    assert "備品の棚を片づけました" in await hanako("status", identifier)
    assert identifier in await hanako("search", "棚を片づけ", "--type", "statuses")
    await hanako("favourite", identifier)
    await hanako("bookmark", identifier)

    # An expert of another town: found by handle, followed, and the next answer is on the home timeline.
    expert = f"jun@{yamate.domain}"
    assert "jun" in await hanako("search", f"@{expert}", "--resolve", "--type", "accounts")
    await hanako("follow", expert)
    await quiet(minato, yamate)
    assert "jun" in await hanako("following", "hanako")

    asker = await yamate.enter("mari")
    question = await asker.ask("午前中だけ休んだ日の扱いは？")
    number = question.rpartition("/")[2]
    await jun("post", "就業規則に書いた扱いになります。", "--reply-to", number)
    await quiet(minato, yamate)
    home = await hanako("timelines", "home", "--no-pager")
    assert "就業規則に書いた扱いになります。" in home
    assert "mari" in await jun("thread", number)

    # What concerns oneself is told.
    await jun("post", f"@hanako@{minato.domain} はじめまして")
    await quiet(minato, yamate)
    notices = await hanako("notifications")
    assert "はじめまして" in notices
    assert await hanako("notifications", "--clear") is not None
    await hanako("unfollow", expert)
    await quiet(minato, yamate)
    assert expert not in await hanako("following", "hanako")
