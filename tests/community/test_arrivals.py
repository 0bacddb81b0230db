"""What comes home beyond the people and boards one follows: boosts, tags, languages, lists."""

import pytest
from sqlalchemy import select

from community import answers, arrivals, blocks, boosts, follows, ids, lists, mutes, notes, tag_follows, text
from community.follows import Wishes
from community.models import HomeEntry, ListEntry, Post
from tests import factories


@pytest.fixture
def people(session):
    """hanako follows taro; nobody follows jiro and saburo."""
    made = [factories.member(session, name) for name in ("hanako", "taro", "jiro", "saburo")]
    follows.request(session, follower=made[0], followee=made[1])
    return made


def home(session, account):
    rows = select(HomeEntry.post_id).where(HomeEntry.account_id == account.id)
    return set(session.scalars(rows))


def on(session, row):
    return set(session.scalars(select(ListEntry.post_id).where(ListEntry.list_id == row.id)))


def note(session, author, **facts):
    facts.setdefault("visibility", "open")
    return notes.write(session, author=author, body=text.from_markdown("こんにちは"), **facts)


def comment(session, author, parent):
    return answers.reply(session, author=author, parent=parent, body=text.from_markdown("なるほど"))


def test_a_boost_comes_to_followers_who_want_boosts_and_to_ones_own_home(session, people):
    hanako, taro, jiro, saburo = people
    follows.request(session, follower=saburo, followee=taro, wishes=Wishes(boosts=False))
    original = note(session, jiro)
    boost = boosts.boost(session, account=taro, post=original)
    assert boost.id in home(session, hanako)
    assert boost.id in home(session, taro)
    assert boost.id not in home(session, saburo)
    assert original.id not in home(session, hanako)


def test_switching_boosts_off_takes_them_away(session, people):
    hanako, taro, jiro, _ = people
    kept = note(session, taro)
    boost = boosts.boost(session, account=taro, post=note(session, jiro))
    follows.request(session, follower=hanako, followee=taro, wishes=Wishes(boosts=False))
    assert home(session, hanako) == {kept.id}
    follows.request(session, follower=hanako, followee=taro, wishes=Wishes(notify=True))
    again = boosts.boost(session, account=taro, post=note(session, jiro))
    assert not {boost.id, again.id} & home(session, hanako)


@pytest.mark.parametrize("deed", ["block", "blocked", "mute"])
def test_a_boost_of_somebody_turned_away_from_does_not_come(session, people, deed):
    hanako, taro, jiro, saburo = people
    follows.request(session, follower=saburo, followee=taro)
    original = note(session, jiro)
    if deed == "block":
        blocks.block(session, account=hanako, target=jiro)
    elif deed == "blocked":
        blocks.block(session, account=jiro, target=hanako)
    else:
        mutes.mute(session, account=hanako, target=jiro)
    boost = boosts.boost(session, account=taro, post=original)
    assert boost.id not in home(session, hanako)
    assert boost.id in home(session, saburo)


def test_what_was_read_lately_is_not_passed_on_again(session, people, monkeypatch):
    monkeypatch.setattr(arrivals, "HEARD_LATELY", 3)
    arrivals._entering.cache_clear()  # the statement has the number in it
    hanako, taro, jiro, saburo = people
    follows.request(session, follower=hanako, followee=jiro)
    follows.request(session, follower=hanako, followee=saburo)
    try:
        original = note(session, jiro)
        assert boosts.boost(session, account=taro, post=original).id not in home(session, hanako)
        strange = note(session, factories.member(session, "shiro"))
        first = boosts.boost(session, account=taro, post=strange)
        assert boosts.boost(session, account=jiro, post=strange).id not in home(session, hanako)
        for _ in range(3):
            note(session, taro)
        late = boosts.boost(session, account=saburo, post=strange)
        assert {first.id, late.id} <= home(session, hanako)
    finally:
        arrivals._entering.cache_clear()


def test_languages_of_a_follow(session, people):
    hanako, taro, _, saburo = people
    follows.request(session, follower=hanako, followee=taro, wishes=Wishes(languages=["ja", "en"]))
    follows.request(session, follower=saburo, followee=taro, wishes=Wishes(languages=["fr"]))
    japanese, french = note(session, taro, language="ja"), note(session, taro, language="fr")
    british, unsaid = note(session, taro, language="en-GB"), note(session, taro, language=None)
    assert home(session, hanako) == {japanese.id, british.id, unsaid.id}
    assert home(session, saburo) == {french.id, unsaid.id}
    follows.request(session, follower=saburo, followee=taro, wishes=Wishes(languages=[]))
    anything = note(session, taro, language="ko")
    assert anything.id in home(session, saburo)
    odd = note(session, taro, language='%"_')
    assert odd.id in home(session, saburo)


def test_open_posts_with_a_followed_tag_come_home_and_leave_with_it(session, people):
    hanako, taro, jiro, _ = people
    tag_follows.follow(session, account=hanako, name="#３６協定")
    came = note(session, jiro, tags=["36協定"])
    note(session, jiro, tags=["36協定"], visibility="unlisted")
    note(session, jiro, tags=["ほか"])
    asked = factories.question(session, jiro, tags=["36協定"])
    theirs = note(session, taro, tags=["36協定"])
    assert home(session, hanako) == {came.id, asked.id, theirs.id}
    tag_follows.unfollow(session, account=hanako, name="36協定")
    assert home(session, hanako) == {theirs.id}


