"""Answering a program: JSON, and the one shape of everything that went wrong."""

from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp import web

JSON = "application/json"
_CHARSET = {"Content-Type": "application/json; charset=utf-8"}


class Refusal(Exception):
    """A request is not granted. `error` is told word for word: clients compare Mastodon's own texts."""

    def __init__(
        self, status: int, error: str, *, headers: Mapping[str, str] | None = None, **extra: Any
    ) -> None:
        super().__init__(error)
        self.status = status
        self.error = error
        self.headers = headers
        self.extra = extra

    def response(self) -> web.Response:
        return reply({"error": self.error, **self.extra}, status=self.status, headers=self.headers)


def reply(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """`data` as JSON; entities that are rendered already (orjson.Fragment) may stand anywhere in it."""
    return raw(orjson.dumps(data), status=status, headers=headers)


def raw(body: bytes, *, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON that is bytes already."""
    return web.Response(body=body, status=status, headers={**_CHARSET, **headers} if headers else _CHARSET)
