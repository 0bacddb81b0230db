"""Letting an app in with a real browser: the popup keeps its tie to the app, and no policy stops the way back."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser, Page, async_playwright

from tests.factories import PASSPHRASE
from tests.webui.conftest import Site
from tests.webui.oauth.conftest import OUT_OF_BAND, Program
from tests.webui.test_in_chromium import CHROMIUM, TOO_FINE, TOO_SMALL, WITHOUT_NAME, opened

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="MACHI_TEST_CHROMIUM names no Chromium"),
]
START = '<!doctype html><title>app</title><button onclick="window.open(location.hash.slice(1), \'machi\')">log in</button>'
LISTEN = '<script>addEventListener("message", said => { document.title = said.data; });</script>'
BACK = '<!doctype html><script>opener.postMessage(document.body?.dataset.said ?? location.search, "*"); close();</script>'


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


@pytest.fixture
async def client() -> AsyncIterator[str]:
    """The origin of an app that lives on a page: / opens the popup, /callback hands the code over and closes it."""

    async def start(request: web.Request) -> web.Response:
        return web.Response(text=START + LISTEN, content_type="text/html")

    async def back(request: web.Request) -> web.Response:
        if request.method == "POST":
            posted = await request.post()
            body = f'<!doctype html><body data-said="?code={posted["code"]}">'
            return web.Response(text=body + BACK.removeprefix("<!doctype html>"), content_type="text/html")
        return web.Response(text=BACK, content_type="text/html")

    app = web.Application()
    app.router.add_get("/", start)
    app.router.add_route("*", "/callback", back)
    async with TestServer(app) as server:
        yield f"http://localhost:{server.port}"


async def log_in(page: Page) -> None:
    await page.fill("[name=login]", "harukaze")
    await page.fill("[name=passphrase]", PASSPHRASE)
    await page.click("main form button")


@pytest.mark.parametrize("mode", ["query", "form_post"])
async def test_a_popup_tells_the_app_that_opened_it(
    site: Site, program: Program, chromium: Browser, client: str, mode: str
) -> None:
    await site.member("harukaze")
    callback = client + "/callback"
    await program.register(redirect_uris=callback)
    context, page, complaints = await opened(chromium)
    question = site.origin + program.question(redirect_uri=callback, response_mode=mode)
    await page.goto(f"{client}/#{question}")
    async with page.expect_popup() as popup:
        await page.click("button")
    asked = await popup.value
    await log_in(asked)
    await asked.click("main form button")  # the first one
    await page.wait_for_function("document.title.startsWith('?code=')")
    assert complaints == []
    code = (await page.title()).removeprefix("?code=")
    assert (await program.token(code=code, redirect_uri=callback)).status == 200
    await context.close()


async def test_the_pages_are_for_thumbs_and_plain_to_read(
    site: Site, program: Program, chromium: Browser
) -> None:
    await site.member("harukaze")
    await program.register(redirect_uris=OUT_OF_BAND)
    context, page, complaints = await opened(chromium)

    async def look() -> list[str]:
        found = [each for what in (TOO_SMALL, TOO_FINE, WITHOUT_NAME) for each in await page.evaluate(what)]
        wide = await page.evaluate("() => document.documentElement.scrollWidth > innerWidth")
        return [*found, *(["too wide"] if wide else [])]

    await page.goto(site.origin + program.question(redirect_uri=OUT_OF_BAND))
    assert await look() == []
    await log_in(page)
    await page.wait_for_selector("[value=allow]")
    assert await look() == []
    await page.click("[value=allow]")
    await page.wait_for_selector("[data-code]")
    assert await look() == []
    assert complaints == []
    await context.close()
