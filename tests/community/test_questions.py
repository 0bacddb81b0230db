import pytest
from sqlalchemy import select

from community import events, founding, questions, tags
from community.errors import Invalid, NotAllowed, NotFound
from community.models import HomeEntry, Member, Notification, Post, Revision, Tag
from community.text import from_markdown
from tests import factories

TITLE = "月の途中で入社した人の社会保険料は？"


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


def ask(session, author, **facts):
    given = {
        "board": factories.board(session),
        "title": TITLE,
        "body": from_markdown("教えてください。"),
    } | facts
    return questions.ask(session, author=author, **given)


def test_a_question_stands_with_all_its_parts(session, hanako, clock, told):
    told()
    post = ask(session, hanako, tags=["#入社手続き", "ＢＣＰ", "bcp"], as_of="2026-04")
    assert (post.kind, post.visibility, post.local, post.anonymous) == ("question", "open", True, False)
    assert (post.root_id, post.parent_id, post.as_of) == (post.id, None, "2026-04")
    assert post.uri == f"https://minato.example/posts/{post.id}"
    assert post.url == f"https://minato.example/@hanako/{post.id}"
    assert post.created_at == clock()
    assert tags.labels_of(session, post) == ["入社手続き", "ＢＣＰ"]
    assert told() == [events.PostCreated(post.id)]
    assert session.get_one(HomeEntry, (hanako.id, post.id))
    assert hanako.posts_count == 1


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("title", {"title": "給与"}),
        ("title", {"title": " \u200b\n給 与 "}),
        ("title", {"title": "あ" * 201}),
        ("body", {"body": factories.text.Body("あ" * 20_001, "", "あ" * 20_001)}),
        ("visibility", {"visibility": "followers"}),
        ("visibility", {"visibility": "direct"}),
        ("as_of", {"as_of": "2026-13"}),
        ("tags", {"tags": [f"タグ{n}" for n in range(9)]}),
        ("tags", {"tags": ["あ" * 41]}),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(session, hanako, field, facts):
    with pytest.raises(Invalid) as error:
        ask(session, hanako, **facts)
    assert error.value.field == field
    assert session.scalars(select(Post)).first() is None


def test_a_person_is_no_board(session, hanako):
    with pytest.raises(Invalid) as error:
        ask(session, hanako, board=hanako)
    assert error.value.field == "board"


def test_the_default_visibility_is_the_members_then_the_towns(session, hanako):
    assert ask(session, hanako).visibility == "open"
    session.get_one(Member, hanako.id).default_visibility = "sister"
    assert ask(session, hanako).visibility == "sister"


def test_one_who_left_no_longer_asks(session, hanako, clock):
    hanako.deleted_at = clock()
    with pytest.raises(NotAllowed):
        ask(session, hanako)


def test_a_tag_is_one_row_however_it_is_written(session, hanako):
    ask(session, hanako, tags=["ＢＣＰ"])
    again = ask(session, hanako, tags=["BCP", "備蓄"])
    assert tags.labels_of(session, again) == ["ＢＣＰ", "備蓄"]
    assert len(session.scalars(select(Tag)).all()) == 2


def test_a_question_from_elsewhere_comes_once_and_never_from_the_future(session, clock, told):
    taro = factories.remote(session)
    told()
    origin = factories.origin(published=clock() + 99_000)
    facts = {
        "title": "x" * 400,
        "tags": ["a"] * 3 + ["#b"],
        "as_of": "いつか",
        "origin": origin,
        "visibility": "sister",
    }
    post = ask(session, taro, board=None, **facts)
    assert post.created_at == clock()
    assert (len(post.title), post.as_of, post.visibility) == (300, None, "sister")
    assert tags.labels_of(session, post) == ["a", "b"]
    assert ask(session, taro, board=None, **facts) is post
    assert told() == [events.PostCreated(post.id)]


