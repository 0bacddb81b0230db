"""docs/mastodon-api.md and the routes say the same: what is offered is there, what is there is told."""

import re

import pytest

from tests.rules.places import ROOT
from tests.towns import make_town
from tests.webui.conftest import catalogues, make_site
from tests.webui.mastodon.conftest import open_app
from webui.app import create_app
from webui.mastodon.entities import accounts, texts

__all__ = ["catalogues", "make_site", "open_app"]

PAGE = (ROOT / "docs/mastodon-api.md").read_text(encoding="utf-8")
FAMILIES = ("/api/", "/oauth/", "/health", "/.well-known/", "/nodeinfo/")
OFFERED = ("full", "partly", "unsupported", "ours")
STATES = (*OFFERED, "not offered")
_ROW = re.compile(r"^\| (?P<endpoints>`(?:GET|POST|PUT|PATCH|DELETE) [^|]+`) \| (?P<state>[^|]+) \|(?P<remark>[^|]*)\|$")
_ENDPOINT = re.compile(r"`(GET|POST|PUT|PATCH|DELETE) ([^`\s]+)`")


def plain(path: str) -> str:
    """A path whatever its parts are called, without a slash at its end."""
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


def told() -> dict[tuple[str, str], tuple[str, str]]:
    """(method, path) → state, remark, as the tables of the page have them."""
    found: dict[tuple[str, str], tuple[str, str]] = {}
    for line in PAGE.splitlines():
        row = _ROW.match(line)
        if row is None:
            assert not line.startswith("| `GET /") or "|" not in line[2:], f"a row that cannot be read: {line}"
            continue
        for method, path in _ENDPOINT.findall(row["endpoints"]):
            key = (method, plain(path))
            assert key not in found, f"{method} {path} stands there twice"
            found[key] = (row["state"].strip(), row["remark"].strip())
    return found


def routed() -> set[tuple[str, str]]:
    """What the application answers, PUT standing for PATCH too where both do."""
    town = make_town("sqlite:///never-opened.db")
    app = create_app(town.settings, background=False, keys=town.keys)
    found = {
        (route.method, plain(route.resource.canonical))
        for route in app.router.routes()
        if route.resource is not None and route.method not in {"HEAD", "OPTIONS", "*"}
    }
    return {(method, path) for method, path in found if f"{path}/".startswith(FAMILIES) and path != "/healthz"}


@pytest.fixture(scope="module")
def routes(catalogues):
    return routed()


def either(method: str) -> set[str]:
    return {"PUT", "PATCH"} if method in {"PUT", "PATCH"} else {method}


def test_every_state_is_one_that_the_page_explains():
    rows = told()
    assert len(rows) > 200
    assert {state for state, _ in rows.values()} <= set(STATES)
    for state in STATES:
        assert f"**{state}**" in PAGE


def test_a_state_that_is_not_full_says_why():
    for (method, path), (state, remark) in told().items():
        assert remark or state in {"full", "not offered"}, f"{method} {path}: what is {state}?"


def test_what_is_offered_is_there(routes):
    missing = [
        f"{method} {path}"
        for (method, path), (state, _) in told().items()
        if state in OFFERED and not any((each, path) in routes for each in either(method))
    ]
    assert missing == []


def test_what_is_there_is_told(routes):
    rows = told()
    untold = [
        f"{method} {path}"
        for method, path in sorted(routes)
        if not any(rows.get((each, path), ("not offered",))[0] in OFFERED for each in either(method))
    ]
    assert untold == []


async def test_what_is_not_offered_answers_as_the_page_says(make_site, open_app):
    site = await make_site()
    app = await open_app(site.origin, None)
    absent = [key for key, (state, _) in told().items() if state == "not offered"]
    assert absent
    for method, path in absent:
        answer = await app.call(method, path.replace("{}", "1"))
        assert (answer.status, answer.json) == (404, {"error": "Record not found"}), path


def test_our_own_fields_are_told_as_they_are():
    source = "".join((ROOT / module.__name__.replace(".", "/")).with_suffix(".py").read_text() for module in (accounts, texts))
    status = re.search(r"def _machi\(.*?\n    \}\n", source, re.DOTALL)
    assert status is not None
    for field in re.findall(r'^        "(\w+)":', status[0], re.MULTILINE):
        assert re.search(rf"^\|[^|]*`{field}`", PAGE, re.MULTILINE), f"machi.{field} of a status is not explained"
