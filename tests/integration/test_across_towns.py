"""Two towns that are sisters, used by their members through the pages: what is done in one stands in the other."""

from community import books
from community.models import Account, Notification, Post, Thanks
from community.visibility import PUBLIC
from federation.models import Delivery, InboxItem
from tests import factories
from tests.integration.people import Person, place
from tests.integration.served import Town, quiet, until

Sisters = tuple[Town, Town]


async def book(town: Town, name: str) -> tuple[int, int]:
    """The two counts of a member's 感謝の手帳 at home: this town, other towns."""

    def look(session):
        kept = books.book(session, PUBLIC, factories.local(session, name).id)
        return kept.this_town, kept.other_towns

    return await town.read(look)


async def test_an_expert_is_followed_by_handle_and_her_next_answer_comes_home(sisters: Sisters) -> None:
    minato, yamate = sisters
    hanako, jun, mari = await minato.enter("hanako"), await yamate.enter("jun"), await yamate.enter("mari")
    followed = await hanako.follow(f"@jun@{yamate.domain}")
    assert "フォロー" in followed.text
    await quiet(minato, yamate)
    assert "フォローをやめる" in (await hanako.get(f"/@jun@{yamate.domain}")).text
    assert "あなたをフォローしました" in await jun.notices()

    question = await mari.ask("年末調整の控除はどこに書きますか？")
    await quiet(minato, yamate)
    assert "専用の欄があります" not in await hanako.home()
    answer = await jun.answer(question, "二枚目に専用の欄があります。")
    await quiet(minato, yamate)
    home = await hanako.home()
    assert "専用の欄があります" in home
    assert yamate.domain in home
    assert await hanako.sees(answer)

    await hanako.unfollow(f"@jun@{yamate.domain}")
    await quiet(minato, yamate)
    assert (await yamate.rows(Account.followers_count, name="jun", domain="")) == [(0,)]


async def test_asked_answered_solved_and_thanked(sisters: Sisters) -> None:
    minato, yamate = sisters
    hanako, jun = await minato.enter("hanako"), await yamate.enter("jun")
    question = await hanako.ask("月の途中で入社した人の社会保険料は？", tags="社会保険")
    await quiet(minato, yamate)
    seen = await jun.thread(question)
    assert "月の途中で入社した人の社会保険料は？" in seen.text
    assert "<strong>1か月分</strong>" in seen.text
    assert "社会保険" in seen.text

    answer = await jun.answer(question, "**日割りはありません**。", as_of="2026-03", basis="健康保険法")
    await quiet(minato, yamate)
    here = await hanako.thread(answer)
    assert "<strong>日割りはありません</strong>" in here.text
    assert "健康保険法" in here.text
    assert "回答が届きました" in await hanako.notices()

    await hanako.solve(question, answer)
    await quiet(minato, yamate)
    assert 'data-state="solved"' in (await jun.thread(question)).text
    assert "決め手に選びました" in await jun.notices()

    await hanako.thank(answer, "さっそく助かりました！", tone="clear")
    await quiet(minato, yamate)
    assert await book(yamate, "jun") == (0, 1)
    profile = (await jun.get("/@jun")).text
    assert "さっそく助かりました！" in profile
    assert "わかりやすい" in profile
    assert "ありがとうが届きました" in await jun.notices()
    assert "さっそく助かりました！" in (await jun.thread(answer)).text

    await hanako.reopen(question)
    await quiet(minato, yamate)
    assert 'data-state="open"' in (await jun.thread(question)).text
    for town in sisters:
        assert {state for (state,) in await town.rows(Delivery.state)} == {"done"}
        assert "failed" not in {state for (state,) in await town.rows(InboxItem.state)}


async def test_thanks_without_words_private_ones_and_taken_back(sisters: Sisters) -> None:
    minato, yamate = sisters
    hanako, ken, jun, mari = (
        await minato.enter("hanako"),
        await minato.enter("ken"),
        await yamate.enter("jun"),
        await yamate.enter("mari"),
    )
    question = await hanako.ask("休業届はだれが出しますか？")
    await quiet(minato, yamate)
    answer = await jun.answer(question, "会社が出します。")
    await quiet(minato, yamate)

    await ken.thank(answer)
    await quiet(minato, yamate)
    assert await book(yamate, "jun") == (0, 1)
    assert (await yamate.rows(Thanks.message_post_id, Thanks.private)) == [(None, False)]

    await hanako.thank(answer, "ここだけの話、泣きました。", private="1")
    await quiet(minato, yamate)
    assert await book(yamate, "jun") == (0, 2)
    assert "ここだけの話" in await jun.notices()
    assert "ここだけの話" in (await jun.get("/@jun")).text
    for other in (mari, ken, await yamate.visitor()):
        assert "ここだけの話" not in (await other.thread(answer)).text
    assert "ここだけの話" not in (await mari.get("/@jun")).text
    assert "ここだけの話" in (await hanako.thread(answer)).text

    await ken.take_thanks_back(answer)
    await hanako.take_thanks_back(answer)
    await quiet(minato, yamate)
    assert await book(yamate, "jun") == (0, 0)
    assert await yamate.rows(Thanks.id) == []
    assert "ここだけの話" not in (await jun.get("/@jun")).text


