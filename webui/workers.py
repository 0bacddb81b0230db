"""What goes on behind the pages of a serving process.

The three queues of the federation, the release of questions asked with the name tag hidden, and the end of their keys.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from community import anonymity
from community.db import Database
from community.town import Clock, Town
from federation import previews
from federation.catching_up import outage
from federation.catching_up.worker import ErrandWorker
from federation.context import FEDERATION
from federation.inbox.process import InboxWorker
from federation.outbox.deliver import DeliveryWorker
from webui import appointments
from webui.keys import DATABASE, LISTENING, TEMPLATES, TOWN, WORKERS
from webui.media import sweeping
from webui.media.workshop import WORKSHOP
from webui.push.worker import PushWorker

log = logging.getLogger(__name__)
RELEASE_PAUSE = 0.5
"""Seconds between looks for questions to release; a look reads one indexed row."""
KEYS_PAUSE = 3600.0
"""Seconds between looks for keys whose ninety days are over."""
FALL_PAUSE = 1.0
"""Seconds before a worker that fell over is started again."""


async def run(app: web.Application) -> AsyncIterator[None]:
    """Keep the workers going while the application serves; a context for `cleanup_ctx`."""
    federation = app[FEDERATION]
    deeds: dict[str, Callable[[], Awaitable[None]]] = {
        "inbox": InboxWorker(federation).run,
        "delivery": DeliveryWorker(federation).run,
        "release": lambda: release(app[DATABASE], app[TOWN].clock),
        "keys": lambda: destroy_keys(app[TOWN]),
        "appointments": lambda: appointments.run(app[DATABASE]),
        "pictures": lambda: sweeping.run(app[DATABASE], app[WORKSHOP].store),
        "previews": lambda: previews.run(federation),
        "errands": ErrandWorker(federation).run,
        "push": PushWorker(federation, app[TEMPLATES].catalogues).run,
    }
    if app.get(LISTENING, True):
        deeds["heartbeat"] = lambda: outage.keep_beating(federation)
    tasks = [asyncio.create_task(_keep_going(name, deed), name=name) for name, deed in deeds.items()]
    app[WORKERS].extend(tasks)
    yield
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    app[WORKERS].clear()


async def release(database: Database, clock: Clock) -> None:
    """Let out each hidden-name question when its random time has come, for ever."""
    while True:
        due = await database.read(anonymity.next_release_at)
        if due is not None and due <= clock():
            await database.write(anonymity.release_due)
        await asyncio.sleep(RELEASE_PAUSE)


async def destroy_keys(town: Town) -> None:
    """Destroy in time the keys by which askers with a hidden name tag are recognised, also while nobody asks."""
    while True:
        await asyncio.to_thread(town.keys.destroy_old, town.clock())
        await asyncio.sleep(KEYS_PAUSE)


async def _keep_going(name: str, deed: Callable[[], Awaitable[None]]) -> None:
    """Run `deed`; if it falls over, say so and start it again: what waits is in the database, so nothing is lost."""
    while True:
        try:
            await deed()
        except Exception:
            log.exception("the %s worker fell over and is started again", name)
        await asyncio.sleep(FALL_PAUSE)
