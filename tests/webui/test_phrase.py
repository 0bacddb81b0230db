"""名札を伏せて聞く from the form to the last follow-up, and that nothing gives the member away on the way."""

import re
from html import unescape

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import anonymity
from community.models import Model, Post, Thanks
from tests.webui.browsing import Browser, Page
from tests.webui.conftest import Site
from tests.webui.scene import HIDDEN_TITLE, PHRASE, Scene

TYPED = {
    "title": "上司に言いにくいことを聞きます",
    "body": "残業の申請を、出しにくい空気があります。",
    "board": "roumu",
    "visibility": "open",
    "anonymous": "1",
}


async def opened(browser: Browser, question: int, phrase: str = PHRASE) -> Page:
    action = f"/questions/{question}/phrase"
    return await browser.send(await browser.get(action), action, phrase=phrase)


def acts(page: Page, act: str, answer: int | None = None) -> dict[str, str]:
    """What the form of an act on the asker's page would send untouched."""
    for form in page._seen.forms:
        if form.fields.get("act") == act and form.fields.get("answer", "") == (str(answer) if answer else ""):
            return dict(form.fields)
    raise AssertionError(f"no form for {act} {answer}")


def everything(session: Session) -> str:
    """Every value of every row that has to do with neither members nor their sessions."""
    own = {
        "accounts",
        "account_words",
        "members",
        "web_sessions",
        "tokens",
        "notifications",
        "strengths",
        "home_entries",
        "follows",
    }
    found = []
    for table in Model.metadata.sorted_tables:
        if table.name not in own:
            found += [f"{table.name}: {tuple(row)}" for row in session.execute(select(table))]
    return "\n".join(found)


async def test_from_the_form_to_the_last_follow_up(site: Site) -> None:
    me = await site.member("mizutama")
    await site.member("harukaze")
    asker, helper, stranger = await site.enter("mizutama"), await site.enter("harukaze"), await site.visit()

    # The form makes the phrase; it is shown once, and nowhere kept.
    form = await asker.get("/ask")
    phrase = form.form("/ask")["phrase"]
    asked = await asker.send(form, "/ask", **TYPED)
    assert asked.status == 200
    assert asked.headers["Cache-Control"] == "no-store"
    assert phrase in asked.text
    assert "5〜40分のあいだのどこかで" in asked.text
    again = await asker.send(form, "/ask", **TYPED)  # the button was pressed twice
    assert phrase in again.text
    assert TYPED["title"] not in (await asker.get("/questions")).text

    # It appears as だれかさん's, with the hour alone.
    site.clock.advance(minutes=41)
    assert await site.database.write(anonymity.release_due) == 1
    listed = await stranger.get("/questions")
    assert listed.text.count(TYPED["title"]) == 1
    address = re.search(rf'href="(/@dareka/(\d+))"[^>]*>{TYPED["title"]}', listed.text)
    assert address
    question = int(address[2])
    answered = await helper.send(
        await helper.get(address[1]), f"/questions/{question}/answers", body="まず記録を残しましょう。"
    )
    answer = int(re.findall(r'<article class="card answer" id="post-(\d+)"', answered.text)[0])

    # The asker goes on by the phrase, from another browser, as nobody.
    page = await opened(stranger, question, phrase)
    assert "まず記録を残しましょう。" in page.text
    assert f'data-uri="http://localhost:8080/posts/{answer}"' in page.text
    action = f"/questions/{question}/phrase"
    for act, named, typed, told in (
        ("comment", None, {"body": "補足です。"}, "補足をとどけました"),
        ("comment", answer, {"body": "なるほど。"}, "補足をとどけました"),
        ("solve", answer, {}, "決め手を選びました"),
        ("thank", answer, {"message": "勇気が出ました。", "tone": "kind"}, "ありがとうを贈りました"),
        ("reopen", None, {}, "もう一度、答えを待つことにしました"),
    ):
        page = await stranger.post(action, acts(page, act, named) | typed)
        assert page.status == 200, page.alert
        assert told in page.text
    seen = await helper.get(address[1])
    for words in ("補足です。", "なるほど。", "勇気が出ました。", "質問した人"):
        assert words in seen.text
    assert 'data-state="open"' in seen.text

    # The member hears of the answer, and no row anywhere joins the two.
    notices = await asker.get("/notifications")
    assert "名札を伏せた質問に回答が届きました" in notices.text
    rows = await site.database.read(everything)
    assert TYPED["title"] in rows
    for trace in (str(me), "mizutama", phrase):
        assert trace not in rows
    for page_seen in (
        seen,
        page,
        listed,
        await stranger.get(f"/posts/{question}", Accept="application/activity+json"),
        await stranger.get("/@dareka"),
    ):
        assert "mizutama" not in page_seen.text
        assert str(me) not in page_seen.text

    gone = await stranger.post(action, acts(page, "delete"))
    assert "質問を取り下げました" in gone.text
    assert (await stranger.get(address[1])).status == 410
    assert "まず記録を残しましょう。" in (await stranger.get(address[1])).text
    late = await stranger.post(action, acts(page, "comment") | {"body": "もうひとつ"})
    assert late.status == 422
    assert "もうひとつ" in late.text


