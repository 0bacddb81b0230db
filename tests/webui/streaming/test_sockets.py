"""The WebSocket: who may open it, what can be said over it, and how it ends."""

import asyncio
import socket

import aiohttp
import pytest
from sqlalchemy import update

from community import doors
from community.models import Member
from tests import factories
from tests.webui.streaming.conftest import Ear, Process, account, until
from webui.streaming.messages import Message

ENGINES = ["sqlite"]
_HANDSHAKE = (
    b"GET /api/v1/streaming?stream=public HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)


async def ask(here: Process, member_id: int, **options: object) -> int:
    return await here.do(lambda session: factories.question(session, account(session, member_id), **options).id)


@pytest.mark.parametrize("where", ["header", "query", "subprotocol"])
async def test_the_token_may_come_in_three_ways(here: Process, where: str) -> None:
    hanako = await here.member("hanako")
    token = await here.token(hanako)
    if where == "header":
        ear = await here.connect("?stream=user", token=token)
    elif where == "query":
        ear = await here.connect(f"?stream=user&access_token={token}")
    else:
        ear = await here.connect("?stream=user", protocols=[token])
        assert ear.socket.protocol == token
    await until(lambda: here.listening == 1)
    question = await ask(here, hanako)
    stream, event, status = await ear.event()
    assert (stream, event, status["id"]) == (["user"], "update", str(question))
    assert status["account"]["username"] == "hanako"
    assert status["favourited"] is False  # rendered for a member, not for a stranger


async def test_the_subprotocol_is_echoed_also_when_the_token_stands_in_the_address(here: Process) -> None:
    token = await here.token(await here.member("hanako"))
    ear = await here.connect(f"?stream=user&access_token={token}", protocols=["anything"])
    assert ear.socket.protocol == "anything"


@pytest.mark.parametrize(
    ("query", "token"),
    [("?stream=user", None), ("", None), ("?stream=list&list=1", None), ("?stream=public", "wrong"), ("", "wrong")],
)
async def test_without_a_token_that_stands_it_is_no_websocket(
    here: Process, query: str, token: str | None
) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await here.connect(query, token=token)
    assert refused.value.status == 401


async def test_a_revoked_token_opens_nothing(here: Process) -> None:
    token = await here.token(await here.member("hanako"))
    await here.do(lambda session: doors.revoke_token(session, token))
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await here.connect("?stream=public", token=token)
    assert refused.value.status == 401


async def test_a_member_who_may_not_act_is_told_so(here: Process) -> None:
    hanako = await here.member("hanako")
    token = await here.token(hanako)
    await here.do(
        lambda session: session.execute(
            update(Member).where(Member.account_id == hanako).values(state="disabled")
        )
    )
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await here.connect("?stream=user", token=token)
    assert refused.value.status == 403


async def test_a_plain_get_is_told_to_upgrade(here: Process) -> None:
    token = await here.token(await here.member("hanako"))
    client = await here.client()
    for path in ("/api/v1/streaming", "/api/v1/streaming/", "/api/v1/streaming?stream=user"):
        async with client.get(here.origin + path, headers={"Authorization": f"Bearer {token}"}) as response:
            assert response.status == 426
            assert response.headers["Upgrade"] == "websocket"
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert (await response.json())["error"]


async def test_a_trailing_slash_does_not_matter(here: Process) -> None:
    await here.connect("/?stream=public")
    await until(lambda: here.listening == 1)


async def test_one_socket_listens_to_many_streams_and_leaves_them(here: Process) -> None:
    hanako = await here.member("hanako")
    ear = await here.connect(token=await here.token(hanako))
    await ear.say(type="subscribe", stream="public")
    await ear.say(type="subscribe", stream="hashtag", tag="年末調整")
    await ear.say(type="subscribe", stream="public")
    await until(lambda: here.listening == 2)
    first = await ask(here, hanako, tags=["年末調整"])
    heard = [await ear.event(), await ear.event()]
    assert sorted((stream, event, status["id"]) for stream, event, status in heard) == [
        (["hashtag", "年末調整"], "update", str(first)),
        (["public"], "update", str(first)),
    ]
    await ear.say(type="unsubscribe", stream="hashtag", tag="年末調整")
    await ear.say(type="unsubscribe", stream="never subscribed")
    await until(lambda: here.listening == 1)
    second = await ask(here, hanako, tags=["年末調整"])
    third = await ask(here, hanako, tags=["年末調整"])
    for question in (second, third):
        stream, _, status = await ear.event()
        assert (stream, status["id"]) == (["public"], str(question))


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"stream": "nonsense"}, 400),
        ({}, 400),
        ({"stream": "hashtag"}, 400),
        ({"stream": "hashtag", "tag": ""}, 400),
        ({"stream": "hashtag", "tag": ["a"]}, 400),
        ({"stream": "list"}, 400),
        ({"stream": "list", "list": "no number"}, 404),
        ({"stream": "list", "list": "99"}, 404),
    ],
)
async def test_a_bad_wish_is_answered_and_the_socket_stays_open(
    here: Process, wish: dict[str, object], status: int
) -> None:
    hanako = await here.member("hanako")
    ear = await here.connect(token=await here.token(hanako))
    await ear.say(type="subscribe", **wish)
    said = await ear.hear()
    assert said["status"] == status
    assert said["error"]
    assert await _works(here, ear, hanako)


