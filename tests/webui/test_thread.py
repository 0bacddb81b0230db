"""質問ページ: what it shows to whom, answering, commenting, 決め手, and that nothing typed is ever lost."""

import re
from html import unescape

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import posts
from community.models import Account, Post
from tests import factories
from tests.webui.conftest import Site
from tests.webui.scene import Scene

WORDS = "日割りにはなりません。\n\n- 1か月分です"


def count(session: Session, kind: str) -> int:
    return session.scalar(select(func.count()).select_from(Post).where(Post.kind == kind)) or 0


async def test_a_stranger_reads_an_open_question_and_its_answers(site: Site, scene: Scene) -> None:
    page = await (await site.visit()).get(scene.page)
    assert page.status == 200
    assert "月の途中で入社した人の社会保険料は？" in page.text
    for post in (scene.question, scene.answer, scene.comment):
        assert f'id="post-{post}" data-uri="http://localhost:8080/posts/{post}"' in page.text
    assert 'data-state="open"' in page.text
    assert page.title == "質問 - みなと"  # never the words of a question
    assert page.actions == {"/language"}  # a stranger has nothing to press
    assert page.headers["Link"] == (
        f'<http://localhost:8080/posts/{scene.question}>; rel="alternate"; type="application/activity+json"'
    )
    assert "Accept" in page.headers["Vary"]


async def test_what_stands_in_a_thread_leads_to_its_place(site: Site, scene: Scene) -> None:
    browser = await site.visit()
    for address in (f"/@harukaze/{scene.answer}", f"/@mizutama/{scene.answer}", f"/@anybody/{scene.answer}"):
        page = await browser.get(address, follow=False)
        assert page.status == 303
        assert page.headers["Location"] == f"{scene.page}#post-{scene.answer}"
    wrong = await browser.get(f"/@harukaze/{scene.question}", follow=False)
    assert wrong.headers["Location"] == scene.page
    note = await browser.get(f"/@bob/{scene.note}", follow=False)
    assert note.headers["Location"] == f"/@bob@mastodon.example/{scene.note}"


@pytest.mark.parametrize("accept", ["application/activity+json", 'application/ld+json; profile="x"'])
async def test_programs_are_led_to_the_document(site: Site, scene: Scene, accept: str) -> None:
    browser = await site.visit()
    for post in (scene.question, scene.answer):
        page = await browser.get(f"/@mizutama/{post}", follow=False, Accept=accept)
        assert (page.status, page.headers["Location"]) == (302, f"http://localhost:8080/posts/{post}")
        assert page.headers["Vary"] == "Accept"
    people = await browser.get(scene.page, Accept=f"text/html, {accept};q=0.5")
    assert people.headers["Content-Type"].startswith("text/html")


@pytest.mark.parametrize("who", ["sister", "town", "hidden"])
async def test_narrow_questions_are_not_there_for_strangers(site: Site, scene: Scene, who: str) -> None:
    post = getattr(scene, who)
    address = f"/@{'dareka' if who == 'hidden' else 'mizutama'}/{post}"
    stranger = await (await site.visit()).get(address)
    assert stranger.status == 404
    await site.member("newcomer")
    member = await (await site.enter("newcomer")).get(address)
    assert member.status == 200
    missing = await (await site.visit()).get(f"{address.rpartition('/')[0]}/77")
    assert re.sub(r"\d", "", stranger.text) == re.sub(r"\d", "", missing.text)  # nobody learns which


async def test_a_question_from_elsewhere_leads_home(site: Site, scene: Scene) -> None:
    page = await (await site.visit()).get(f"/@akari@yamate.example/{scene.remote}")
    assert page.status == 200
    assert "もとのまちで見る" in page.text
    assert 'href="https://yamate.example/posts/99"' in page.text
    assert "Link" not in page.headers


