"""Who listens to what in this process, and what they are told: once for each event, the same bytes to all told the same.

A connection costs its socket and one waiting task; nothing here belongs to it alone. One task works on the facts, one
keeps all connections awake, one looks whether tokens still stand.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence

from community import streaming
from community.db import Database
from webui.streaming import telling
from webui.streaming.connections import GOING_AWAY, NOT_ALLOWED, Connection
from webui.streaming.facts import SHUT_OUT, Fact
from webui.streaming.messages import Label, Message
from webui.streaming.streams import Key, Stream
from webui.streaming.telling import Present, Telling

KNOCK_S = 15.0
"""Seconds between signs of life. A WebSocket is asked for one when it was silent for two, and given up after four."""
CHECK_S = 30.0
"""Seconds between looks whether the tokens still stand: for what ended without being told, such as a token's time."""
MOST_STREAMS = 100
"""Streams of one connection."""
_MOST_FACTS = 20_000  # that wait; more come only while nobody can be told anything
_AT_ONCE = 50  # facts of one unit of work
_BREATH = 256  # connections written to before others have their turn
log = logging.getLogger(__name__)


class Hub:
    """The listeners of one process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._audience: dict[Key, dict[int | None, dict[Connection, tuple[Label, ...]]]] = {}
        self._listening: dict[Connection, dict[Label, tuple[Key, ...]]] = {}
        self._present: Present | None = None
        self._facts: deque[Fact] = deque(maxlen=_MOST_FACTS)
        self._waiting = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    def __len__(self) -> int:
        """How many connections are open."""
        return len(self._listening)

    async def start(self) -> None:
        """Begin to tell."""
        self._tasks = [
            asyncio.create_task(deed(), name=f"streaming-{name}")
            for name, deed in (("tell", self._tell), ("knock", self._knock), ("check", self._check))
        ]

    async def stop(self) -> None:
        """End every connection and every task."""
        self.end_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def end_all(self) -> None:
        """Say goodbye to everybody, and let nobody in any more: the process is about to end."""
        self._closed = True
        for connection in list(self._listening):
            connection.end(GOING_AWAY)

    def add(self, connection: Connection) -> None:
        """`connection` is open. Whoever adds it drops it."""
        self._listening[connection] = {}
        if self._closed:
            connection.end(GOING_AWAY)

    def drop(self, connection: Connection) -> None:
        """`connection` is closed."""
        for label in list(self._listening.get(connection, ())):
            self.unsubscribe(connection, label)
        self._listening.pop(connection, None)

    def subscribe(self, connection: Connection, stream: Stream) -> bool:
        """Have `connection` told of `stream`; False if it listens to too many. Twice is once."""
        streams = self._listening[connection]
        if stream.label in streams:
            return True
        if len(streams) >= MOST_STREAMS:
            return False
        streams[stream.label] = stream.keys
        for key in stream.keys:
            there = self._audience.setdefault(key, {}).setdefault(connection.account_id, {})
            there[connection] = (*there.get(connection, ()), stream.label)
        self._present = None
        return True

    def unsubscribe(self, connection: Connection, label: Label) -> None:
        """Tell `connection` of the stream `label` no more."""
        for key in self._listening[connection].pop(label, ()):
            accounts = self._audience[key]
            there = accounts[connection.account_id]
            left = tuple(each for each in there.pop(connection) if each != label)
            if left:
                there[connection] = left
            elif not there:
                del accounts[connection.account_id]
                if not accounts:
                    del self._audience[key]
        self._present = None

    def tell(self, facts: Sequence[Fact]) -> None:
        """Something happened, here or in another process. On the event loop; takes no time."""
        if self._listening:
            self._facts.extend(facts)
            self._waiting.set()

    async def _tell(self) -> None:
        while True:
            await self._waiting.wait()
            facts = [self._facts.popleft() for _ in range(min(_AT_ONCE, len(self._facts)))]
            if not self._facts:
                self._waiting.clear()
            if ended := {each for fact in facts if fact.kind == SHUT_OUT for each in fact.ids}:
                self._shut_out(lambda token_id, ended=ended: token_id in ended)  # type: ignore[misc]
            facts = [fact for fact in facts if fact.kind != SHUT_OUT]
            present = self._who_is_present()
            if not facts or not present:
                continue
            try:
                tellings = await self._database.read(
                    lambda session, facts=facts, present=present: telling.work_out(session, facts, present)  # type: ignore[misc]
                )
            except Exception:
                log.exception("events could not be told")
                continue
            await self._hand_out(tellings)

    async def _hand_out(self, tellings: Sequence[Telling]) -> None:
        written = 0
        for told in tellings:
            for message, there in self._told(told):
                for connection, labels in list(there.items()):
                    for label in labels:
                        connection.send(message, label)
                    written += 1
                    if written % _BREATH == 0:
                        await asyncio.sleep(0)

    def _told(self, told: Telling) -> Iterator[tuple[Message, Mapping[Connection, tuple[Label, ...]]]]:
        """The listeners of a stream with what they are told, account by account; those who have gone are passed over."""
        name, param = told.key
        if param == telling.EACH:
            for account_id, message in told.messages.items():
                if there := self._audience.get((name, account_id), {}).get(account_id):
                    yield message, there
        else:
            for listener, there in list(self._audience.get(told.key, {}).items()):
                if found := told.messages.get(listener):
                    yield found, there

    def _who_is_present(self) -> Present:
        """A picture of the audience for a thread to look at; drawn anew only when somebody came or went."""
        if self._present is None:
            drawn: dict[str, dict[str | int | None, frozenset[int | None]]] = {}
            for (name, param), accounts in self._audience.items():
                drawn.setdefault(name, {})[param] = frozenset(accounts)
            self._present = drawn
        return self._present

    async def _knock(self) -> None:
        while True:
            await asyncio.sleep(KNOCK_S)
            for number, connection in enumerate(list(self._listening), start=1):
                connection.knock()
                if number % _BREATH == 0:
                    await asyncio.sleep(0)

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(CHECK_S)
            await self.check()

    async def check(self) -> None:
        """End the connections whose token does not stand any more."""
        known = {each.token_id for each in self._listening if each.token_id is not None}
        if not known:
            return
        try:
            standing = await self._database.read(lambda session: streaming.standing_tokens(session, known))
        except Exception:
            log.exception("the tokens of those who listen could not be looked at")
            return
        self._shut_out(lambda token_id: token_id in known and token_id not in standing)

    def _shut_out(self, ended: Callable[[int], bool]) -> None:
        for connection in list(self._listening):
            if connection.token_id is not None and ended(connection.token_id):
                connection.end(NOT_ALLOWED)
