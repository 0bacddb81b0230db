"""Keepers show a question first; moderators take a post of elsewhere off a board."""

import pytest
from sqlalchemy.orm import Session

from community import answers, events, founding, moderation, stewardship, text
from community.errors import Invalid, NotAllowed, NotFound
from community.models import Account, Post
from tests import factories


@pytest.fixture
def question(session: Session) -> Post:
    return factories.question(session, factories.member(session, "hanako"))


def strange(session: Session, question: Post) -> Post:
    body = text.from_markdown("宣伝です。")
    return answers.reply(
        session, author=factories.remote(session), parent=question, body=body, origin=factories.origin()
    )


@pytest.mark.parametrize(("role", "allowed"), [("member", False), ("watcher", False), ("keeper", True), ("moderator", True)])
def test_keepers_show_first(session: Session, question: Post, role: str, *, allowed: bool) -> None:
    by = factories.member(session, "kaori", role=role)
    if not allowed:
        with pytest.raises(NotAllowed):
            stewardship.show_first(session, post=question, by=by)
        return
    stewardship.show_first(session, post=question, by=by)
    stewardship.show_first(session, post=question, by=by)
    assert stewardship.is_first(session, question)
    stewardship.show_among_others(session, post=question, by=by)
    assert not stewardship.is_first(session, question)


def test_no_more_than_five_stand_first(session: Session, question: Post) -> None:
    by, asker = factories.member(session, "kaori", role="keeper"), session.get_one(Account, question.author_id)
    for number in range(stewardship.FIRST_MOST):
        stewardship.show_first(session, post=factories.question(session, asker, title=f"質問その{number}です"), by=by)
    with pytest.raises(Invalid):
        stewardship.show_first(session, post=question, by=by)


def test_what_is_not_for_all_stands_nowhere_first(session: Session, question: Post) -> None:
    by, asker = factories.member(session, "kaori", role="keeper"), session.get_one(Account, question.author_id)
    with pytest.raises(NotAllowed):
        stewardship.show_first(session, post=factories.question(session, asker, visibility="sister"), by=by)
    with pytest.raises(NotAllowed):
        stewardship.show_first(session, post=factories.answer(session, by, question), by=by)


def test_moderators_take_off_what_came_from_elsewhere(session: Session, question: Post, told) -> None:
    post = strange(session, question)
    by = factories.member(session, "kaori", role="moderator")
    with pytest.raises(Invalid):
        stewardship.take_off(session, post=post, by=by, reason="  ")
    told()
    stewardship.take_off(session, post=post, by=by, reason="宣伝の連投")
    assert post.deleted_at is not None
    assert told()[-1] == events.PostTakenOff(post.id, "宣伝の連投")
    with pytest.raises(NotFound):
        stewardship.take_off(session, post=post, by=by, reason="もう一度")


def test_nobody_else_takes_off_and_nothing_of_ours(session: Session, question: Post) -> None:
    post = strange(session, question)
    with pytest.raises(NotAllowed):
        stewardship.take_off(session, post=post, by=factories.member(session, "keeper1", role="keeper"), reason="宣伝")
    with pytest.raises(NotAllowed):
        stewardship.take_off(session, post=question, by=factories.member(session, "kaori", role="moderator"), reason="宣伝")
    assert post.deleted_at is None


def test_the_towns_own_hand_is_nobody_to_be_moderated(session: Session, question: Post) -> None:
    by = factories.member(session, "kaori", role="admin")
    with pytest.raises(NotFound):
        moderation.act(session, by=by, account_id=founding.steward(session).id, deed="suspend")


def test_who_is_suspended_and_let_in_is_told(session: Session, question: Post, told) -> None:
    account = session.get_one(Account, strange(session, question).author_id)
    by = factories.member(session, "kaori", role="moderator")
    told()
    moderation.act(session, by=by, account_id=account.id, deed="suspend")
    assert events.ShutOut(account.id) in told()
    moderation.unsuspend(session, account)
    assert events.LetIn(account.id) in told()
    moderation.unsuspend(session, account)
    assert told() == []