def test_rewording_keeps_what_it_said(session, hanako, clock, told):
    post = ask(session, hanako, tags=["給与"])
    told()
    asked_at = clock()
    clock.advance(minutes=5)
    facts = {"title": TITLE + "（追記）", "body": from_markdown("わかりました。"), "tags": ["給与"]}
    questions.edit(session, post=post, by=hanako, **facts)
    questions.edit(session, post=post, by=hanako, **facts)  # changes nothing
    revision = session.scalars(select(Revision)).one()
    assert (revision.title, revision.body_source, revision.created_at) == (
        TITLE,
        "教えてください。",
        asked_at,
    )
    assert (post.body_text, post.edited_at) == ("わかりました。", clock())
    assert told() == [events.PostEdited(post.id)]


def test_other_tags_alone_are_an_edit(session, hanako, told):
    post = ask(session, hanako, tags=["給与"])
    told()
    facts = {"title": TITLE, "body": from_markdown("教えてください。")}
    questions.edit(session, post=post, by=hanako, tags=None, **facts)
    assert told() == []
    questions.edit(session, post=post, by=hanako, tags=["賞与"], **facts)
    assert tags.labels_of(session, post) == ["賞与"]
    assert told() == [events.PostEdited(post.id)]


def test_an_edit_that_was_overtaken_is_passed_over(session, clock):
    taro = factories.remote(session)
    post = ask(session, taro, board=None, origin=factories.origin(published=clock() - 9_000))
    facts = {"post": post, "by": taro, "body": from_markdown("後"), "tags": []}
    questions.edit(session, title="後", edited_at=clock() - 2_000, **facts)
    questions.edit(session, title="先", edited_at=clock() - 5_000, **facts)
    assert post.title == "後"


def test_nobody_rewords_for_somebody_else(session, hanako):
    post = ask(session, hanako)
    with pytest.raises(NotAllowed):
        questions.edit(
            session, post=post, by=factories.member(session, "b"), title=TITLE, body=post_body(), tags=None
        )


def post_body():
    return from_markdown("べつの文")


@pytest.fixture
def thread(session, hanako):
    harukaze = factories.member(session, "harukaze")
    question = ask(session, hanako)
    return (
        question,
        factories.answer(session, harukaze, question),
        factories.answer(session, harukaze, question),
    )


def test_solving_choosing_anew_and_reopening(session, hanako, thread, told, clock):
    question, first, second = thread
    told()
    questions.solve(session, question=question, answer=first, by=hanako)
    questions.solve(session, question=question, answer=first, by=hanako)
    questions.solve(session, question=question, answer=second, by=hanako)
    assert (question.accepted_answer_id, question.solved_at) == (second.id, clock())
    questions.reopen(session, question=question, by=hanako)
    questions.reopen(session, question=question, by=hanako)
    assert (question.accepted_answer_id, question.solved_at) == (None, None)
    assert told() == [
        events.AnswerChosen(question.id, first.id),
        events.AnswerChosen(question.id, second.id),
        events.AnswerUnchosen(question.id, second.id),
    ]
    chosen = session.scalars(select(Notification).where(Notification.kind == "chosen")).all()
    assert {notice.post_id for notice in chosen} == {first.id, second.id}


def test_only_the_asker_chooses_and_only_an_answer_to_this_question(session, hanako, thread):
    question, first, _ = thread
    harukaze = factories.local(session, "harukaze")
    comment = factories.answer(session, hanako, first)
    other = factories.answer(session, harukaze, ask(session, hanako))
    for by, answer in (
        (harukaze, first),
        (founding.relay(session), first),
        (hanako, comment),
        (hanako, other),
    ):
        with pytest.raises(NotAllowed):
            questions.solve(session, question=question, answer=answer, by=by)
    first.deleted_at = 1
    with pytest.raises(NotFound):
        questions.solve(session, question=question, answer=first, by=hanako)


def test_an_answer_for_the_asker_alone_decides_nothing_aloud(session, hanako, thread):
    question, first, _ = thread
    first.visibility = "direct"
    with pytest.raises(NotAllowed):
        questions.solve(session, question=question, answer=first, by=hanako)