async def test_no_session_is_read(site: Site, scene: Scene) -> None:
    """A member's cookie changes nothing: the same page as for a stranger, and a broken cookie harms nothing."""
    member, stranger = await site.enter("mizutama"), await site.visit()
    pages = []
    for browser in (member, stranger):
        shown = [await browser.get(f"/questions/{scene.hidden}/phrase"), await opened(browser, scene.hidden)]
        pages.append([re.sub(r'value="[0-9a-f]{32,}"', "", page.text) for page in shown])
    assert pages[0] == pages[1]
    assert "/@mizutama" not in pages[0][0]
    assert 'href="/login"' in pages[0][0]
    # The form is bound to the pre-session, so the session's own token does not open it.
    csrf = (await member.get("/")).form("/logout")
    refused = await member.post(f"/questions/{scene.hidden}/phrase", csrf | {"phrase": PHRASE})
    assert refused.status == 403


async def test_a_wrong_phrase_and_a_wrong_question_answer_alike(site: Site, scene: Scene) -> None:
    browser = await site.visit()
    action = f"/questions/{scene.hidden}/phrase"
    csrf = (await browser.get(action)).form(action)
    answers = []
    for question in (scene.hidden, scene.question, scene.answer, scene.town, 77, scene.remote):
        page = await browser.post(
            f"/questions/{question}/phrase",
            csrf | {"phrase": "ちがう ことば ちがう ことば", "act": "comment", "body": "消えない文"},
        )
        assert page.status == 422
        assert "あいことばが合いませんでした" in page.alert
        assert page.form(f"/questions/{question}/phrase")["body"] == "消えない文"
        assert HIDDEN_TITLE not in page.text
        assert PHRASE not in page.text
        answers.append(re.sub(r"[0-9a-f]{32,}|\d{2,}", "", page.text))
    assert set(answers) == {answers[0]}


async def test_words_survive_a_wrong_phrase(site: Site, scene: Scene) -> None:
    """The deed is done once the phrase is right, with what was typed before."""
    browser = await site.visit()
    action = f"/questions/{scene.hidden}/phrase"
    page = await opened(browser, scene.hidden)
    letter = acts(page, "thank", scene.hidden_answer) | {
        "message": "お礼です",
        "tone": "kind",
        "private": "1",
    }
    refused = await browser.post(action, letter | {"phrase": "ちがう ことばの ならびです"})
    form = refused.form(action)
    assert (form["message"], form["act"], form["answer"]) == ("お礼です", "thank", str(scene.hidden_answer))
    assert form["phrase"] == ""
    done = await browser.send(refused, action, phrase=PHRASE)
    assert "ありがとうを贈りました" in done.text
    thanks = await site.database.read(lambda session: session.scalars(select(Thanks)).one())
    assert (thanks.tone, thanks.private, thanks.from_asker) == ("kind", True, True)


async def test_the_phrase_is_taken_as_people_write_it(site: Site, scene: Scene) -> None:
    browser = await site.visit()
    for written in ("アサヒ　いちご、うさぎ えんぴつ", "あさひいちごうさぎえんぴつ", f"  {PHRASE} "):
        assert HIDDEN_TITLE in (await opened(browser, scene.hidden, written)).text


