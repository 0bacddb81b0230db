"""One message and its two spellings on the wire, each made once however many are told it."""

import orjson

_TEXT = 0x81  # a whole message of text
_CLOSE = 0x88
PING = b"\x89\x00"
"""The frame that asks whether somebody is still there."""
THUMP = b":thump\n"
"""The comment that says the same to those who cannot answer."""

Label = tuple[str, ...]


class Message:
    """An event with its payload, which is text: JSON, or the id of what is gone."""

    __slots__ = ("_chunk", "_event", "_frames", "_lines", "_payload")

    def __init__(self, event: str, payload: bytes) -> None:
        self._event = event
        self._payload = payload
        self._frames: dict[Label, bytes] = {}
        self._lines: bytes | None = None
        self._chunk: bytes | None = None

    def frame(self, label: Label) -> bytes:
        """A WebSocket frame for those who listen to the stream `label`. A server's frames are the same for everybody."""
        made = self._frames.get(label)
        if made is None:
            told = {"stream": label, "event": self._event, "payload": self._payload.decode()}
            made = self._frames[label] = framed(orjson.dumps(told))
        return made

    def lines(self) -> bytes:
        """The same as a server-sent event: LF alone ends a line, and one space follows each colon."""
        if self._lines is None:
            self._lines = b"event: %s\ndata: %s\n\n" % (self._event.encode(), self._payload)
        return self._lines

    def chunk(self) -> bytes:
        """The lines as one chunk of an HTTP/1.1 body."""
        if self._chunk is None:
            self._chunk = chunked(self.lines())
        return self._chunk


def framed(text: bytes) -> bytes:
    """`text` as one unmasked WebSocket frame (RFC 6455 §5.2)."""
    size = len(text)
    if size < 126:
        head = bytes((_TEXT, size))
    elif size < 1 << 16:
        head = bytes((_TEXT, 126)) + size.to_bytes(2, "big")
    else:
        head = bytes((_TEXT, 127)) + size.to_bytes(8, "big")
    return head + text


def closing(code: int) -> bytes:
    """The WebSocket frame that says goodbye."""
    return bytes((_CLOSE, 2)) + code.to_bytes(2, "big")


def chunked(data: bytes) -> bytes:
    """`data` as one chunk of an HTTP/1.1 body."""
    return b"%x\r\n%s\r\n" % (len(data), data)
