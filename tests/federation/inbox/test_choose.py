"""ChooseAnswer and its Undo: the asker decides, whoever passes it on (§1.4)."""

import pytest
from sqlalchemy.orm import Session

from community import posts
from community.models import Post
from federation import actors
from tests import factories
from tests.federation.inbox import mail


@pytest.fixture
def question(session: Session) -> Post:
    """A question of the sister town やまて, asked by こもれび."""
    factories.sister(session, "yamate.example")
    letter = mail.load("machi/create_question")
    mail.deliver(session, letter)
    found = posts.by_uri(session, letter["object"]["id"])
    assert found is not None
    return found


@pytest.fixture
def answer(session: Session, question: Post) -> Post:
    """Jun's answer: `…/posts/3`."""
    return factories.answer(session, factories.member(session, "jun"), question)


def test_the_asker_chooses_and_takes_it_back(session: Session, question: Post, answer: Post) -> None:
    mail.deliver(session, mail.load("machi/choose_answer", {3: answer.uri}))
    assert question.accepted_answer_id == answer.id
    mail.deliver(session, mail.load("machi/undo_choose_answer", {3: answer.uri}))
    assert question.accepted_answer_id is None


def other_actor(session: Session) -> str:
    document = mail.load("machi/member") | {
        "id": "https://yamate.example/users/mallory",
        "preferredUsername": "mallory",
    }
    actors.upsert(session, document | {"publicKey": None})
    return str(document["id"])


def test_nobody_else_chooses(session: Session, question: Post, answer: Post) -> None:
    letter = mail.load("machi/choose_answer", {3: answer.uri}) | {"actor": other_actor(session)}
    assert "did not ask" in mail.refusal(session, letter)
    assert "did not ask" in mail.refusal(session, letter, mail.load("machi/create_question")["object"])
    assert question.accepted_answer_id is None


def test_unless_the_question_itself_says_so(session: Session, question: Post, answer: Post) -> None:
    letter = mail.load("machi/choose_answer", {3: answer.uri}) | {"actor": other_actor(session)}
    mail.deliver(session, letter, mail.load("machi/update_solved", {3: answer.uri})["object"])
    assert question.accepted_answer_id == answer.id


def test_nobody_else_takes_it_back(session: Session, question: Post, answer: Post) -> None:
    mail.deliver(session, mail.load("machi/choose_answer", {3: answer.uri}))
    letter = mail.load("machi/undo_choose_answer", {3: answer.uri}) | {"actor": other_actor(session)}
    letter["object"]["actor"] = letter["actor"]
    with pytest.raises(Exception, match="ご本人だけ"):
        mail.deliver(session, letter)
    assert question.accepted_answer_id == answer.id


def test_a_question_of_ours_is_decided_here(session: Session, answer: Post) -> None:
    ours = factories.question(session, factories.member(session, "hanako"))
    theirs = factories.answer(session, factories.local(session, "jun"), ours)
    letter = mail.load("machi/choose_answer", {3: theirs.uri})
    assert "did not ask" in mail.refusal(session, letter)
    assert ours.accepted_answer_id is None


def test_an_answer_that_never_came_is_fetched(session: Session, question: Post) -> None:
    theirs = mail.load("mastodon/create_reply")["object"] | {"inReplyTo": question.uri}
    mail.deliver(session, mail.load("machi/choose_answer", {3: theirs["id"]}), theirs)
    assert session.get_one(Post, question.accepted_answer_id).uri == theirs["id"]


def test_what_is_no_answer_is_not_chosen(session: Session, question: Post, answer: Post) -> None:
    comment = factories.answer(session, factories.member(session, "aki"), answer)
    with pytest.raises(Exception, match="この質問への回答"):
        mail.deliver(session, mail.load("machi/choose_answer", {3: comment.uri}))
    assert question.accepted_answer_id is None


def test_a_choice_of_the_unknown_is_ignored(session: Session, question: Post) -> None:
    assert "not known here" in mail.refusal(session, mail.load("machi/choose_answer"))
    assert question.accepted_answer_id is None


def test_both_messages_in_either_order_choose_once(
    session: Session, question: Post, answer: Post, told
) -> None:
    told()
    mail.deliver(session, mail.load("machi/choose_answer", {3: answer.uri}))
    mail.deliver(session, mail.load("machi/update_solved", {3: answer.uri}))
    chosen = [event for event in told() if type(event).__name__ == "AnswerChosen"]
    assert len(chosen) == 1


def by_id(answer: Post) -> tuple[dict[str, object], dict[str, object]]:
    """An Undo that names what it undoes by its id alone, and the ChooseAnswer that stands there."""
    undo = mail.load("machi/undo_choose_answer", {3: answer.uri})
    choice = undo["object"]
    return undo | {"object": choice["id"]}, choice


def test_it_is_taken_back_by_its_id_alone(session: Session, question: Post, answer: Post) -> None:
    undo, choice = by_id(answer)
    mail.deliver(session, mail.load("machi/choose_answer", {3: answer.uri}))
    mail.deliver(session, undo, choice)
    assert question.accepted_answer_id is None


def test_nobody_else_takes_it_back_by_its_id(session: Session, question: Post, answer: Post) -> None:
    undo, choice = by_id(answer)
    mail.deliver(session, mail.load("machi/choose_answer", {3: answer.uri}))
    other = other_actor(session)
    assert mail.refusal(session, undo | {"actor": other}, choice)
    assert question.accepted_answer_id == answer.id
