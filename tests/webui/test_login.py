"""入る, 出る and coming back with the code."""

import pytest
from sqlalchemy.orm import Session

from community.models import Account
from tests.factories import PASSPHRASE
from tests.webui.browsing import Browser, Page
from tests.webui.conftest import MakeSite, Site
from tests.webui.test_join import code_on, fill


async def enter(browser: Browser, login: str, passphrase: str = PASSPHRASE, path: str = "/login") -> Page:
    return await browser.send(await browser.get(path), "/login", login=login, passphrase=passphrase)


@pytest.mark.parametrize(
    "typed",
    [
        "harukaze",
        "@harukaze",
        "Harukaze",
        "ｈａｒｕｋａｚｅ",
        " harukaze@mail.example ",
        "@harukaze@localhost:8080",
    ],
)
async def test_one_field_takes_a_name_or_an_address_in_any_spelling(site: Site, typed: str) -> None:
    await site.member("harukaze")
    page = await enter(await site.visit(), typed)
    assert page.status == 200
    assert "おかえりなさい" in page.text
    assert "/@harukaze" in page.text


async def test_wrong_name_and_wrong_passphrase_are_told_alike(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    wrong = await enter(browser, "harukaze", "まちがった ことば")
    unknown = await enter(browser, "nobody_here", "まちがった ことば")
    assert wrong.status == unknown.status == 403
    assert wrong.alert == unknown.alert != ""
    assert wrong.form("/login")["login"] == "harukaze"
    assert "まちがった" not in wrong.text


async def test_guessing_is_slowed_down_and_told_kindly(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    for _ in range(8):
        assert (await enter(browser, "harukaze", "まちがった ことば")).status == 403
    page = await enter(browser, "harukaze")
    assert page.status == 429
    assert "15分ほど" in page.alert
    assert (await enter(await site.visit(), "somebody", "まちがった ことば")).status == 403
    site.clock.advance(minutes=16)
    assert (await enter(browser, "harukaze")).status == 200


async def test_who_knows_one_passphrase_gets_no_more_tries_at_others(site: Site) -> None:
    await site.member("harukaze")
    await site.member("komorebi")
    browser = await site.visit()
    for number in range(60):
        assert (await enter(browser, f"somebody{number}", "まちがった ことば")).status == 403
        if number % 20 == 0:
            assert (await enter(await site.visit(), "komorebi")).status == 200
    assert (await enter(browser, "harukaze", "まちがった ことば")).status == 429


async def test_a_name_cannot_be_made_to_look_like_a_network(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    for typed in ("harukaze 127.0.0.1", "@@127.0.0.1"):
        for _ in range(9):
            await enter(browser, typed, "まちがった ことば")
    assert (await enter(browser, "harukaze")).status == 200


async def test_who_was_sent_away_is_told_so(site: Site) -> None:
    account_id = await site.member("harukaze")

    def suspend(session: Session) -> None:
        session.get_one(Account, account_id).suspended_at = 1

    inside = await site.enter("harukaze")
    await site.database.write(suspend)
    assert (await inside.get("/settings")).path.startswith("/login")
    page = await enter(await site.visit(), "harukaze")
    assert page.status == 403
    assert "まちの運営の方へ" in page.alert


async def test_entering_as_somebody_else_ends_the_session_before(site: Site) -> None:
    await site.member("harukaze")
    await site.member("komorebi")
    browser = await site.enter("harukaze")
    kept = browser.cookies["machi-session-8080"]
    data = (await browser.get("/settings")).form("/logout")  # its token is that of the session
    page = await browser.post("/login", data | {"login": "komorebi", "passphrase": PASSPHRASE})
    assert "/@komorebi" in page.text
    answer = await (await site.visit()).get("/settings", Cookie=f"machi-session-8080={kept}")
    assert answer.path.startswith("/login")


async def test_without_limits_nobody_is_slowed_down(make_site: MakeSite) -> None:
    site = await make_site(limits={"enabled": False})
    await site.member("harukaze")
    browser = await site.visit()
    for _ in range(12):
        assert (await enter(browser, "harukaze", "まちがった ことば")).status == 403
    assert (await enter(browser, "harukaze")).status == 200


async def test_whoever_was_sent_to_log_in_is_led_back(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    asked = await browser.get("/settings/keys")
    assert asked.path.startswith("/login?next=")
    assert (
        await browser.send(asked, "/login", login="harukaze", passphrase=PASSPHRASE)
    ).path == "/settings/keys"


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
async def test_nobody_is_led_to_another_site(site: Site, target: str) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    data = (await browser.get("/login")).form("/login") | {"login": "harukaze", "passphrase": PASSPHRASE}
    page = await browser.post("/login", data | {"next": target}, follow=False)
    assert page.status == 303
    assert page.headers["Location"] == "/"


async def test_leaving_ends_the_session_also_for_a_kept_cookie(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    kept = browser.cookies["machi-session-8080"]
    page = await browser.send(await browser.get("/"), "/logout")
    assert "出ました" in page.text
    assert "machi-session-8080" not in browser.cookies
    other = await site.visit()
    answer = await other.get("/settings", Cookie=f"machi-session-8080={kept}")
    assert answer.path.startswith("/login")


async def test_the_code_brings_back_and_is_spent(site: Site) -> None:
    browser = await site.visit()
    code = code_on(await fill(browser))
    lost = await site.visit()
    page = await lost.send(
        await lost.get("/recover"),
        "/recover",
        login="komorebi",
        code=code.lower().replace("-", " "),
        passphrase="あたらしい ことばたち",
    )
    assert page.status == 200
    assert code_on(page) != code
    assert "/@komorebi" in (await lost.get("/")).text
    assert (await browser.get("/settings")).path.startswith("/login")  # the other browser was logged out
    late = await site.visit()
    again = await late.send(
        await late.get("/recover"),
        "/recover",
        login="komorebi",
        code=code,
        passphrase="もっと あたらしい ことば",
    )
    assert again.status == 403
    assert again.form("/recover")["login"] == "komorebi"
    assert again.form("/recover")["code"] == ""
    assert (await enter(late, "komorebi", "あたらしい ことばたち")).status == 200
