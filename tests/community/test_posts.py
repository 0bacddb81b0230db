import pytest
from sqlalchemy import select

from community import events, notes, posts, questions, tags
from community.errors import Invalid, NotAllowed, NotFound
from community.models import HomeEntry, Notification, Revision, Thanks
from community.text import from_markdown
from tests import factories

BODY = from_markdown("書きなおしました。")


@pytest.fixture
def thread(session):
    hanako, harukaze = factories.member(session, "hanako"), factories.member(session, "harukaze")
    question = factories.question(session, hanako, tags=["給与"])
    return hanako, harukaze, question, factories.answer(session, harukaze, question)


def test_an_answer_reworded_keeps_what_it_said(session, thread, clock, told):
    _, harukaze, _, answer = thread
    before, said_at = answer.body_source, clock()
    told()
    clock.advance(hours=1)
    for _ in range(2):  # the second time changes nothing
        posts.edit(session, post=answer, by=harukaze, body=BODY, as_of="2026-04", basis="通達")
    revision = session.scalars(select(Revision)).one()
    assert (revision.body_source, revision.created_at) == (before, said_at)
    assert (answer.body_text, answer.as_of, answer.basis, answer.edited_at) == (
        BODY.text,
        "2026-04",
        "通達",
        clock(),
    )
    assert told() == [events.PostEdited(answer.id)]


def test_who_may_not_reword(session, thread):
    hanako, harukaze, _, answer = thread
    with pytest.raises(NotAllowed):
        posts.edit(session, post=answer, by=hanako, body=BODY)
    with pytest.raises(Invalid):
        posts.edit(session, post=answer, by=harukaze, body=from_markdown(""))
    posts.delete(session, post=answer, by=harukaze)
    with pytest.raises(NotFound):
        posts.edit(session, post=answer, by=harukaze, body=BODY)


def test_taking_back_leaves_an_empty_stub(session, thread, clock, told):
    hanako, harukaze, question, answer = thread
    posts.edit(session, post=answer, by=harukaze, body=BODY, basis="通達")
    questions.solve(session, question=question, answer=answer, by=hanako)
    thanks = factories.thank(session, hanako, answer, words="助かりました")
    told()
    for _ in range(2):
        posts.delete(session, post=answer, by=harukaze)
    assert (answer.body_source, answer.body_html, answer.body_text, answer.basis) == ("", "", "", "")
    assert answer.deleted_at == clock()
    assert session.scalars(select(Revision)).all() == []
    assert session.scalars(select(HomeEntry).where(HomeEntry.post_id == answer.id)).all() == []
    assert session.scalars(select(Notification).where(Notification.post_id == answer.id)).all() == []
    assert (question.answers_count, question.accepted_answer_id, question.solved_at) == (0, None, None)
    assert harukaze.posts_count == 0
    assert session.get(Thanks, thanks.id) is not None  # what was given stays given
    assert told() == [events.AnswerUnchosen(question.id, answer.id), events.PostDeleted(answer.id)]


def test_a_question_taken_back_loses_title_and_tags(session, thread):
    hanako, _, question, answer = thread
    posts.delete(session, post=question, by=hanako)
    assert question.title is None
    assert tags.labels_of(session, question) == []
    assert answer.deleted_at is None


def test_only_the_author_and_moderators_take_back(session, thread):
    hanako, _, _, answer = thread
    for role in ("member", "keeper", "watcher"):
        with pytest.raises(NotAllowed):
            posts.delete(session, post=answer, by=factories.member(session, role, role=role))
    with pytest.raises(NotAllowed):
        posts.delete(session, post=answer, by=hanako)
    posts.delete(session, post=answer, by=factories.member(session, "moderator", role="moderator"))
    assert answer.deleted_at is not None


def test_words_of_thanks_taken_back_leave_the_thanks(session, thread):
    hanako, _, question, answer = thread
    thanks = factories.thank(session, hanako, answer, words="助かりました")
    message = session.get(posts.Post, thanks.message_post_id)
    posts.delete(session, post=message, by=hanako)
    session.refresh(thanks)
    assert (thanks.message_post_id, answer.thanks_count, question.comments_count) == (None, 1, 0)


def test_everything_made_in_a_sample_town_is_a_sample(session, thread, monkeypatch):
    hanako = thread[0]
    assert not thread[2].sample
    taro = factories.remote(session)
    origin = posts.Origin(uri="https://yamate.example/9", url="", published=1, sample=True)
    assert notes.write(session, author=taro, body=BODY, visibility="open", origin=origin).sample
    assert not notes.write(session, author=hanako, body=BODY, visibility="open").sample


def test_found_again_by_its_address(session, thread):
    answer = thread[3]
    assert posts.by_uri(session, answer.uri) is answer
    assert posts.by_uri(session, answer.uri + "0") is None