async def test_refusals_stand_beside_their_form(site: Site, scene: Scene) -> None:
    browser = await site.visit()
    action = f"/questions/{scene.hidden}/phrase"
    page = await opened(browser, scene.hidden)
    for form, typed, name in (
        (acts(page, "comment"), {"body": ""}, "body-comment"),
        (acts(page, "comment"), {"body": "あ" * 20_001}, "body-comment"),
        (
            acts(page, "comment", scene.hidden_answer),
            {"body": "あ" * 20_001},
            f"body-comment-{scene.hidden_answer}",
        ),
        (
            acts(page, "thank", scene.hidden_answer),
            {"message": "あ" * 1_001},
            f"message-thank-{scene.hidden_answer}",
        ),
        (
            acts(page, "thank", scene.hidden_answer),
            {"message": "お礼", "tone": "loud"},
            f"tone-thank-{scene.hidden_answer}",
        ),
    ):
        refused = await browser.post(action, form | typed)
        assert refused.status == 422
        assert f'id="e-{name}"' in refused.text
        assert typed.get("message", typed.get("body", "")) in refused.text
        ids = re.findall(r' id="([^"]+)"', refused.text)
        assert sorted(set(ids)) == sorted(ids)


async def test_acts_that_fit_nothing_lose_nothing(site: Site, scene: Scene) -> None:
    browser = await site.visit()
    action = f"/questions/{scene.hidden}/phrase"
    start = acts(await opened(browser, scene.hidden), "comment")
    for typed, status in (
        ({"act": "burn", "body": "残る文"}, 422),
        ({"act": "thank", "answer": "", "message": "残る文"}, 404),
        ({"act": "thank", "answer": str(scene.answer), "message": "残る文"}, 404),
        ({"act": "comment", "answer": str(scene.answer), "body": "残る文"}, 404),
        ({"act": "comment", "answer": "9" * 30, "body": "残る文"}, 404),
        ({"act": "solve", "answer": str(scene.answer)}, 404),
        ({"act": "solve", "answer": "https://yamate.example/posts/99"}, 404),
        ({"act": "thank", "answer": str(scene.hidden), "message": "残る文"}, 403),
    ):
        page = await browser.post(action, start | typed)
        assert page.status == status, typed
        assert page.alert
        assert "残る文" in page.text or "残る文" not in typed.values()
    by_uri = {"act": "solve", "answer": f"http://localhost:8080/posts/{scene.hidden_answer}"}
    assert 'data-state="solved"' in (await browser.post(action, start | by_uri)).text


async def test_a_follow_up_sent_twice_stands_once(site: Site, scene: Scene) -> None:
    browser = await site.visit()
    form = acts(await opened(browser, scene.hidden), "comment") | {"body": "一度だけの補足"}
    for _ in range(2):
        page = await browser.post(f"/questions/{scene.hidden}/phrase", form)
    assert page.text.count("一度だけの補足") == 1


async def test_a_form_without_scripts_or_phrase_gets_one(site: Site) -> None:
    await site.member("mizutama")
    browser = await site.enter("mizutama")
    asked = await browser.send(await browser.get("/ask"), "/ask", **TYPED, phrase="")
    assert asked.status == 200
    made = re.search(r'<p class="secret-word">([^<]+)</p>', asked.text)
    assert made
    site.clock.advance(hours=1)
    await site.database.write(anonymity.release_due)
    question = await site.database.read(
        lambda session: session.scalars(select(Post.id).where(Post.anonymous)).one()
    )
    assert TYPED["title"] in (await opened(await site.visit(), question, unescape(made[1]))).text


async def test_refused_questions_come_back_hidden_tag_and_all(site: Site) -> None:
    await site.member("mizutama")
    browser = await site.enter("mizutama")
    for typed in (
        {"title": "短い"},
        {"board": ""},
        {"visibility": "moon"},
        {"body": "あ" * 20_001},
        {"phrase": "abc"},
    ):
        wrong = TYPED | typed
        page = await browser.send(await browser.get("/ask"), "/ask", **wrong)
        assert page.status == 422
        assert page.alert
        form = page.form("/ask")
        assert form["title"] == wrong["title"]
        assert form["body"] == wrong["body"]
        assert form["anonymous"] == "1"


async def test_the_fourth_hidden_question_of_a_week_waits(site: Site) -> None:
    await site.member("mizutama")
    browser = await site.enter("mizutama")
    for turn in range(4):
        page = await browser.send(
            await browser.get("/ask"), "/ask", **TYPED | {"title": f"{turn}つめの質問です"}
        )
    assert page.status == 429
    assert int(page.headers["Retry-After"]) > 0
    assert page.form("/ask")["title"] == "3つめの質問です"
    assert page.form("/ask")["anonymous"] == "1"
