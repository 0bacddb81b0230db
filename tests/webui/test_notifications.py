"""お知らせ: each kind says who and what, thanks come first, and what was seen is no longer new."""

from sqlalchemy.orm import Session

from community import follows, likes, notice_types, notifications, questions, text, thanks
from community.models import Account, Post
from tests import factories
from tests.webui.conftest import Site
from tests.webui.scene import Scene
from webui import notice_words


async def test_each_kind(site: Site, scene: Scene) -> None:
    def happen(session: Session) -> None:
        asker, answerer = session.get_one(Account, scene.asker), session.get_one(Account, scene.answerer)
        question, answer = session.get_one(Post, scene.question), session.get_one(Post, scene.answer)
        akari = factories.remote(session, "hinata", "yamate.example")
        relay = session.get_one(Account, session.get_one(Post, scene.hidden).author_id)
        thanks.give(session, giver=asker, answer=answer, message=text.from_markdown("手紙の<言葉>"))
        hidden_answer = session.get_one(Post, scene.hidden_answer)
        thanks.give(session, giver=relay, answer=hidden_answer, from_asker=True)
        questions.solve(session, question=question, answer=answer, by=asker)
        follows.request(session, follower=asker, followee=answerer)
        likes.like(session, account=akari, post=answer)

    await site.database.write(happen)
    browser = await site.enter("harukaze")
    page = await browser.get("/notifications")
    for words in (
        "みずたま</a>さんから、ありがとうが届きました",
        "だれかさん</span>から、ありがとうが届きました",
        "手紙の&lt;言葉&gt;",
        "さんが、あなたの回答を決め手に選びました",
        "さんが、あなたをフォローしました",
        "さん（yamate.example）から、いいねが届きました",
        "さんから、コメントが届きました",
        f'href="{scene.page}#post-{scene.answer}"',
    ):
        assert words in page.text
    assert "だれかさんさん" not in page.text
    assert page.text.index("ありがとうが届きました") < page.text.index("フォローしました")
    assert "新しい</span>" in page.text
    again = await browser.get("/notifications")
    assert "新しい</span>" not in again.text
    assert 'class="badge"' not in again.text


async def test_what_apps_bring_is_told_on_the_page_too(site: Site, scene: Scene) -> None:
    said = {
        "boost": "あなたの書きこみを広めました", "poll": "のアンケートが終わりました", "update": "書きこみを書きなおしました",
        "quote": "あなたの書きこみを引用しました", "quoted_update": "あなたの引用した書きこみを書きなおしました",
        "post": "新しく書きこみました", "report": "通報が届きました", "sign_up": "まちにやってきました",
    }  # fmt: skip

    def happen(session: Session) -> None:
        me, actor = session.get_one(Account, scene.answerer), session.get_one(Account, scene.bystander)
        for kind in said:
            post = None if kind in notice_types.OF_THE_TOWN else session.get_one(Post, scene.question)
            notifications.tell(session, to=me, kind=kind, actor=actor, post=post)

    await site.database.write(happen)
    page = await (await site.enter("harukaze")).get("/notifications")
    for words in said.values():
        assert f"ほたて印</a>さん{words}" in page.text.replace("が、", "").replace("から、", ""), words
    assert 'href="/operate"' in page.text


def test_every_kind_has_a_sentence_and_a_type() -> None:
    assert set(notice_words.SENTENCES) == set(notice_types.TYPES) == notifications.KINDS


async def test_english_sentences_are_whole(site: Site, scene: Scene) -> None:
    await site.database.write(
        lambda session: (
            factories.thank(
                session, session.get_one(Account, scene.asker), session.get_one(Post, scene.answer)
            ).id
        )
    )
    browser = await site.enter("harukaze", language="en")
    form = await browser.get("/")
    await browser.post("/language", form.form("/language") | {"locale": "en"}, follow=False)
    page = await browser.get("/notifications")
    assert "みずたま</a> sent you thanks." in page.text


async def test_nothing_yet(site: Site) -> None:
    await site.member("hotate")
    assert "新しいお知らせはありません" in (await (await site.enter("hotate")).get("/notifications")).text


async def test_older_ones_follow_page_by_page(site: Site, scene: Scene) -> None:
    def many(session: Session) -> None:
        for number in range(35):
            author = factories.remote(session, f"p{number}", "yamate.example")
            follows.request(session, follower=author, followee=session.get_one(Account, scene.bystander))

    await site.database.write(many)
    browser = await site.enter("hotate")
    page = await browser.get("/notifications")
    older = page.text.partition('href="/notifications?')[2].partition('"')[0]
    assert older
    second = await browser.get(f"/notifications?{older}")
    assert 0 < second.text.count('class="notice-row') < page.text.count('class="notice-row')
