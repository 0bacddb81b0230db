"""A whole town on a loopback port: pages, wire and the workers behind them, over a database file of its own.

Nothing of it is told when to work. Tests wait for what they want to see (`until`), or for all that is on its way to
have arrived (`quiet`): both look at the real state again and again, up to a deadline.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, TypeVar

from aiohttp import web
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from community import founding
from community.db import Database, open_database
from community.events import Bus
from community.town import system_clock
from federation.context import FEDERATION, Federation
from federation.models import Delivery, InboxItem
from tests import factories
from tests.integration.people import Person
from tests.towns import FixedClock, make_town
from tests.webui.browsing import Browser
from webui.app import create_app
from webui.keys import DATABASE

T = TypeVar("T")
PATIENCE = 20.0  # seconds; far more than anything takes here
_LOOK_S = 0.02


class MovingClock(FixedClock):
    """The system's clock, ahead by what it was advanced."""

    def __init__(self) -> None:
        super().__init__(0)

    def __call__(self) -> int:
        return system_clock() + self.now


class Town:
    """A town that can be stopped and started again; settings, keys, port and database stay the same."""

    def __init__(self, url: str, *, name: str, clock: MovingClock, **tables: dict[str, Any]) -> None:
        self._place = _listener()
        self.port: int = self._place.getsockname()[1]
        self.domain = f"localhost:{self.port}"
        self.origin = f"http://{self.domain}"
        self.clock = clock
        settings: dict[str, dict[str, Any]] = {
            "instance": {"scheme": "http", "registrations": "open"},
            "federation": {"allow_private_addresses": True},
            "anonymity": {"delay_minutes": [0, 0]},
            "limits": {"enabled": False},
        }
        for table, values in tables.items():
            settings[table] = settings.get(table, {}) | values
        self._facts = make_town(url, domain=self.domain, name=name, clock=clock, **settings)
        self._browsers = AsyncExitStack()
        self._runner: web.AppRunner | None = None
        self._app: web.Application | None = None

    @property
    def database(self) -> Database:
        assert self._app is not None
        return self._app[DATABASE]

    @property
    def ctx(self) -> Federation:
        assert self._app is not None
        return self._app[FEDERATION]

    def prepare(self, unit: Callable[[Session], T]) -> T:
        """Do `unit` while the town is closed, for what it begins with."""
        database = open_database(self._facts, Bus())
        try:
            return database.write_now(unit)
        finally:
            database.close_now()

    async def start(self) -> None:
        self._app = create_app(self._facts.settings, clock=self.clock, keys=self._facts.keys)
        self._runner = web.AppRunner(self._app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.SockSite(self._runner, self._place).start()

    async def stop(self) -> None:
        """Close as `machi serve` does when it is asked to. The port stays ours."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
            self._place = _listener(self.port)

    async def close(self) -> None:
        await self._browsers.aclose()
        await self.stop()
        self._place.close()

    async def read(self, unit: Callable[[Session], T]) -> T:
        return await self.database.read(unit)

    async def do(self, unit: Callable[[Session], T]) -> T:
        return await self.database.write(unit)

    async def rows(self, *columns: Any, **where: Any) -> list[tuple[Any, ...]]:
        """What a query for `columns`, mapped attributes of one model, finds where others have these values."""
        model = columns[0].class_
        query = select(*columns).filter_by(**where).order_by(*model.__table__.primary_key)
        return await self.read(lambda session: [tuple(row) for row in session.execute(query)])

    async def visitor(self) -> Person:
        """Somebody whom the town does not know."""
        browser = await self._browsers.enter_async_context(Browser(self.origin))
        return Person(browser, "")

    async def enter(self, name: str) -> Person:
        """The member `name`, logged in over the form."""
        person = await self.visitor()
        page = await person.browser.get("/login")
        answer = await person.browser.send(page, "/login", login=name, passphrase=factories.PASSPHRASE)
        assert answer.status == 200, answer.alert
        return Person(person.browser, name)


def found(session: Session, *members: str, sisters: tuple[str, ...] = ()) -> None:
    """What a town begins with: its boards, some members, the towns it calls sisters."""
    founding.found(session)
    for name in members:
        factories.member(session, name)
    for domain in sisters:
        factories.sister(session, domain)


def _listener(port: int = 0) -> socket.socket:
    place = socket.socket()
    place.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    place.bind(("127.0.0.1", port))
    return place


async def until(what: str, look: Callable[[], Awaitable[T | None]], *, patience: float = PATIENCE) -> T:
    """What `look` gives once it gives something that counts as true."""
    deadline = time.monotonic() + patience
    while not (seen := await look()):
        assert time.monotonic() < deadline, f"not within {patience:.0f} s: {what}"
        await asyncio.sleep(_LOOK_S)
    return seen


async def quiet(*places: Town, patience: float = PATIENCE) -> None:
    """Wait until nothing is on its way between `places` and none of them has anything left to work off."""
    before: list[tuple[int, ...]] = []

    async def look() -> bool:
        nonlocal before
        # Twice the same: whatever arrived at one while another was being looked at shows in the second look.
        last, before = before, [await place.read(_traffic) for place in places]
        return before == last and not any(waiting for waiting, *_ in before)

    try:
        await until("everything to arrive", look, patience=patience)
    except AssertionError as late:
        raise AssertionError(f"{late}\n" + "\n".join([await place.read(_left) for place in places])) from None


def _traffic(session: Session) -> tuple[int, ...]:
    """What waits, what was ever sent, what ever came in."""
    waiting = [
        session.scalar(select(func.count()).select_from(queue).where(queue.state == "pending")) or 0
        for queue in (Delivery, InboxItem)
    ]
    sent = session.scalar(select(func.count()).select_from(Delivery)) or 0
    came = session.scalar(select(func.count()).select_from(InboxItem)) or 0
    return sum(waiting), sent, came


def _left(session: Session) -> str:
    deliveries = session.execute(
        select(Delivery.inbox, Delivery.attempts, Delivery.status, Delivery.error).where(
            Delivery.state == "pending"
        )
    )
    items = session.execute(
        select(InboxItem.type, InboxItem.attempts, InboxItem.error).where(
            or_(InboxItem.state == "pending", InboxItem.state == "failed")
        )
    )
    return f"deliveries {[tuple(row) for row in deliveries]} inbox {[tuple(row) for row in items]}"
