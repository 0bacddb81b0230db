import pytest

from community import follows, likes, notice_groups, notice_lists, thanks
from community.errors import NotFound
from community.notice_groups import WINDOW
from community.notice_lists import Wanted
from tests import factories


@pytest.fixture
def scene(session):
    hanako, harukaze = factories.member(session, "hanako"), factories.member(session, "harukaze")
    return hanako, harukaze, factories.answer(session, harukaze, factories.question(session, hanako))


def crowd(session, many, start=0):
    return [factories.remote(session, f"p{number}") for number in range(start, start + many)]


def like_all(session, people, post):
    for it in people:
        likes.like(session, account=it, post=post, uri=f"https://yamate.example/{it.name}/{post.id}")


def shown(page):
    return [(group.type, len(group.notices), group.count) for group in page.groups]


def test_likes_and_followers_of_half_a_day_are_one(session, scene, clock):
    hanako, harukaze, answer = scene
    clock.now = (clock.now // WINDOW + 1) * WINDOW
    people = crowd(session, 10)
    like_all(session, people, answer)
    for it in people[:3]:
        follows.request(session, follower=it, followee=harukaze, uri=f"urn:{it.name}")
    thanks.give(session, giver=hanako, answer=answer)
    clock.now += WINDOW - 1
    like_all(session, crowd(session, 1, 20), answer)
    clock.now += 1
    like_all(session, crowd(session, 1, 30), answer)
    viewer = factories.viewer(session, harukaze)
    page = notice_groups.page(session, viewer, Wanted(limit=40))
    assert shown(page) == [
        ("favourite", 1, 1), ("favourite", 11, 11), ("favourite", 1, 1), ("follow", 3, 3),
    ]  # fmt: skip
    assert page.groups[1].people[0] == page.groups[1].newest.actor_id and len(page.groups[1].people) == 8
    assert page.groups[2].newest.kind == "thanks" and page.groups[2].key.startswith("ungrouped-")
    assert len(page.ids) == 16
    for group in page.groups:
        assert notice_groups.one(session, viewer, group.key).count == group.count


def test_a_crowd_larger_than_a_page_is_counted_in_full(session, scene, monkeypatch):
    monkeypatch.setattr(notice_groups, "_ROWS_MOST", 4)
    _, harukaze, answer = scene
    like_all(session, crowd(session, 9), answer)
    viewer = factories.viewer(session, harukaze)
    page = notice_groups.page(session, viewer, Wanted(limit=2))
    assert shown(page) == [("favourite", 4, 9)]
    below = notice_groups.page(session, viewer, Wanted(limit=2, max_id=page.ids[-1]))
    assert shown(below) == [("favourite", 4, 9)]
    assert not set(page.ids) & set(below.ids)


def test_walking_up_and_down_meets_everything_once(session, scene):
    hanako, harukaze, answer = scene
    like_all(session, crowd(session, 3), answer)
    second = factories.answer(session, harukaze, factories.question(session, hanako, title="もうひとつ聞きます"))
    like_all(session, crowd(session, 3, 10), second)
    follows.request(session, follower=hanako, followee=harukaze)
    viewer = factories.viewer(session, harukaze)
    every = [it.id for it in notice_lists.listing(session, viewer, Wanted(limit=40))]
    down, cursor = [], None
    while page := notice_groups.page(session, viewer, Wanted(limit=1, max_id=cursor)).ids:
        down += page
        cursor = page[-1]
    assert down == every
    up, cursor = [], 0
    while page := notice_groups.page(session, viewer, Wanted(limit=1, min_id=cursor)).ids:
        up += reversed(page)
        cursor = page[0]
    assert up == every[::-1]


def test_fewer_types_are_put_together_on_request(session, scene):
    _, harukaze, answer = scene
    like_all(session, crowd(session, 3), answer)
    viewer = factories.viewer(session, harukaze)
    page = notice_groups.page(session, viewer, Wanted(limit=40), frozenset({"follow"}))
    assert [group.key for group in page.groups] == [f"ungrouped-{it}" for it in page.ids]


def test_a_group_is_put_away_whole_and_by_its_owner_alone(session, scene):
    hanako, harukaze, answer = scene
    like_all(session, crowd(session, 3), answer)
    follows.request(session, follower=hanako, followee=harukaze)
    viewer, other = factories.viewer(session, harukaze), factories.viewer(session, hanako)
    followed, liked = notice_groups.page(session, viewer, Wanted(limit=40)).groups
    notice_groups.dismiss(session, other, liked.key)
    with pytest.raises(NotFound):
        notice_groups.one(session, other, liked.key)
    assert len(notice_groups.page(session, viewer, Wanted(limit=40)).groups) == 2
    notice_groups.dismiss(session, viewer, liked.key)
    assert [it.key for it in notice_groups.page(session, viewer, Wanted(limit=40)).groups] == [followed.key]
    notice_groups.dismiss(session, viewer, followed.key)
    assert notice_groups.page(session, viewer, Wanted(limit=40)).groups == []


@pytest.mark.parametrize(
    "key",
    ["", "favourite", "favourite-1", "favourite-x-1", "mention-1", "follow-", "follow-99999999999999999999", "ungrouped-",
     "ungrouped-9999999999999999999", "favourite-1-9999999999999", "ungrouped-1", "follow-1"],
)  # fmt: skip
def test_what_is_no_key_or_nobodys(session, scene, key):
    with pytest.raises(NotFound):
        notice_groups.one(session, factories.viewer(session, scene[0]), key)
