import pytest
from sqlalchemy import select

from community import posts, tag_follows, town
from community.errors import Invalid, NotFound
from community.models import FeaturedTag, FollowedTag
from tests import factories

DAY = 86_400_000


@pytest.fixture
def people(session):
    return [factories.member(session, name) for name in ("hanako", "taro")]


def test_a_tag_is_followed_however_it_is_written(session, people):
    hanako, taro = people
    tag = tag_follows.follow(session, account=hanako, name="#３６協定")
    assert tag_follows.follow(session, account=hanako, name="36協定") is tag
    assert len(session.scalars(select(FollowedTag)).all()) == 1
    assert tag_follows.followed_among(session, hanako.id, [tag.id]) == {tag.id}
    assert tag_follows.followed_among(session, taro.id, [tag.id]) == set()
    assert tag_follows.named(session, "36協定") is tag
    assert tag_follows.unfollow(session, account=hanako, name="３６協定") is tag
    assert tag_follows.unfollow(session, account=hanako, name="だれも使っていない") is None
    assert session.scalars(select(FollowedTag)).all() == []


@pytest.mark.parametrize("name", ["", " # ", "あ" * 41])
def test_what_is_no_tag(session, people, name):
    for deed in (tag_follows.follow, tag_follows.feature):
        with pytest.raises(Invalid):
            deed(session, account=people[0], name=name)


def test_featured_tags_count_what_everybody_may_see(session, people):
    hanako, taro = people
    for visibility in ("open", "town"):
        factories.question(session, hanako, tags=["労災", "備蓄"], visibility=visibility)
    last = factories.question(session, hanako, tags=["備蓄"])
    posts.delete(session, post=factories.question(session, hanako, tags=["備蓄"]), by=hanako)
    factories.question(session, taro, tags=["備蓄"])
    for name in ("労災", "備蓄", "使っていない"):
        tag_follows.feature(session, account=hanako, name=name)
    shown = [(used.tag.label, used.posts, used.last_at) for used in tag_follows.featured(session, hanako.id)]
    assert shown == [("備蓄", 2, last.created_at), ("労災", 1, last.created_at), ("使っていない", 0, None)]
    assert tag_follows.featured(session, taro.id) == []


def test_ten_featured_tags_and_no_more(session, people):
    hanako, taro = people
    rows = [tag_follows.feature(session, account=hanako, name=f"備蓄{number}") for number in range(10)]
    assert tag_follows.feature(session, account=hanako, name="備蓄3") is rows[3]
    with pytest.raises(Invalid):
        tag_follows.feature(session, account=hanako, name="備蓄10")
    with pytest.raises(NotFound):
        tag_follows.unfeature_by_id(session, account=taro, featured_id=rows[0].id)
    tag_follows.unfeature_by_id(session, account=hanako, featured_id=rows[0].id)
    tag_follows.unfeature(session, account=hanako, name="備蓄1")
    assert len(session.scalars(select(FeaturedTag)).all()) == 8


def test_tags_one_uses_are_suggested(session, people):
    hanako, taro = people
    for labels in (["備蓄"], ["備蓄", "労災"], ["年金"]):
        factories.question(session, hanako, tags=labels)
    factories.question(session, hanako, tags=["内緒"], visibility="town")
    factories.question(session, taro, tags=["ほか"])
    tag_follows.feature(session, account=hanako, name="年金")
    assert [tag.label for tag in tag_follows.suggested(session, hanako.id)] == ["備蓄", "労災"]


def test_seven_days_are_counted_as_they_were(session, clock, people, queries):
    hanako, taro = people
    clock.now = clock.now // DAY * DAY - 8 * DAY + 1
    factories.question(session, hanako, tags=["備蓄"])
    for _ in range(3):
        clock.advance(days=1)
        factories.question(session, hanako, tags=["備蓄"])
    factories.question(session, hanako, tags=["備蓄"])
    factories.question(session, taro, tags=["備蓄"])
    factories.question(session, taro, tags=["備蓄"], visibility="town")
    clock.advance(days=5)
    tag, unused = tag_follows.named(session, "備蓄"), tag_follows.follow(session, account=hanako, name="年金")
    assert tag is not None
    ids = [tag.id, unused.id]
    with queries() as sent:
        history = tag_follows.history(session, ids)
    assert len(sent) == 1
    today = town.now(session) // DAY * DAY
    assert [day.start for day in history[ids[0]]] == [today - back * DAY for back in range(7)]
    assert [(day.posts, day.people) for day in history[ids[0]]] == [(0, 0)] * 5 + [(3, 2), (1, 1)]
    assert {(day.posts, day.people) for day in history[ids[1]]} == {(0, 0)}
    assert [day.posts for day in tag_follows.empty_history(session)] == [0] * 7