@pytest.mark.parametrize("text", ["", "no JSON", "[1]", '"text"', "null"])
async def test_what_is_no_message_is_answered(here: Process, text: str) -> None:
    hanako = await here.member("hanako")
    ear = await here.connect(token=await here.token(hanako))
    await ear.socket.send_str(text)
    assert (await ear.hear())["status"] == 400
    assert await _works(here, ear, hanako)


async def test_messages_of_another_kind_are_passed_over(here: Process) -> None:
    hanako = await here.member("hanako")
    ear = await here.connect(token=await here.token(hanako))
    await ear.say(type="ping")
    await ear.socket.send_bytes(b"\x00\xff")
    await ear.socket.ping(b"still there?")
    assert await _works(here, ear, hanako)


async def test_a_bad_stream_in_the_address_is_answered_over_the_socket(here: Process) -> None:
    ear = await here.connect("?stream=hashtag")
    assert await ear.hear() == {"error": "Missing tag name parameter", "status": 400}


async def test_a_stranger_hears_what_is_public_and_nothing_else(here: Process) -> None:
    hanako = await here.member("hanako")
    ear = await here.ear(None, "public:local")
    await ear.say(type="subscribe", stream="user")
    assert (await ear.hear())["status"] == 401
    await ask(here, hanako, visibility="town")
    question = await ask(here, hanako)
    stream, _, status = await ear.event()
    assert (stream, status["id"]) == (["public:local"], str(question))
    assert "favourited" not in status


@pytest.mark.parametrize(
    ("scopes", "stream", "status"),
    [
        ("write", "user", 403),
        ("read:notifications", "user", 403),
        ("read:statuses", "user:notification", 403),
        ("profile", "direct", 403),
        ("write:statuses", "public", None),
        ("read:notifications", "user:notification", None),
        ("read:statuses", "user", None),
    ],
)
async def test_a_stream_needs_its_scope(
    here: Process, scopes: str, stream: str, status: int | None
) -> None:
    ear = await here.connect(token=await here.token(await here.member("hanako"), scopes))
    await ear.say(type="subscribe", stream=stream)
    if status is None:
        await until(lambda: here.listening == 1)
    else:
        assert (await ear.hear())["status"] == status
        assert here.listening == 0


async def test_no_socket_listens_to_more_than_a_hundred_streams(here: Process) -> None:
    ear = await here.connect("?stream=public")
    for number in range(100):
        await ear.say(type="subscribe", stream="hashtag", tag=f"t{number}")
    assert await ear.hear() == {"error": "Too many streams", "status": 400}
    assert here.listening == 100


async def test_a_message_too_long_ends_the_socket(here: Process) -> None:
    ear = await here.ear(None, "public")
    await ear.socket.send_str("x" * 5000)
    assert await ear.closed() == aiohttp.WSCloseCode.MESSAGE_TOO_BIG
    await until(lambda: len(here.hub) == 0)


async def test_a_closed_socket_leaves_nothing_behind(here: Process) -> None:
    hanako = await here.member("hanako")
    ear = await here.ear(hanako, "user")
    other = await here.ear(hanako, "user")
    await ear.socket.close()
    await until(lambda: len(here.hub) == 1)
    question = await ask(here, hanako)
    assert (await other.event())[2]["id"] == str(question)
    await other.socket.close()
    await until(lambda: len(here.hub) == 0)
    assert here.hub._audience == {}


