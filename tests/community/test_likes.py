import pytest
from sqlalchemy import select

from community import events, likes
from community.errors import NotFound
from community.models import Like, Notification
from tests import factories


@pytest.fixture
def scene(session):
    hanako, harukaze = factories.member(session, "hanako"), factories.member(session, "harukaze")
    return hanako, harukaze, factories.answer(session, harukaze, factories.question(session, hanako))


def test_a_like_is_no_thanks_and_counts_once(session, scene, told):
    hanako, harukaze, answer = scene
    told()
    like = likes.like(session, account=hanako, post=answer)
    assert likes.like(session, account=hanako, post=answer) is like
    assert like.uri == f"https://minato.example/activities/{like.id}"
    assert (answer.likes_count, answer.thanks_count) == (1, 0)
    assert told() == [events.Liked(like.id)]
    notice = session.scalars(select(Notification).where(Notification.account_id == harukaze.id)).one()
    assert (notice.kind, notice.post_id) == ("like", answer.id)


def test_taken_back(session, scene, told):
    hanako, _, answer = scene
    uri = "https://yamate.example/likes/1"
    taro = factories.remote(session)
    like = likes.like(session, account=taro, post=answer, uri=uri)
    likes.like(session, account=hanako, post=answer)
    assert likes.by_uri(session, uri) is like
    told()
    for _ in range(2):
        likes.unlike(session, account=taro, post=answer)
    assert answer.likes_count == 1
    assert [row.account_id for row in session.scalars(select(Like))] == [hanako.id]
    assert [
        row.actor_id for row in session.scalars(select(Notification).where(Notification.kind == "like"))
    ] == [hanako.id]
    assert told() == [events.Unliked(uri, taro.id, answer.id)]


def test_what_is_not_seen_is_not_liked(session, scene):
    question = factories.question(session, scene[0], visibility="sister")
    with pytest.raises(NotFound):
        likes.like(session, account=factories.remote(session), post=question, uri="https://yamate.example/l")
