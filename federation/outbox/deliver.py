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
from federation.outbox import lanes
from federation.outbox.lanes import Drive, Letter
from federation.outbox.places import Place, Places
from federation.outbox.retry import Outcome, Verdict, verdict
from federation.outbox.settle import Report, settle

STEADY, SHAKY = 896, 128
"""Hosts written to at once: those that answer, and those that hang or lately failed. One socket each."""

PATIENCE = 2.0
"""Seconds after which a host that has not answered makes room for others."""

FAREWELL = 1.5
"""Seconds that letters under way have when the town closes."""

_LANES_A_TURN = 64
_LETTERS_A_DRIVE = 10
_LONGEST_DRIVE = 60.0  # seconds; with the time limit of one more request still well within a lease
_LOOK_EVERY = 1.0  # seconds; for pauses that end, and for what other processes queued

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
        self._free = places or Places(STEADY, SHAKY)
        self._patience = patience
        self._farewell_time = farewell
        self._chance = chance
        self._driving: set[asyncio.Task[None]] = set()
        self._reports: list[Report] = []
        self._bell = asyncio.Event()
        self._attempts = 0

    def wake(self) -> None:
        """Something was queued. To be called on the event loop."""
        self._bell.set()

    async def run_once(self) -> int:
        """Deliver everything that is due now; gives the number of requests made."""
        before = self._attempts
        while True:
            self._bell.clear()
            leased = await self._turn()
            if not leased and not self._driving and not self._reports:
                return self._attempts - before
            if self._driving:
                await self._bell.wait()

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
            if rung or self._reports or await self._ctx.database.read(_is_anything_due):
                while await self._turn() >= _LANES_A_TURN:
                    pass
        except StorageFailed as failure:
            _log.warning("deliveries wait for the database", reason=str(failure))
            await asyncio.sleep(_LOOK_EVERY)
        try:
            async with asyncio.timeout(_LOOK_EVERY):
                await self._bell.wait()
        except TimeoutError:
            return

    async def _turn(self) -> int:
        """Settle the drives that ended, lease what may be driven next, and start it; how many lanes that is."""
        reports = tuple(self._reports)
        steady, shaky = min(self._free.steady, _LANES_A_TURN), min(self._free.shaky, _LANES_A_TURN)

        def unit(session: Session) -> Sequence[Drive]:
            settle(session, reports, self._chance)
            now = town.now(session)
            return lanes.claim(session, now, steady=steady, shaky=shaky, letters=_LETTERS_A_DRIVE)

        drives = await self._ctx.database.write(unit)
        del self._reports[: len(reports)]
        for drive in drives:
            place = Place(self._free, shaky=drive.failures > 0)
            task = asyncio.create_task(self._drive(drive, place))
            self._driving.add(task)
            task.add_done_callback(self._driving.discard)
        return len(drives)

    async def _drive(self, drive: Drive, place: Place) -> None:
        """Send the letters of one lane one after another, until one has to wait."""
        report = Report(drive)
        loop = asyncio.get_running_loop()
        end = loop.time() + _LONGEST_DRIVE
        try:
            for letter in drive.letters:
                outcome = await self._send(letter, place)
                report.tried.append((letter, outcome))
                if verdict(outcome, letter.attempts + 1) is Verdict.LATER or loop.time() > end:
                    break
        finally:
            place.leave()
            self._reports.append(report)
            self._bell.set()

    async def _send(self, letter: Letter, place: Place) -> Outcome:
        """One letter. Whatever is wrong with it, the others go on."""
        try:
            key = await keys.ensure_key(self._ctx, letter.account_id)
            return await self._post(letter, key, place)
        except (Refused, NotFound) as refusal:
            return Outcome(error=str(refusal), hopeless=True)
        except TemporaryFailure as failure:
            return Outcome(error=str(failure))
        except Exception:  # noqa: BLE001 - one letter that cannot be sent must not stop the others
            _log.exception("a delivery failed in an unforeseen way", inbox=letter.inbox)
            return Outcome(error="an error of ours, see the log")

    async def _post(self, letter: Letter, key: keys.LocalKey, place: Place) -> Outcome:
        """One request. A host that keeps us waiting moves aside, or is left for later if that is full as well."""
        self._attempts += 1
        request = asyncio.ensure_future(self._ctx.http.post(letter.inbox, letter.body, signer=key))
        try:
            done, _ = await asyncio.wait({request}, timeout=self._patience)
            if not done:
                if not place.yield_steady():
                    return Outcome(error="no answer yet, and too many hosts keep us waiting")
                self._bell.set()  # a place for a healthy host is free
            answer = await request
        finally:
            request.cancel()
        return Outcome(answer.status, answer.retry_after, f"HTTP {answer.status}")

    async def _farewell(self) -> None:
        """Let requests under way end, then hang up, and write what is known."""
        if self._driving:
            await asyncio.wait(self._driving, timeout=self._farewell_time)
        for task in self._driving:
            task.cancel()
        await asyncio.gather(*self._driving, return_exceptions=True)
        reports = tuple(self._reports)
        if reports:
            await self._ctx.database.write(lambda session: settle(session, reports, self._chance))


def _is_anything_due(session: Session) -> bool:
    return lanes.any_due(session, town.now(session))