async def test_edits_comments_and_withdrawals(sisters: Sisters) -> None:
    minato, yamate = sisters
    hanako, jun = await minato.enter("hanako"), await yamate.enter("jun")
    question = await hanako.ask("名刺の発注先は？")
    await quiet(minato, yamate)
    answer = await jun.answer(question, "近所の印刷屋さんです。")
    await quiet(minato, yamate)
    comment = await hanako.comment(answer, "電話でも頼めますか？")
    await quiet(minato, yamate)
    assert "電話でも頼めますか？" in (await jun.thread(answer)).text
    assert "コメントが届きました" in await jun.notices()

    # One edit right after another: both arrive, the later one stands.
    await hanako.edit(question, "百枚だけ要ります。", title="名刺をすぐに刷るには？")
    await hanako.edit(question, "二百枚要ります。", title="名刺を急いで刷るには？")
    await jun.edit(answer, "駅前の印刷屋さんです。")
    await quiet(minato, yamate)
    there = (await jun.thread(question)).text
    assert "名刺を急いで刷るには？" in there
    assert "二百枚要ります。" in there
    assert "すぐに刷る" not in there
    here = (await hanako.thread(answer)).text
    assert "駅前の印刷屋さんです。" in here
    assert "近所の" not in here

    await hanako.delete(comment)
    await jun.delete(answer)
    await quiet(minato, yamate)
    here = (await hanako.thread(question)).text
    assert "駅前の印刷屋さん" not in here
    assert "電話でも" not in (await jun.thread(question)).text
    assert await minato.rows(Post.answers_count, uri=question) == [(0,)]

    await hanako.delete(question)
    await quiet(minato, yamate)
    assert not await jun.sees(question)
    assert (await jun.browser.get("/questions")).text.count("名刺を急いで") == 0


async def test_a_hidden_name_tag_across_towns(sisters: Sisters) -> None:
    minato, yamate = sisters
    hanako, jun = await minato.enter("hanako"), await yamate.enter("jun")
    stranger = await minato.visitor()
    phrase = "あさひ いちご うさぎ えんぴつ"
    await hanako.ask_hidden("前任者のまちがいを見つけました", phrase)

    async def released() -> str | None:
        return next((uri for (uri,) in await minato.rows(Post.uri, anonymous=True, kind="question")), None)

    question = await until("the question to be released", released)
    await quiet(minato, yamate)
    there = (await jun.thread(question)).text
    assert "だれかさん" in there
    assert "hanako" not in there
    answer = await jun.answer(question, "まず上司に、事実だけを。")
    await quiet(minato, yamate)

    number = await minato.rows(Post.id, uri=answer)
    await stranger.by_phrase(question, phrase, act="solve", answer=str(number[0][0]))
    await stranger.by_phrase(question, phrase, act="thank", answer=answer, message="勇気が出ました。")
    await stranger.by_phrase(question, phrase, act="comment", body="明日、話してみます。")
    await quiet(minato, yamate)
    there = (await jun.thread(question)).text
    assert 'data-state="solved"' in there
    assert "勇気が出ました。" in there
    assert "明日、話してみます。" in there
    assert "質問した人" in there
    assert await book(yamate, "jun") == (0, 1)
    # The other town never heard of the member, nor did any document that left this one.
    assert await yamate.rows(Account.id, name="hanako") == []
    assert not [body for (body,) in await yamate.rows(InboxItem.body) if b"hanako" in body]
    from_us = await minato.ctx.http.get_json(question)
    assert "hanako" not in str(from_us.body)


async def test_replies_go_on_after_both_towns_were_closed_and_opened_again(sisters: Sisters) -> None:
    minato, yamate = sisters
    hanako, jun = await minato.enter("hanako"), await yamate.enter("jun")
    question = await hanako.ask("印鑑を作りなおすには？")
    await quiet(minato, yamate)
    await minato.stop()
    answer = await jun.answer(question, "法務局に届けます。")  # the other town cannot be reached now
    await until("a first try", lambda: _tried(yamate))
    await yamate.stop()
    await yamate.start()
    await minato.start()
    # A word from the town that was away is enough for what waits for it to come.
    await hanako.comment(question, "急いでいます。")
    await quiet(minato, yamate)
    assert await hanako.sees(answer)
    comment = await Person(hanako.browser, "hanako").comment(answer, "どこの法務局ですか？")
    await quiet(minato, yamate)
    assert await jun.sees(comment)
    again = await jun.comment(comment, "会社の住所のところです。")
    await quiet(minato, yamate)
    assert place(await hanako.thread(again), again)
    assert await minato.rows(Post.answers_count, Post.comments_count, uri=question) == [(1, 3)]
    notices = await minato.rows(Notification.kind)
    assert sorted(kind for (kind,) in notices) == ["answer", "comment"]


async def _tried(town: Town) -> bool:
    return any(attempts for (attempts,) in await town.rows(Delivery.attempts, state="pending"))
