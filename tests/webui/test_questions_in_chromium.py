"""The pages of questions and people in a real browser: reach, Japanese input, the phrase that the browser makes."""

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy.orm import Session

from community.models import Account
from tests import factories
from tests.webui.conftest import Site
from tests.webui.scene import PHRASE, Scene
from tests.webui.test_in_chromium import chromium, log_in, look_through, opened, pytestmark

__all__ = ["chromium", "pytestmark"]  # used by name

ONE_OF_EACH = """() => { const seen = {};
  document.querySelectorAll('[id]').forEach(element => { seen[element.id] = (seen[element.id] ?? 0) + 1 });
  return Object.entries(seen).filter(([, count]) => count > 1) }"""


def pages(scene: Scene) -> list[str]:
    return [
        "/", "/questions", "/questions?tab=others", "/boards", "/ask", scene.page, scene.hidden_page, "/notifications",
        f"/@bob@mastodon.example/{scene.note}", f"/@akari@yamate.example/{scene.remote}", "/@harukaze", "/@mizutama",
        "/@dareka", "/@roumu", "/@machi", f"/posts/{scene.answer}/edit", f"/posts/{scene.answer}/delete",
        f"/posts/{scene.answer}/thanks", "/flags", "/flags?tab=past", "/flags/new", "/lookup?q=nobody", f"/questions/{scene.hidden}/phrase",
    ]  # fmt: skip


async def compose(page: Page, text: str) -> None:
    """Type `text` with a Japanese keyboard in the field that has the focus, and choose it with Enter."""
    keyboard = await page.context.new_cdp_session(page)
    await keyboard.send(
        "Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)}
    )
    await page.keyboard.press("Enter")
    await keyboard.send("Input.insertText", {"text": text})


@pytest.mark.parametrize("width", [320, 375, 1200])
async def test_every_page_is_within_reach(site: Site, scene: Scene, chromium: Browser, width: int) -> None:
    _, page, complaints = await opened(chromium, viewport={"width": width, "height": 812})
    await log_in(page, site)
    assert await look_through(page, site, pages(scene)) == []
    for path in (scene.page, f"/posts/{scene.answer}/thanks"):
        await page.goto(site.origin + path)
        assert await page.evaluate(ONE_OF_EACH) == []
    assert complaints == []


@pytest.mark.parametrize("locale", ["ja", "en"])
async def test_the_asker_s_page_is_within_reach(
    site: Site, scene: Scene, chromium: Browser, locale: str
) -> None:
    _, page, complaints = await opened(chromium, locale=locale, color_scheme="dark")
    assert await look_through(page, site, [scene.page, "/@harukaze", "/questions", "/boards"]) == []
    await page.goto(f"{site.origin}/questions/{scene.hidden}/phrase")
    await page.fill("[name=phrase]", PHRASE)
    await page.click("main form .button")
    await page.wait_for_selector("[data-state]")
    assert await page.evaluate(ONE_OF_EACH) == []
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []


@pytest.mark.parametrize(
    ("path", "field"), [("/ask", "title"), ("/ask", "tags"), ("/", "title"), ("/questions", "q")]
)
async def test_enter_that_ends_a_composition_sends_nothing(
    site: Site, scene: Scene, chromium: Browser, path: str, field: str
) -> None:
    _, page, _ = await opened(chromium)
    await log_in(page, site)
    await page.goto(site.origin + path)
    await page.evaluate(
        "() => document.querySelectorAll('[required]').forEach(each => { each.required = false })"
    )
    await page.evaluate("() => addEventListener('submit', () => { document.title = 'sent' })")
    await page.focus(f"main [name={field}]")
    await compose(page, "ねんまつちょうせい")
    assert await page.input_value(f"main [name={field}]") == "ねんまつちょうせい"
    assert await page.title() != "sent"
    assert page.url == site.origin + path


async def test_enter_in_a_text_is_a_new_line(site: Site, scene: Scene, chromium: Browser) -> None:
    _, page, _ = await opened(chromium)
    await log_in(page, site)
    await page.goto(site.origin + f"/@mizutama/{scene.town}")
    await page.focus("#answer [name=body]")
    await compose(page, "けつろん")
    await page.keyboard.press("Enter")
    await page.keyboard.type("a")
    assert (await page.input_value("#answer [name=body]")).split() == ["けつろん", "a"]


async def test_the_browser_makes_the_phrase_and_keeps_it_for_the_form(
    site: Site, scene: Scene, chromium: Browser
) -> None:
    _, page, _ = await opened(chromium)
    await log_in(page, site)
    await page.goto(site.origin + "/ask")
    made = await page.input_value("[name=phrase]")
    assert [len(part) for part in made.split("-")] == [6, 6, 6, 6]
    await page.fill("[name=title]", "名札を伏せて聞きたいこと")
    await page.select_option("[name=board]", "roumu")
    await page.check("[name=anonymous]")
    await page.click("main form > .buttons .button")
    assert await page.inner_text(".secret-word") == made
    await page.go_back()  # the answer did not arrive, say; the same form is sent once more
    if await page.input_value("[name=title]"):
        assert await page.input_value("[name=phrase]") == made
    await page.goto(site.origin + "/ask")
    assert await page.input_value("[name=phrase]") != made


async def test_a_double_tap_answers_once(site: Site, scene: Scene, chromium: Browser) -> None:
    _, page, _ = await opened(chromium)
    await log_in(page, site)
    await page.goto(site.origin + f"/@mizutama/{scene.town}")
    await page.fill("#answer [name=body]", "一度だけの答え")
    await page.dblclick("#answer .button-primary")
    await page.wait_for_selector(".flash")
    assert (await page.content()).count("一度だけの答え") == 1


@pytest.mark.parametrize("width", [320, 375, 1200])
async def test_flags_are_within_reach(site: Site, scene: Scene, chromium: Browser, width: int) -> None:
    title = "電帳法の事務処理規程を、いっしょに1枚つくる会（画面共有あり・録音なし）"

    def unit(session: Session) -> int:
        return factories.flag(session, session.get_one(Account, scene.asker), title=title).id

    flag = await site.database.write(unit)
    _, page, complaints = await opened(chromium, viewport={"width": width, "height": 812})
    await log_in(page, site)
    shown = ["/", "/flags", "/flags/new", f"/@mizutama/{flag}", "/@bosai"]
    assert await look_through(page, site, shown) == []
    assert complaints == []
