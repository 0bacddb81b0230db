"""ほかのまちとのつきあい: the page on which operators agree with other towns and make rules about hosts."""

from community import sisters, towns, traffic
from tests import factories
from tests.webui.conftest import Site

HERE = "/operate/towns"


async def test_asking_a_town_and_taking_it_back(site: Site) -> None:
    await site.member("harukaze", role="admin")
    browser = await site.enter("harukaze")
    page = await browser.get(HERE)
    assert "姉妹まちはまだありません" in page.text
    wrong = await browser.send(page, "/operate/sisters", domain="やまて の まち", note="よろしく")
    assert wrong.status == 422
    assert wrong.form("/operate/sisters")["domain"] == "やまて の まち"
    assert "よろしく" in wrong.text
    asked = await browser.send(page, "/operate/sisters", domain="https://Yamate.example/", note="よろしく")
    assert "yamate.example へ、姉妹まちの話を送りました" in asked.text
    assert "返事を待っています" in asked.text
    ended = await browser.send(asked, "/operate/sisters/end")
    assert "yamate.example への姉妹まちの話を取り下げました。" in ended.text
    assert "姉妹まちはまだありません" in ended.text


async def test_answering_a_town_that_asks(site: Site) -> None:
    await site.member("harukaze", role="admin")
    browser = await site.enter("harukaze")

    def asks(session) -> None:
        sisters.asked_from(session, "yamate.example", offer_uri="https://yamate.example/activities/1", note="ぜひ <b>")

    await site.database.write(asks)
    assert "1つのまちから、姉妹まちの話が来ています。" in (await browser.get("/operate")).text
    page = await browser.get(HERE)
    assert "姉妹まちになりたいそうです" in page.text
    assert "「ぜひ &lt;b&gt;」" in page.text
    agreed = await browser.send(page, "/operate/sisters/accept")
    assert "yamate.example と姉妹まちになりました。" in agreed.text
    assert await site.database.read(lambda session: towns.is_sister(session, "yamate.example"))
    await site.database.write(lambda session: traffic._count(session, "yamate.example", "answers_in"))
    assert "来た質問 0・回答 1・ありがとう 0" in (await browser.get(HERE)).text
    ended = await browser.send(agreed, "/operate/sisters/end")
    assert "姉妹まちはまだありません" in ended.text
    again = await browser.send(agreed, "/operate/sisters/end")  # an old page
    assert again.status == 404


async def test_a_rule_about_a_host_is_made_changed_and_lifted(site: Site) -> None:
    await site.member("harukaze", role="admin")
    browser = await site.enter("harukaze")
    page = await browser.get(HERE)
    made = await browser.send(
        page, "/operate/towns/rules", domain="Loud.example", policy="silence", public_reason="宣伝がつづいたため", reject_media="on"
    )
    assert "loud.example についての決まりを入れました。" in made.text
    assert await site.database.read(lambda session: towns.is_silenced(session, "sub.loud.example"))
    assert await site.database.read(lambda session: towns.rejects_media(session, "loud.example"))
    assert "宣伝がつづいたため" in made.text
    await browser.send(made, "/operate/towns/rules", domain="loud.example", policy="suspend")
    assert await site.database.read(lambda session: towns.is_refused(session, "loud.example"))
    wrong = await browser.send(made, "/operate/towns/rules", domain="loud.example", policy="shout")
    assert wrong.status == 422
    lifted = await browser.send(await browser.get(HERE), "/operate/towns/rules/lift")
    assert "loud.example についての決まりをなくしました。" in lifted.text
    assert not await site.database.read(lambda session: towns.is_refused(session, "loud.example"))


async def test_moderators_look_and_members_do_not(site: Site) -> None:
    await site.member("harukaze", role="moderator")
    await site.member("taro")
    await site.database.write(factories.sister)
    moderator = await site.enter("harukaze")
    page = await moderator.get(HERE)
    assert "yamate.example" in page.text
    assert not [action for action in page.actions if action.startswith("/operate")]
    csrf = page.form("/logout")["csrf"]
    for path in ("/operate/sisters", "/operate/sisters/accept", "/operate/sisters/end", "/operate/towns/rules"):
        assert (await moderator.post(path, {"csrf": csrf, "domain": "yamate.example"})).status == 403
    member = await site.enter("taro")
    assert (await member.get(HERE)).status == 403
