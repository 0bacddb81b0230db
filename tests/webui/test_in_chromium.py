"""The pages in a real browser: Japanese input, hiding, reach of the thumb, nothing refused by the policy."""

import os
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.factories import PASSPHRASE
from tests.webui.conftest import Site

CHROMIUM = os.environ.get("MACHI_TEST_CHROMIUM", "")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="MACHI_TEST_CHROMIUM names no Chromium"),
]

PHONE = {"width": 375, "height": 812}
STRANGER_PAGES = ["/", "/join", "/login", "/recover", "/promise", "/questions", "/boards", "/flags", "/nowhere"]
MEMBER_PAGES = [
    "/", "/ask", "/notifications", "/settings", "/settings/preferences", "/settings/keys", "/settings/apps",
    "/settings/moving", "/settings/leave",
    "/operate", "/operate/towns", "/flags", "/flags?tab=past", "/flags/new", "/@harukaze",
]  # fmt: skip

TOO_SMALL = """() => [...document.querySelectorAll('a, button, input:not([type=hidden]), select, summary')]
  .filter(element => {
    const target = element.closest('label') ?? element;
    const style = getComputedStyle(element);
    // Links within a line of text are excepted, as WCAG 2.5.8 does.
    return target.offsetParent !== null && style.display !== 'inline' && target.getBoundingClientRect().height < 43.5;
  }).map(element => element.outerHTML.slice(0, 120))"""
TOO_FINE = """() => [...document.querySelectorAll('body *')]
  .filter(element => [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())
    && parseFloat(getComputedStyle(element).fontSize) < 16)
  .map(element => element.outerHTML.slice(0, 120))"""
WITHOUT_NAME = """() => [...document.querySelectorAll('input:not([type=hidden]), textarea, select')]
  .filter(element => !element.labels?.length && !element.ariaLabel).map(element => element.outerHTML.slice(0, 120))"""


@pytest.fixture
async def chromium() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


async def opened(browser: Browser, **options: object) -> tuple[BrowserContext, Page, list[str]]:
    """A page, and what its console complains about; answers other than 200 are no complaint."""
    context = await browser.new_context(**({"viewport": PHONE, "locale": "ja"} | options))
    page = await context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda said: (
            complaints.append(said.text)
            if said.type in {"error", "warning"} and "Failed to load resource" not in said.text
            else None
        ),
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return context, page, complaints


async def log_in(page: Page, site: Site, path: str = "/") -> None:
    await page.goto(f"{site.origin}/login?next={path}")
    await page.fill("[name=login]", "harukaze")
    await page.fill("[name=passphrase]", PASSPHRASE)
    await page.click("main form button")
    await page.wait_for_selector(".flash")


async def look_through(page: Page, site: Site, paths: list[str]) -> list[str]:
    """What is wrong with the pages at a glance."""
    found = []
    for path in paths:
        await page.goto(site.origin + path)
        for what in (TOO_SMALL, TOO_FINE, WITHOUT_NAME):
            found += [f"{path}: {element}" for element in await page.evaluate(what)]
        if await page.evaluate("() => document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path}: wider than the screen")
        if await page.evaluate("() => document.querySelectorAll('h1').length") > 1:
            found.append(f"{path}: several headings of the first order")
    return found


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_strangers_find_every_page_within_reach(site: Site, chromium: Browser, locale: str) -> None:
    _, page, complaints = await opened(chromium, locale=locale)
    assert await look_through(page, site, STRANGER_PAGES) == []
    assert complaints == []


async def test_members_find_every_page_within_reach(site: Site, chromium: Browser) -> None:
    await site.member("harukaze", role="admin")
    for width in (320, 375, 1200):
        _, page, complaints = await opened(chromium, viewport={"width": width, "height": 812})
        await log_in(page, site)
        assert await look_through(page, site, MEMBER_PAGES) == []
        assert complaints == []


async def test_enter_that_ends_a_composition_sends_nothing(site: Site, chromium: Browser) -> None:
    context, page, _ = await opened(chromium)
    await page.goto(site.origin + "/login")
    await page.focus("[name=login]")
    keyboard = await context.new_cdp_session(page)
    await keyboard.send(
        "Input.imeSetComposition", {"text": "はるかぜ", "selectionStart": 4, "selectionEnd": 4}
    )
    await page.evaluate(
        "() => document.querySelectorAll('[required]').forEach(field => { field.required = false })"
    )
    await page.keyboard.press("Enter")  # chooses the word
    await keyboard.send("Input.insertText", {"text": "はるかぜ"})
    assert page.url.endswith("/login")
    assert await page.input_value("[name=login]") == "はるかぜ"
    assert await page.locator("[role=alert]").count() == 0
    await page.wait_for_function(
        "since => performance.now() - since > 60", arg=await page.evaluate("performance.now()")
    )
    await page.keyboard.press("Enter")
    await page.wait_for_selector("[role=alert]")


async def test_hiding_leaves_no_way_back(site: Site, chromium: Browser) -> None:
    _, page, _ = await opened(chromium)
    await page.goto(site.origin + "/promise")
    await page.goto(site.origin + "/join")
    await page.click("[data-hide-now]")
    await page.wait_for_url("**/note")
    assert await page.title() == "メモ"
    await page.go_back()
    assert page.url.endswith("/promise")  # not /join, which was hidden
    for _ in range(3):
        await page.keyboard.press("Escape")
    await page.wait_for_url("**/note")


async def test_a_double_tap_joins_once(site: Site, chromium: Browser) -> None:
    _, page, _ = await opened(chromium)
    await page.goto(site.origin + "/join")
    for name, text in (("nickname", "はるかぜ"), ("passphrase", PASSPHRASE), ("application", "総務です")):
        await page.fill(f"[name={name}]", text)
    await page.check("[name=agree]")
    await page.dblclick("main form .button")
    await page.wait_for_selector(".secret-word")


async def test_the_keyboard_comes_first_to_the_way_past_the_bar(site: Site, chromium: Browser) -> None:
    _, page, _ = await opened(chromium)
    await page.goto(site.origin + "/")
    await page.keyboard.press("Tab")
    assert await page.evaluate("() => document.activeElement.className") == "skip"
    await page.keyboard.press("Enter")
    assert await page.evaluate("() => document.activeElement.id") == "main"


async def test_without_scripts_everything_still_works(site: Site, chromium: Browser) -> None:
    await site.member("harukaze")
    _, page, _ = await opened(chromium, java_script_enabled=False)
    await log_in(page, site, "/settings")
    await page.fill("[name=bio]", "総務です。")
    await page.click("main form .button")
    assert "プロフィールを新しくしました" in await page.inner_text(".flash")
    await page.click(".hide-now")
    assert await page.title() == "メモ"
