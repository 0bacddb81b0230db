"""Delivery: letters leave in order, one at a time for each host, for many hosts at once.

A turn is one unit of work: it writes what came of the drives that ended and leases the next lanes. Between turns there
are only requests. Whatever a killed worker held comes back when its leases end, or at once when it was the only one.
"""

import asyncio
import random
from collections.abc import Callable, Sequence

import structlog
from sqlalchemy.orm import Session

from community import town
from community.errors import NotFound, StorageFailed
from federation import keys
from federation.context import Federation
from federation.http import Refused, TemporaryFailure
from federation.outbox import forgetting, lanes
from federation.outbox.claiming import Drive, Letter, claim
from federation.outbox.places import Place, Places
from federation.outbox.retry import Outcome, Verdict, verdict
from federation.outbox.settle import Report, settle
from federation.synchronisation import HEADER

PATIENCE = 2.0
"""Seconds after which a host that has not answered makes room for others."""

FAREWELL = 1.5
"""Seconds that letters under way have when the town closes."""

_LETTERS_A_DRIVE = 10
_LONGEST_DRIVE = 60.0  # seconds; with the time limit of one more request still well within a lease
_LOOK_EVERY = 1.0  # seconds; for pauses that end, and for what other processes queued
_GATHER = 0.02  # seconds; what ends within them is written in one turn
_MANY = 64  # reports that make a turn worth its while at once
_BEGUN_AT_ONCE = 8  # drives; to sign for more before anybody else has the loop would keep readers of pages waiting
_LOOKS_PER_PATIENCE = 8
_SWEEP_EVERY = 3_600_000  # milliseconds

_log = structlog.get_logger(__name__)


