"""なかまになる: the one question, the promise, four ways a town takes people in, the code that is shown once."""

import re

import pytest
from sqlalchemy import select

from community import doors
from community.models import Account, Member
from tests.webui.browsing import Browser, Page
from tests.webui.conftest import MakeSite, Site

FILLED = {
    "nickname": "こもれび",
    "name": "komorebi",
    "passphrase": "ことりと ながれぼし",
    "application": "30名の会社でひとり総務です。",
    "agree": "on",
}


async def fill(browser: Browser, path: str = "/join", **changes: str) -> Page:
    page = await browser.get(path)
    return await browser.send(page, "/join", **FILLED | changes)


def code_on(page: Page) -> str:
    found = re.search(r'class="secret-word">([0-9A-Z-]+)<', page.text)
    assert found is not None, page.alert
    return found[1]


async def test_joining_shows_the_code_once_and_logs_in(site: Site) -> None:
    browser = await site.visit()
    page = await fill(browser)
    assert page.status == 200
    assert len(code_on(page).replace("-", "")) == 26
    assert page.headers["Cache-Control"] == "no-store"
    assert "/@komorebi" in page.text
    home = await browser.get("/")
    assert "/@komorebi" in home.text
    assert code_on(page) not in home.text


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"passphrase": "みじかい"}, "10文字以上"),
        ({"nickname": "  "}, "ニックネームを1文字以上"),
        ({"name": "はるかぜ"}, "半角の英数字"),
        ({"name": "admin"}, "取ってある名前"),
        ({"application": ""}, "ひとことだけ"),
        ({"email": "no-address"}, "メールアドレスは使えませんでした"),
    ],
)
async def test_what_does_not_fit_comes_back_with_what_was_typed(
    site: Site, changes: dict[str, str], said: str
) -> None:
    typed = FILLED | {"nickname": "こもれび<b>"} | changes
    page = await fill(await site.visit(), **typed)
    assert page.status == 422
    assert said in page.alert
    again = page.form("/join")
    for name in ("nickname", "name", "application"):
        assert again[name].strip() == typed[name].strip()
    assert again["agree"] == "on"
    assert again["passphrase"] == ""  # never shown again
    assert typed["passphrase"] not in page.text


async def test_the_promise_has_to_be_read(site: Site) -> None:
    browser = await site.visit()
    data = (await browser.get("/join")).form("/join") | FILLED
    del data["agree"]
    page = await browser.post("/join", data)
    assert page.status == 422
    assert "まちの約束" in page.alert


async def test_a_taken_name_is_told_kindly(site: Site) -> None:
    await site.member("komorebi")
    page = await fill(await site.visit())
    assert page.status == 422
    assert "もう使われています" in page.alert


async def test_without_a_name_one_is_made_from_the_nickname(site: Site) -> None:
    assert (await fill(await site.visit(), name="")).status == 200
    names = await site.database.read(
        lambda session: session.scalars(select(Account.name).where(Account.kind == "person")).all()
    )
    assert names == ["komorebi"]


async def test_the_same_form_sent_twice_makes_one_member(site: Site) -> None:
    browser = await site.visit()
    page = await browser.get("/join")
    data = page.form("/join") | FILLED
    assert (await browser.post("/join", data)).status == 200
    other = await site.visit()  # the answer was lost, and with it the session
    data["csrf"] = (await other.get("/join")).form("/join")["csrf"]
    second = await other.post("/join", data)
    assert second.path == "/login"
    assert "もう届いています" in second.text
    count = await site.database.read(lambda session: len(session.scalars(select(Member)).all()))
    assert count == 1


async def test_by_approval_one_waits_and_is_welcomed(make_site: MakeSite) -> None:
    site = await make_site(instance={"registrations": "approval"})
    browser = await site.visit()
    page = await fill(browser)
    assert code_on(page)
    assert "申し込みが届きました" in page.text
    waiting = await browser.send(
        await browser.get("/login"), "/login", login="komorebi", passphrase=FILLED["passphrase"]
    )
    assert waiting.status == 403
    assert "お迎えの準備" in waiting.alert
    await site.member("harukaze", role="moderator")
    keeper = await site.enter("harukaze")
    desk = await keeper.get("/operate")
    assert "30名の会社でひとり総務です。" in desk.text
    welcomed = await keeper.send(desk, "/operate/applications", decision="welcome")
    assert "こもれびさんをお迎えしました" in welcomed.text
    inside = await browser.send(
        await browser.get("/login"), "/login", login="komorebi", passphrase=FILLED["passphrase"]
    )
    assert "/@komorebi" in inside.text


async def test_by_invitation_a_code_is_needed(make_site: MakeSite) -> None:
    site = await make_site(instance={"registrations": "invite"})
    browser = await site.visit()
    refused = await fill(browser)
    assert refused.status == 422
    assert "招待コードが必要です" in refused.alert
    code = await site.database.write(lambda session: doors.create_invite(session, by=None).code)
    joined = await fill(browser, f"/join?invite={code}")
    assert code_on(joined)
    spent = await fill(await site.visit(), f"/join?invite={code}", name="hotate")
    assert spent.status == 422
    assert "この招待コードは使えませんでした" in spent.alert


async def test_a_closed_town_shows_no_form_and_takes_nobody(make_site: MakeSite) -> None:
    site = await make_site(instance={"registrations": "closed"})
    browser = await site.visit()
    page = await browser.get("/join")
    assert "新しいなかまを迎えていません" in page.text
    assert "/join" not in page.actions
    login = (await browser.get("/login")).form("/login")
    assert (await browser.post("/join", FILLED | {"csrf": login["csrf"]})).status == 403


async def test_the_first_administrator_comes_by_a_link_that_works_once(make_site: MakeSite) -> None:
    site = await make_site(instance={"registrations": "closed"})
    key = await site.database.write(doors.first_admin_link)
    browser = await site.visit()
    page = await browser.get(f"/join?key={key}")
    assert "最初の管理役" in page.text
    wrong = await browser.send(page, "/join", **FILLED | {"passphrase": "short"})
    assert wrong.status == 422
    assert wrong.form("/join")["key"] == key  # the way in is not lost by a slip
    joined = await browser.send(wrong, "/join", **FILLED | {"application": ""})
    assert code_on(joined)
    assert (await browser.get("/operate")).status == 200
    late = await site.visit()
    assert "もう使われた" in (await late.get(f"/join?key={key}")).text


async def test_many_from_one_place_are_asked_to_wait(site: Site) -> None:
    for number in range(20):
        assert (await fill(await site.visit(), name=f"member{number}")).status == 200
    page = await fill(await site.visit(), name="onemore")
    assert page.status == 429
    site.clock.advance(hours=2)
    assert (await fill(await site.visit(), name="onemore")).status == 200
