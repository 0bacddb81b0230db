"""Server-sent events: byte for byte what programs read, and who may open which stream."""

import json

import aiohttp
import pytest

from community import doors
from tests import factories
from tests.webui.streaming.conftest import Process, account, until

ENGINES = ["sqlite"]


async def ask(here: Process, member_id: int) -> int:
    return await here.do(lambda session: factories.question(session, account(session, member_id), tags=["有給"]).id)


@pytest.mark.parametrize(
    ("path", "member"),
    [
        ("user", True),
        ("public", False),
        ("public", True),
        ("public/", False),
        ("public/local", False),
        ("hashtag?tag=有給", False),
        ("hashtag/local?tag=%23有給", False),
    ],
)
async def test_an_event_is_two_lines_and_an_empty_one(here: Process, path: str, member: bool) -> None:
    hanako = await here.member("hanako")
    lines = await here.lines(path, token=await here.token(hanako) if member else None)
    assert lines.response.headers["Content-Type"] == "text/event-stream"
    assert lines.response.headers["Access-Control-Allow-Origin"] == "*"
    question = await ask(here, hanako)
    raw = await lines.raw()
    assert raw.startswith(b"event: update\ndata: {")
    assert raw.endswith(b"}\n\n")
    assert b"\r" not in raw
    assert json.loads(raw.partition(b"data: ")[2])["id"] == str(question)


async def test_only_media_is_a_stream_of_its_own(here: Process) -> None:
    hanako = await here.member("hanako")
    await here.lines("public?only_media=true")
    assert ("public:media", None) in here.hub._audience
    await ask(here, hanako)


async def test_signs_of_life_are_comments(here: Process) -> None:
    lines = await here.lines("public")
    for connection in list(here.hub._listening):
        connection.knock()
    assert await lines.response.content.readline() == b":thump\n"


async def test_a_program_of_http_1_0_gets_no_chunks(here: Process) -> None:
    import asyncio  # noqa: PLC0415

    hanako = await here.member("hanako")
    host, port = here.origin.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(b"GET /api/v1/streaming/public HTTP/1.0\r\nHost: localhost\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    assert await reader.readline() == b":)\n"
    await until(lambda: here.listening == 1)
    await ask(here, hanako)
    assert await reader.readline() == b"event: update\n"
    writer.close()
    await until(lambda: len(here.hub) == 0)


async def test_who_hangs_up_is_forgotten_at_once(here: Process) -> None:
    lines = await here.lines("public")
    lines.response.close()
    await until(lambda: len(here.hub) == 0)
    assert here.hub._audience == {}


async def test_revoking_the_token_ends_the_stream(here: Process) -> None:
    token = await here.token(await here.member("hanako"))
    lines = await here.lines("user", token=token)
    await here.do(lambda session: doors.revoke_token(session, token))
    assert await lines.ended()


@pytest.mark.parametrize(
    ("path", "scopes", "status"),
    [
        ("user", None, 401),
        ("direct", None, 401),
        ("user", "wrong token", 401),
        ("public", "wrong token", 401),
        ("user", "write", 403),
        ("user/notification", "read:statuses", 403),
        ("list", "read", 400),
        ("list?list=99", "read", 404),
        ("hashtag", None, 400),
        ("nonsense", None, 400),
        ("user/nonsense", "read", 400),
        ("public:local", None, 400),
    ],
)
async def test_refusals_are_json(here: Process, path: str, scopes: str | None, status: int) -> None:
    hanako = await here.member("hanako")
    headers = {}
    if scopes is not None:
        token = "wrong" if scopes == "wrong token" else await here.token(hanako, scopes)
        headers["Authorization"] = f"Bearer {token}"
    client = await here.client()
    async with client.get(f"{here.origin}/api/v1/streaming/{path}", headers=headers) as response:
        assert response.status == status
        assert response.content_type == "application/json"
        assert response.headers["Access-Control-Allow-Origin"] == "*"
        assert set(await response.json()) == {"error"}
    assert len(here.hub) == 0


async def test_health_is_a_word(here: Process) -> None:
    client = await here.client()
    async with client.get(f"{here.origin}/api/v1/streaming/health") as response:
        assert (response.status, response.content_type, await response.text()) == (200, "text/plain", "OK")


async def test_a_browser_may_ask_beforehand(here: Process) -> None:
    client = await here.client()
    async with client.options(f"{here.origin}/api/v1/streaming/user") as response:
        assert response.status == 204
        assert "Authorization" in response.headers["Access-Control-Allow-Headers"]


async def test_the_end_of_the_process_ends_every_connection(here: Process) -> None:
    lines, ear = await here.lines("public"), await here.ear(None, "public")
    here.hub.end_all()
    assert await lines.ended()
    assert await ear.closed() == aiohttp.WSCloseCode.GOING_AWAY
    late = await here.connect("?stream=public")
    assert await late.closed() == aiohttp.WSCloseCode.GOING_AWAY