async def test_a_note_without_a_title(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    page = await browser.get(f"/@bob@mastodon.example/{scene.note}")
    assert "Good morning from afar" in page.text
    assert "回答する" not in page.text
    told = await browser.send(page, f"/posts/{scene.note}/comments", body="おはようございます。")
    assert "コメントをとどけました" in told.text
    assert "おはようございます。" in told.text


async def test_answering(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    page = await browser.get(scene.page)
    told = await browser.send(
        page,
        f"/questions/{scene.question}/answers",
        body=WORDS,
        as_of="2026-11",
        basis="手引き 3ページ",
        ai_draft="1",
    )
    assert told.path.startswith(scene.page)
    assert "回答をとどけました" in told.text
    for words in ("<li>1か月分です</li>", "2026年11月時点", "手引き 3ページ", "AIの下書きあり"):
        assert words in told.text


async def test_a_form_that_is_sent_twice_makes_one_post(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    page = await browser.get(scene.page)
    first = await browser.send(page, f"/questions/{scene.question}/answers", follow=False, body=WORDS)
    again = await browser.send(page, f"/questions/{scene.question}/answers", follow=False, body=WORDS)
    assert first.headers["Location"] == again.headers["Location"]
    assert await site.database.read(lambda session: count(session, "answer")) == 3
    for _ in range(2):
        await browser.send(page, f"/posts/{scene.answer}/comments", body="なるほど")
    assert await site.database.read(lambda session: count(session, "comment")) == 2


async def test_an_answer_names_whom_it_was_learnt_from(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    page = await browser.get(f"/@mizutama/{scene.town}")
    for named in (
        str(scene.answer),
        f"http://localhost:8080/posts/{scene.answer}",
        f"http://localhost:8080{scene.page}#post-{scene.answer}",
        f"{scene.page}#post-{scene.answer}",
    ):
        fresh = page.form(f"/questions/{scene.town}/answers") | {
            "submission": "",
            "body": "教わりました",
            "passed_on_from": named,
        }
        told = await browser.post(f"/questions/{scene.town}/answers", fresh)
        assert told.status == 200, told.alert
        assert "はるかぜ</a>さんに教わりました" in told.text
    for named in (
        "https://elsewhere.example/@x/" + str(scene.answer),
        "あの回答",
        "77",
    ):
        fresh = page.form(f"/questions/{scene.town}/answers") | {
            "submission": "",
            "body": WORDS,
            "passed_on_from": named,
        }
        refused = await browser.post(f"/questions/{scene.town}/answers", fresh)
        assert refused.status == 422
        form = refused.form(f"/questions/{scene.town}/answers")
        assert (form["body"], form["passed_on_from"]) == (WORDS, named)


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"body": ""}, "body"),
        ({"body": " \n　"}, "body"),
        ({"body": WORDS, "as_of": "きょねん"}, "as_of"),
        ({"body": WORDS, "basis": "あ" * 501}, "basis"),
        ({"body": "あ" * 20_001}, "body"),
    ],
)
async def test_a_refused_answer_comes_back_whole(
    site: Site, scene: Scene, typed: dict[str, str], field: str
) -> None:
    browser = await site.enter("hotate")
    action = f"/questions/{scene.question}/answers"
    page = await browser.send(await browser.get(scene.page), action, **typed)
    assert page.status == 422
    assert page.alert
    form = page.form(action)
    for name, text_typed in typed.items():
        assert form[name].strip() == text_typed.strip()
    assert f'id="e-{field}"' in page.text


