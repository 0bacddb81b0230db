"""書きなおす and 取り下げる: one's own posts only, and nothing typed is lost."""

import pytest
from sqlalchemy.orm import Session

from community import posts
from community.models import Account, Post
from tests.webui.conftest import Site
from tests.webui.scene import Scene


async def test_rewording_a_question(site: Site, scene: Scene) -> None:
    browser = await site.enter("mizutama")
    action = f"/posts/{scene.question}/edit"
    page = await browser.get(action)
    form = page.form(action)
    assert form["title"] == "月の途中で入社した人の社会保険料は？"
    assert form["tags"] == "入社手続き"
    told = await browser.send(
        page, action, title="月の途中で退職した人の社会保険料は？", tags="退職手続き", as_of="2026-10"
    )
    assert told.path == scene.page
    for words in (
        "書きなおしました",
        "月の途中で退職した人",
        "退職手続き",
        "書きなおしあり",
        "2026年10月時点",
    ):
        assert words in told.text
    assert "入社手続き" not in told.text


async def test_rewording_an_answer_a_comment_and_a_letter(site: Site, scene: Scene) -> None:
    helper, asker = await site.enter("harukaze"), await site.enter("mizutama")
    action = f"/posts/{scene.answer}/edit"
    told = await helper.send(await helper.get(action), action, body="直した答え", basis="法令", ai_draft="1")
    assert "直した答え" in told.text
    assert "AIの下書きあり" in told.text
    action = f"/posts/{scene.comment}/edit"
    told = await asker.send(await asker.get(action), action, body="直したコメント")
    assert "直したコメント" in told.text
    thanks = f"/posts/{scene.answer}/thanks"
    given = await asker.send(await asker.get(thanks), thanks, message="最初の手紙")
    letter = given.text.partition('class="letter-small" id="post-')[2].partition('"')[0]
    action = f"/posts/{letter}/edit"
    assert "直した手紙" in (await asker.send(await asker.get(action), action, body="直した手紙")).text
    assert (await asker.send(await asker.get(action), action, body="あ" * 1_001)).status == 422


async def test_withdrawing(site: Site, scene: Scene) -> None:
    asker, helper = await site.enter("mizutama"), await site.enter("harukaze")
    for browser, post, back in (
        (asker, scene.comment, scene.page),
        (helper, scene.answer, scene.page),
        (asker, scene.question, "/questions"),
    ):
        action = f"/posts/{post}/delete"
        first = await browser.get(action)
        assert "取り下げますか" in first.text
        told = await browser.send(first, action)
        assert told.path == back
        assert "取り下げました" in told.text
    assert (await (await site.visit()).get(scene.page)).status == 410
    csrf = (await asker.get("/")).form("/logout")
    assert (await asker.post(f"/posts/{scene.question}/delete", csrf)).status == 404


@pytest.mark.parametrize("deed", ["edit", "delete"])
async def test_nobody_else_may(site: Site, scene: Scene, deed: str) -> None:
    browser = await site.enter("hotate")
    csrf = (await browser.get("/")).form("/logout")
    for post, status in (
        (scene.question, 403),
        (scene.answer, 403),
        (scene.comment, 403),
        (scene.hidden, 403),
        (scene.remote, 403),
        (77, 404),
    ):
        address = f"/posts/{post}/{deed}"
        assert (await browser.get(address)).status == status
        page = await browser.post(address, csrf | {"title": "乗っとられた題名", "body": "書いた<文>は残る"})
        assert page.status == status
        assert deed == "delete" or "書いた&lt;文&gt;は残る" in page.text
    seen = await browser.get(scene.page)
    assert "乗っとられた題名" not in seen.text
    # Not even who asked under a hidden name tag: only the phrase opens that.
    asker = await site.enter("mizutama")
    assert (await asker.get(f"/posts/{scene.hidden}/{deed}")).status == 403


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"title": "短い"}, "title"), ({"body": "あ" * 20_001}, "body"), ({"as_of": "いつか"}, "as_of")],
)
async def test_a_refused_edit_comes_back_whole(
    site: Site, scene: Scene, wrong: dict[str, str], field: str
) -> None:
    browser = await site.enter("mizutama")
    action = f"/posts/{scene.question}/edit"
    typed = {"title": "書きなおした題名です", "body": "書きなおした本文です", "tags": "書きなおし"} | wrong
    page = await browser.send(await browser.get(action), action, **typed)
    assert page.status == 422
    assert f'id="e-{field}"' in page.text
    form = page.form(action)
    assert {name: form[name] for name in typed} == typed


async def test_an_edit_of_what_is_gone_meanwhile_can_be_copied(site: Site, scene: Scene) -> None:
    browser = await site.enter("mizutama")
    action = f"/posts/{scene.question}/edit"
    page = await browser.get(action)

    def gone(session: Session) -> None:
        posts.delete(
            session, post=session.get_one(Post, scene.question), by=session.get_one(Account, scene.asker)
        )

    await site.database.write(gone)
    lost = await browser.send(page, action, title="書きなおした題名です", body="長い\n本文")
    assert lost.status == 404
    assert "書きなおした題名です" in lost.text
    assert "長い\n本文" in lost.text
