"""The foot of every page: where the source code of what runs here is."""

import json
import re

import pytest

from tests.webui.conftest import MakeSite, Site

ADDRESS = "https://git.example/machi?a=1&b=2"
PATHS = ["/", "/login", "/promise", "/questions", "/boards", "/nowhere"]


@pytest.mark.parametrize("path", PATHS)
async def test_the_source_code_is_linked(make_site: MakeSite, path: str) -> None:
    site = await make_site(instance={"source_url": ADDRESS})
    page = await (await site.visit()).get(path)
    assert '<a href="https://git.example/machi?a=1&amp;b=2">このまちのソースコード</a>' in page.text
    english = await (await site.visit(language="en")).get(path)
    assert ">Source code of this town</a>" in english.text


@pytest.mark.parametrize("path", PATHS)
async def test_without_an_address_the_licence_is_named(site: Site, path: str) -> None:
    page = await (await site.visit()).get(path)
    assert re.search(r">みなと ·\s+AGPL-3\.0-or-later</p>", page.text)
    assert "ソースコード" not in page.text


async def test_the_page_that_hides_everything_names_nothing(make_site: MakeSite) -> None:
    site = await make_site(instance={"source_url": ADDRESS})
    assert "git.example" not in (await (await site.visit()).get("/note")).text


async def test_other_servers_are_told_where_the_source_code_is(make_site: MakeSite, site: Site) -> None:
    told = await make_site(instance={"source_url": ADDRESS})
    browser, silent = await told.visit(), await site.visit()
    for version, repository in (("2.0", None), ("2.1", ADDRESS)):  # 2.0 has no place for it
        software = json.loads((await browser.get(f"/nodeinfo/{version}")).text)["software"]
        assert software.get("repository") == repository
        assert "repository" not in json.loads((await silent.get(f"/nodeinfo/{version}")).text)["software"]
