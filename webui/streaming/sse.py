"""GET /api/v1/streaming/…: one stream as server-sent events, for programs that want no WebSocket."""

import asyncio

from aiohttp import HttpVersion11, web

from webui.mastodon.params import of_query
from webui.mastodon.replies import Refusal
from webui.streaming import streams, tokens
from webui.streaming.connections import EventStream
from webui.streaming.hub import Hub
from webui.streaming.streams import Wish

_NAMES = {
    "user": streams.USER,
    "user/notification": streams.NOTICES,
    "public": "public",
    "public/local": "public:local",
    "public/remote": "public:remote",
    "hashtag": "hashtag",
    "hashtag/local": "hashtag:local",
    "list": streams.LIST,
    "direct": streams.DIRECT,
}
_HEADERS = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",  # nginx would collect events
}


async def health(_request: web.Request) -> web.Response:
    """Whether streams are served here."""
    return web.Response(text="OK")


async def listen(request: web.Request, hub: Hub) -> web.StreamResponse:
    """Send the events of the stream at this path until the app goes. Raises Refusal."""
    name = _NAMES.get(request.match_info["stream"].strip("/"))
    if name is None:
        raise Refusal(400, "Unknown channel requested")
    params = of_query(request)
    if name.startswith("public") and params.flag("only_media"):
        name += ":media"
    holder = await tokens.holder(request)
    wish = Wish(name, params.text("tag"), params.text("list"))
    stream = await streams.resolve(wish, holder, tokens.owner_of(request))
    response = web.StreamResponse(headers=_HEADERS)
    response.force_close()
    chunks = request.version >= HttpVersion11
    if chunks:
        response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(b":)\n")  # sends the headers
    transport = request.transport
    if transport is None:
        return response
    account_id = None if holder is None else holder.viewer.account_id
    connection = EventStream(transport, account_id, None if holder is None else holder.token_id, chunks=chunks)
    hub.add(connection)
    try:
        hub.subscribe(connection, stream)
        await _gone(request)
    finally:
        hub.drop(connection)
    return response


async def _gone(request: web.Request) -> None:
    """Return when the app has hung up."""
    hangup = _Hangup(asyncio.get_running_loop())
    request.protocol.set_parser(hangup)  # type: ignore[arg-type]
    await hangup.heard


class _Hangup:
    """In place of a parser of what the app says: it says nothing any more, until it goes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.heard: asyncio.Future[None] = loop.create_future()

    def feed_data(self, _data: bytes) -> tuple[bool, bytes]:
        return False, b""

    def feed_eof(self) -> None:
        if not self.heard.done():
            self.heard.set_result(None)
