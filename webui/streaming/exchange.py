"""Facts on their way to the other processes of the town: serving ones, workers and commands, on any engine.

They travel in batches as short JSON, over PostgreSQL itself (`community.storage.calls`) or, beside an SQLite file, from
process to process (`community.storage.letterbox`). Nothing is kept: who is not there misses them, as an app does that is
not connected.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import orjson

from community.db import Database
from community.storage import calls, letterbox
from webui.streaming.facts import KINDS, Fact, HandOver

_CHANNEL = "machi_streaming"
_IDS_AT_ONCE = 300  # so that one fact always fits into a text
_MOST_TEXTS = 2_000  # that wait to be called out
log = logging.getLogger(__name__)


class Exchange(Protocol):
    """What a process needs to hear of the others and be heard."""

    async def start(self) -> None: ...

    def send(self, facts: Sequence[Fact]) -> None:
        """Hand `facts` to every other process. On the event loop; never waits."""

    async def close(self) -> None: ...


def between_processes(url: str, database: Database, hear: HandOver, gap: Callable[[], None]) -> Exchange:
    """The exchange for the database at `url`. `hear` gets what other processes send; `gap` is called when something
    may have been missed.
    """
    if database.dialect == "postgresql":
        return _Calls(url, database, hear, gap)
    folder = letterbox.folder_of(url)
    return _Alone() if folder is None else _Letters(letterbox.Letterbox(folder, lambda text: _read(text, hear)))


def from_command(url: str, database_of: Callable[[], Database]) -> HandOver:
    """A way to hand over facts from a process without an event loop; it hears nothing."""

    def hand_over(facts: Sequence[Fact]) -> None:
        folder = letterbox.folder_of(url) if url.startswith("sqlite") else None
        for text in packed(facts):
            if folder is not None:
                letterbox.send_once(folder, text)
            elif not url.startswith("sqlite"):
                database_of().write_now(lambda session, text=text: calls.notify(session, _CHANNEL, text.decode()))  # type: ignore[misc]

    return hand_over


def packed(facts: Sequence[Fact], sender: str = "") -> Iterator[bytes]:
    """`facts` as texts that are short enough, in order."""
    room = calls.MOST_BYTES - len(sender) - 32
    batch: list[tuple[object, ...]] = []
    size = 0
    for fact in _divided(facts):
        told = tuple(fact)
        length = len(orjson.dumps(told)) + 1
        if batch and size + length > room:
            yield orjson.dumps([sender, batch])
            batch, size = [], 0
        batch.append(told)
        size += length
    if batch:
        yield orjson.dumps([sender, batch])


def unpacked(text: bytes | str) -> tuple[str, list[Fact]]:
    """Who sent a text, and its facts; a kind that this version does not know is left out. Raises ValueError."""
    sender, sent = orjson.loads(text)
    facts = [Fact(kind, tuple(int(each) for each in ids), str(said)) for kind, ids, said in sent]
    return str(sender), [fact for fact in facts if fact.kind in KINDS]


def _divided(facts: Sequence[Fact]) -> Iterator[Fact]:
    """Long lists of ids in several facts: those who are shut out, or a post with very many tags."""
    for fact in facts:
        if len(fact.ids) <= _IDS_AT_ONCE:
            yield fact
        elif fact.kind == "shut-out":
            for start in range(0, len(fact.ids), _IDS_AT_ONCE):
                yield fact._replace(ids=fact.ids[start : start + _IDS_AT_ONCE])
        else:
            yield fact._replace(ids=fact.ids[:_IDS_AT_ONCE])


def _read(text: bytes | str, hear: HandOver, *, but_from: str | None = None) -> None:
    try:
        sender, facts = unpacked(text)
    except (ValueError, TypeError):
        log.warning("another process sent what cannot be read")
        return
    if facts and sender != but_from:
        hear(facts)


class _Alone:
    """A database in memory: there is no other process."""

    async def start(self) -> None:
        """Nothing to do."""

    def send(self, facts: Sequence[Fact]) -> None:
        """Nobody to tell."""

    async def close(self) -> None:
        """Nothing to do."""


class _Letters:
    """Beside an SQLite file."""

    def __init__(self, box: letterbox.Letterbox) -> None:
        self._box = box

    async def start(self) -> None:
        self._box.open()

    def send(self, facts: Sequence[Fact]) -> None:
        if self._box.is_heard():
            for text in packed(facts):
                self._box.send(text)

    async def close(self) -> None:
        self._box.close()


class _Calls:
    """Over PostgreSQL. What comes while a call is under way goes with the next one."""

    def __init__(self, url: str, database: Database, hear: HandOver, gap: Callable[[], None]) -> None:
        self._url = url
        self._database = database
        self._hear = hear
        self._gap = gap
        self._me = secrets.token_hex(8)
        self._facts: list[Fact] = []
        self._calling: asyncio.Task[None] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._stands = asyncio.Event()

    async def start(self) -> None:
        def hear(text: str) -> None:
            _read(text, self._hear, but_from=self._me)

        def ready() -> None:
            if self._stands.is_set():
                self._gap()
            self._stands.set()

        self._listening = asyncio.create_task(
            calls.listen(self._url, _CHANNEL, hear=hear, ready=ready), name="streaming-listen"
        )
        waiting = asyncio.create_task(self._stands.wait())
        await asyncio.wait({waiting}, timeout=5.0)
        waiting.cancel()

    def send(self, facts: Sequence[Fact]) -> None:
        self._facts.extend(facts[:_MOST_TEXTS])
        if self._calling is None or self._calling.done():
            self._calling = asyncio.get_running_loop().create_task(self._call(), name="streaming-call")

    async def close(self) -> None:
        if self._calling is not None:
            await asyncio.wait({self._calling}, timeout=1.0)
        tasks = [task for task in (self._calling, self._listening) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _call(self) -> None:
        while self._facts:
            texts = [text.decode() for text in packed(self._facts, self._me)]
            self._facts.clear()

            def unit(session: Any, texts: list[str] = texts) -> None:
                for text in texts:
                    calls.notify(session, _CHANNEL, text)

            try:
                await self._database.write(unit)
            except Exception:
                log.exception("other processes could not be told of events")
