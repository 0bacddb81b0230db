import pytest

from community import boards, posts, questions, strengths
from community.errors import Invalid
from community.visibility import PUBLIC
from tests import factories


def labels(session, account):
    return [strength.label for strength in strengths.of(session, account.id)]


def test_they_keep_their_order_and_their_spelling(session):
    hanako = factories.member(session)
    assert strengths.choose(session, hanako.id, ["３６協定", " 契約書 ", "36協定", "", "#BCP"])
    assert [(it.topic, it.label) for it in strengths.of(session, hanako.id)] == [
        ("36協定", "３６協定"),
        ("契約書", "契約書"),
        ("bcp", "BCP"),
    ]
    assert not strengths.choose(session, hanako.id, ["３６協定", "契約書", "BCP"])
    assert strengths.choose(session, hanako.id, [])
    assert labels(session, hanako) == []


@pytest.mark.parametrize("typed", [[str(number) for number in range(9)], ["あ" * 31]])
def test_too_many_and_too_long(session, typed):
    hanako = factories.member(session)
    for field in ("strengths", "learnings"):
        with pytest.raises(Invalid) as caught:
            {"strengths": strengths.choose, "learnings": strengths.choose_learnings}[field](
                session, hanako.id, typed
            )
        assert caught.value.field == field


def test_another_town_may_say_what_it_likes(session):
    taro = factories.remote(session)
    assert strengths.note(session, taro.id, ["あ" * 31, "契約\u202e書", *map(str, range(20))])
    assert labels(session, taro) == ["契約書", *map(str, range(7))]


def test_learnings_are_kept_apart(session):
    hanako = factories.member(session)
    strengths.choose_learnings(session, hanako.id, ["登記"])
    assert [it.label for it in strengths.learnings_of(session, hanako.id)] == ["登記"]
    assert labels(session, hanako) == []


def test_people_with_a_strength_who_have_time(session):
    hanako, taro = (factories.member(session, name, strengths=["36協定"]) for name in ("hanako", "taro"))
    taro.accepting = False
    session.flush()
    assert strengths.people_with(session, factories.viewer(session, taro), "３６協定") == [hanako]


def offered(session, account, limit=9):
    return strengths.matching_questions(session, factories.viewer(session, account), limit)


def test_a_matching_open_question_is_offered_at_once(session):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
    match = factories.question(session, hanako, tags=["36協定", "パート"])
    factories.question(session, hanako, tags=["有給休暇"])
    assert offered(session, taro) == []
    strengths.choose(session, taro.id, ["３６協定"])
    assert offered(session, taro) == [match]
    assert strengths.matching_questions(session, PUBLIC, 3) == []


def test_a_strength_in_words_finds_the_tag_inside_it(session):
    hanako, taro = (
        factories.member(session, "hanako"),
        factories.member(session, "taro", strengths=["契約書の確認"]),
    )
    match = factories.question(session, hanako, tags=["契約書"])
    factories.question(session, hanako, tags=["確"])
    assert offered(session, taro) == [match]


def test_the_name_of_a_board_is_a_strength_too(session):
    hanako, taro = (
        factories.member(session, "hanako"),
        factories.member(session, "taro", strengths=["防災・BCP"]),
    )
    match = factories.question(session, hanako, slug="bosai")
    factories.question(session, hanako, slug="dx")
    assert boards.by_slug(session, "bosai").label("ja") == "防災・BCP"
    assert offered(session, taro) == [match]


def test_what_is_not_offered(session, clock):
    hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro", strengths=["BCP"])
    ask = {"tags": ["BCP"]}
    factories.question(session, taro, **ask)
    answered = factories.question(session, hanako, **ask)
    answer = factories.answer(session, taro, answered)
    solved = factories.question(session, hanako, **ask)
    questions.solve(
        session,
        question=solved,
        answer=factories.answer(session, factories.member(session, "jiro"), solved),
        by=hanako,
    )
    deleted = factories.question(session, hanako, **ask)
    posts.delete(session, post=deleted, by=hanako)
    assert offered(session, taro) == []
    posts.delete(session, post=answer, by=taro)
    assert offered(session, taro) == [answered]
    assert offered(session, taro, limit=0) == []
    clock.advance(days=121)
    assert offered(session, taro) == []
