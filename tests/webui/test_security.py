"""What every answer says to browsers, what the cookies are, and that no page needs an exception."""

import re
from pathlib import Path
from typing import cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from tests.webui.conftest import MakeSite, Site
from webui import avatars, security, staticfiles, templating
from webui.keys import SETTINGS

TEMPLATES = sorted(templating.FOLDER.rglob("*.html"))


@pytest.mark.parametrize("path", ["/", "/login", "/nowhere", "/join"])
async def test_pages_forbid_what_they_do_not_need(site: Site, path: str) -> None:
    page = await (await site.visit()).get(path)
    policy = page.headers["Content-Security-Policy"]
    for rule in ("default-src 'none'", "script-src 'self'", "img-src 'self' data:;", "style-src 'self'", "form-action 'self'",
                 "frame-ancestors 'none'", "base-uri 'none'"):  # fmt: skip
        assert rule in policy
    assert "unsafe" not in policy
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Referrer-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in page.headers
    assert "upgrade-insecure-requests" not in policy


async def test_https_is_for_good(make_site: MakeSite) -> None:
    site = await make_site(instance={"scheme": "https", "domain": "minato.example"})
    page = await (await site.visit()).get("/login")
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "upgrade-insecure-requests" in page.headers["Content-Security-Policy"]
    cookie = page.headers["Set-Cookie"]
    assert cookie.startswith("__Host-machi-before-443=")
    for flag in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert flag in cookie
    assert "Domain" not in cookie


async def test_cookies_of_towns_on_one_machine_stay_apart(make_site: MakeSite) -> None:
    for port in (8001, 8002):
        site = await make_site(instance={"domain": f"localhost:{port}"})
        page = await (await site.visit()).get("/login")
        cookie = page.headers["Set-Cookie"]
        assert cookie.startswith(f"machi-before-{port}=")
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Secure" not in cookie


async def test_readers_get_no_cookie(site: Site) -> None:
    browser = await site.visit()
    for path in ("/", "/promise", "/questions", "/boards", "/note"):
        assert "Set-Cookie" not in (await browser.get(path)).headers


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_inline_style_or_script(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert re.search(r"<script(?![^>]*\bsrc=)", text) is None
    assert "<style" not in text
    assert re.search(r"\s(style|on[a-z]+)=", text) is None
    assert "javascript:" not in text
    assert re.search(r"""(src|href)=["'](https?:)?//""", text) is None  # nothing is loaded from outside


@pytest.mark.parametrize("sheet", sorted(staticfiles.FOLDER.glob("*.css")), ids=lambda path: path.name)
def test_no_sheet_loads_anything(sheet: Path) -> None:
    text = sheet.read_text(encoding="utf-8")
    assert "url(" not in text
    assert "@import" not in text


async def test_titles_name_no_question(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    for path in ("/", "/settings", "/questions", "/note"):
        title = (await browser.get(path)).title
        assert title == "メモ" or title.endswith(" - みなと")


async def test_static_files_are_kept_for_a_year_by_their_content(site: Site) -> None:
    browser = await site.visit()
    address = re.search(r"/static/base\.css\?v=[0-9a-f]{12}", (await browser.get("/")).text)
    assert address is not None
    sheet = await browser.get(address[0])
    assert sheet.headers["Content-Type"] == "text/css; charset=utf-8"
    assert sheet.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    stale = await browser.get("/static/base.css?v=000000000000")
    assert stale.headers["Cache-Control"] == "no-cache"
    same = await browser.get("/static/base.css", **{"If-None-Match": stale.headers["ETag"]})
    assert same.status == 304
    script = await browser.get("/static/machi.js")
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"


async def test_avatars_are_pictures_and_nothing_else(site: Site) -> None:
    browser = await site.visit()
    page = await browser.get("/avatars/123456789.svg")
    assert page.status == 200
    assert page.headers["Content-Type"].startswith("image/svg+xml")
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.text == avatars.draw(123456789)
    assert (await browser.get("/avatars/x.svg")).status == 404


def test_avatars_differ_and_stay() -> None:
    drawn = {avatars.draw(number) for number in range(200)}
    assert len(drawn) > 190
    assert avatars.draw(7) == avatars.draw(7)
    assert all(re.search(r"script|href|url\(", picture) is None for picture in drawn)


@pytest.mark.parametrize(
    ("proxies", "peer", "forwarded", "expected"),
    [
        ((), "192.0.2.1", "198.51.100.7", "192.0.2.1"),
        (("192.0.2.1",), "192.0.2.1", "198.51.100.7", "198.51.100.7"),
        (("192.0.2.0/24",), "192.0.2.1", "203.0.113.9, 198.51.100.7, 192.0.2.2", "198.51.100.7"),
        (("192.0.2.1",), "192.0.2.1", "junk", "junk"),
        ((), "2001:db8:1:2:3:4:5:6", "", "2001:db8:1:2::/64"),
        ((), "::ffff:192.0.2.1", "", "192.0.2.1"),
    ],
)
async def test_who_asks_is_told_by_trusted_proxies_alone(
    make_site: MakeSite, proxies: tuple[str, ...], peer: str, forwarded: str, expected: str
) -> None:
    site = await make_site(server={"trusted_proxies": list(proxies)})
    app = web.Application()
    app[SETTINGS] = site.app[SETTINGS]
    headers = {"X-Forwarded-For": forwarded} if forwarded else {}
    request = make_mocked_request("GET", "/", headers=headers, app=app).clone(remote=peer)
    assert security.client_network(cast("web.Request", request)) == expected