async def test_revoking_a_token_ends_its_sockets_and_no_others(here: Process) -> None:
    hanako = await here.member("hanako")
    token = await here.token(hanako)
    gone = [await here.connect("?stream=user", token=token), await here.connect("?stream=public", token=token)]
    stays = await here.ear(hanako, "user")
    await here.do(lambda session: doors.revoke_token(session, token))
    assert [await ear.closed() for ear in gone] == [1008, 1008]
    await until(lambda: len(here.hub) == 1)
    assert await _hears_a_question(here, stays, hanako)


async def test_what_ended_unsaid_is_found_by_looking(here: Process) -> None:
    """A token's time, or a member being shut out."""
    hanako, taro = await here.member("hanako"), await here.member("taro")
    gone, stays, stranger = (
        await here.ear(hanako, "user"), await here.ear(taro, "user"), await here.ear(None, "public"),
    )  # fmt: skip
    await here.do(
        lambda session: session.execute(
            update(Member).where(Member.account_id == hanako).values(state="disabled")
        )
    )
    await here.hub.check()
    assert await gone.closed() == 1008
    assert await _hears_a_question(here, stays, taro)
    assert await stranger.event()


async def test_who_shows_no_sign_of_life_is_given_up(here: Process) -> None:
    ear = await here.ear(None, "public")
    awake = await here.ear(None, "public")
    quiet = aiohttp.ClientSession()
    async with quiet, quiet.ws_connect(f"{here.origin}/api/v1/streaming?stream=public", autoping=False) as asleep:
        await until(lambda: len(here.hub) == 3)
        for _ in range(2):
            for connection in list(here.hub._listening):
                connection.knock()
        assert (await asleep.receive(timeout=10)).type is aiohttp.WSMsgType.PING
        assert await _works(here, ear, await here.member("hanako"))  # reads the ping too, and answers it
        assert await _works(here, awake, await here.member("taro"))
        for connection in list(here.hub._listening):
            connection.knock()
        sleeper = max(here.hub._listening, key=lambda connection: connection.silent)  # type: ignore[attr-defined]
        for _ in range(3):
            sleeper.knock()
        await until(lambda: len(here.hub) == 2)
    assert await _works(here, awake, await here.member("jiro"))


async def test_who_takes_nothing_is_cut_off_and_holds_up_nobody(here: Process) -> None:
    host, port = here.origin.removeprefix("http://").split(":")
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(slow, (host, int(port)))
    await loop.sock_sendall(slow, _HANDSHAKE)
    await until(lambda: here.listening == 1)
    (asleep,) = here.hub._listening
    quick = await here.ear(None, "public")
    message = Message("update", b'"' + b"x" * 60_000 + b'"')
    for _ in range(400):
        if asleep not in here.hub._listening:
            break
        for connection in list(here.hub._listening):
            connection.send(message, ("public",))
        assert len((await quick.event())[2]) == 60_000
    await until(lambda: asleep not in here.hub._listening)
    assert len(here.hub) == 1
    slow.close()


async def test_the_log_says_nothing_of_connections_that_end(
    here: Process, caplog: pytest.LogCaptureFixture
) -> None:
    token = await here.token(await here.member("hanako"))
    ears = [await here.connect("?stream=user", token=token) for _ in range(2)]
    lines = await here.lines("user", token=token)
    await until(lambda: here.listening == 3)
    await here.do(lambda session: doors.revoke_token(session, token))
    assert await lines.ended()
    assert await ears[0].closed() == 1008
    await until(lambda: len(here.hub) == 0)
    assert [record.message for record in caplog.records if record.levelname in {"WARNING", "ERROR"}] == []


async def _works(here: Process, ear: Ear, member_id: int) -> bool:
    """Whether a wish is still heard: subscribing shows in the hub, and an event comes."""
    before = here.listening
    await ear.say(type="subscribe", stream="public:remote:media")
    await until(lambda: here.listening == before + 1)
    await ear.say(type="unsubscribe", stream="public:remote:media")
    await until(lambda: here.listening == before)
    return member_id > 0


async def _hears_a_question(here: Process, ear: Ear, member_id: int) -> bool:
    question = await ask(here, member_id)
    return bool((await ear.event())[2]["id"] == str(question))
