"""Who is heard by followers alone turns up for them as before, and for nobody else where anybody may turn up."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import (
    directory,
    follows,
    notice_policy,
    notifications,
    questions,
    strengths,
    text,
    timelines,
    towns,
    visibility,
)
from community.models import Account, Notification, NotificationSender, Post
from community.visibility import PUBLIC, Viewer
from tests import factories


@pytest.fixture
def rei(session: Session) -> Account:
    """れい of a host that the town let nobody hear but followers, good at 36協定."""
    made = factories.remote(session, "rei", "loud.example")
    strengths.note(session, made.id, ["36協定"])
    towns.block(session, domain="loud.example", policy="silence")
    session.expire_all()
    return made


def question(session: Session, author: Account, board: Account) -> Post:
    return questions.ask(
        session, author=author, board=board, title="届出の期限は？", body=text.from_html("<p>教えてください</p>"),
        visibility="open", tags=["36協定"], origin=factories.origin(),
    )  # fmt: skip


@pytest.fixture
def asked(session: Session, rei: Account) -> Post:
    return question(session, rei, factories.board(session))


def seen(session: Session, viewer: Viewer, rei: Account, asked: Post) -> set[str]:
    """Where れい turns up for `viewer`."""
    lists = {
        "questions": asked in timelines.questions(session, viewer),
        "of the tag": asked in timelines.questions(session, viewer, tag="36協定"),
        "of the board": asked in timelines.questions(session, viewer, board_id=asked.board_id),
        "fitting": asked in strengths.matching_questions(session, viewer),
        "good at it": rei in strengths.people_with(session, viewer, "36協定"),
        "directory": rei.id in directory.listed(session, viewer),
    }
    return {name for name, there in lists.items() if there}


def test_for_followers_alone(session: Session, rei: Account, asked: Post) -> None:
    hana = factories.member(session, "hana", strengths=("36協定",))
    viewer = factories.viewer(session, hana)
    assert seen(session, PUBLIC, rei, asked) == set()
    assert seen(session, viewer, rei, asked) == set()
    assert visibility.may_see(session, viewer, asked)  # at its address it opens
    follows.accept(session, follow=follows.request(session, follower=hana, followee=rei))
    assert seen(session, viewer, rei, asked) == {
        "questions", "of the tag", "of the board", "fitting", "good at it", "directory"
    }  # fmt: skip


def test_a_board_of_such_a_host_shows_what_stands_on_it(session: Session, rei: Account) -> None:
    board = factories.remote(session, "hiroba", "loud.example", kind="board")
    towns.change(session, towns.rule_of(session, "loud.example"), policy="silence")
    session.expire_all()
    asked = question(session, rei, board)
    assert asked in timelines.questions(session, PUBLIC, board_id=board.id)
    assert asked not in timelines.questions(session, PUBLIC)


def test_notices_wait_in_a_request_until_it_is_let_in_or_followed(session: Session, rei: Account) -> None:
    def held(me: Account, kind: str) -> bool:
        notifications.tell(session, to=me, kind=kind, actor=rei)
        last = select(Notification.held).where(Notification.account_id == me.id).order_by(Notification.id.desc())
        return bool(session.scalars(last.limit(1)).one())

    hana, fuyu = factories.member(session, "hana"), factories.member(session, "fuyu")
    assert held(hana, "follow")
    request = session.scalars(select(NotificationSender.id).where(NotificationSender.account_id == hana.id)).one()
    notice_policy.accept(session, account_id=hana.id, request_ids=[request])
    assert not held(hana, "like")
    follows.accept(session, follow=follows.request(session, follower=fuyu, followee=rei))
    assert not held(fuyu, "follow")
