import pytest
from sqlalchemy import select

from community import distance, follows, ids, strengths, threads, timelines, town, visibility
from community.errors import NotAllowed, NotFound
from community.models import Account, Block, DomainBlock, Mute, Post
from community.visibility import PUBLIC
from tests import factories

HOUR = 3_600_000


def block(session, account, target):
    now = town.now(session)
    number = ids.new(now)
    session.add(
        Block(id=number, uri=f"x:{number}", account_id=account.id, target_id=target.id, created_at=now)
    )
    session.flush()


def mute(session, account, target, *, notifications=True, expires_at=None):
    now = town.now(session)
    session.add(
        Mute(
            id=ids.new(now), account_id=account.id, target_id=target.id, notifications=notifications,
            expires_at=expires_at, created_at=now,
        )
    )  # fmt: skip
    session.flush()


def shut_out(session, account, domain):
    now = town.now(session)
    session.add(DomainBlock(id=ids.new(now), account_id=account.id, domain=domain, created_at=now))
    session.flush()


def hidden(session, who):
    """The names of those from whom `who` hears nothing in lists."""
    viewer = factories.viewer(session, who)
    names = select(Account.name).where(
        Account.kind == "person", distance.hidden(viewer, Account.id, town.now(session))
    )
    return set(session.scalars(names))


@pytest.fixture
def people(session):
    names = ("hanako", "taro", "jiro", "saburo")
    return [factories.member(session, name) for name in names]


def test_blocks_in_both_directions_and_mutes_hide(session, people):
    hanako, taro, jiro, saburo = people
    block(session, hanako, taro)
    block(session, jiro, hanako)
    mute(session, hanako, saburo)
    assert hidden(session, hanako) == {"taro", "jiro", "saburo"}
    assert hidden(session, taro) == {"hanako"}
    assert hidden(session, saburo) == set()
    everyone = select(Account.id).where(distance.hidden(PUBLIC, Account.id, town.now(session)))
    assert session.scalars(everyone).all() == []


def test_a_mute_that_ran_out_hides_nobody_from_that_moment_on(session, clock, people):
    hanako, taro, *_ = people
    mute(session, hanako, taro, expires_at=town.now(session) + HOUR)
    assert hidden(session, hanako) == {"taro"}
    assert distance.is_unheard(session, by=hanako.id, actor=taro.id)
    clock.advance(ms=HOUR)
    assert hidden(session, hanako) == set()
    assert not distance.is_unheard(session, by=hanako.id, actor=taro.id)


def test_a_mute_may_spare_notices(session, people):
    hanako, taro, jiro, _ = people
    mute(session, hanako, taro, notifications=False)
    mute(session, hanako, jiro)
    assert hidden(session, hanako) == {"taro", "jiro"}
    assert not distance.is_unheard(session, by=hanako.id, actor=taro.id)
    assert distance.is_unheard(session, by=hanako.id, actor=jiro.id)
    unheard = distance.unheard_by(hanako.id, Account.id, town.now(session))
    assert set(session.scalars(select(Account.name).where(unheard))) == {"jiro"}


def test_a_server_that_is_shut_out_is_hidden_whole(session, people):
    hanako, taro, *_ = people
    factories.remote(session, "komorebi")
    factories.remote(session, "oto", "kawabe.example")
    shut_out(session, hanako, "yamate.example")
    assert hidden(session, hanako) == {"komorebi"}
    assert hidden(session, taro) == set()


def test_who_is_blocked_finds_nothing_and_who_blocks_is_told_to_unblock(session, people):
    hanako, taro, jiro, _ = people
    block(session, hanako, taro)
    with pytest.raises(NotFound):
        distance.check(session, actor=taro, target=hanako)
    with pytest.raises(NotAllowed):
        distance.check(session, actor=hanako, target=taro)
    for pair in ((hanako, jiro), (jiro, taro), (hanako, hanako)):
        distance.check(session, actor=pair[0], target=pair[1])


def test_people_of_a_server_that_is_shut_out_find_nothing(session, people):
    hanako, taro, *_ = people
    komorebi = factories.remote(session, "komorebi")
    shut_out(session, hanako, "yamate.example")
    with pytest.raises(NotFound):
        distance.check(session, actor=komorebi, target=hanako)
    distance.check(session, actor=hanako, target=komorebi)
    distance.check(session, actor=komorebi, target=taro)


def test_posts_of_who_blocks_are_not_there_for_the_blocked(session, people):
    hanako, taro, jiro, _ = people
    post = factories.question(session, hanako)
    own = factories.question(session, taro)
    block(session, hanako, taro)

    def seen(viewer):
        return set(session.scalars(select(Post.id).where(visibility.visible_to(viewer))))

    assert seen(factories.viewer(session, taro)) == {own.id}
    assert seen(factories.viewer(session, hanako)) == {post.id, own.id}
    assert seen(factories.viewer(session, jiro)) == {post.id, own.id} == seen(PUBLIC)
    for account, expected in ((taro, False), (hanako, True), (jiro, True)):
        assert visibility.may_see(session, factories.viewer(session, account), post) is expected
    with pytest.raises(NotFound):
        visibility.require(session, factories.viewer(session, taro), post.id)
    assert visibility.require(session, factories.viewer(session, hanako), own.id) == own


def test_a_remote_reader_who_is_blocked_sees_nothing_either(session, people):
    hanako, *_ = people
    komorebi = factories.remote(session, "komorebi")
    post = factories.question(session, hanako)
    viewer = visibility.viewer_of(session, komorebi)
    assert visibility.may_see(session, viewer, post)
    block(session, hanako, komorebi)
    assert not visibility.may_see(session, viewer, post)


def test_lists_and_threads_leave_out_what_opens_by_its_address(session, people):
    hanako, taro, jiro, _ = people
    follows.request(session, follower=hanako, followee=taro)
    theirs, other = factories.question(session, taro), factories.question(session, taro, tags=["備蓄"])
    answer = factories.answer(session, jiro, theirs)
    kept = factories.answer(session, hanako, theirs)
    factories.thank(session, taro, kept)
    viewer = factories.viewer(session, hanako)
    strengths.choose(session, hanako.id, ["備蓄"])
    session.flush()
    mute(session, hanako, jiro)
    assert threads.thread(session, viewer, theirs).answers == [kept]
    assert timelines.questions(session, viewer) == [other, theirs]
    assert strengths.matching_questions(session, viewer) == [other]
    mute(session, hanako, taro)
    assert timelines.questions(session, viewer) == []
    assert timelines.home(session, viewer) == [kept]
    assert strengths.matching_questions(session, viewer) == []
    thread = threads.thread(session, viewer, visibility.require(session, viewer, theirs.id))
    assert thread.thanks[kept.id] == []
    assert timelines.of_author(session, viewer, taro.id) == [other, theirs]
    assert threads.thread(session, factories.viewer(session, taro), theirs).answers == [kept, answer]
