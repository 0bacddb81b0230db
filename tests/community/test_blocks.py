import pytest
from sqlalchemy import select

from community import answers, blocks, events, follows, likes, text, thanks, timelines
from community.errors import NotAllowed, NotFound
from community.models import Block, Notification
from tests import factories


@pytest.fixture
def people(session):
    return [factories.member(session, name) for name in ("hanako", "taro", "jiro")]


def home(session, account):
    return timelines.home(session, factories.viewer(session, account))


def test_follows_end_both_ways_and_posts_and_notices_leave(session, told, people):
    hanako, taro, jiro = people
    for one, other in ((hanako, taro), (taro, hanako), (hanako, jiro)):
        follows.request(session, follower=one, followee=other)
    kept = factories.question(session, jiro)
    theirs, own = factories.question(session, taro), factories.question(session, hanako)
    factories.answer(session, taro, own)
    told()
    blocks.block(session, account=hanako, target=taro)
    assert follows.between(session, hanako.id, taro.id) is follows.between(session, taro.id, hanako.id) is None
    assert home(session, hanako) == [own, kept]
    assert home(session, taro) == [
        post for post in home(session, taro) if post.author_id == taro.id
    ] != []
    notices = select(Notification.actor_id).where(Notification.account_id == hanako.id)
    assert taro.id not in session.scalars(notices).all()
    kinds = [type(event) for event in told()]
    assert kinds == [events.FollowEnded, events.FollowRejected, events.BlockCreated]
    session.refresh(hanako)
    assert (hanako.followers_count, hanako.following_count) == (0, 1)
    assert theirs not in home(session, hanako)


def test_again_it_changes_nothing_and_it_can_be_taken_back(session, told, people):
    hanako, taro, _ = people
    first = blocks.block(session, account=hanako, target=taro)
    told()
    assert blocks.block(session, account=hanako, target=taro) is first
    assert told() == []
    uri = first.uri
    blocks.unblock(session, account=hanako, target=taro)
    blocks.unblock(session, account=hanako, target=taro)
    assert told() == [events.BlockRemoved(uri, hanako.id, taro.id)]
    assert session.scalars(select(Block)).all() == []
    follows.request(session, follower=taro, followee=hanako)


def test_nobody_blocks_themselves(session, people):
    with pytest.raises(NotAllowed):
        blocks.block(session, account=people[0], target=people[0])


def test_every_deed_of_the_blocked_is_refused_as_if_nothing_were_there(session, people):
    hanako, taro, jiro = people
    question = factories.question(session, hanako)
    answer = factories.answer(session, hanako, factories.question(session, jiro))
    blocks.block(session, account=hanako, target=taro)
    with pytest.raises(NotAllowed):
        follows.request(session, follower=taro, followee=hanako)
    with pytest.raises(NotFound):
        answers.reply(session, author=taro, parent=question, body=text.from_markdown("こうです"))
    with pytest.raises(NotFound):
        likes.like(session, account=taro, post=question)
    with pytest.raises(NotFound):
        thanks.give(session, giver=taro, answer=answer)


def test_who_blocks_is_asked_to_unblock_first(session, people):
    hanako, taro, jiro = people
    question = factories.question(session, taro)
    answer = factories.answer(session, taro, factories.question(session, jiro))
    blocks.block(session, account=hanako, target=taro)
    with pytest.raises(NotAllowed):
        follows.request(session, follower=hanako, followee=taro)
    with pytest.raises(NotAllowed, match="ブロックしている人"):
        answers.reply(session, author=hanako, parent=question, body=text.from_markdown("こうです"))
    with pytest.raises(NotAllowed):
        likes.like(session, account=hanako, post=question)
    with pytest.raises(NotAllowed):
        thanks.give(session, giver=hanako, answer=answer)
    likes.like(session, account=jiro, post=question)


def test_deeds_of_a_remote_account_are_refused_the_same_way(session, people):
    hanako, *_ = people
    komorebi = factories.remote(session, "komorebi")
    question = factories.question(session, hanako)
    blocks.block(session, account=hanako, target=komorebi)
    with pytest.raises(NotFound):
        answers.reply(
            session,
            author=komorebi,
            parent=question,
            body=text.from_html("<p>こう</p>"),
            origin=factories.origin(),
        )
    with pytest.raises(NotFound):
        likes.like(session, account=komorebi, post=question, uri="https://yamate.example/likes/1")
    with pytest.raises(NotAllowed):
        follows.request(session, follower=komorebi, followee=hanako, uri="https://yamate.example/f/1")
