import pytest
from sqlalchemy import select

from community import answers, follows, ids, posts, questions, text, timelines
from community.models import HomeEntry
from community.visibility import PUBLIC
from tests import factories


def home(session, account, **facts):
    return timelines.home(session, factories.viewer(session, account), **facts)


@pytest.fixture
def scene(database):
    """Runs a unit with hanako, who follows taro, and jiro, whom she does not follow."""

    def run(unit):
        def whole(session):
            hanako, taro, jiro = (factories.member(session, name) for name in ("hanako", "taro", "jiro"))
            follows.request(session, follower=hanako, followee=taro)
            return unit(session, hanako, taro, jiro)

        return database.write_now(whole)

    return run


def test_home_has_the_followed_and_ones_own(scene):
    def unit(session, hanako, taro, jiro):
        own = factories.question(session, hanako)
        theirs = factories.question(session, taro)
        factories.question(session, jiro)
        answer = factories.answer(session, taro, own)
        assert home(session, hanako) == [answer, theirs, own]
        assert home(session, hanako, max_id=answer.id, limit=1) == [theirs]
        assert home(session, hanako, min_id=own.id) == [answer, theirs]
        assert timelines.home(session, PUBLIC) == []

    scene(unit)


def test_a_followed_board_brings_questions_and_no_answers(scene):
    def unit(session, hanako, taro, jiro):
        follows.request(session, follower=jiro, followee=factories.board(session, "bosai"))
        question = factories.question(session, hanako, slug="bosai")
        factories.question(session, hanako, slug="dx")
        factories.answer(session, taro, question)
        assert home(session, jiro) == [question]

    scene(unit)


def test_a_followed_author_in_a_followed_board_comes_once(scene):
    def unit(session, hanako, taro, jiro):
        follows.request(session, follower=hanako, followee=factories.board(session, "bosai"))
        question = factories.question(session, taro, slug="bosai")
        assert home(session, hanako) == [question]

    scene(unit)


def test_a_comment_comes_only_between_people_one_follows(scene):
    def unit(session, hanako, taro, jiro):
        strangers = factories.answer(session, jiro, factories.question(session, hanako))
        to_stranger = factories.answer(session, taro, strangers)
        to_oneself = factories.answer(session, taro, to_stranger)
        followed = factories.answer(session, taro, factories.question(session, jiro))
        to_hanako = factories.answer(session, hanako, followed)
        seen = home(session, hanako)
        assert to_stranger not in seen
        assert {to_oneself.id, followed.id, to_hanako.id} <= {post.id for post in seen}

    scene(unit)


def test_nothing_anonymous_is_on_ones_own_home(scene):
    def unit(session, hanako, taro, jiro):
        question = factories.anonymous_question(session, hanako)
        assert home(session, hanako) == []
        assert session.scalars(select(HomeEntry).where(HomeEntry.post_id == question.id)).all() == []

    scene(unit)


def test_what_is_deleted_or_narrowed_is_gone(scene):
    def unit(session, hanako, taro, jiro):
        first, second = factories.question(session, taro), factories.question(session, taro)
        posts.delete(session, post=first, by=taro)
        second.visibility = "direct"
        session.flush()
        assert home(session, hanako) == []

    scene(unit)


def test_a_post_from_elsewhere_comes_home(scene):
    def unit(session, hanako, taro, jiro):
        komorebi = factories.remote(session, "komorebi")
        follows.accept(session, follow=follows.request(session, follower=hanako, followee=komorebi))
        answer = answers.reply(
            session,
            author=komorebi,
            parent=factories.question(session, jiro),
            body=text.from_html("<p>こうします</p>"),
            origin=factories.origin(published=ids.moment(hanako.id)),
        )
        assert answer in home(session, hanako)

    scene(unit)


def test_the_tabs_of_the_question_list(scene):
    def unit(session, hanako, taro, jiro):
        waits, answered, solved = (factories.question(session, hanako, tags=["36協定"]) for _ in range(3))
        factories.answer(session, taro, answered)
        questions.solve(session, question=solved, answer=factories.answer(session, taro, solved), by=hanako)
        remote = questions.ask(
            session,
            author=factories.remote(session),
            board=factories.board(session, "dx"),
            title="ほかのまちの質問",
            body=text.from_html("<p>こんにちは</p>"),
            visibility="open",
            origin=factories.origin(published=ids.moment(solved.id)),
        )
        town_only = factories.question(session, hanako, visibility="town")

        def tab(viewer, name, **facts):
            return {post.id for post in timelines.questions(session, viewer, tab=name, **facts)}

        member = factories.viewer(session, jiro)
        everything = {waits.id, answered.id, solved.id, remote.id}
        assert tab(PUBLIC, "new") == everything
        assert tab(member, "new") == everything | {town_only.id}
        assert tab(PUBLIC, "waiting") == {waits.id, remote.id}
        assert tab(PUBLIC, "solved") == {solved.id}
        assert tab(PUBLIC, "others") == {remote.id}
        assert tab(PUBLIC, "new", board_id=remote.board_id) == {remote.id}
        assert tab(PUBLIC, "new", tag="３６協定") == {waits.id, answered.id, solved.id}
        newest = timelines.questions(session, member, limit=1)[0]
        assert newest.id not in tab(member, "new", max_id=newest.id)

    scene(unit)