def test_unfollowing_keeps_what_a_tag_brings(session, people):
    hanako, taro, *_ = people
    tag_follows.follow(session, account=hanako, name="36協定")
    tagged, plain = note(session, taro, tags=["36協定"]), note(session, taro)
    assert home(session, hanako) == {tagged.id, plain.id}
    follows.end(session, follower=hanako, followee=taro)
    assert home(session, hanako) == {tagged.id}


def test_a_list_gets_the_last_posts_and_all_that_follow(session, people):
    hanako, taro, jiro, _ = people
    before = note(session, taro)
    row = lists.create(session, account=hanako, title="労務の人")
    lists.add(session, row=row, accounts=[taro])
    after = note(session, taro)
    boost = boosts.boost(session, account=taro, post=note(session, jiro))
    assert on(session, row) == {before.id, after.id, boost.id}
    assert {after.id, boost.id} <= home(session, hanako)
    lists.take_off(session, row=row, account_ids=[taro.id])
    assert on(session, row) == set()
    assert after.id in home(session, hanako)


def test_a_board_on_a_list_brings_its_questions(session, people):
    hanako, _, jiro, _ = people
    board = factories.board(session, "bosai")
    follows.request(session, follower=hanako, followee=board)
    row = lists.create(session, account=hanako, title="防災")
    lists.add(session, row=row, accounts=[board])
    question = factories.question(session, jiro, slug="bosai")
    factories.answer(session, jiro, factories.question(session, hanako, slug="bosai"))
    assert question.id in on(session, row)
    assert {session.get_one(Post, each).kind for each in on(session, row)} == {"question"}


def test_the_replies_policies_of_lists(session, people):
    hanako, taro, jiro, saburo = people
    follows.request(session, follower=hanako, followee=jiro)
    made = {
        policy: lists.create(session, account=hanako, title=policy, replies_policy=policy)
        for policy in lists.POLICIES
    }
    for row in made.values():
        lists.add(session, row=row, accounts=[taro])
    strangers, own = note(session, saburo), note(session, taro)
    followed, mine = note(session, jiro), note(session, hanako)
    to_stranger, to_self = comment(session, taro, strangers), comment(session, taro, own)
    to_followed, to_me = comment(session, taro, followed), comment(session, taro, mine)
    answer = factories.answer(session, taro, factories.question(session, saburo))
    always = {own.id, to_self.id, to_me.id}
    assert on(session, made["none"]) == always
    assert on(session, made["list"]) == always | {answer.id}
    assert on(session, made["followed"]) == always | {answer.id, to_followed.id}
    lists.add(session, row=made["list"], accounts=[jiro])
    later = comment(session, taro, followed)
    assert later.id in on(session, made["list"])
    assert to_stranger.id not in on(session, made["followed"])


def test_an_exclusive_list_keeps_its_members_off_home(session, people):
    hanako, taro, _, _ = people
    before = note(session, taro)
    row = lists.create(session, account=hanako, title="あとで読む", exclusive=True)
    lists.add(session, row=row, accounts=[taro])
    assert home(session, hanako) == set()
    tag_follows.follow(session, account=hanako, name="36協定")
    after = note(session, taro, tags=["36協定"])
    own = note(session, hanako)
    assert home(session, hanako) == {own.id}
    assert on(session, row) == {before.id, after.id}
    lists.change(session, row=row, exclusive=False)
    assert home(session, hanako) == {before.id, after.id, own.id}
    lists.change(session, row=row, exclusive=True)
    assert home(session, hanako) == {own.id}
    lists.remove(session, row=row)
    assert home(session, hanako) == {before.id, after.id, own.id}


def test_unfollowing_and_blocking_take_people_off_lists(session, people):
    hanako, taro, jiro, _ = people
    follows.request(session, follower=hanako, followee=jiro)
    row = lists.create(session, account=hanako, title="ふたり")
    lists.add(session, row=row, accounts=[taro, jiro])
    note(session, taro)
    theirs = note(session, jiro)
    blocks.block(session, account=hanako, target=taro)
    assert on(session, row) == {theirs.id}
    assert lists.of(session, hanako.id, with_account=taro.id) == []
    follows.end(session, follower=hanako, followee=jiro)
    assert on(session, row) == set()


def test_blocking_takes_away_what_others_passed_on(session, people):
    hanako, _, jiro, saburo = people
    follows.request(session, follower=hanako, followee=jiro)
    row = lists.create(session, account=hanako, title="人")
    lists.add(session, row=row, accounts=[jiro])
    passed_on = boosts.boost(session, account=jiro, post=note(session, saburo))
    assert passed_on.id in on(session, row) & home(session, hanako)
    blocks.block(session, account=hanako, target=saburo)
    assert on(session, row) == home(session, hanako) == set()


def test_a_request_that_is_accepted_fills_home_and_lists(session, people):
    hanako, *_ = people
    ken = factories.remote(session, "ken")
    follow = follows.request(session, follower=hanako, followee=ken)
    row = lists.create(session, account=hanako, title="よそのまち")
    lists.add(session, row=row, accounts=[ken])
    post = notes.write(
        session,
        author=ken,
        body=text.from_html("<p>やあ</p>"),
        visibility="open",
        origin=factories.origin(published=ids.moment(hanako.id)),
    )
    assert on(session, row) == set()
    follows.accept(session, follow=follow)
    assert on(session, row) == {post.id}
    assert post.id in home(session, hanako)
