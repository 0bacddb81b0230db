"""The worker of the inbox: items of one host one after another, many hosts side by side.

For an item there are units of work and, between them, fetches; never a request while a transaction is open. The unit
that lets the activity have its effect also marks the item done and leases the next one of the host. A worker killed
anywhere leaves the item pending: it is begun again, and had no effect before.
"""

import asyncio
import contextlib
from functools import partial

import structlog
from sqlalchemy.orm import Session

from community import town
from community.errors import StorageFailed, TooMany
from federation import freshness, resolver, rotation
from federation.context import Federation
from federation.inbox import known, queue, registry
from federation.inbox.inbound import FETCHES_MOST, Inbound, TryLater, reason_of_nothing
from federation.inbox.queue import Item
from federation.outbox.boards import INBOUND
from federation.outbox.forward import BODY
from federation.vocabulary.reading import load

LANES = 128
"""Hosts worked for at once; most of the time they wait for the network."""

PAUSES = (5_000, 30_000, 600_000, 3_600_000)
"""Milliseconds after the first, second, … try that could not be completed."""

TRIES_FOR_FETCHES = len(PAUSES) + 1
"""At this try we do without what still cannot be fetched."""

TRIES_FOR_ERRORS = 3
"""At this try an error of ours ends the item as failed."""

TURN = 50
"""Items of one host after which others that wait for a lane come first."""

_LONGEST = 60.0  # seconds for one try, well within a lease
_LOOK_EVERY = 1.0  # seconds; for pauses that end, and for what other processes received
_PURGE_EVERY = 3_600_000  # milliseconds

_log = structlog.get_logger(__name__)


class _Lost(Exception):
    """The lease ran out, and another worker took the item."""


