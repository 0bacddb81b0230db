import pytest
from sqlalchemy import select

from community import follows, lists
from community.errors import Invalid, NotFound, TooMany
from community.models import ListEntry, ListMember, MemberList
from tests import factories


@pytest.fixture
def people(session):
    return [factories.member(session, name) for name in ("hanako", "taro", "jiro")]


def test_only_the_owner_has_a_list(session, people):
    hanako, taro, _ = people
    row = lists.create(session, account=hanako, title=" 労務の\n人 ")
    assert (row.title, row.replies_policy, row.exclusive) == ("労務の 人", "list", False)
    assert lists.require(session, hanako.id, row.id) is row
    for whose, which in ((taro.id, row.id), (hanako.id, 5)):
        with pytest.raises(NotFound):
            lists.require(session, whose, which)
    assert lists.of(session, taro.id) == []


def test_only_those_one_follows_come_on_it_all_or_nobody(session, people):
    hanako, taro, jiro = people
    row = lists.create(session, account=hanako, title="人")
    follows.request(session, follower=hanako, followee=taro)
    with pytest.raises(NotFound):
        lists.add(session, row=row, accounts=[taro, jiro])
    assert session.scalars(select(ListMember)).all() == []
    lists.add(session, row=row, accounts=[taro])
    lists.add(session, row=row, accounts=[taro])
    assert lists.of(session, hanako.id, with_account=taro.id) == [row]
    assert lists.of(session, hanako.id, with_account=jiro.id) == []


def test_a_list_holds_so_many_and_no_more(session, people, monkeypatch):
    monkeypatch.setattr(lists, "MEMBERS_MOST", 1)
    hanako, taro, jiro = people
    row = lists.create(session, account=hanako, title="人")
    for followee in (taro, jiro):
        follows.request(session, follower=hanako, followee=followee)
    for _ in range(2):
        lists.add(session, row=row, accounts=[taro])
    for more in ([jiro], [taro, jiro]):
        with pytest.raises(TooMany):
            lists.add(session, row=row, accounts=more)
    assert session.scalars(select(ListMember.account_id)).all() == [taro.id]


@pytest.mark.parametrize(
    "facts", [{"title": " "}, {"title": "あ" * 101}, {"title": "人", "replies_policy": "all"}]
)
def test_what_does_not_fit(session, people, facts):
    with pytest.raises(Invalid):
        lists.create(session, account=people[0], **facts)
    row = lists.create(session, account=people[0], title="人")
    with pytest.raises(Invalid):
        lists.change(session, row=row, **facts)


def test_there_are_not_endlessly_many(session, people, monkeypatch):
    monkeypatch.setattr(lists, "LISTS_MOST", 2)
    for title in ("一", "二"):
        lists.create(session, account=people[0], title=title)
    with pytest.raises(Invalid):
        lists.create(session, account=people[0], title="三")
    lists.create(session, account=people[1], title="一")


def test_nothing_is_left_of_somebody_who_is_gone(session, people):
    hanako, taro, _ = people
    for one, other in ((hanako, taro), (taro, hanako)):
        follows.request(session, follower=one, followee=other)
        lists.add(session, row=lists.create(session, account=one, title="人"), accounts=[other])
    factories.question(session, taro)
    factories.question(session, hanako)
    lists.purge(session, account_id=hanako.id)
    assert [row.account_id for row in session.scalars(select(MemberList))] == [taro.id]
    assert session.scalars(select(ListMember)).all() == []
    left = set(session.scalars(select(ListEntry.list_id)))
    assert left == {lists.of(session, taro.id)[0].id}
