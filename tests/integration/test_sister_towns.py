"""Two operators agree that their towns are 姉妹まち, over their pages; and one of them ends it."""

from sqlalchemy import func, select

from community import founding, sisters, traffic
from community.models import Follow
from tests import factories
from tests.integration.conftest import MakeTown
from tests.integration.served import Town, found, quiet, until

HERE = "/operate/towns"


async def _state(town: Town, other: Town) -> str | None:
    def look(session) -> str | None:
        row = sisters.of(session, other.domain)
        return row.state if row is not None else None

    return await town.read(look)


def _boards_followed(session) -> int:
    ourselves = founding.instance_account(session)
    followed = select(func.count()).select_from(Follow).where(Follow.follower_id == ourselves.id, Follow.state == "accepted")
    return session.scalar(followed) or 0


async def test_two_operators_agree_and_questions_for_sisters_flow(make_town: MakeTown) -> None:
    minato, yamate = make_town("minato"), make_town("yamate")
    for town, member in ((minato, "hanako"), (yamate, "jun")):

        def begin(session, name=member) -> None:
            found(session, name)
            factories.member(session, "operator", role="admin")

        town.prepare(begin)
        await town.start()
    here, there = await minato.enter("operator"), await yamate.enter("operator")
    hanako, jun = await minato.enter("hanako"), await yamate.enter("jun")

    await hanako.ask("まだ姉妹ではないころの質問です。どう思いますか？", visibility="sister")
    page = await here.get(HERE)
    await here.browser.send(page, "/operate/sisters", domain=yamate.domain, note="となりどうし、よろしく")
    await quiet(minato, yamate)
    page = await there.get(HERE)
    assert "となりどうし、よろしく" in page.text
    assert await _state(minato, yamate) == sisters.ASKED
    await there.browser.send(page, "/operate/sisters/accept")
    await quiet(minato, yamate)
    assert (await _state(minato, yamate), await _state(yamate, minato)) == (sisters.AGREED, sisters.AGREED)

    async def follow_each_other() -> bool:
        return all([await town.read(_boards_followed) >= 10 for town in (minato, yamate)])

    await until("each town follows the boards of the other", follow_each_other)

    question = await hanako.ask("姉妹まちのみなさん、健康診断はいつですか？", visibility="sister")
    await quiet(minato, yamate)
    thread = await jun.thread(question)
    assert "健康診断はいつですか" in thread.text
    assert "まだ姉妹ではないころ" not in (await jun.get("/questions")).text
    await jun.answer(question, "五月です。")
    await quiet(minato, yamate)
    passed = (await minato.read(traffic.sums))[yamate.domain]
    assert (passed.questions_out, passed.answers_in) == (1, 1)
    assert (await yamate.read(traffic.sums))[minato.domain].questions_in == 1

    page = await there.get(HERE)
    await there.browser.send(page, "/operate/sisters/end")

    async def ended() -> bool:
        return await _state(minato, yamate) is None

    await until("the other town hears that it is over", ended)
    assert [await town.read(_boards_followed) for town in (minato, yamate)] == [0, 0]
    await hanako.ask("姉妹でなくなったあとの質問です。だれに届きますか？", visibility="sister")
    await quiet(minato, yamate)
    assert "姉妹でなくなったあと" not in (await jun.get("/questions")).text
