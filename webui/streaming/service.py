"""The streams as a part of the application: a hub, its line to the other processes, and the addresses."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from aiohttp import web

from community.events import Bus
from webui.keys import DATABASE, SETTINGS
from webui.mastodon import refusals
from webui.mastodon.replies import Refusal
from webui.streaming import exchange, facts, sockets, sse
from webui.streaming.exchange import Exchange
from webui.streaming.facts import Fact
from webui.streaming.hub import Hub

HUB = web.AppKey("machi.hub", Hub)
LINE = web.AppKey("machi.exchange", Exchange)
Listening = Callable[[web.Request, Hub], Awaitable[web.StreamResponse]]


def attach(app: web.Application, bus: Bus) -> None:
    """Stream from `app` what `bus` tells, and what other processes of the town do. Comes after the database."""
    database = app[DATABASE]
    hub = app[HUB] = Hub(database)
    checks: set[asyncio.Task[None]] = set()

    def gap() -> None:
        check = asyncio.get_running_loop().create_task(hub.check())
        checks.add(check)
        check.add_done_callback(checks.discard)

    line = app[LINE] = exchange.between_processes(app[SETTINGS].database.url, database, hub.tell, gap)

    def hand_over(noted: Sequence[Fact]) -> None:
        hub.tell(noted)
        line.send(noted)

    async def run(_app: web.Application) -> AsyncIterator[None]:
        await hub.start()
        await line.start()
        yield
        await line.close()
        await hub.stop()

    async def say_goodbye(_app: web.Application) -> None:
        hub.end_all()

    facts.subscribe(bus, hand_over)
    app.cleanup_ctx.append(run)
    app.on_shutdown.append(say_goodbye)
    _add_routes(app, hub)


def _add_routes(app: web.Application, hub: Hub) -> None:
    add = app.router.add_get
    socket, events = _guarded(sockets.listen, hub), _guarded(sse.listen, hub)
    for end in ("", "/"):
        add(sockets.PATH + end, socket)
        add(f"{sockets.PATH}/health{end}", sse.health)
    add(sockets.PATH + "/{stream:.+}", events)


def _guarded(listen: Listening, hub: Hub) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await listen(request, hub)
        except Refusal as error:
            return refusals.tell(request, error)

    return guarded
