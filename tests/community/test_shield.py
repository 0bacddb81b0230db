"""Work marks and the veils that follow from them."""

import itertools

import pytest
from sqlalchemy import func, select

from community import follows, lists, members, nametags, notifications, shield, veils, workplaces
from community.errors import Invalid, NotFound
from community.models import Account, HomeEntry, ListMember, Notification, Veil, WorkMark
from community.visibility import PUBLIC, Viewer
from tests import factories


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("kaisha.co.jp", "kaisha.co.jp"),
        ("Soumu@mail.Kaisha.CO.JP", "kaisha.co.jp"),
        ("＠ｋａｉｓｈａ．ｃｏ．ｊｐ", "kaisha.co.jp"),
        ("a.b.c.kaisha.jp", "kaisha.jp"),
        ("city.yokohama.lg.jp", "yokohama.lg.jp"),
        ("kaisha.tokyo.jp", "kaisha.tokyo.jp"),
        ("mail.example-corp.com", "example-corp.com"),
        ("x@firm.co.uk", "firm.co.uk"),
        ("日本語.jp", "xn--wgv71a119e.jp"),
        ("1180301018771", "1180301018771"),
        ("T1180301018771", "1180301018771"),
        ("１１８０３０１０１８７７１", "1180301018771"),
        ("1-1803-0101-8771", "1180301018771"),
    ],
)
def test_colleagues_type_the_same(typed, kept):
    assert workplaces.normal(typed) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "", " ", "kaisha", "co.jp", "tokyo.jp", "hana@gmail.com", "x@yahoo.co.jp", "me@icloud.com", "a@docomo.ne.jp",
        "a@ezweb.ne.jp", "a@i.softbank.jp", "a@outlook.jp", "a@abc.nifty.com", "2180301018771", "118030101877", "12",
        "a b.co.jp", "..", "株式会社かいしゃ", "-x.co.jp", "x" * 300 + ".co.jp",
    ],
)  # fmt: skip
def test_what_names_no_workplace(typed):
    with pytest.raises(Invalid) as refused:
        workplaces.normal(typed)
    assert refused.value.field == "workplace"


def pair(session):
    one, other = (factories.member(session, name) for name in ("mizutama", "kogarashi"))
    return one, other


def mark(session, account, typed="kaisha.co.jp"):
    shield.add(session, account_id=account.id, typed=typed)


def test_a_common_mark_makes_a_veil_both_ways_and_another_one_keeps_it(session):
    one, other = pair(session)
    mark(session, one)
    mark(session, other, "1180301018771")
    first = bool(_veils(session))  # by chance
    mark(session, other, "x@kaisha.co.jp")
    assert _veils(session) == {(one.id, other.id), (other.id, one.id)}
    shield.clear(session, account_id=other.id)
    assert _veils(session) == set()
    mark(session, other, "1180301018771")
    assert bool(_veils(session)) == first, "chance is the same whenever it is asked"


def test_up_to_three_and_the_same_one_only_once(session):
    one, _ = pair(session)
    for number in (1, 1, 2, 3):
        mark(session, one, f"kaisha{number}.co.jp")
    assert shield.count(session, one.id) == 3
    with pytest.raises(Invalid):
        mark(session, one, "kaisha4.co.jp")
    mark(session, one, "mail.kaisha1.co.jp")
    assert shield.count(session, one.id) == 3


def test_nothing_typed_is_kept_and_another_town_has_other_hashes(session, town):
    one, _ = pair(session)
    mark(session, one)
    (kept,) = session.scalars(select(WorkMark.mark))
    assert len(kept) == 64
    assert "kaisha" not in kept
    assert town.keys.shield not in (town.keys.secret, town.keys.sealing)


def test_a_twentieth_of_unrelated_pairs_is_veiled_and_always_the_same(session):
    people = [factories.member(session, f"person{number}") for number in range(46)]
    for number, each in enumerate(people):
        mark(session, each, f"kaisha{number}.co.jp")
    found = _veils(session)
    assert found == {(other, one) for one, other in found}
    pairs = len(list(itertools.combinations(people, 2)))
    assert 0.02 < len(found) / 2 / pairs < 0.09
    shield.clear(session, account_id=people[0].id)
    mark(session, people[0], "another.co.jp")
    assert _veils(session) == found


def test_on_a_veil_everything_between_the_two_ends_quietly(session):
    one, other = pair(session)
    third = factories.member(session, "hotate")
    for follower, followee in ((one, other), (other, one), (one, third)):
        follows.request(session, follower=follower, followee=followee)
    mine = lists.create(session, account=one, title="なかま")
    lists.add(session, row=mine, accounts=[other, third])
    said = factories.question(session, other)
    assert session.scalar(select(func.count()).select_from(Notification)) == 3
    mark(session, one)
    mark(session, other)
    session.expire_all()
    assert follows.between(session, one.id, other.id) is None
    assert follows.between(session, other.id, one.id) is None
    assert follows.between(session, one.id, third.id) is not None
    assert set(session.scalars(select(ListMember.account_id))) == {third.id}
    assert [row.account_id for row in session.scalars(select(Notification))] == [third.id]
    assert session.get(HomeEntry, (one.id, said.id)) is None
    assert (one.followers_count, one.following_count) == (0, 1)


def test_between_the_veiled_no_notice_and_no_follow_is_made(session):
    one, other = pair(session)
    mark(session, one)
    mark(session, other)
    question = factories.question(session, one)
    factories.answer(session, other, question)
    assert session.scalars(select(Notification)).all() == []
    notifications.tell(session, to=one, kind="like", actor=other, post=question)
    assert session.scalars(select(Notification)).all() == []
    with pytest.raises(NotFound):
        follows.request(session, follower=one, followee=other)


def test_who_is_shown_to_whom(session):
    one, other = pair(session)
    third, far = factories.member(session, "hotate"), factories.remote(session)
    mark(session, one)
    mark(session, other)
    post = factories.question(session, other)

    def shown(viewer):
        return nametags.public_author(session, post, viewer).name

    assert shown(Viewer(one.id)) == shown(PUBLIC) == "dareka"
    assert shown(Viewer(third.id)) == shown(Viewer(other.id)) == "kogarashi"
    assert shown(None) == shown(Viewer(far.id, remote=True)) == shown(Viewer(sister=True)) == "kogarashi"
    assert shown(Viewer(third.id, unnamed=True)) == "dareka"
    hidden = select(Account.name).where(Account.kind == "person", veils.veiled(Viewer(one.id), Account.id))
    assert session.scalars(hidden).all() == ["kogarashi"]
    hidden = select(Account.name).where(veils.veiled(PUBLIC, Account.id))
    assert set(session.scalars(hidden)) == {"kogarashi", "mizutama"}


def test_who_leaves_takes_the_marks_along(session):
    factories.member(session, "chief", role="admin")
    one, other = pair(session)
    mark(session, one)
    mark(session, other)
    members.leave(session, account_id=one.id)
    assert _veils(session) == set()
    assert set(session.scalars(select(WorkMark.account_id))) == {other.id}


def _veils(session):
    return set(session.execute(select(Veil.account_id, Veil.other_id)).all())
