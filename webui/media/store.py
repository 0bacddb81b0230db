"""Where the files of the town lie: a folder today, something that several machines share if one writes it.

A key is made here and tells nothing: not who uploaded the file, nor when. Whoever has the address may have the file, so
the address is the secret of a picture that only followers or this town may see (docs/decisions/0012).
"""

import asyncio
import contextlib
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from aiohttp import web

from webui import security
from webui.staticfiles import YEAR

TYPES = {"jpg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp"}
"""What is kept, by the ending of the key. Nothing else is ever written or served."""

_KEY = re.compile(r"[0-9a-f]{2}/[0-9a-f]{30}\.(?:jpg|png|gif|webp)")
_ENDINGS = {mime: ending for ending, mime in TYPES.items()}


class MediaStore(Protocol):
    """Files by key. They never change: what is put under a key stays until it is removed."""

    async def put(self, body: bytes, mime: str) -> str:
        """Keep a file of one of TYPES, safe against a crash once this returns; the key to ask for it by."""

    async def remove(self, keys: Iterable[str | None]) -> None:
        """Remove files; none, or one that is gone already, is no error."""

    async def answer(self, request: web.Request, key: str) -> web.StreamResponse:
        """The file as an answer, with ranges. Raises HTTPNotFound."""


def new_key(mime: str) -> str:
    """A key that nobody can guess, in one of 256 folders. Raises KeyError for a type that is not kept."""
    token = secrets.token_hex(16)
    return f"{token[:2]}/{token[2:]}.{_ENDINGS[mime]}"


def headers(key: str) -> dict[str, str]:
    """What a file says of itself: a picture and nothing else, kept by whoever has it, never run as a document."""
    return {
        "Content-Type": TYPES[key.rpartition(".")[2]],
        "Content-Disposition": "inline",
        "Content-Security-Policy": security.PICTURE_POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": YEAR,
    }


class FolderStore:
    """The files in a folder of this machine (`[media] path`). It is made when the first one comes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, body: bytes, mime: str) -> str:
        key = new_key(mime)
        await asyncio.to_thread(self._write, self._folder / key, body)
        return key

    async def remove(self, keys: Iterable[str | None]) -> None:
        paths = [self._folder / key for key in keys if key and _KEY.fullmatch(key)]
        await asyncio.to_thread(_unlink, paths)

    async def answer(self, request: web.Request, key: str) -> web.StreamResponse:  # noqa: ARG002 - ranges are read later
        path = self._folder / key
        if not _KEY.fullmatch(key) or not await asyncio.to_thread(path.is_file):
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=headers(key))

    @staticmethod
    def _write(path: Path, body: bytes) -> None:
        """Whole or not at all: the row that names the file is committed after it."""
        path.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        beside = path.with_suffix(".tmp")
        try:
            with beside.open("wb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
            raise


def _unlink(paths: Iterable[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
