"""An app that listens, as the hub sees it: whose it is, and a way to hand it bytes without ever waiting.

What an app does not take in time collects in its socket's buffer; one that lets too much collect is cut off, so that a
slow one costs neither memory nor anybody else's time. It comes back and asks for what it missed, as after any break.
"""

import asyncio
from typing import Protocol

from webui.streaming.messages import PING, THUMP, Label, Message, chunked, closing

MOST_WAITING = 256 * 1024
"""Bytes that may wait for an app that does not take them."""
_SILENT_BEFORE_PING, _SILENT_MOST = 2, 4
_THUMP_CHUNK = chunked(THUMP)
GOING_AWAY, NOT_ALLOWED = 1001, 1008


class Connection(Protocol):
    """An open WebSocket or event stream."""

    account_id: int | None
    token_id: int | None

    def send(self, message: Message, label: Label) -> None:
        """Hand `message` over, or cut the connection off if too much waits already."""

    def knock(self) -> None:
        """Keep the connection from falling asleep; end it if nobody is there any more."""

    def end(self, code: int) -> None:
        """Close it; `code` is the WebSocket's word for why."""


class WebSocket:
    """The sending half of a WebSocket; `sockets` reads the other."""

    __slots__ = ("_transport", "account_id", "silent", "token_id")

    def __init__(self, transport: asyncio.Transport, account_id: int | None, token_id: int | None) -> None:
        self._transport = transport
        self.account_id = account_id
        self.token_id = token_id
        self.silent = 0  # how often it was knocked at since something came

    def send(self, message: Message, label: Label) -> None:
        _write(self._transport, message.frame(label))

    def knock(self) -> None:
        self.silent += 1
        if self.silent > _SILENT_MOST:
            self._transport.abort()
        elif self.silent >= _SILENT_BEFORE_PING:
            _write(self._transport, PING)

    def end(self, code: int) -> None:
        if not self._transport.is_closing():
            self._transport.write(closing(code))
            _hang_up(self._transport)


class EventStream:
    """Server-sent events: HTTP/1.1 takes them in chunks, HTTP/1.0 as they are."""

    __slots__ = ("_chunks", "_transport", "account_id", "token_id")

    def __init__(
        self, transport: asyncio.Transport, account_id: int | None, token_id: int | None, *, chunks: bool
    ) -> None:
        self._transport = transport
        self._chunks = chunks
        self.account_id = account_id
        self.token_id = token_id

    def send(self, message: Message, label: Label) -> None:  # noqa: ARG002 - one connection is one stream
        _write(self._transport, message.chunk() if self._chunks else message.lines())

    def knock(self) -> None:
        _write(self._transport, _THUMP_CHUNK if self._chunks else THUMP)

    def end(self, code: int) -> None:  # noqa: ARG002 - there is no word for why
        if not self._transport.is_closing():
            if self._chunks:
                self._transport.write(b"0\r\n\r\n")
            _hang_up(self._transport)


def _write(transport: asyncio.Transport, data: bytes) -> None:
    if transport.is_closing():
        return
    if transport.get_write_buffer_size() > MOST_WAITING:
        transport.abort()
        return
    transport.write(data)


def _hang_up(transport: asyncio.Transport) -> None:
    """Close once everything is taken; at once if it is not being taken anyway."""
    if transport.get_write_buffer_size() > MOST_WAITING // 4:
        transport.abort()
    else:
        transport.close()
