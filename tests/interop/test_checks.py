"""The peer's own checks (`check.js`) against a town, both ways, in each order of signatures and with authorized fetch."""

import asyncio

import pytest

from federation.models import InboxItem
from tests.integration.served import Town
from tests.interop.app import token_of
from tests.interop.node import FOLDER
from tests.ports import free_port

CHECKS = 33


async def run(program: str, script: str, *flags: str) -> str:
    """What the script says; it must end well."""
    process = await asyncio.create_subprocess_exec(
        program, str(FOLDER / script), *flags,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    assert process.returncode == 0, said
    return said


@pytest.mark.parametrize("fetch", ["open", "authorized"])
@pytest.mark.parametrize("knock", ["rfc9421", "cavage"])
async def test_all_checks_pass(minato: Town, program: str, knock: str, fetch: str):
    flags = ["--authorized-fetch"] if fetch == "authorized" else []
    said = await run(
        program, "check.js", "--base", minato.origin, "--token", await token_of(minato, "hanako"),
        "--first-knock", knock, "--peer-port", str(free_port()), *flags,
    )  # fmt: skip
    assert f"\n{CHECKS} passed, 0 failed" in said, said
    assert "failed" not in {state for (state,) in await minato.rows(InboxItem.state)}


async def test_the_peer_gets_on_with_itself(program: str):
    """Its own faults would otherwise look like ours."""
    assert "\n6 passed, 0 failed" in await run(program, "selftest.js", str(free_port()), str(free_port()))
