import pytest

from community import posts, questions
from community.visibility import PUBLIC
from tests import factories


@pytest.fixture
def scene(session, clock):
    hanako, harukaze = factories.member(session, "hanako"), factories.member(session, "harukaze")
    question = factories.question(session, hanako)
    answers = []
    for n in range(4):
        clock.advance(seconds=1)
        answers.append(factories.answer(session, harukaze, question, body=f"{n}つめの答えです"))
    return hanako, harukaze, question, answers


def test_the_deciding_answer_first_then_thanks_then_age(session, scene):
    hanako, _, question, (first, second, third, fourth) = scene
    factories.thank(session, hanako, third)
    questions.solve(session, question=question, answer=fourth, by=hanako)
    seen = posts.thread(session, PUBLIC, question)
    assert [post.id for post in seen.answers] == [fourth.id, third.id, first.id, second.id]


def test_comments_stand_under_what_they_speak_to(session, scene):
    hanako, harukaze, question, (first, *_) = scene
    comment = factories.answer(session, hanako, first)
    deeper = factories.answer(session, harukaze, comment)
    own = factories.answer(session, hanako, question)
    seen = posts.thread(session, PUBLIC, question)
    assert {above: [post.id for post in under] for above, under in seen.comments.items()} == {
        first.id: [comment.id],
        comment.id: [deeper.id],
        question.id: [own.id],
    }
    posts.delete(session, post=comment, by=hanako)
    assert [post.id for post in posts.thread(session, PUBLIC, question).comments[first.id]] == [deeper.id]
    posts.delete(session, post=first, by=harukaze)
    under_question = posts.thread(session, PUBLIC, question).comments[question.id]
    assert [post.id for post in under_question] == [deeper.id, own.id]


def test_letters_stand_apart_and_private_ones_only_before_the_two(session, scene):
    hanako, harukaze, question, (first, *_) = scene
    shy = factories.member(session, "shy")
    loud = factories.thank(session, hanako, first, words="助かりました")
    quiet = factories.thank(session, shy, first, words="こっそり", private=True)
    seen = posts.thread(session, PUBLIC, question)
    assert seen.comments == {}
    assert [given.id for given in seen.thanks[first.id]] == [loud.id]
    assert {given: post.body_text for given, post in seen.messages.items()} == {loud.id: "助かりました"}
    assert seen.givers[loud.id].id == hanako.id
    for account in (harukaze, shy):
        own = posts.thread(session, factories.viewer(session, account), question)
        assert [given.id for given in own.thanks[first.id]] == [quiet.id, loud.id]
        assert own.messages[quiet.id].body_text == "こっそり"
    assert [
        it.id for it in posts.thread(session, factories.viewer(session, hanako), question).thanks[first.id]
    ] == [loud.id]


def test_it_costs_the_same_however_long_it_is(session, scene, queries):
    hanako, harukaze, question, (first, *_) = scene
    factories.thank(session, hanako, first, words="助かりました")
    factories.answer(session, hanako, first)

    def read():
        root = session.get_one(posts.Post, question.id)
        with queries() as sent:
            posts.thread(session, PUBLIC, root)
        return len(sent)

    short = read()
    for n in range(10):
        answer = factories.answer(session, factories.member(session, f"m{n}"), question)
        factories.thank(session, harukaze if n else hanako, answer, words=f"ありがとう{n}")
        factories.answer(session, hanako, answer)
    assert read() == short <= 6