class InboxWorker:
    """Works off what was received. Several may do so for one town, in one process or many."""

    def __init__(self, ctx: Federation, *, lanes: int = LANES) -> None:
        self._ctx = ctx
        self._lanes = lanes
        self._driving: set[asyncio.Task[None]] = set()
        self._bell = asyncio.Event()
        self._begun: dict[int, Item] = {}
        self._had_turns: set[str] = set()  # hosts that gave their lane up for others, since those had theirs
        self._settled = 0
        self._purged_at = 0

    def wake(self) -> None:
        """Something was received. To be called on the event loop."""
        self._bell.set()

    async def run_once(self) -> int:
        """Work off everything that is due now; gives the number of items that were settled."""
        before = self._settled
        while await self._begin_lanes() or self._driving:
            if self._driving:
                await asyncio.wait(self._driving, return_when=asyncio.FIRST_COMPLETED)
        return self._settled - before

    async def run(self) -> None:
        """Work until cancelled. What is under way then is given back, and the next worker begins it anew."""
        self._ctx.inbox_bell.connect(self.wake)
        try:
            if self._ctx.database.dialect == "sqlite":
                # One process serves such a town: whoever held these leases was killed, and nobody should wait for them.
                await self._ctx.database.write(queue.free_all)
                # Its one writer works in the order of arrival, so nothing overtakes anything of its own host.
                self._ctx.doorstep.is_open = True
            while True:
                await self._keep_going()
        finally:
            self._ctx.doorstep.is_open = False
            self._ctx.inbox_bell.disconnect(self.wake)
            await self._farewell()

    async def _keep_going(self) -> None:
        self._bell.clear()
        try:
            await self._begin_lanes()
            await self._purge()
        except StorageFailed as failure:
            _log.warning("the inbox waits for the database", reason=str(failure))
            await asyncio.sleep(_LOOK_EVERY)
        try:
            async with asyncio.timeout(_LOOK_EVERY):
                await self._bell.wait()
        except TimeoutError:
            return

    async def _farewell(self) -> None:
        for task in self._driving:
            task.cancel()
        await asyncio.gather(*self._driving, return_exceptions=True)
        begun = list(self._begun.values())
        if begun:
            await self._ctx.database.write(lambda session: queue.give_back(session, begun))

    async def _begin_lanes(self) -> int:
        """Begin with the next item of every host that is free; how many those are."""
        free = self._lanes - len(self._driving)
        if free <= 0 or not await self._ctx.database.glance(lambda s: queue.is_any_due(s, town.now(s))):
            return 0
        items = await self._claim(free)
        for item in items:
            task = asyncio.create_task(self._drive(item))
            self._driving.add(task)
            task.add_done_callback(self._driving.discard)
        return len(items)

    async def _claim(self, most: int) -> list[Item]:
        """The next items of up to `most` hosts: of those that had their turn only when no other wants one."""
        had, self._had_turns = self._had_turns, set()
        items = await self._ctx.database.write(lambda s: queue.claim(s, town.now(s), hosts=most, but=had))
        if items:
            self._had_turns |= had
        if had and len(items) < most:
            self._had_turns.clear()
            left = most - len(items)
            items += await self._ctx.database.write(lambda s: queue.claim(s, town.now(s), hosts=left))
        return items

    async def _drive(self, first: Item) -> None:
        """Work on the items of one host until none is due, or until it has had its turn and every lane is taken."""
        item: Item | None = first
        worked = 0
        try:
            while item is not None:
                self._begun[first.id] = item
                if worked >= TURN and len(self._driving) >= self._lanes:
                    self._had_turns.add(first.host)
                    await self._ctx.database.write(partial(queue.give_back, items=[item]))
                    break
                item = await self._work(item)
                self._settled += 1
                worked += 1
            del self._begun[first.id]
        except _Lost:
            del self._begun[first.id]
        except StorageFailed as failure:
            _log.warning("an item waits for the database", reason=str(failure))
            await self._let_go(first.id)
        finally:
            self._bell.set()

    async def _let_go(self, lane: int) -> None:
        """Give back what a lane held when the database failed it, if that is possible by now; else its lease runs out."""
        item = self._begun.pop(lane, None)
        if item is not None:
            with contextlib.suppress(StorageFailed):
                await self._ctx.database.write(partial(queue.give_back, items=[item]))

    async def _work(self, item: Item) -> Item | None:
        """Try `item` once, and say what became of it; gives the next item of its host."""
        if item.tries > queue.MOST_TRIES:
            return await self._settle(item, queue.FAILED, "given up: it was begun too often and never settled")
        try:
            async with asyncio.timeout(_LONGEST):
                return await self._try(item)
        except (TryLater, TooMany, TimeoutError) as reason:
            return await self._postpone(item, str(reason) or "it took too long", tries=len(PAUSES) + 1)
        except (StorageFailed, _Lost):
            raise
        except Exception as error:  # noqa: BLE001 - one item that we cannot work on must not stop the others
            reason_of_none = reason_of_nothing(error)
            if reason_of_none is not None:
                return await self._settle(item, queue.IGNORED, reason_of_none)
            _log.exception("an activity could not be worked on", item=item.id, host=item.host)
            return await self._postpone(item, f"{type(error).__name__}: {error}", tries=TRIES_FOR_ERRORS)

    async def _try(self, item: Item) -> Item | None:
        """Units of work with fetches between them, until the activity had its effect."""
        inbound = Inbound(load(item.body), self._ctx.town.clock())

        def unit(session: Session) -> tuple[list[str], Item | None]:
            session.info[INBOUND], session.info[BODY] = inbound.activity, (inbound.activity, item.body)
            inbound.unfinished, inbound.remark = False, ""
            wanted = registry.handle(session, inbound)
            if wanted or inbound.unfinished:
                return wanted, None
            if not queue.settle(session, item, queue.IGNORED if inbound.remark else queue.DONE, inbound.remark):
                raise _Lost
            if (actor := known.account(session, inbound.actor_uri)) is not None:
                freshness.spoke(session, actor.id)
            return [], queue.claim_next(session, town.now(session), item.host)

        while True:
            wanted, following = await self._ctx.database.write(unit)
            if wanted:
                await self._fetch(inbound, wanted, patient=item.tries < TRIES_FOR_FETCHES)
            elif not inbound.unfinished:
                _log.debug("activity", id=inbound.id, type=inbound.type, remark=inbound.remark)
                return following

    async def _fetch(self, inbound: Inbound, wanted: list[str], *, patient: bool) -> None:
        """Get what is wanted, within the budget. Raises TryLater if something may be had later, as long as `patient`."""
        left = FETCHES_MOST - len(inbound.documents) - len(inbound.unavailable)
        found = await resolver.dereference(self._ctx, wanted[: max(left, 0)])
        if found.later and patient:
            raise TryLater(f"{', '.join(sorted(found.later))} cannot be had now")
        inbound.documents.update(found.documents)
        inbound.buried |= found.buried
        inbound.unavailable |= set(wanted) - set(found.documents)

    async def _settle(self, item: Item, state: str, reason: str) -> Item | None:
        _log.info("an activity had no effect", item=item.id, host=item.host, state=state, reason=reason)

        def unit(session: Session) -> Item | None:
            queue.settle(session, item, state, reason)
            return queue.claim_next(session, town.now(session), item.host)

        return await self._ctx.database.write(unit)

    async def _postpone(self, item: Item, reason: str, *, tries: int) -> Item | None:
        """Try `item` again after a growing pause; after so many `tries` it ends as failed."""
        if item.tries >= tries:
            return await self._settle(item, queue.FAILED, reason)

        def unit(session: Session) -> Item | None:
            now = town.now(session)
            queue.postpone(session, item, now + PAUSES[min(item.tries, len(PAUSES)) - 1], reason)
            return queue.claim_next(session, now, item.host)

        return await self._ctx.database.write(unit)

    async def _purge(self) -> None:
        now = self._ctx.town.clock()
        if now - self._purged_at < _PURGE_EVERY:
            return
        self._purged_at = now
        await self._ctx.database.write(rotation.forget_former)
        while await self._ctx.database.write(lambda session: queue.purge(session, now)):
            pass
