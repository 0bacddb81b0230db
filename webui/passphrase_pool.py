"""Hashing of passphrases, which is slow on purpose: in a few threads of its own, never on the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from community import passphrases
from community.errors import TooMany

T = TypeVar("T")


class PassphrasePool:
    """At most `threads` at work and `waiting` in line; whoever comes then is asked to try again shortly.

    Argon2 gives the interpreter lock back while it works, so the pages stay quick meanwhile.
    """

    def __init__(self, *, threads: int = 2, waiting: int = 32) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="passphrases")
        self._room = threads + waiting
        self._stand_in: str | None = None

    async def hash(self, passphrase: str) -> str:
        """The hash to store. Raises TooMany when the line is full, Invalid for a passphrase that is too short."""
        return await self._run(lambda: passphrases.hash_passphrase(passphrase))

    async def verify(self, stored: str | None, passphrase: str) -> bool:
        """Whether the passphrase fits. Without a stored hash it takes as long and is False: nobody learns by the
        clock whether a name exists.
        """
        return await self._run(lambda: self._verify(stored, passphrase))

    def _verify(self, stored: str | None, passphrase: str) -> bool:
        if stored is not None:
            return passphrases.verify_passphrase(stored, passphrase)
        if self._stand_in is None:
            self._stand_in = passphrases.hash_passphrase("nobody has this passphrase")
        passphrases.verify_passphrase(self._stand_in, passphrase)
        return False

    async def _run(self, work: Callable[[], T]) -> T:
        if self._room == 0:
            raise TooMany(
                "いま入り口がこみあっています。少し待ってから、もう一度お試しください。", retry_after=5
            )
        self._room -= 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._executor, work)
        finally:
            self._room += 1

    def close(self) -> None:
        """Let go of the threads; what is being hashed is finished."""
        self._executor.shutdown(wait=True, cancel_futures=True)
