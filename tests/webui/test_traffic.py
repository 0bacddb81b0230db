"""What is counted of requests: families of addresses, so coarse that nobody shows in them."""

from typing import Any

import pytest
from prometheus_client.core import Metric

from tests.towns import make_town
from webui import traffic
from webui.app import create_app
from webui.keys import PAGE_HANDLERS
from webui.traffic import BOUNDS, NOWHERE, OTHER, Traffic

FAMILIES = {"pages", "entrance", "static", "inbox", "documents", "discovery", "api", "probes"}


@pytest.fixture
def app(new_database_url) -> Any:
    town = make_town(new_database_url(), server={"metrics_token": "a-token-of-the-tests"})
    return create_app(town.settings, background=False, keys=town.keys)


def found(counting: Traffic) -> dict[str, Metric]:
    return {metric.name: metric for metric in counting.collect()}


def test_every_route_has_a_family(app):
    families = {
        f"{route.method} {route.resource.canonical}": traffic._family(route, app[PAGE_HANDLERS])
        for route in app.router.routes()
    }
    assert [path for path, family in families.items() if family not in FAMILIES] == [], (
        "see traffic._BY_FIRST"
    )
    assert {
        families[path]
        for path in ("GET /ask", "POST /ask", "GET /questions/{id}/phrase", "POST /questions/{id}/phrase",
                     "POST /questions/{id}/answers", "POST /posts/{id}/comments", "GET /", "GET /@{handle}", "GET /boards")
    } == {"pages"}  # fmt: skip
    assert families["POST /login"] == "entrance"
    assert families["POST /users/{name}/inbox"] == families["POST /inbox"] == "inbox"
    assert families["GET /boards/{name}"] == families["GET /posts/{number}"] == "documents"
    assert families["GET /.well-known/webfinger"] == "discovery"
    assert families["GET /metrics"] == families["GET /healthz"] == "probes"


class Asked:
    """As much of a request as is looked at."""

    def __init__(self, method: str, route: object) -> None:
        self.method = method
        self.match_info = self
        self.route = route


def test_a_stranger_makes_no_figures_by_inventing_words():
    counting = Traffic()
    for number in range(50):
        counting._add(Asked(f"BREW{number}", object()), 404, 0.001)
    answers = found(counting)["machi_http_requests"].samples
    assert [(sample.labels, sample.value) for sample in answers] == [
        ({"method": OTHER, "family": NOWHERE, "status": "4xx"}, 50)
    ]


def test_durations_add_up_range_by_range():
    counting = Traffic()
    for seconds in (0.0, 0.005, 0.0051, 0.7, 60.0):
        counting._add(Asked("GET", object()), 200, seconds)
    samples = found(counting)["machi_http_request_duration_seconds"].samples
    buckets = {sample.labels["le"]: sample.value for sample in samples if sample.name.endswith("_bucket")}
    assert list(buckets) == [*map(str, BOUNDS), "+Inf"]
    assert list(buckets.values()) == [2, 3, 3, 3, 3, 3, 3, 4, 4, 4, 5]
    others = {sample.name.rpartition("_")[2]: sample.value for sample in samples if "le" not in sample.labels}
    assert others == {"count": 5, "sum": pytest.approx(60.7101)}
