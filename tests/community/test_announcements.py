"""まちからのお知らせ: put up, read, reacted to, taken down."""

import pytest
import sqlalchemy as sa

from community import announcements, emojis, events
from community.errors import Invalid, NotFound
from tests import factories


def test_one_is_up_until_it_ends(session, clock, told):
    row = announcements.publish(session, words="**明日**は避難訓練です。", ends_at=clock.now + 1000)
    assert "<strong>明日</strong>" in row.html
    assert told() == [events.AnnouncementChanged(row.id)]
    assert announcements.standing(session) == [row]
    clock.advance(seconds=1)
    assert announcements.standing(session) == []
    with pytest.raises(NotFound):
        announcements.require(session, row.id)


def test_it_may_say_something_else(session, clock, told):
    row = announcements.publish(session, words="はじめ")
    clock.advance(minutes=1)
    told()
    announcements.change(session, row.id, words="つぎ")
    assert (row.source, row.updated_at) == ("つぎ", clock.now)
    assert told() == [events.AnnouncementChanged(row.id)]
    with pytest.raises(NotFound):
        announcements.change(session, 5, words="x")


@pytest.mark.parametrize(
    ("facts", "field"),
    [({"words": "  "}, "text"), ({"words": "あ" * 5001}, "text"), ({"words": "x", "starts_at": 2, "ends_at": 1}, "ends_at")],
)
def test_what_does_not_fit(session, facts, field):
    with pytest.raises(Invalid) as caught:
        announcements.publish(session, **facts)
    assert caught.value.field == field


def test_reactions_are_counted_once_a_member(session, told):
    hanako, taro = factories.member(session, "hanako").id, factories.member(session, "taro").id
    row = announcements.publish(session, words="x")
    told()
    for account_id in (hanako, hanako, taro):
        announcements.react(session, account_id=account_id, announcement_id=row.id, name="🌸")
    announcements.react(session, account_id=taro, announcement_id=row.id, name="👍🏽")
    assert told() == [events.AnnouncementReacted(row.id, name) for name in ("🌸", "🌸", "👍🏽")]
    stand = announcements.reactions(session, hanako, [row.id])[row.id]
    assert [(each.name, each.count, each.mine) for each in stand] == [("🌸", 2, True), ("👍🏽", 1, False)]
    announcements.unreact(session, account_id=hanako, announcement_id=row.id, name="🌸")
    announcements.unreact(session, account_id=hanako, announcement_id=row.id, name="🌸")
    assert told() == [events.AnnouncementReacted(row.id, "🌸")]
    assert [each.count for each in announcements.reactions(session, None, [row.id])[row.id]] == [1, 1]


@pytest.mark.parametrize("name", ["🎉", "❤️", "1️⃣", "🇯🇵", "👨‍👩‍👧‍👦", "☺", "㊗️"])
def test_emoji_of_every_kind(session, name):
    me = factories.member(session).id
    row = announcements.publish(session, words="x")
    announcements.react(session, account_id=me, announcement_id=row.id, name=name)
    assert [each.name for each in announcements.reactions(session, me, [row.id])[row.id]] == [name]


@pytest.mark.parametrize("name", ["", "a", "ok", "ありがとう", "<b>", "🎉" * 20, "🎉a", "no_such_code"])
def test_what_is_no_emoji(session, name):
    me = factories.member(session).id
    row = announcements.publish(session, words="x")
    with pytest.raises(Invalid):
        announcements.react(session, account_id=me, announcement_id=row.id, name=name)


def test_the_towns_own_emoji(session):
    me = factories.member(session).id
    emojis.add(session, shortcode="machi_leaf", url="https://minato.example/leaf.png")
    row = announcements.publish(session, words="x")
    announcements.react(session, account_id=me, announcement_id=row.id, name="machi_leaf")
    (stand,) = announcements.reactions(session, me, [row.id])[row.id]
    assert stand.custom.url == "https://minato.example/leaf.png"


def test_no_more_than_eight_kinds(session):
    me = factories.member(session).id
    row = announcements.publish(session, words="x")
    for name in "🌸🎉☺🍵🍡🎏🎍🎐":
        announcements.react(session, account_id=me, announcement_id=row.id, name=name)
    with pytest.raises(Invalid):
        announcements.react(session, account_id=me, announcement_id=row.id, name="🚗")
    announcements.react(session, account_id=factories.member(session, "taro").id, announcement_id=row.id, name="🌸")


def test_taken_down_with_all_that_hangs_on_it(session, told):
    me = factories.member(session).id
    row = announcements.publish(session, words="x")
    announcements.react(session, account_id=me, announcement_id=row.id, name="🌸")
    announcements.dismiss(session, account_id=me, announcement_id=row.id)
    announcements.dismiss(session, account_id=me, announcement_id=row.id)
    assert announcements.dismissed(session, me, [row.id]) == {row.id}
    told()
    announcements.withdraw(session, row.id)
    assert told() == [events.AnnouncementRemoved(row.id)]
    for table in ("announcements", "announcement_reactions", "announcement_dismissals"):
        assert session.scalar(sa.text(f"SELECT count(*) FROM {table}")) == 0
    with pytest.raises(NotFound):
        announcements.withdraw(session, row.id)