async def test_a_refused_comment_comes_back_where_it_was_written(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    long = "あ" * 20_001
    for post in (scene.answer, scene.comment):
        page = await browser.send(await browser.get(scene.page), f"/posts/{post}/comments", body=long)
        assert page.status == 422
        assert page.form(f"/posts/{post}/comments")["body"] == long
        assert f'<textarea id="f-body-{post}" name="body" rows="4" required aria-invalid="true"' in page.text
        assert page.form(f"/questions/{scene.question}/answers")["body"] == ""
    asker = await site.enter("mizutama")
    page = await asker.send(await asker.get(scene.page), f"/posts/{scene.question}/comments", body=long)
    assert page.form(f"/posts/{scene.question}/comments")["body"] == long


async def test_words_for_what_is_gone_meanwhile_can_be_copied(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    page = await browser.get(scene.page)

    def withdraw(session: Session) -> None:
        posts.delete(
            session, post=session.get_one(Post, scene.question), by=session.get_one(Account, scene.asker)
        )

    await site.database.write(withdraw)
    lost = await browser.send(
        page, f"/questions/{scene.question}/answers", body=WORDS, basis="手引き", as_of="2026-11"
    )
    assert lost.status == 404
    assert WORDS in unescape(lost.text)
    assert "手引き" in lost.text
    below = await browser.send(page, f"/posts/{scene.answer}/comments", body="お礼の<言葉>")
    assert below.status == 404
    assert "お礼の<言葉>" in unescape(below.text)


async def test_a_withdrawn_question_is_gone_and_its_answers_stay(site: Site, scene: Scene) -> None:
    def withdraw(session: Session) -> None:
        posts.delete(
            session, post=session.get_one(Post, scene.question), by=session.get_one(Account, scene.asker)
        )
        posts.delete(
            session, post=session.get_one(Post, scene.town), by=session.get_one(Account, scene.asker)
        )
        posts.delete(
            session, post=session.get_one(Post, scene.comment), by=session.get_one(Account, scene.asker)
        )

    await site.database.write(withdraw)
    stranger, member = await site.visit(), await site.enter("hotate")
    page = await stranger.get(scene.page)
    assert page.status == 410
    assert "社会保険料" not in page.text
    assert "この質問は、質問した方が取り下げました" in page.text
    assert "日割りにはならず" in page.text
    at_its_place = await stranger.get(f"/@harukaze/{scene.answer}", follow=False)
    assert at_its_place.headers["Location"] == f"{scene.page}#post-{scene.answer}"
    forms = (await member.get(scene.page)).actions
    assert not {action for action in forms if "comments" in action or "answers" in action}
    comment = await stranger.get(f"/@mizutama/{scene.comment}")
    assert comment.status == 410
    assert "取り下げました" in comment.text
    # Of what was for members alone strangers do not even hear that it is gone.
    assert (await stranger.get(f"/@mizutama/{scene.town}")).status == 404
    assert (await member.get(f"/@mizutama/{scene.town}")).status == 410


async def test_the_asker_chooses_and_waits_again(site: Site, scene: Scene) -> None:
    browser = await site.enter("mizutama")
    solved = await browser.send(await browser.get(scene.page), f"/questions/{scene.question}/solve")
    assert 'data-state="solved"' in solved.text
    assert "決め手を選びました" in solved.text
    assert "解決済み" in solved.text
    again = await browser.send(solved, f"/questions/{scene.question}/reopen")
    assert 'data-state="open"' in again.text
    assert "もう一度、答えを待つことにしました" in again.text


async def test_what_others_decide_is_refused_kindly_on_the_page(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    csrf = (await browser.get(scene.page)).form("/logout")
    for address, typed, status in (
        (f"/questions/{scene.question}/solve", {"answer": str(scene.answer)}, 403),
        (f"/questions/{scene.question}/reopen", {}, 403),
        (f"/questions/{scene.question}/solve", {"answer": ""}, 404),
        (f"/questions/{scene.question}/solve", {"answer": str(scene.hidden_answer)}, 403),
        (f"/questions/{scene.hidden}/solve", {"answer": str(scene.hidden_answer)}, 403),
        (f"/questions/{scene.answer}/reopen", {}, 403),
    ):
        page = await browser.post(address, csrf | typed)
        assert page.status == status, address
        assert page.alert
        assert 'class="card question"' in page.text  # the thread, not a bare error
    assert (await browser.post("/questions/77/solve", csrf | {"answer": "1"})).status == 404


async def test_a_very_deep_conversation_is_shown_flat(site: Site, scene: Scene) -> None:
    def talk(session: Session) -> int:
        above = session.get_one(Post, scene.comment)
        people = [session.get_one(Account, it) for it in (scene.answerer, scene.asker)]
        for turn in range(300):
            above = factories.answer(session, people[turn % 2], above, body=f"{turn}番目の返事")
        return above.id

    last = await site.database.write(talk)
    page = await (await site.enter("hotate")).get(scene.page)
    assert page.status == 200
    assert f'id="post-{last}"' in page.text
    assert set(re.findall(r"depth-(\d)", page.text)) == {"0", "1", "2"}
    assert "はるかぜ</a>さんへ" in page.text  # whom it speaks to, where the indentation no longer shows it


async def test_every_id_stands_once_and_every_description_is_there(site: Site, scene: Scene) -> None:
    for name in ("mizutama", "harukaze", "hotate"):
        browser = await site.enter(name)
        page = await browser.get(scene.page)
        refused = await browser.send(page, f"/posts/{scene.answer}/comments", body="")
        for text_shown in (page.text, refused.text):
            ids = re.findall(r' id="([^"]+)"', text_shown)
            assert sorted(set(ids)) == sorted(ids)
            for described in re.findall(r'aria-describedby="([^"]+)"', text_shown):
                assert set(described.split()) <= set(ids)
            for target in re.findall(r'href="#([^"]+)"', text_shown):
                assert target in ids


async def test_what_people_write_never_becomes_markup(site: Site, scene: Scene) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)> </textarea>\"'"
    browser = await site.enter("hotate")
    page = await browser.send(
        await browser.get(scene.page), f"/questions/{scene.question}/answers", body=evil, basis=evil
    )
    assert page.status == 200
    assert "<script>alert" not in page.text
    assert "<img src=x" not in page.text
    refused = await browser.send(page, f"/questions/{scene.question}/answers", body=evil, as_of=evil)
    assert refused.status == 422
    assert "<script>alert" not in refused.text
    assert refused.form(f"/questions/{scene.question}/answers")["body"] == evil


async def test_the_relay_is_nobody_s_page_to_edit(site: Site, scene: Scene) -> None:
    """The member who asked sees the same page as everybody: nothing on it is for them."""
    asker, other = await site.enter("mizutama"), await site.enter("hotate")
    seen = [await browser.get(scene.hidden_page) for browser in (asker, other)]
    without = [
        re.sub(
            r'value="[0-9a-f]{32,}"|mizutama|hotate|<b class="badge">.*?</b>', "", page.text, flags=re.DOTALL
        )
        for page in seen
    ]
    assert without[0] == without[1]
    assert "質問した方はこちら（あいことば）" in seen[0].text
