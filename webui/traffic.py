"""Counting what is asked of this process, and how long the answers take: for /metrics alone.

Counts go by families of addresses, so coarse that no figure says which page, person or question an address was of. All
pages and forms that members use are one family: what somebody does with the name tag hidden is among everything else.
"""

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator
from itertools import accumulate

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
OTHER = "other"
"""A method that is not one of these, or a route of no family: a stranger makes no new figures by inventing words."""
NOWHERE = "nowhere"
"""The family of addresses at which there is nothing, or nothing for this method."""

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds, the upper ends of the ranges in which durations are counted."""

_SWITCHED, _EVENTS = 101, "text/event-stream"
_LABELS = [*(str(bound) for bound in BOUNDS), "+Inf"]
_BY_FIRST = {
    "static": "static", "avatars": "static", "headers": "static", "media": "static",
    "users": "documents", "boards": "documents", "actor": "documents", "posts": "documents", "activities": "documents",
    "sisters": "documents", "tags": "documents", "quotes": "documents",
    ".well-known": "discovery", "nodeinfo": "discovery",
    "api": "api", "oauth": "api",
    "health": "probes", "healthz": "probes", "readyz": "probes", "metrics": "probes", "robots.txt": "probes",
}  # fmt: skip
_ENTRANCE = frozenset({"join", "login", "recover"})


class _Durations:
    """How many answers of a family took how long."""

    __slots__ = ("counts", "total")

    def __init__(self) -> None:
        self.counts = [0] * len(_LABELS)
        self.total = 0.0  # seconds


class Traffic(Collector):
    """What was asked since the process started. Touched on the event loop only, so it needs no lock."""

    def __init__(self) -> None:
        self._families: dict[web.AbstractRoute, str] = {}
        self._answers: defaultdict[tuple[str, str, int], int] = defaultdict(int)
        self._durations: defaultdict[str, _Durations] = defaultdict(_Durations)

    def learn(self, routes: Collection[web.AbstractRoute], page_handlers: Collection[Handler]) -> None:
        """Sort every route of the application into its family; what is asked elsewhere is `NOWHERE`."""
        self._families = {route: _family(route, page_handlers) for route in routes}

    @web.middleware
    async def count(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Count a request once its answer stands; the time of sending it is not in the duration."""
        begun = time.perf_counter()
        try:
            answer = await handler(request)
        except web.HTTPException as raised:
            self._add(request, raised.status, time.perf_counter() - begun)
            raise
        stays_open = answer.status == _SWITCHED or answer.content_type == _EVENTS
        self._add(request, answer.status, None if stays_open else time.perf_counter() - begun)
        return answer

    def _add(self, request: web.Request, status: int, seconds: float | None) -> None:
        family = self._families.get(request.match_info.route, NOWHERE)
        method = request.method if request.method in METHODS else OTHER
        self._answers[method, family, status // 100] += 1
        if seconds is None:  # a stream: how long somebody listened is not how long an answer took
            return
        durations = self._durations[family]
        durations.counts[bisect_left(BOUNDS, seconds)] += 1
        durations.total += seconds

    def collect(self) -> Iterator[Metric]:
        answers = CounterMetricFamily(
            "machi_http_requests",
            "Requests answered, by method, family of addresses and class of status.",
            labels=("method", "family", "status"),
        )
        for (method, family, hundred), count in sorted(self._answers.items()):
            answers.add_metric((method, family, f"{hundred}xx"), count)
        yield answers
        durations = HistogramMetricFamily(
            "machi_http_request_duration_seconds",
            "Time from a request's headers to its answer, by family of addresses.",
            labels=("family",),
        )
        for family, found in sorted(self._durations.items()):
            buckets = list(zip(_LABELS, accumulate(found.counts), strict=True))
            durations.add_metric((family,), buckets, found.total)
        yield durations


def _family(route: web.AbstractRoute, page_handlers: Collection[Handler]) -> str:
    path = route.resource.canonical if route.resource else ""
    first = path.removeprefix("/").partition("/")[0]
    if _BY_FIRST.get(first) == "static":
        return "static"
    if route.handler in page_handlers:
        return "entrance" if first in _ENTRANCE else "pages"
    if path.rstrip("/").endswith("/inbox"):
        return "inbox"
    return _BY_FIRST.get(first, OTHER)
