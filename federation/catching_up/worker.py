"""The worker of the errands: one of each host at a time, a few hosts side by side, within a budget each.

What an errand did is kept whether it ends or not: killed anywhere, it is begun again and goes on from what stands.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable
from enum import Enum

import structlog
from sqlalchemy.orm import Session

from community.errors import StorageFailed
from federation import errands
from federation.catching_up import (
    absence,
    boards,
    featured,
    followers,
    outage,
    outboxes,
    posts,
    profiles,
    replies,
)
from federation.catching_up.trip import Trip
from federation.context import Federation
from federation.errands import Task
from federation.http import TemporaryFailure

LANES = 8
"""Hosts that are asked at once."""

PAUSES = (60_000, 600_000, 3_600_000, 21_600_000)
"""Milliseconds after the first, second, … try that met a host in trouble; then the errand is given up. ±20 %."""

ROUNDS_MOST = 6
"""How often an errand that has more to bring sets out, each time with a new budget."""

NEXT_ROUND = 10_000
"""Milliseconds between two rounds, up to twice as many."""

REST = 86_400_000
"""Milliseconds until an address that told nothing usable is asked for again."""

_JITTER = 0.2
_LONGEST = 120.0  # seconds for one run, well within a lease
_LOOK_EVERY = 1.0  # seconds

_log = structlog.get_logger(__name__)


class Outcome(Enum):
    DONE = "done"
    MORE = "more"  # another round brings more
    TROUBLE = "trouble"  # the host could not be asked now
    NOTHING = "nothing"  # what was told cannot be used; not asked again for a while


Runner = Callable[[Trip, str], Awaitable[Outcome]]


async def _post(trip: Trip, uri: str) -> Outcome:
    await posts.run(trip, uri)
    return Outcome.DONE


async def _replies(trip: Trip, uri: str) -> Outcome:
    await replies.run(trip, uri)
    return Outcome.MORE if trip.missed_something and trip.brought else Outcome.DONE


async def _outbox(trip: Trip, uri: str) -> Outcome:
    return Outcome.DONE if await outboxes.run(trip, uri) else Outcome.MORE


async def _featured(trip: Trip, uri: str) -> Outcome:
    await featured.run(trip, uri)
    return Outcome.DONE


async def _profile(trip: Trip, uri: str) -> Outcome:
    return Outcome.DONE if await profiles.run(trip, uri) else Outcome.NOTHING


async def _missed(trip: Trip, uri: str) -> Outcome:
    return Outcome.DONE if await outage.run(trip, uri) else Outcome.MORE


async def _boards(trip: Trip, uri: str) -> Outcome:
    return Outcome.DONE if await boards.run(trip, uri) else Outcome.MORE


async def _followers(trip: Trip, uri: str) -> Outcome:
    await followers.run(trip, uri)
    return Outcome.DONE


async def _absent(trip: Trip, uri: str) -> Outcome:
    await absence.run(trip, uri)
    return Outcome.DONE


RUNNERS: dict[str, Runner] = {
    errands.POST: _post,
    errands.REPLIES: _replies,
    errands.OUTBOX: _outbox,
    errands.FEATURED: _featured,
    errands.PROFILE: _profile,
    errands.MISSED: _missed,
    errands.ABSENT: _absent,
    errands.BOARDS: _boards,
    errands.FOLLOWERS: _followers,
}


class ErrandWorker:
    """Runs what is due. Several may do so for one town, in one process or many."""

    def __init__(
        self, ctx: Federation, *, lanes: int = LANES, chance: Callable[[], float] = random.random
    ) -> None:
        self._ctx = ctx
        self._lanes = lanes
        self._chance = chance
        self._running: dict[asyncio.Task[None], Task] = {}
        self._run = 0

    async def run_once(self) -> int:
        """Run everything that is due now; how many errands that were."""
        before = self._run
        while await self._begin() or self._running:
            if self._running:
                await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        return self._run - before

    async def run(self) -> None:
        """Work until cancelled. What is under way then is given back, and the next worker begins it anew."""
        try:
            if self._ctx.database.dialect == "sqlite":
                await self._ctx.database.write(errands.free_all)  # whoever held these leases is dead
            while True:
                try:
                    await self._begin()
                except StorageFailed as failure:
                    _log.warning("errands wait for the database", reason=str(failure))
                await self._pause()
        finally:
            await self._farewell()

    async def _pause(self) -> None:
        """Until something is done, or it is time to look again."""
        if self._running:
            await asyncio.wait(self._running, timeout=_LOOK_EVERY, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(_LOOK_EVERY)

    async def _farewell(self) -> None:
        begun = list(self._running.values())
        for running in self._running:
            running.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        if begun:
            await self._ctx.database.write(lambda session: errands.give_back(session, begun))

    async def _begin(self) -> int:
        free, now = self._lanes - len(self._running), self._ctx.town.clock()
        if free <= 0 or not await self._ctx.database.glance(lambda session: errands.is_any_due(session, now)):
            return 0
        for task in (tasks := await self._ctx.database.write(lambda s: errands.claim(s, now, hosts=free))):
            running = asyncio.create_task(self._drive(task))
            self._running[running] = task
            running.add_done_callback(self._running.pop)
        return len(tasks)

    async def _drive(self, task: Task) -> None:
        try:
            outcome = await self._try(task)
            await self._ctx.database.write(lambda session: self._settle(session, task, outcome))
        except StorageFailed as failure:
            _log.warning("an errand waits for the database", reason=str(failure))
        finally:
            self._run += 1

    async def _try(self, task: Task) -> Outcome:
        """Run `task` within its budget and its time."""
        trip = Trip(self._ctx, task.host)
        runner = RUNNERS.get(task.kind)
        try:
            async with asyncio.timeout(_LONGEST):
                outcome = await runner(trip, task.uri) if runner is not None else Outcome.DONE
        except TemporaryFailure as failure:
            _log.debug("an errand met a host in trouble", host=task.host, reason=str(failure)[:200])
            outcome = Outcome.TROUBLE
        except TimeoutError:
            outcome = Outcome.MORE if trip.brought else Outcome.TROUBLE
        except StorageFailed:
            raise
        except Exception:  # noqa: BLE001 - one strange document must not stop the others
            _log.exception("an errand could not be run", kind=task.kind, host=task.host)
            outcome = Outcome.TROUBLE
        if trip.brought:
            _log.info("caught up", kind=task.kind, host=task.host, posts=trip.brought)
        return outcome

    def _settle(self, session: Session, task: Task, outcome: Outcome) -> None:
        now = self._ctx.town.clock()
        if outcome is Outcome.MORE and task.tries < ROUNDS_MOST:
            errands.postpone(session, task, now + round(NEXT_ROUND * (1 + self._chance())))
        elif outcome is Outcome.TROUBLE and task.tries <= len(PAUSES):
            errands.postpone(session, task, now + self._jittered(PAUSES[task.tries - 1]))
        elif outcome is Outcome.NOTHING and task.tries < 2:
            errands.postpone(session, task, now + REST)
        else:
            errands.finish(session, task)

    def _jittered(self, pause: int) -> int:
        return round(pause * (1 + _JITTER * (2 * self._chance() - 1)))
