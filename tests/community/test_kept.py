"""Bookmarks, pins, muted threads: what a member keeps of posts for themselves."""

import pytest
from sqlalchemy import select

from community import bookmarks, pins, posts, thread_mutes
from community.errors import Invalid, NotAllowed
from community.models import Bookmark, Notification, Pin
from tests import factories


def test_a_bookmark_is_kept_once_and_goes_with_the_post(session):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    question = factories.question(session, hanako)
    for _ in range(2):
        bookmarks.keep(session, account_id=hotate.id, post=question)
    assert len(session.scalars(select(Bookmark)).all()) == 1
    bookmarks.drop(session, account_id=hotate.id, post=question)
    assert session.scalars(select(Bookmark)).all() == []
    bookmarks.keep(session, account_id=hotate.id, post=question)
    posts.delete(session, post=question, by=hanako)
    assert session.scalars(select(Bookmark)).all() == []


def test_five_of_ones_own_posts_are_pinned(session, told):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    made = [factories.question(session, hanako) for _ in range(6)]
    with pytest.raises(Invalid) as error:
        pins.pin(session, account=hotate, post=made[0])
    assert error.value.field == "pin_others"
    with pytest.raises(NotAllowed):
        pins.unpin(session, account=hotate, post=made[0])
    for question in [*made[:5], made[0]]:
        pins.pin(session, account=hanako, post=question)
    with pytest.raises(Invalid), session.begin_nested():
        pins.pin(session, account=hanako, post=made[5])
    assert len(session.scalars(select(Pin)).all()) == 5
    assert set(pins.post_ids(session, hanako.id)) == {each.id for each in made[:5]}
    pins.unpin(session, account=hanako, post=made[0])
    posts.delete(session, post=made[1], by=hanako)
    assert set(pins.post_ids(session, hanako.id)) == {each.id for each in made[2:5]}


def test_a_muted_thread_tells_nothing(session):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    question = factories.question(session, hanako)
    thread_mutes.mute(session, account_id=hanako.id, post=question)
    answer = factories.answer(session, hotate, question)
    assert session.scalars(select(Notification.id)).all() == []
    assert thread_mutes.is_muted(session, hanako.id, question.id)
    assert not thread_mutes.is_muted(session, hotate.id, question.id)
    thread_mutes.unmute(session, account_id=hanako.id, post=answer)
    factories.answer(session, hotate, answer)
    assert session.scalars(select(Notification.account_id)).all() == [hanako.id]
