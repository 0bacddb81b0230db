import pytest
from sqlalchemy import select

from community import boosts, events, follows, homes, posts, timelines
from community.errors import NotAllowed, NotFound
from community.models import Block, HomeEntry, Notification, Post
from tests import factories


def notice_kinds(session, account):
    return list(session.scalars(select(Notification.kind).where(Notification.account_id == account.id)))


def test_a_boost_is_a_post_of_its_own_made_once(session, told):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    harukaze = factories.member(session, "harukaze")
    follows.request(session, follower=harukaze, followee=hotate)
    question = factories.question(session, hanako)
    told()
    boost = boosts.boost(session, account=hotate, post=question)
    assert boosts.boost(session, account=hotate, post=question).id == boost.id
    assert boosts.boost(session, account=hotate, post=boost).id == boost.id
    session.refresh(question)
    assert (boost.kind, boost.boost_of_id, boost.visibility, question.boosts_count) == ("boost", question.id, "open", 1)
    assert boost.id != question.id
    assert session.get(HomeEntry, (harukaze.id, boost.id)) is not None
    assert notice_kinds(session, hanako) == ["boost"]
    assert [each for each in told() if isinstance(each, events.Boosted)] == [events.Boosted(boost.id)]


def test_taking_back_leaves_nothing(session, told):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    question = factories.question(session, hanako)
    boost = boosts.boost(session, account=hotate, post=question)
    told()
    assert boosts.unboost(session, account=hotate, post=question) is question
    assert boosts.unboost(session, account=hotate, post=question) is question
    session.refresh(question)
    assert question.boosts_count == 0
    assert session.scalars(select(Post.id).where(Post.kind == "boost")).all() == []
    assert session.scalars(select(HomeEntry.post_id).where(HomeEntry.post_id == boost.id)).all() == []
    assert notice_kinds(session, hanako) == []
    assert told() == [events.Unboosted(boost.uri, boost.id, hotate.id, question.id)]


def test_boosts_go_with_what_they_pass_on(session):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    question = factories.question(session, hanako)
    boosts.boost(session, account=hotate, post=question)
    posts.delete(session, post=question, by=hanako)
    assert session.scalars(select(Post.id).where(Post.kind == "boost")).all() == []


def test_a_boost_is_deleted_like_a_post(session):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    question = factories.question(session, hanako)
    boost = boosts.boost(session, account=hotate, post=question)
    with pytest.raises(NotAllowed):
        posts.delete(session, post=boost, by=hanako)
    posts.delete(session, post=boost, by=hotate)
    session.refresh(question)
    assert question.boosts_count == 0


@pytest.mark.parametrize("visibility", ["sister", "town"])
def test_what_was_said_to_a_circle_is_not_passed_on(session, visibility):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    question = factories.question(session, hanako, visibility=visibility)
    for account in (hotate, hanako):
        with pytest.raises(NotAllowed):
            boosts.boost(session, account=account, post=question)


def test_what_somebody_cannot_see_they_cannot_pass_on(session):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    question = factories.question(session, hanako)
    session.add(Block(id=1, uri="urn:x", account_id=hanako.id, target_id=hotate.id, created_at=1))
    session.flush()
    with pytest.raises(NotFound):
        boosts.boost(session, account=hotate, post=question)


def test_pages_show_no_boosts(session):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    question = factories.question(session, hanako)
    boost = boosts.boost(session, account=hotate, post=question)
    viewer = factories.viewer(session, hotate)
    assert boost.id not in [each.id for each in timelines.home(session, viewer)]
    assert timelines.of_author(session, viewer, hotate.id) == []
    harukaze = factories.member(session, "harukaze")
    homes.backfill(session, factories.viewer(session, harukaze), hotate)
    assert timelines.home(session, factories.viewer(session, harukaze)) == []
