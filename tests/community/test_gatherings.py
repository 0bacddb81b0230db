"""旗: raising, rewording, おひらき; who gathers, and who sees that."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import (
    blocks,
    events,
    flag_lists,
    gatherings,
    joins,
    members,
    notifications,
    onlookers,
    plans,
    posts,
    search,
    search_terms,
    text,
)
from community.errors import Conflict, Invalid, NotAllowed, NotFound
from community.models import Account, Gathering, Join, Post
from community.plans import Plan, Told
from community.visibility import PUBLIC
from tests import factories
from tests.towns import FixedClock

HOUR = 3_600_000


@pytest.fixture
def hanako(session: Session) -> Account:
    return factories.member(session, "hanako")


@pytest.fixture
def flag(session: Session, hanako: Account) -> Post:
    return factories.flag(session, hanako)


def count(session: Session, flag: Post) -> int:
    return session.scalar(select(Gathering.joined_count).where(Gathering.post_id == flag.id)) or 0


def notices(session: Session, account: Account) -> list[str]:
    return [each.kind for each in notifications.page(session, factories.viewer(session, account))]


def test_a_flag_has_a_place_and_a_time_and_stands_at_home(session: Session, hanako: Account, flag: Post) -> None:
    gathering = gatherings.of(session, flag)
    assert (flag.kind, flag.title, gathering.place, gathering.capacity) == ("flag", "BCPを1枚で書く90分", "みなと公民館", 3)
    assert plans.lines(gathering) == [
        "日時：2026年4月2日（木） 09:00〜10:30", "場所：みなと公民館", "集まり方：作業会", "定員：3人", "聞くだけOK",
    ]  # fmt: skip
    assert flag_lists.coming(session, factories.viewer(session, hanako)) == [flag]


@pytest.mark.parametrize(
    ("field", "plan"),
    [
        ("starts_at", Plan(starts_at=1)),
        ("starts_at", Plan(starts_at=1 << 41)),
        ("minutes", Plan(minutes=0)),
        ("capacity", Plan(capacity=1)),
        ("capacity", Plan(capacity=1001)),
        ("place", Plan(place="あ" * 201)),
        ("form", Plan(form="あ" * 41)),
    ],
)
def test_a_plan_that_does_not_fit_names_its_field(session: Session, hanako: Account, field: str, plan: Plan) -> None:
    with pytest.raises(Invalid) as refused:
        factories.flag(session, hanako, plan=plan)
    assert refused.value.field == field


def test_joining_is_counted_once_and_told_to_who_raised_it(session: Session, hanako: Account, flag: Post) -> None:
    taro = factories.member(session, "taro")
    joins.join(session, account=taro, flag=flag)
    joins.join(session, account=taro, flag=flag)
    assert count(session, flag) == 1
    assert notices(session, hanako) == ["join"]
    joins.leave(session, account=taro, flag=flag)
    joins.leave(session, account=taro, flag=flag)
    assert count(session, flag) == 0
    assert notices(session, hanako) == []


def test_the_last_place_is_given_once(session: Session, flag: Post) -> None:
    for name in ("ichi", "ni", "san"):
        joins.join(session, account=factories.member(session, name), flag=flag)
    with pytest.raises(Conflict, match="定員"):
        joins.join(session, account=factories.member(session, "yon"), flag=flag)
    assert count(session, flag) == 3


def test_the_place_is_taken_in_the_database_itself(session: Session, flag: Post) -> None:
    """Somebody else took the last place since the row was read."""
    gathering = gatherings.of(session, flag)
    session.execute(Gathering.__table__.update().values(joined_count=3))
    assert gathering.joined_count == 0
    yon = factories.member(session, "yon")
    with pytest.raises(Conflict, match="定員"):
        joins.join(session, account=yon, flag=flag)
    assert joins.between(session, yon.id, flag.id) is None


def test_nobody_gathers_round_what_is_over(session: Session, clock: FixedClock, hanako: Account, flag: Post) -> None:
    taro = factories.member(session, "taro")
    joins.join(session, account=taro, flag=flag)
    gatherings.close(session, flag=flag, by=hanako)
    assert notices(session, taro) == ["flag_closed"]
    with pytest.raises(Conflict, match="おひらき"):
        joins.join(session, account=factories.member(session, "jiro"), flag=flag)
    gatherings.reopen(session, flag=flag, by=hanako)
    clock.advance(days=2)
    with pytest.raises(Conflict, match="おひらき"):
        joins.join(session, account=factories.member(session, "saburo"), flag=flag)


def test_only_who_raised_it_closes_it(session: Session, flag: Post) -> None:
    with pytest.raises(NotAllowed):
        gatherings.close(session, flag=flag, by=factories.member(session, "taro"))


def test_one_does_not_gather_round_ones_own_flag(session: Session, hanako: Account, flag: Post) -> None:
    with pytest.raises(NotAllowed):
        joins.join(session, account=hanako, flag=flag)


def test_names_are_for_who_gathers_and_who_raised_it(session: Session, hanako: Account, flag: Post) -> None:
    taro, jiro = factories.member(session, "taro"), factories.member(session, "jiro")
    joins.join(session, account=taro, flag=flag)
    assert joins.people(session, PUBLIC, flag) is None
    assert joins.people(session, factories.viewer(session, jiro), flag) is None
    assert joins.people(session, factories.viewer(session, taro), flag) == [taro]
    assert joins.people(session, factories.viewer(session, hanako), flag) == [taro]


def test_a_colleague_is_dareka_san_and_a_blocked_one_is_not_there(session: Session, hanako: Account, flag: Post) -> None:
    taro, jiro = factories.member(session, "taro"), factories.member(session, "jiro")
    joins.join(session, account=taro, flag=flag)
    joins.join(session, account=jiro, flag=flag)
    factories.veil(session, hanako, taro)
    assert [each.name for each in joins.people(session, factories.viewer(session, hanako), flag) or ()] == ["dareka", "jiro"]
    blocks.block(session, account=taro, target=jiro)
    assert joins.people(session, factories.viewer(session, taro), flag) == [taro]


def test_a_block_ends_the_gathering_of_the_two(session: Session, hanako: Account, flag: Post) -> None:
    taro = factories.member(session, "taro")
    joins.join(session, account=taro, flag=flag)
    joins.part(session, hanako.id, taro.id)
    assert count(session, flag) == 0
    blocks.block(session, account=hanako, target=taro)
    with pytest.raises(NotFound):
        joins.join(session, account=taro, flag=flag)


def test_who_leaves_the_town_gathers_nowhere(session: Session, flag: Post) -> None:
    taro = factories.member(session, "taro")
    joins.join(session, account=taro, flag=flag)
    members.leave(session, account_id=taro.id)
    joins.forget(session, taro.id)
    assert count(session, flag) == 0


def test_a_town_flag_is_not_there_for_others(session: Session, hanako: Account) -> None:
    flag = factories.flag(session, hanako, visibility="town")
    with pytest.raises(NotFound):
        joins.join(session, account=factories.remote(session), flag=flag)


def test_an_edit_is_told_to_those_who_gather(session: Session, hanako: Account, flag: Post) -> None:
    taro = factories.member(session, "taro")
    joins.join(session, account=taro, flag=flag)
    gatherings.edit(
        session, post=flag, by=hanako, title=flag.title or "", body=text.from_markdown("場所が変わりました。"),
        plan=Plan(place="港の図書館"), tags=None,
    )  # fmt: skip
    assert gatherings.of(session, flag).place == "港の図書館"
    onlookers.on_edited(session, events.PostEdited(flag.id))
    assert notices(session, taro) == ["update"]


def test_comments_stand_under_a_flag_and_are_no_answers(session: Session, flag: Post) -> None:
    taro = factories.member(session, "taro")
    said = factories.answer(session, taro, flag, body="行きます。")
    assert said.kind == "comment"


def test_a_flag_that_is_taken_back_leaves_nothing(session: Session, hanako: Account, flag: Post) -> None:
    joins.join(session, account=factories.member(session, "taro"), flag=flag)
    posts.delete(session, post=flag, by=hanako)
    assert session.scalar(select(func.count()).select_from(Join)) == 0
    assert session.scalar(select(func.count()).select_from(Gathering)) == 0
    with pytest.raises(NotFound):
        gatherings.of(session, flag)


def test_the_nearest_comes_first_and_what_is_over_apart(session: Session, clock: FixedClock, hanako: Account) -> None:
    later = factories.flag(session, hanako, plan=Plan(starts_at=clock() + 9 * HOUR, minutes=60))
    sooner = factories.flag(session, hanako, plan=Plan(starts_at=clock() + 3 * HOUR, minutes=60))
    always = factories.flag(session, hanako, plan=Plan())
    viewer = factories.viewer(session, hanako)
    assert flag_lists.coming(session, viewer) == [sooner, later, always]
    assert flag_lists.coming(session, viewer, limit=1, offset=1) == [later]
    clock.advance(hours=4)
    assert flag_lists.coming(session, viewer) == [later, always]
    assert flag_lists.past(session, viewer) == [sooner]


def test_a_search_finds_a_flag_by_its_place(session: Session, hanako: Account, flag: Post) -> None:
    search._created(session, events.PostCreated(flag.id))
    found = search.posts(session, factories.viewer(session, hanako), search_terms.read("公民館 is:flag"))
    assert found == [flag.id]


def test_the_number_is_told_once_a_minute(session: Session, clock: FixedClock, flag: Post, told) -> None:
    taro, jiro = factories.member(session, "taro"), factories.member(session, "jiro")
    assert not joins.is_anything_due(session)
    joins.join(session, account=taro, flag=flag)
    assert joins.is_anything_due(session)
    told()
    assert joins.tell_counts(session) == 1
    assert told() == [events.GatheringCounted(flag.id)]
    joins.join(session, account=jiro, flag=flag)
    assert joins.tell_counts(session) == 0
    clock.advance(ms=joins.PAUSE + 1)
    assert joins.tell_counts(session) == 1


class TestOfAnotherTown:
    def foreign(self, session: Session, told: Told, plan: Plan | None = None) -> Post:
        return gatherings.hoist(
            session, author=factories.remote(session), board=None, title="あつまれ", body=text.from_markdown("まつ"),
            plan=plan or Plan(), origin=factories.origin(), told=told,
        )  # fmt: skip

    def test_its_number_is_what_its_town_says(self, session: Session) -> None:
        flag = self.foreign(session, Told(joined_count=5, joined_uri="https://yamate.example/posts/1/joined"))
        assert count(session, flag) == 5
        before = flag.touched
        assert gatherings.heed(session, flag, Told(joined_count=10**9))
        session.refresh(flag)
        assert (count(session, flag), flag.touched) == (10**7, before + 1)

    def test_what_is_strange_in_its_plan_is_left_out(self, session: Session) -> None:
        flag = self.foreign(session, Told(), Plan(starts_at=1 << 50, minutes=-3, capacity=0, place="あ" * 999))
        assert plans.of(gatherings.of(session, flag)) == Plan(place="あ" * 200)

    def test_its_town_may_decline(self, session: Session) -> None:
        flag, taro = self.foreign(session, Told(joined_count=2)), factories.member(session, "taro")
        joins.join(session, account=taro, flag=flag)
        joins.declined(session, account=taro, flag=flag)
        assert notices(session, taro) == ["flag_declined"]
        assert joins.between(session, taro.id, flag.id) is None

    def test_its_end_is_told_here(self, session: Session) -> None:
        flag, taro = self.foreign(session, Told()), factories.member(session, "taro")
        joins.join(session, account=taro, flag=flag)
        gatherings.heed(session, flag, Told(closed=True))
        assert notices(session, taro) == ["flag_closed"]


def test_a_form_holds_the_towns_clock() -> None:
    at = plans.from_typed("2026-11-28T09:00")
    assert at is not None
    assert plans.typed(at) == "2026-11-28T09:00"
    with pytest.raises(Invalid):
        plans.from_typed("あした")