class DeliveryWorker:
    """Delivers what is queued. Several may do so for one town, in one process or many."""

    def __init__(
        self,
        ctx: Federation,
        *,
        places: Places | None = None,
        patience: float = PATIENCE,
        farewell: float = FAREWELL,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._ctx = ctx
        self.places = places or Places.within(ctx.http.sockets)
        self._patience = patience
        self._farewell_time = farewell
        self._chance = chance
        self._driving: dict[asyncio.Task[None], Place] = {}
        self._hung_up: set[asyncio.Task[None]] = set()
        self._reports: list[Report] = []
        self._bell = asyncio.Event()
        self._watch: asyncio.TimerHandle | None = None
        self.attempts = 0
        self._swept = forgetting.Swept()
        self._sweep_at = 0

    def wake(self) -> None:
        """Something was queued. To be called on the event loop."""
        self._bell.set()

    async def run_once(self) -> int:
        """Deliver everything that is due now; gives the number of requests made."""
        before = self.attempts
        while True:
            self._bell.clear()
            leased = await self._turn()
            if not leased and not self._driving and not self._reports:
                return self.attempts - before
            if self._driving:
                await self._bell.wait()
                await self._gather()

    async def run(self) -> None:
        """Deliver until cancelled. Then letters under way get a moment more, and every lane is given back."""
        self._ctx.delivery_bell.connect(self.wake)
        try:
            if self._ctx.database.dialect == "sqlite":  # one process delivers: leases are a dead one's
                await self._ctx.database.write(lanes.free_all)
            while True:
                await self._keep_going()
        finally:
            self._ctx.delivery_bell.disconnect(self.wake)
            await self._farewell()

    async def _keep_going(self) -> None:
        rung = self._bell.is_set()
        self._bell.clear()
        try:
            if rung or self._reports or await self._ctx.database.glance(_is_anything_due):
                await self._gather()
                await self._turn()
            else:
                await self._sweep()
        except StorageFailed as failure:
            _log.warning("deliveries wait for the database", reason=str(failure))
            await asyncio.sleep(_LOOK_EVERY)
        try:
            async with asyncio.timeout(_LOOK_EVERY):
                await self._bell.wait()
        except TimeoutError:
            return

    async def _sweep(self) -> None:
        """While nothing is due, forget some of what is old; at the end, begin anew after an hour."""
        now = self._ctx.town.clock()
        if now >= self._sweep_at:
            since = self._swept
            self._swept = await self._ctx.database.write(lambda session: forgetting.sweep(session, now, since))
            if not self._swept.more:
                self._sweep_at = now + _SWEEP_EVERY

    async def _gather(self) -> None:
        """While others are still driven, wait a moment for what they come to: a turn costs the same for one and for all."""
        if self._driving and len(self._reports) < _MANY:
            await asyncio.sleep(_GATHER)

    async def _turn(self) -> int:
        """Settle the drives that ended, lease what may be driven next, and start it; how many lanes that is."""
        reports = tuple(self._reports)
        steady, shaky = self.places.steady, self.places.shaky

        def unit(session: Session) -> Sequence[Drive]:
            settle(session, reports, self._chance)
            return claim(session, town.now(session), steady=steady, shaky=shaky, letters=_LETTERS_A_DRIVE)

        drives = await self._ctx.database.write(unit)
        del self._reports[: len(reports)]
        places = [Place(self.places, shaky=drive.failures > 0) for drive in drives]
        begun = 0
        try:
            for begun, (drive, place) in enumerate(zip(drives, places, strict=True), 1):
                task = asyncio.create_task(self._drive(drive, place))
                self._driving[task] = place
                task.add_done_callback(self._driven)
                if begun % _BEGUN_AT_ONCE == 0:
                    await asyncio.sleep(0)
        finally:
            for drive, place in zip(drives[begun:], places[begun:], strict=True):  # the town closes
                place.leave()
                self._reports.append(Report(drive))
        if self._driving and self._watch is None:
            self._look_after()
        return len(drives)

    def _driven(self, task: asyncio.Task[None]) -> None:
        del self._driving[task]
        self._hung_up.discard(task)

    def _look_after(self) -> None:
        """Look, again and again while anything is under way, who keeps us waiting. One timer for all of them."""
        loop = asyncio.get_running_loop()
        late = loop.time() - self._patience
        for task, place in self._driving.items():
            if place.is_steady and place.since is not None and place.since <= late and task not in self._hung_up:
                if not place.yield_steady():
                    self._hung_up.add(task)
                    task.cancel()
                self._bell.set()  # a place for a healthy host is free, or will be
        pause = self._patience / _LOOKS_PER_PATIENCE
        self._watch = loop.call_later(pause, self._look_after) if self._driving else None

    async def _drive(self, drive: Drive, place: Place) -> None:
        """Send the letters of one lane one after another, until one has to wait."""
        report = Report(drive)
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST_DRIVE
        try:
            for letter in drive.letters:
                place.since = loop.time()
                outcome = await self._send(letter)
                report.tried.append((letter, outcome))
                if verdict(outcome, letter.attempts + 1) is Verdict.LATER or loop.time() > end:
                    break
        finally:
            place.leave()
            self._reports.append(report)
            self._bell.set()

    async def _send(self, letter: Letter) -> Outcome:
        """One letter. Whatever is wrong with it, the others go on."""
        self.attempts += 1
        try:
            saying = letter.saying
            key = await keys.key_for(
                self._ctx, saying.account_id, said=saying.id, rotated_at=saying.rotated_at
            )
            body, sha256 = saying.proved(key)
            answer = await self._ctx.http.post(
                letter.inbox,
                body,
                signer=key,
                sha256=sha256,
                covering={HEADER: letter.synchronisation} if letter.synchronisation else None,
            )
            return Outcome(answer.status, answer.retry_after, f"HTTP {answer.status}")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task not in self._hung_up:
                raise
            task.uncancel()
            return Outcome(error="no answer yet, and too many hosts keep us waiting")
        except (Refused, NotFound) as refusal:
            return Outcome(error=str(refusal), hopeless=True)
        except TemporaryFailure as failure:
            return Outcome(error=str(failure))
        except Exception:  # noqa: BLE001 - one letter that cannot be sent must not stop the others
            _log.exception("a delivery failed in an unforeseen way", inbox=letter.inbox)
            return Outcome(error="an error of ours, see the log")

    async def _farewell(self) -> None:
        """Let requests under way end, then hang up, and write what is known."""
        driving = list(self._driving)
        if driving:
            await asyncio.wait(driving, timeout=self._farewell_time)
        for task in driving:
            self._hung_up.discard(task)
            task.cancel()
        await asyncio.gather(*driving, return_exceptions=True)
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        reports = tuple(self._reports)
        if reports:
            await self._ctx.database.write(lambda session: settle(session, reports, self._chance))
            del self._reports[: len(reports)]


def _is_anything_due(session: Session) -> bool:
    return lanes.any_due(session, town.now(session))
