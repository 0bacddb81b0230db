"""The parts that the wire works with, made once for each process and handed over explicitly."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from aiohttp import web

from community.db import Database
from community.town import Town
from federation import networks
from federation.at_hand import AtHand
from federation.doorstep import Doorstep
from federation.http import Limits, Outbound
from federation.in_vain import InVain
from federation.keyring import KeyRing, Lately, Recent
from federation.knocking import keep_form, kept_forms
from federation.rates import Rates
from federation.replays import Replays
from federation.software import version
from federation.turns import Crowded, Turns

_MET_MS = 5_000

_log = structlog.get_logger(__name__)


class Bell:
    """Wakes whoever listens. Rung and answered on the event loop."""

    def __init__(self) -> None:
        self._listeners: list[Callable[[], None]] = []

    def connect(self, listener: Callable[[], None]) -> None:
        """Have `listener` called at each ring, such as the `set` of a worker's asyncio.Event."""
        self._listeners.append(listener)

    def disconnect(self, listener: Callable[[], None]) -> None:
        self._listeners.remove(listener)

    def ring(self) -> None:
        for listener in self._listeners:
            listener()


class Federation:
    """One town's side of the wire: its database, its outbound door, its memory of keys, the bells of its workers."""

    def __init__(self, town: Town, database: Database, http: Outbound) -> None:
        self.town = town
        self.database = database
        self.http = http
        self.keyring = KeyRing()
        self.at_hand = AtHand()
        self.in_vain = InVain()
        self.replays = Replays()
        self.doorstep = Doorstep()
        self.lately_met: Lately[tuple[str, tuple[str, ...]]] = Lately(_MET_MS)  # our own, whose inbox is spoken to
        self.rates = Rates(town.settings.limits, town.clock)
        self.proxies = networks.parsed(town.settings.server.trusted_proxies)
        self.synchronised: Recent[str, int] = Recent()  # by actor id: when its list of followers was last asked for
        self.turns = Turns()
        self.delivery_bell = Bell()
        self.inbox_bell = Bell()
        self._aside: set[asyncio.Task[Any]] = set()
        http.knocks.on_change(lambda host, _form: self.aside(self._keep_form(host)))

    @property
    def scheme(self) -> str:
        """How hosts that are known only by name are asked: https, or in trials as this town is itself."""
        settings = self.town.settings
        return settings.instance.scheme if settings.federation.allow_private_addresses else "https"

    def wake_delivery(self) -> None:
        """Something was queued for delivery. A hook for after the commit; runs on the event loop."""
        self.delivery_bell.ring()

    def wake_inbox(self) -> None:
        """Something came in. As `wake_delivery`."""
        self.inbox_bell.ring()

    def aside(self, deed: Coroutine[Any, Any, object]) -> None:
        """Have `deed` done beside what is going on. Nothing depends on it: it ends with the process."""
        task = asyncio.create_task(_carefully(deed))
        self._aside.add(task)
        task.add_done_callback(self._aside.discard)

    async def _keep_form(self, host: str) -> None:
        """One after another, and what holds by then: the form before the last must not be written last."""
        with suppress(Crowded):  # those who wait keep it
            async with self.turns.turn(("form", host)):
                await self.database.write(partial(keep_form, host=host, form=self.http.knocks.form(host)))

    async def start(self) -> None:
        """Open the outbound door, knowing how other servers want to be spoken to."""
        self.http.knocks.know(await self.database.read(kept_forms))
        await self.http.start()

    async def close(self) -> None:
        """Hang up on everybody. Harmless if it was never started."""
        for task in self._aside:
            task.cancel()
        await asyncio.gather(*self._aside, return_exceptions=True)
        await self.http.close()


async def _carefully(deed: Coroutine[Any, Any, object]) -> None:
    try:
        await deed
    except Exception:  # noqa: BLE001 - nobody waits for it, so nobody else would say it
        _log.warning("something that was done aside failed", exc_info=True)


FEDERATION: web.AppKey[Federation] = web.AppKey("federation", Federation)


def make_federation(town: Town, database: Database, *, limits: Limits | None = None) -> Federation:
    """The federation of `town`. `limits` are for tests that wait for a time limit."""
    http = Outbound(
        allow_private=town.settings.federation.allow_private_addresses,
        user_agent=f"machi/{version()} (+{town.uris.origin}/)",
        clock=town.clock,
        limits=limits,
    )
    return Federation(town, database, http)
