"""ありがとうを贈る: with words and without, later, privately, taken back; refused kindly and without loss."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import posts
from community.models import Account, Post, Thanks
from tests.webui.conftest import Site
from tests.webui.scene import Scene

LETTER = "さっそくやってみました。\nおかげで助かりました。"


def given(session: Session) -> list[Thanks]:
    return list(session.scalars(select(Thanks)))


async def test_thanks_with_words(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    action = f"/posts/{scene.answer}/thanks"
    form = await browser.get(action)
    assert form.status == 200
    assert "日割りにはならず" in form.text
    told = await browser.send(form, action, message=LETTER, tone="clear")
    assert told.path == scene.page
    assert "ありがとうを贈りました" in told.text
    for words in ("さっそくやってみました。", "ほたて印", "わかりやすい", "ありがとう 1"):
        assert words in told.text
    again = await browser.send(form, action, message=LETTER, tone="clear")
    assert again.status == 200
    assert len(await site.database.read(given)) == 1


async def test_words_may_be_added_later_and_only_once(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    action = f"/posts/{scene.answer}/thanks"
    await browser.send(await browser.get(action), action)
    form = await browser.get(action)
    assert "あとから、ことばを添えられます" in form.text
    assert LETTER.splitlines()[0] in (await browser.send(form, action, message=LETTER)).text
    after = await browser.get(action)
    assert after.actions >= {f"{action}/withdraw"}
    assert action not in after.actions


async def test_words_for_the_receiver_alone(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    action = f"/posts/{scene.answer}/thanks"
    told = await browser.send(await browser.get(action), action, message=LETTER, private="1")
    assert "本人だけに" in told.text
    for who, sees in (("harukaze", True), ("mizutama", False)):
        page = await (await site.enter(who)).get(scene.page)
        assert ("さっそくやってみました" in page.text) is sees
    assert "さっそくやってみました" not in (await (await site.visit()).get(scene.page)).text


async def test_thanks_can_be_taken_back(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    action = f"/posts/{scene.answer}/thanks"
    await browser.send(await browser.get(action), action, message=LETTER)
    told = await browser.send(await browser.get(action), f"{action}/withdraw")
    assert "ありがとうを取り下げました" in told.text
    assert LETTER.splitlines()[0] not in told.text
    assert await site.database.read(given) == []
    csrf = told.form("/logout")
    assert (await browser.post(f"{action}/withdraw", csrf)).status == 200  # twice is once


@pytest.mark.parametrize("typed", [{"message": "あ" * 1_001}, {"message": LETTER, "tone": "loud"}])
async def test_refused_thanks_come_back_whole(site: Site, scene: Scene, typed: dict[str, str]) -> None:
    browser = await site.enter("hotate")
    action = f"/posts/{scene.answer}/thanks"
    form = await browser.get(action)
    for _ in range(2):  # also when thanks without words were given meanwhile
        page = await browser.post(action, form.form(action) | typed | {"private": "1"})
        assert page.status == 422
        assert page.alert
        assert page.form(action)["message"] == typed["message"]
        assert page.form(action)["private"] == "1"
        await browser.post(action, form.form(action) | {"submission": "", "message": ""})


async def test_only_somebody_else_s_answer_is_thanked(site: Site, scene: Scene) -> None:
    browser = await site.enter("harukaze")
    csrf = (await browser.get("/")).form("/logout")
    for post in (scene.question, scene.comment, scene.answer, scene.note):
        assert (await browser.get(f"/posts/{post}/thanks")).status == 403
        page = await browser.post(f"/posts/{post}/thanks", csrf | {"message": LETTER})
        assert page.status == 403
        assert page.alert
        assert page.form(f"/posts/{post}/thanks")["message"] == LETTER
    assert await site.database.read(given) == []


async def test_words_for_an_answer_that_is_gone_can_be_copied(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    action = f"/posts/{scene.answer}/thanks"
    form = await browser.get(action)
    await site.database.write(
        lambda session: posts.delete(
            session, post=session.get_one(Post, scene.answer), by=session.get_one(Account, scene.answerer)
        )
    )
    lost = await browser.send(form, action, message=LETTER)
    assert lost.status == 404
    assert LETTER in lost.text
    assert (await browser.get(action)).status == 404
