"""Nobody else's page may press a button here, and a form that is too old is not lost."""

import pytest

from tests.factories import PASSPHRASE
from tests.webui.conftest import Site
from webui.csrf import SAFE
from webui.keys import PAGE_HANDLERS


async def test_without_a_token_nothing_happens(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    page = await browser.post("/login", {"login": "harukaze", "passphrase": PASSPHRASE})
    assert page.status == 403
    assert "machi-session-8080" not in browser.cookies


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:1", "null", "http://localhost:8081", "http://["]
)
async def test_a_form_from_another_site_is_refused_with_any_token(site: Site, origin: str) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    data = (await browser.get("/login")).form("/login") | {"login": "harukaze", "passphrase": PASSPHRASE}
    page = await browser.post("/login", data, origin=origin)
    assert page.status == 403
    assert "ほかのサイト" in page.text
    assert "harukaze" not in page.text  # nor is it offered for sending again
    assert "machi-session-8080" not in browser.cookies


async def test_the_browser_says_whether_the_site_is_the_same(site: Site) -> None:
    browser = await site.visit()
    data = (await browser.get("/login")).form("/login")
    for said in ("cross-site", "same-site"):
        answer = await browser.post("/login", data, origin=None, **{"Sec-Fetch-Site": said})
        assert "ほかのサイト" in answer.text


@pytest.mark.parametrize("origin", [None, "http://localhost:8080"])
async def test_old_browsers_and_the_town_s_own_name_are_let_in(site: Site, origin: str | None) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    data = (await browser.get("/login")).form("/login") | {"login": "harukaze", "passphrase": PASSPHRASE}
    assert (await browser.post("/login", data, origin=origin)).status == 200


async def test_a_token_belongs_to_its_session(site: Site) -> None:
    await site.member("harukaze")
    await site.member("komorebi")
    haru, komo = await site.enter("harukaze"), await site.enter("komorebi")
    data = (await haru.get("/settings")).form("/settings") | {"nickname": "だれのものでもない"}
    page = await komo.post("/settings", data)
    assert page.status == 403
    assert "だれのものでもない" in page.text  # what was typed is not lost


async def test_a_form_that_is_too_old_can_simply_be_sent_again(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    data = (await browser.get("/settings")).form("/settings")
    page = await browser.post(
        "/settings", data | {"csrf": "old", "bio": "長く書いた\n自己紹介", "nickname": "はるか<ぜ>"}
    )
    assert page.status == 403
    assert "書いたものは下に残っています" in page.text
    sent = await browser.send(page, "/settings")
    assert "プロフィールを新しくしました" in sent.text
    form = (await browser.get("/settings")).form("/settings")
    assert form["nickname"] == "はるか<ぜ>"
    assert form["bio"] == "長く書いた\n自己紹介"


async def test_a_form_of_somebody_who_is_logged_out_meanwhile_is_kept(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    settings = await browser.get("/settings")
    await browser.send(await browser.get("/"), "/logout")
    page = await browser.send(settings, "/settings", bio="長く書いた\n自己紹介")
    assert page.status == 403
    assert page.form("/settings")["bio"] == "長く書いた\n自己紹介"
    again = await browser.send(page, "/settings")  # the token is right now, but nobody is logged in
    assert again.status == 403
    assert again.form("/settings")["bio"] == "長く書いた\n自己紹介"
    assert "/login" in again.text


async def test_every_form_of_the_pages_is_guarded(site: Site) -> None:
    """Whatever page exists: a post without a token is refused before its handler sees it."""
    browser = await site.visit()
    tried = 0
    for route in site.app.router.routes():
        if route.method in SAFE or route.handler not in site.app[PAGE_HANDLERS]:
            continue
        assert route.resource is not None
        deed = "first" if route.resource.canonical.startswith("/posts/") else "mute"
        path = route.resource.canonical.format(id="1", name="machi", answer="accept", deed=deed)
        if path == "/language":  # the Origin alone guards it
            continue
        page = await browser.post(path, {"text": "あ"})
        assert page.status == 403, path
        again = "もう一度ひらく" if path.startswith("/oauth/authorize") else "csrf"
        assert again in page.text, path  # the page for sending again, or for being asked again
        tried += 1
    assert tried > 10


async def test_the_language_is_chosen_from_this_site_alone(site: Site) -> None:
    browser = await site.visit()
    assert 'lang="ja"' in (await browser.get("/")).text
    foreign = await browser.post("/language", {"locale": "en"}, origin="https://evil.example")
    assert foreign.status == 403
    page = await browser.post("/language", {"locale": "en", "back": "/promise"})
    assert page.path == "/promise"
    assert '<html lang="en">' in page.text
    assert "Town promise" in page.text
