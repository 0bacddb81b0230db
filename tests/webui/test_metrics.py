"""/metrics: for who has the token, under any host name, and never a word of anybody."""

import re
from collections.abc import Mapping

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from community.errors import StorageFailed
from tests.webui.conftest import MakeSite, Site
from tests.webui.test_traffic import FAMILIES
from webui.keys import DATABASE
from webui.traffic import METHODS, NOWHERE, OTHER, Traffic

TOKEN = "a-token-of-the-tests"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
Figures = Mapping[tuple[str, ...], float]


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    return await make_site(server={"metrics_token": TOKEN})


async def fetch(site: Site, **headers: str) -> tuple[int, str, Mapping[str, str]]:
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"{site.origin}/metrics", headers=headers) as response,
    ):
        return response.status, await response.text(), response.headers.copy()


async def figures(site: Site) -> Figures:
    """What is told: the name and the labels' values, in the order of the labels' names → the value."""
    status, text, _ = await fetch(site, **RIGHT)
    assert status == 200
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_without_a_token_in_the_settings_there_is_no_such_page(make_site: MakeSite):
    site = await make_site()
    for headers in ({}, {"Authorization": "Bearer "}, RIGHT):
        status, text, _ = await fetch(site, **headers)
        assert status == 404
        assert "machi_" not in text
    assert (await (await site.visit()).post("/metrics", {})).status == 404
    assert not any("metrics" in resource.canonical for resource in site.app.router.resources())
    assert not any(isinstance(getattr(each, "__self__", None), Traffic) for each in site.app.middlewares)


@pytest.mark.parametrize(
    "shown",
    [
        None, "", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", f"Bearer {TOKEN[:-1]}",
        f"Bearer x{TOKEN}", f"Bearer {TOKEN.upper()}", f"Bearer {TOKEN} {TOKEN}", "Bearer あいことば", f"Token {TOKEN}",
    ],
)  # fmt: skip
async def test_without_the_right_token_nothing_is_told(site: Site, shown: str | None):
    status, text, headers = await fetch(site, **({} if shown is None else {"Authorization": shown}))
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Bearer")
    assert "machi_" not in text
    assert TOKEN not in text


async def test_bytes_that_are_no_text_are_no_token(site: Site):
    async with aiohttp.ClientSession() as http:
        sent = {"Authorization": b"Bearer \xff\xfe".decode("utf-8", "surrogateescape")}
        async with http.get(f"{site.origin}/metrics", headers=sent) as response:
            assert response.status in {400, 401}


@pytest.mark.parametrize("host", ["localhost:8080", "10.0.0.7:8080", "metrics.internal", "anything.example"])
async def test_the_token_opens_it_under_any_host(site: Site, host: str):
    status, text, headers = await fetch(site, Host=host, **RIGHT)
    assert status == 200
    assert headers["Content-Type"].startswith("text/plain")
    assert headers["Cache-Control"] == "no-store"
    assert host not in text


async def test_the_scheme_is_read_in_any_case(site: Site):
    assert (await fetch(site, Authorization=f"bearer {TOKEN}"))[0] == 200


async def test_a_scraper_may_ask_for_openmetrics(site: Site):
    _, text, headers = await fetch(site, Accept="application/openmetrics-text;version=1.0.0", **RIGHT)
    assert headers["Content-Type"].startswith("application/openmetrics-text")
    assert text.endswith("# EOF\n")


async def test_requests_are_counted_by_family_and_class(site: Site):
    browser = await site.visit()
    await browser.get("/")
    await browser.get("/promise")
    await browser.get("/nowhere")
    await browser.post("/promise", {})
    await browser.post("/login", {})
    await browser.get("/healthz")
    await browser.get("/nodeinfo/2.1")
    await browser.get("/settings", follow=False)  # leads strangers to the log-in
    told = await figures(site)
    name = "machi_http_requests_total"
    assert {key[1:]: value for key, value in told.items() if key[0] == name} == {
        ("pages", "GET", "2xx"): 2,
        ("pages", "GET", "3xx"): 1,
        (NOWHERE, "GET", "4xx"): 1,
        (NOWHERE, "POST", "4xx"): 1,
        ("entrance", "POST", "4xx"): 1,
        ("probes", "GET", "2xx"): 1,
        ("discovery", "GET", "2xx"): 1,
    }
    assert told["machi_http_request_duration_seconds_count", "pages"] == 3
    assert told["machi_http_request_duration_seconds_bucket", "pages", "+Inf"] == 3
    assert told["machi_http_request_duration_seconds_sum", "pages"] > 0
    assert (await figures(site))[name, "probes", "GET", "2xx"] == 2  # it counts itself, once it is done


async def test_the_database_and_the_process_are_told(site: Site):
    told = await figures(site)
    assert told["machi_database_answers",] == 1
    for name in ("machi_inbox_items", "machi_deliveries"):
        for state in ("pending", "failed"):
            assert told[name, state] == 0
    assert told["machi_hosts_pausing",] == told["machi_hosts_retired",] == 0
    for lane in ("writer", "reader"):
        assert told["machi_database_waiting_units", lane] == 0
        assert 1 <= told["machi_database_batches_total", lane] <= told["machi_database_units_total", lane]
    assert told["process_cpu_seconds_total",] > 0
    assert told["process_resident_memory_bytes",] > 0
    assert told["process_start_time_seconds",] > 0


async def test_a_database_that_does_not_answer_is_told_too(site: Site, monkeypatch: pytest.MonkeyPatch):
    async def gone(unit: object) -> object:
        raise StorageFailed("The database does not answer.")

    assert ("machi_inbox_items", "pending") in await figures(site)
    monkeypatch.setattr(site.app[DATABASE], "read", gone)
    told = await figures(site)
    assert told["machi_database_answers",] == 0
    assert not any("inbox_items" in key[0] for key in told)
    assert told["process_start_time_seconds",] > 0


async def test_no_figure_is_of_anybody(site: Site):
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    for path in ("/@harukaze", "/@harukaze/123456789", "/@jiro@yamate.example", "/users/harukaze", "/posts/123456789",
                 "/ask", "/questions/123456789/phrase", "/avatars/123456789.svg", "/harukaze/yamate.example"):  # fmt: skip
        await browser.get(path, Host="yamate.example")
    await browser.post("/questions/123456789/phrase", {"phrase": "hidden-words"})
    _, text, _ = await fetch(site, **RIGHT)
    for word in ("harukaze", "jiro", "yamate", "123456789", "phrase", "hidden", "anonym", "minato", "みなと"):
        assert word not in text
    allowed = {
        "method": METHODS | {OTHER}, "family": FAMILIES | {NOWHERE, OTHER}, "status": {"2xx", "3xx", "4xx", "5xx"},
        "state": {"pending", "failed"}, "lane": {"writer", "reader"},
    }  # fmt: skip
    labels = re.findall(r'(\w+)="([^"]*)"', text)
    assert {name for name, _ in labels} == {*allowed, "le"}
    assert [pair for pair in labels if pair[0] != "le" and pair[1] not in allowed[pair[0]]] == []


async def test_towns_in_one_process_count_apart(make_site: MakeSite):
    first, second = [await make_site(server={"metrics_token": TOKEN}) for _ in range(2)]
    await (await first.visit()).get("/promise")
    key = ("machi_http_requests_total", "pages", "GET", "2xx")
    assert (await figures(first))[key] == 1
    assert key not in await figures(second)
