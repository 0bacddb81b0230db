"""設定: what is changed is changed, what does not fit comes back."""

import pytest
from sqlalchemy import select

from community import strengths
from community.models import Account, Member
from tests.factories import PASSPHRASE
from tests.webui.conftest import Site
from tests.webui.test_join import code_on
from tests.webui.test_login import enter


async def test_the_profile(site: Site) -> None:
    me = await site.member("harukaze")
    browser = await site.enter("harukaze")
    page = await browser.send(
        await browser.get("/settings"),
        "/settings",
        nickname="はるかぜ",
        bio="小さな会社の*総務*です。",
        strengths="36協定\r\n備蓄、来客",
        learnings="登記",
        topic="年末調整",
        accepting="no",
    )
    assert "プロフィールを新しくしました" in page.text
    form = page.form("/settings")
    assert form["nickname"] == "はるかぜ"
    assert form["strengths"] == "36協定\n備蓄\n来客\n年末調整"
    assert form["accepting"] == "no"
    account = await site.database.read(lambda session: session.get_one(Account, me))
    assert "<em>総務</em>" in account.summary_html
    labels = await site.database.read(
        lambda session: [row.label for row in strengths.learnings_of(session, me)]
    )
    assert labels == ["登記"]


async def test_too_many_strengths_come_back(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    typed = "\n".join(f"得意{number}" for number in range(9))
    page = await browser.send(await browser.get("/settings"), "/settings", strengths=typed, bio="そのまま")
    assert page.status == 422
    assert "8つまで" in page.alert
    assert page.form("/settings")["strengths"] == typed
    assert page.form("/settings")["bio"] == "そのまま"


async def test_preferences(site: Site) -> None:
    me = await site.member("harukaze")
    browser = await site.enter("harukaze")
    page = await browser.send(
        await browser.get("/settings/preferences"),
        "/settings/preferences",
        locale="en",
        default_visibility="town",
        email="new@mail.example",
        locked="on",
    )
    assert "Your settings have been updated." in page.text
    member = await site.database.read(lambda session: session.get_one(Member, me))
    assert (member.locale, member.default_visibility, member.email) == ("en", "town", "new@mail.example")
    account = await site.database.read(lambda session: session.get_one(Account, me))
    assert account.locked
    data = page.form("/settings/preferences")
    del data["locked"], data["discoverable"]
    await browser.post("/settings/preferences", data)
    account = await site.database.read(lambda session: session.get_one(Account, me))
    assert not account.locked
    assert not account.discoverable


async def test_a_new_passphrase_keeps_only_this_browser_in(site: Site) -> None:
    await site.member("harukaze")
    here, there = await site.enter("harukaze"), await site.enter("harukaze")
    page = await here.get("/settings/keys")
    wrong = await here.send(
        page, "/settings/passphrase", old_passphrase="ちがう", passphrase="とても あたらしい ことば"
    )
    assert wrong.status == 422
    assert "いまのパスフレーズが合いませんでした" in wrong.alert
    short = await here.send(page, "/settings/passphrase", old_passphrase=PASSPHRASE, passphrase="short")
    assert "10文字以上" in short.alert
    done = await here.send(
        page, "/settings/passphrase", old_passphrase=PASSPHRASE, passphrase="とても あたらしい ことば"
    )
    assert "パスフレーズを新しくしました" in done.text
    assert (await there.get("/settings")).path.startswith("/login")
    assert (await enter(there, "harukaze", "とても あたらしい ことば")).status == 200


async def test_a_new_recovery_code_takes_the_passphrase(site: Site) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    page = await browser.get("/settings/keys")
    assert (await browser.send(page, "/settings/code", confirm_passphrase="ちがう")).status == 422
    assert code_on(await browser.send(page, "/settings/code", confirm_passphrase=PASSPHRASE))


@pytest.mark.parametrize("choice", ["keep", "delete"])
async def test_leaving(site: Site, choice: str) -> None:
    me = await site.member("harukaze")
    browser = await site.enter("harukaze")
    page = await browser.get("/settings/leave")
    unsure = await browser.send(page, "/settings/leave", old_passphrase=PASSPHRASE)
    assert unsure.status == 422
    assert "どちらかを選んで" in unsure.alert
    wrong = await browser.send(page, "/settings/leave", old_passphrase="ちがう", posts=choice)
    assert wrong.form("/settings/leave")["posts"] == choice
    gone = await browser.send(page, "/settings/leave", old_passphrase=PASSPHRASE, posts=choice)
    assert "まちを出ました" in gone.text
    left = await site.database.read(
        lambda session: session.scalars(select(Member).where(Member.account_id == me)).all()
    )
    assert left == []
    assert (await enter(browser, "harukaze")).status == 403


@pytest.mark.parametrize(
    "path", ["/settings", "/settings/preferences", "/settings/keys", "/settings/leave", "/operate"]
)
async def test_strangers_are_asked_to_log_in(site: Site, path: str) -> None:
    page = await (await site.visit()).get(path)
    assert page.path.startswith("/login?next=")
