"""GET /metrics: how this process and the town's queues are doing, for Prometheus, under any host name.

Only for who knows `[server] metrics_token`; without one in the settings nothing is counted and nothing answers there.
Each process answers for itself. No figure is of a member, a question or another server, and none counts what waits with
its name tag hidden: the moment at which that number rises would tell when somebody asked.
"""

import hmac
from collections.abc import Iterator

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from community.db import Database
from community.errors import StorageFailed
from federation import health
from federation.health import Backlog
from webui.keys import DATABASE, PAGE_HANDLERS, SETTINGS
from webui.traffic import Traffic

PATH = "/metrics"


def attach(app: web.Application) -> None:
    """Have requests counted and /metrics answered, if there is a token for it. Comes after the app's other parts."""
    token = app[SETTINGS].server.metrics_token
    if not token:
        return
    traffic, stores = Traffic(), _Stores(app[DATABASE])
    registry = CollectorRegistry()
    registry.register(traffic)
    registry.register(stores)
    ProcessCollector(registry=registry)

    async def learn(app: web.Application) -> None:
        page_handlers = app[PAGE_HANDLERS]
        traffic.learn(app.router.routes(), page_handlers)

    async def answer(request: web.Request) -> web.Response:
        if not _knows(request, token):
            return _refusal()
        await stores.look()
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        headers = {"Content-Type": content_type, "Cache-Control": "no-store"}
        return web.Response(body=encode(registry), headers=headers)

    app.middlewares.insert(0, traffic.count)  # the outermost: it sees the answers that errors become
    app.on_startup.append(learn)
    app.router.add_get(PATH, answer)


def _knows(request: web.Request, token: str) -> bool:
    """Whether the request bears the token; takes the same time for every wrong one of its length."""
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    right = hmac.compare_digest(shown.strip().encode("utf-8", "surrogateescape"), token.encode())
    return right and scheme.lower() == "bearer"


def _refusal() -> web.Response:
    return web.Response(
        status=401,
        text="This needs the metrics_token of the town's settings: Authorization: Bearer TOKEN\n",
        headers={"WWW-Authenticate": 'Bearer realm="metrics"', "Cache-Control": "no-store"},
    )


class _Stores(Collector):
    """The figures of the database: what `look` found in the queues last, and how busy this process's threads are."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._backlog: Backlog | None = None

    async def look(self) -> None:
        """Count the queues. A database that does not answer is a figure too."""
        try:
            self._backlog = await self._database.read(health.backlog)
        except StorageFailed:
            self._backlog = None

    def collect(self) -> Iterator[Metric]:
        backlog = self._backlog
        yield GaugeMetricFamily(
            "machi_database_answers",
            "1 if the database answered just now; without its answer the queues are not told.",
            value=float(backlog is not None),
        )
        if backlog is not None:
            yield from _queues(backlog)
        yield from self._lanes()

    def _lanes(self) -> Iterator[Metric]:
        waiting = GaugeMetricFamily(
            "machi_database_waiting_units",
            "Units of work that wait for a thread of this process.",
            labels=("lane",),
        )
        begun = CounterMetricFamily("machi_database_units", "Units of work begun.", labels=("lane",))
        batches = CounterMetricFamily(
            "machi_database_batches",
            "In how many batches they were taken; with SQLite a batch of the writer is one commit.",
            labels=("lane",),
        )
        for lane, load in self._database.load().items():
            waiting.add_metric((lane,), load.waiting)
            begun.add_metric((lane,), load.begun)
            batches.add_metric((lane,), load.batches)
        yield from (waiting, begun, batches)


def _queues(backlog: Backlog) -> Iterator[Metric]:
    for name, promise, pending, failed in (
        ("machi_inbox_items", "Activities received.", backlog.inbox_pending, backlog.inbox_failed),
        ("machi_deliveries", "Activities to send.", backlog.deliveries_pending, backlog.deliveries_failed),
    ):
        items = GaugeMetricFamily(name, f"{promise} Of the whole town.", labels=("state",))
        items.add_metric(("pending",), pending)
        items.add_metric(("failed",), failed)
        yield items
    yield GaugeMetricFamily(
        "machi_hosts_pausing",
        "Hosts that did not take something and are tried again later. Of the whole town.",
        value=backlog.hosts_pausing,
    )
    yield GaugeMetricFamily(
        "machi_hosts_retired",
        "Hosts that took nothing for a week and are tried once a week. Of the whole town.",
        value=backlog.hosts_retired,
    )
