"""Whatever goes wrong: a kind sentence, the right status, never a traceback."""

import asyncio
import json
from urllib.parse import urlencode

import pytest
from aiohttp import web
from yarl import URL

from community.errors import StorageFailed
from tests.webui.conftest import MakeSite, Site
from webui import errors, keys


async def test_a_page_that_is_not_there(site: Site) -> None:
    page = await (await site.visit()).get("/nowhere")
    assert page.status == 404
    assert "見つかりませんでした" in page.text
    assert page.headers["Content-Type"].startswith("text/html")


async def test_programs_are_told_in_json(site: Site) -> None:
    browser = await site.visit()
    ours = "お探しのページは見つかりませんでした。"
    for path, accept, told in (
        ("/api/v1/nothing", "*/*", "Record not found"),  # in the words that apps know
        ("/nowhere", "application/json", ours),
        ("/nowhere", "application/ld+json", ours),
    ):
        page = await browser.get(path, Accept=accept)
        assert page.status == 404
        assert json.loads(page.text) == {"error": told}


async def test_the_wrong_method_names_the_right_ones(site: Site) -> None:
    page = await (await site.visit()).post("/promise", {})
    assert page.status == 405
    assert "GET" in page.headers["Allow"]
    assert "そのやり方では開けません" in page.text


async def test_english_readers_are_told_in_english(site: Site) -> None:
    page = await (await site.visit(language="en")).get("/nowhere")
    assert "This page was not found." in page.text


async def test_a_form_that_is_too_large(site: Site) -> None:
    browser = await site.visit()
    data = (await browser.get("/join")).form("/join")
    body = urlencode(data | {"application": "あ" * 80_000}).encode()
    page = await browser.post("/join", body, **{"Content-Type": "application/x-www-form-urlencoded"})
    assert page.status == 413
    assert "少し短くして" in page.text


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"\xff\xfe=%ff&csrf=%00", "application/x-www-form-urlencoded"),
        (b"csrf=a", "application/x-www-form-urlencoded; charset=no-such"),
        (b"csrf=\xff", "application/x-www-form-urlencoded; charset=utf-8"),
        (b"csrf=\\ud800", "application/x-www-form-urlencoded; charset=raw_unicode_escape"),
        (b"junk", "multipart/form-data; boundary=x"),
        (b"--x\r\njunk", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\njunk\r\n--x--", "multipart/form-data; boundary=x"),
        (b"junk", "multipart/form-data"),
        (b"{}", "application/json"),
        (b"", "text/plain"),
    ],
)
async def test_no_form_however_broken_breaks_the_town(site: Site, body: bytes, kind: str) -> None:
    page = await (await site.visit()).post("/login", body, **{"Content-Type": kind})
    assert page.status in {400, 403}
    assert "Traceback" not in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/questions?board=%00&max_id=99999999999999999999",
        "/?max_id=-1",
        "/@%00",
        "/@nobody/99999999999999999999",
        "/avatars/0.svg",
        "/avatars/99999999999999999999.svg",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/@%ff",
        "/users/%00",
        "/tags/%00",
        "/posts/9999999999999999999",
        "/tags/a?page=1&after=9999999999999999999",
        "/.well-known/webfinger?resource=acct:%00@localhost:8080",
        "/join?key=%00&invite=%ff",
        "/login?next=%0d%0aSet-Cookie:x",
        "/lookup?q=%00",
    ],
)
async def test_no_address_however_odd_breaks_the_town(site: Site, path: str) -> None:
    page = await (await site.visit()).get(path)
    assert page.status in {200, 400, 404}, page.text
    assert "Traceback" not in page.text


@pytest.mark.parametrize("name", ["session", "before", "flash", "language"])
async def test_no_cookie_however_odd_breaks_the_town(site: Site, name: str) -> None:
    where = URL(site.origin)
    reader, writer = await asyncio.open_connection(where.host, where.port)
    head = b"GET /login HTTP/1.1\r\nHost: localhost:8080\r\nConnection: close\r\nCookie: machi-%s-8080=\xff\xed\r\n\r\n"
    writer.write(head % name.encode())
    assert (await reader.readline()).split()[1] == b"200"
    writer.close()


async def test_our_own_mistakes_show_a_number_and_no_traceback(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async def slip(request: web.Request) -> web.StreamResponse:
        raise RuntimeError("the secret of the engine room")

    app = web.Application(middlewares=[errors.tell])
    for key in (keys.SETTINGS, keys.TOWN, keys.TEMPLATES, keys.COOKIES, keys.PAGE_HANDLERS):
        app[key] = site.app[key]
    app.router.add_get("/slip", slip)
    runner = web.AppRunner(app)
    await runner.setup()
    listening = web.TCPSite(runner, "127.0.0.1", 0)
    await listening.start()
    port = runner.addresses[0][1]
    browser = await site.visit()
    browser.origin = f"http://127.0.0.1:{port}"
    page = await browser.get("/slip")
    await runner.cleanup()
    assert page.status == 500
    assert "こちらの不具合です" in page.text
    assert "secret" not in page.text
    mark = page.text.partition("<code>")[2].partition("</code>")[0]
    assert mark in caplog.text


async def test_a_database_that_is_gone_is_told_as_such(site: Site) -> None:
    browser = await site.visit()
    await site.database.close()
    page = await browser.get("/")
    assert page.status == 503
    assert "もう一度お試しください" in page.text
    assert (await browser.get("/healthz")).status == 200
    ready = await browser.get("/readyz")
    assert ready.status == 503
    with pytest.raises(StorageFailed):
        await site.database.read(lambda session: None)


async def test_what_machines_ask_is_answered_under_any_host(make_site: MakeSite) -> None:
    site = await make_site(instance={"scheme": "https", "domain": "minato.example"})
    browser = await site.visit()
    for path, text in (("/healthz", "ok"), ("/readyz", "ready"), ("/robots.txt", "User-agent: *")):
        page = await browser.get(path, Host="whatever.invalid")
        assert page.status == 200
        assert text in page.text
