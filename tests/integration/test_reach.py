"""Questions reach exactly whom they should: nothing is pushed further, and nothing further can be fetched."""

import pytest

from community.errors import NotFound
from community.models import Post
from federation import keys, lookup
from federation.http import PermanentFailure
from federation.models import Delivery, InboxItem, OutboxItem
from tests.integration.people import Person
from tests.integration.served import Town, quiet, until

Sisters = tuple[Town, Town]


async def fetched_by(town: Town, uri: str) -> int:
    """The status with which `uri` answers a GET signed by the actor of `town`."""
    try:
        await town.ctx.http.get_json(uri, signer=await keys.instance_key(town.ctx))
    except PermanentFailure as failure:
        return failure.status
    return 200


async def unsigned(person: Person, uri: str) -> int:
    page = await person.browser.get(
        uri.removeprefix(person.browser.origin), follow=False, Accept="application/activity+json"
    )
    return page.status


async def said_about(town: Town, question: str) -> list[str]:
    """The ids of all that `town` said with the question in it."""
    rows = await town.rows(OutboxItem.id, OutboxItem.body)
    return [f"{town.origin}/activities/{number}" for number, body in rows if question.encode() in body]


async def test_an_open_question_reaches_the_sister_and_may_be_fetched_by_anyone(
    sisters: Sisters, kawabe: Town
) -> None:
    minato, yamate = sisters
    hanako, jun, tomo = await minato.enter("hanako"), await yamate.enter("jun"), await kawabe.enter("tomo")
    question = await hanako.ask("健康診断はいつまでに受けますか？")
    await quiet(minato, yamate, kawabe)
    assert await jun.sees(question)
    assert not await tomo.sees(question)
    assert await kawabe.rows(InboxItem.id) == []
    assert "健康診断" in (await tomo.thread(question)).text  # looked up by its address
    assert await unsigned(await minato.visitor(), question) == 200


async def test_a_question_for_sisters_reaches_them_and_nobody_else(sisters: Sisters, kawabe: Town) -> None:
    minato, yamate = sisters
    hanako, jun, tomo = await minato.enter("hanako"), await yamate.enter("jun"), await kawabe.enter("tomo")
    # A follower in a town that is no sister is no reason to tell it.
    await tomo.follow(f"@hanako@{minato.domain}")
    await tomo.follow(f"@roumu@{minato.domain}")
    await quiet(minato, yamate, kawabe)
    told = len(await kawabe.rows(InboxItem.id))

    question = await hanako.ask("賞与の査定を見直した話を聞かせてください", visibility="sister")
    await quiet(minato, yamate, kawabe)
    answer = await jun.answer(question, "昨年、等級を減らしました。")
    await quiet(minato, yamate, kawabe)
    comment = await hanako.comment(answer, "反対はありましたか？")
    await hanako.solve(question, answer)
    await hanako.thank(answer, "内輪のお話をありがとうございます。")
    await hanako.edit(question, "等級の数も知りたいです。", title="賞与の査定を見直した話をください")
    await quiet(minato, yamate, kawabe)

    assert await jun.sees(question)
    assert "姉妹まち" in (await jun.thread(question)).text
    assert "昨年、等級を減らしました。" in (await hanako.thread(question)).text
    assert len(await kawabe.rows(InboxItem.id)) == told
    assert not await tomo.sees(question)
    with pytest.raises(NotFound):
        await lookup.post(kawabe.ctx, question)
    for own, place in ((question, minato), (answer, yamate), (comment, minato)):
        other = yamate if place is minato else minato
        assert await fetched_by(kawabe, own) == 404
        assert await unsigned(await place.visitor(), own) == 404
        assert await fetched_by(other, own) == 200
        for activity in await said_about(place, own):
            assert await fetched_by(kawabe, activity) == 404
        for collection in ("replies", "likes", "shares", "context"):
            assert await fetched_by(kawabe, f"{own}/{collection}") == 404
    # Neither do strangers read it on a page, in either town.
    for town in sisters:
        stranger = await town.visitor()
        assert not await stranger.sees(question)
        assert "賞与の査定" not in (await stranger.get("/questions")).text
    assert "賞与の査定" not in (await tomo.home())


async def test_a_question_for_the_town_never_leaves_it(sisters: Sisters, kawabe: Town) -> None:
    minato, yamate = sisters
    hanako, ken = await minato.enter("hanako"), await minato.enter("ken")
    jun, tomo = await yamate.enter("jun"), await kawabe.enter("tomo")
    for person in (jun, tomo):
        await person.follow(f"@hanako@{minato.domain}")
        await person.follow(f"@roumu@{minato.domain}")
    await quiet(minato, yamate, kawabe)
    told = [len(await town.rows(InboxItem.id)) for town in (yamate, kawabe)]
    sent = len(await minato.rows(Delivery.id))

    question = await hanako.ask("冷蔵庫のプリンはどなたのですか？", visibility="town")
    answer = await ken.answer(question, "わたしのです。")
    await hanako.thank(answer, "安心しました。")
    await hanako.solve(question, answer)
    await hanako.edit(question, "名前を書いてください。", title="冷蔵庫のプリンは？")
    await quiet(minato, yamate, kawabe)
    assert len(await minato.rows(Delivery.id)) == sent
    assert [len(await town.rows(InboxItem.id)) for town in (yamate, kawabe)] == told
    for own in (question, answer):
        assert await fetched_by(yamate, own) == 404
        assert await fetched_by(kawabe, own) == 404
        assert await unsigned(await minato.visitor(), own) == 404
        assert not await (await minato.visitor()).sees(own)
    assert await ken.sees(question)

    await hanako.delete(question)
    await quiet(minato, yamate, kawabe)
    assert len(await minato.rows(Delivery.id)) == sent
    assert await fetched_by(yamate, question) == 404


async def test_a_hidden_name_tag_for_sisters_alone(sisters: Sisters, kawabe: Town) -> None:
    minato, yamate = sisters
    hanako, jun = await minato.enter("hanako"), await yamate.enter("jun")
    await hanako.ask_hidden(
        "上司のハンコを押してしまいました", "あさひ いちご うさぎ えんぴつ", visibility="sister"
    )

    async def arrived() -> bool:
        return "上司のハンコ" in (await jun.get("/questions")).text

    await until("the question to come to the sister town", arrived)
    await quiet(minato, yamate, kawabe)
    assert await kawabe.rows(InboxItem.id) == []
    [(question,)] = await minato.rows(Post.uri, anonymous=True)
    assert "だれかさん" in (await jun.thread(question)).text
    assert await fetched_by(kawabe, question) == 404
    for activity in await said_about(minato, question):
        assert await fetched_by(kawabe, activity) == 404
