"""GET /api/v1/streaming: a WebSocket over which an app listens to any number of streams."""

import asyncio
from typing import Any

import orjson
from aiohttp import WSMsgType, web

from community.doors import TokenHolder
from webui.mastodon.replies import Refusal, reply
from webui.streaming import streams, tokens
from webui.streaming.connections import WebSocket
from webui.streaming.hub import Hub
from webui.streaming.streams import OPEN_TO_ALL, Wish

PATH = "/api/v1/streaming"
_LONGEST = 4096  # bytes of what an app says: the name of a stream


async def listen(request: web.Request, hub: Hub) -> web.StreamResponse:
    """Keep a WebSocket open and do what comes over it. Raises Refusal before it is one."""
    if not web.WebSocketResponse().can_prepare(request):
        return reply(
            {"error": "This address speaks WebSocket"}, status=426,
            headers={"Upgrade": "websocket", "Connection": "Upgrade"},
        )  # fmt: skip
    holder = await tokens.holder(request)
    wanted = request.query.get("stream")
    if holder is None and wanted not in OPEN_TO_ALL:
        raise Refusal(401, "Missing access token")
    spoken = tokens.subprotocol(request)
    socket = web.WebSocketResponse(
        protocols=() if spoken is None else (spoken,), autoping=False, compress=False, max_msg_size=_LONGEST
    )
    await socket.prepare(request)
    transport = request.transport
    if transport is None:
        return socket
    await _serve(request, hub, socket, transport, holder)
    return socket


async def _serve(
    request: web.Request,
    hub: Hub,
    socket: web.WebSocketResponse,
    transport: asyncio.Transport,
    holder: TokenHolder | None,
) -> None:
    account_id = None if holder is None else holder.viewer.account_id
    connection = WebSocket(transport, account_id, None if holder is None else holder.token_id)
    desk = _Desk(request, hub, socket, connection, holder)
    hub.add(connection)
    try:
        query = request.query
        if name := query.get("stream"):
            await desk.subscribe(Wish(name, query.get("tag"), query.get("list")))
        del query
        async for message in socket:
            connection.silent = 0
            if message.type is WSMsgType.TEXT:
                await desk.obey(message.data)
            elif message.type is WSMsgType.PING:
                await socket.pong(message.data)
            elif message.type is WSMsgType.ERROR:
                break
    finally:
        hub.drop(connection)


class _Desk:
    """What an app asks for over its socket."""

    __slots__ = ("_connection", "_holder", "_hub", "_request", "_socket")

    def __init__(
        self,
        request: web.Request,
        hub: Hub,
        socket: web.WebSocketResponse,
        connection: WebSocket,
        holder: TokenHolder | None,
    ) -> None:
        self._request = request
        self._hub = hub
        self._socket = socket
        self._connection = connection
        self._holder = holder

    async def obey(self, text: str) -> None:
        """Do what a message says. What it cannot mean is answered with an error; other kinds of message are passed over."""
        try:
            said: Any = orjson.loads(text)
        except orjson.JSONDecodeError:
            said = None
        if not isinstance(said, dict):
            await self._refuse(Refusal(400, "The message is no JSON object"))
            return
        wish = Wish(_text(said.get("stream")) or "", _text(said.get("tag")), _text(said.get("list")))
        if said.get("type") == "subscribe":
            await self.subscribe(wish)
        elif said.get("type") == "unsubscribe":
            label = {"hashtag": wish.tag, "hashtag:local": wish.tag, "list": wish.list_id}.get(wish.name)
            self._hub.unsubscribe(self._connection, (wish.name,) if label is None else (wish.name, label))

    async def subscribe(self, wish: Wish) -> None:
        """Listen to a stream, or say why not."""
        try:
            stream = await streams.resolve(wish, self._holder, tokens.owner_of(self._request))
        except Refusal as refusal:
            await self._refuse(refusal)
            return
        if not self._hub.subscribe(self._connection, stream):
            await self._refuse(Refusal(400, "Too many streams"))

    async def _refuse(self, refusal: Refusal) -> None:
        await self._socket.send_str(orjson.dumps({"error": refusal.error, "status": refusal.status}).decode())


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value)
