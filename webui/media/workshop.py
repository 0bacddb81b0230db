"""Working on pictures: slow and hungry, so in a few threads of its own, a few at a time, never on the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from aiohttp import web

from community.config import Settings
from community.errors import TooMany
from webui.media.store import FolderStore, MediaStore

T = TypeVar("T")


class Workshop:
    """The threads for pictures, at most `threads` at work and `waiting` in line, and the store that finished ones go to.

    Pillow gives the interpreter lock back while it works, so the pages stay quick meanwhile.
    """

    def __init__(self, store: MediaStore, *, threads: int = 2, waiting: int = 16) -> None:
        self.store = store
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="pictures")
        self._room = threads + waiting

    async def run(self, work: Callable[[], T]) -> T:
        """Do `work` in one of the threads. Raises TooMany when the line is full, and whatever `work` raises."""
        if self._room == 0:
            raise TooMany("いま画像の受付がこみあっています。少し待ってから、もう一度お試しください。", retry_after=10)
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._room += 1

    def close(self) -> None:
        """Let go of the threads; the picture in hand is finished, the others are not begun."""
        self._executor.shutdown(wait=True, cancel_futures=True)


WORKSHOP: web.AppKey[Workshop] = web.AppKey("machi.workshop", Workshop)


def store_of(settings: Settings) -> MediaStore:
    """The store that the settings of a town name."""
    return FolderStore(Path(settings.media.path))


def make_workshop(settings: Settings) -> Workshop:
    """The workshop of a town, with its store."""
    return Workshop(store_of(settings))
