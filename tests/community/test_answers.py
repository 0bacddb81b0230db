import pytest
from sqlalchemy import select

from community import answers, events, follows, founding, notes, posts, visibility
from community.errors import Invalid, NotAllowed, NotFound
from community.models import Mention, Notification, Post
from community.text import from_markdown
from tests import factories

BODY = from_markdown("1か月分かかります。")


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


@pytest.fixture
def harukaze(session):
    return factories.member(session, "harukaze")


def notices(session, account):
    rows = session.scalars(
        select(Notification).where(Notification.account_id == account.id).order_by(Notification.id)
    )
    return [(row.kind, row.post_id) for row in rows]


def test_who_stands_where_decides_what_it_is(session, hanako, harukaze, told):
    question = factories.question(session, hanako)
    told()
    answer = answers.reply(
        session, author=harukaze, parent=question, body=BODY, as_of="2026-04", basis=" 健保法 "
    )
    thanked = answers.reply(session, author=hanako, parent=answer, body=BODY)
    deeper = answers.reply(session, author=harukaze, parent=thanked, body=BODY)
    own = answers.reply(session, author=hanako, parent=question, body=BODY)
    assert [post.kind for post in (answer, thanked, deeper, own)] == [
        "answer",
        "comment",
        "comment",
        "comment",
    ]
    assert [post.from_asker for post in (answer, thanked, deeper, own)] == [False, True, False, True]
    assert {post.root_id for post in (answer, thanked, deeper, own)} == {question.id}
    assert (answer.as_of, answer.basis, answer.board_id) == ("2026-04", "健保法", question.board_id)
    assert (question.answers_count, question.comments_count) == (1, 3)
    assert told() == [events.PostCreated(post.id) for post in (answer, thanked, deeper, own)]
    assert notices(session, hanako) == [("answer", answer.id), ("comment", deeper.id)]
    assert notices(session, harukaze) == [("comment", thanked.id)]


def test_the_mentioned_hear_of_it_once(session, hanako, harukaze):
    question = factories.question(session, hanako)
    other = factories.member(session, "other")
    answer = answers.reply(
        session, author=harukaze, parent=question, body=BODY, mentions=[other, hanako, harukaze]
    )
    assert set(session.scalars(select(Mention.account_id))) == {hanako.id, other.id}
    assert notices(session, other) == [("mention", answer.id)]
    assert notices(session, hanako) == [("answer", answer.id)]


WIDTHS = [
    # question, asked for, of a member, of a stranger who may see it
    ("open", None, "open", "open"),
    ("open", "unlisted", "unlisted", "unlisted"),
    ("open", "followers", "followers", "followers"),
    ("open", "direct", "direct", "direct"),
    ("open", "junk", "open", "open"),
    ("sister", "open", "sister", "sister"),
    ("sister", "followers", "sister", "followers"),
    ("sister", "town", "town", "town"),
    ("sister", "direct", "direct", "direct"),
    ("town", "open", "town", None),
    ("town", "followers", "town", None),
    ("town", "direct", "direct", None),
]


@pytest.mark.parametrize("case", WIDTHS)
def test_a_reply_is_never_wider_than_the_question(session, hanako, case):
    width, wanted, of_member, of_stranger = case
    factories.sister(session)
    question = factories.question(session, hanako, visibility=width)
    facts = {"parent": question, "body": BODY, "visibility": wanted}
    member = factories.member(session, "member")
    assert answers.reply(session, author=member, **facts).visibility == of_member
    stranger = factories.remote(session)
    if of_stranger is None:
        with pytest.raises(NotFound):
            answers.reply(session, author=stranger, origin=factories.origin(), **facts)
    else:
        assert (
            answers.reply(session, author=stranger, origin=factories.origin(), **facts).visibility
            == of_stranger
        )


def test_nor_wider_than_what_it_answers(session, hanako, harukaze):
    question = factories.question(session, hanako)
    whispered = answers.reply(session, author=harukaze, parent=question, body=BODY, visibility="direct")
    assert question.answers_count == 0
    assert visibility.may_see(session, factories.viewer(session, hanako), whispered)
    back = answers.reply(session, author=hanako, parent=whispered, body=BODY, visibility="open")
    assert back.visibility == "direct"
    assert notices(session, harukaze) == [("comment", back.id)]
    posts.delete(session, post=whispered, by=harukaze)
    assert question.answers_count == 0


def test_a_stranger_cannot_answer_what_it_may_not_see(session, hanako):
    question = factories.question(session, hanako, visibility="sister")
    with pytest.raises(NotFound):
        answers.reply(
            session, author=factories.remote(session), parent=question, body=BODY, origin=factories.origin()
        )


def test_replies_to_what_followers_see_stay_there(session, hanako, harukaze):
    follows.request(session, follower=harukaze, followee=hanako)
    note = notes.write(session, author=hanako, body=BODY, visibility="followers")
    reply = answers.reply(session, author=harukaze, parent=note, body=BODY, visibility="open")
    assert (reply.kind, reply.visibility) == ("comment", "followers")


def test_an_aside_is_not_told_to_the_one_it_is_about(session, hanako, harukaze):
    other = factories.member(session, "other")
    question = factories.question(session, hanako)
    aside = answers.reply(
        session, author=harukaze, parent=question, body=BODY, visibility="direct", mentions=[other]
    )
    assert not visibility.may_see(session, factories.viewer(session, hanako), aside)
    assert notices(session, hanako) == []
    assert notices(session, other) == [("mention", aside.id)]


def test_from_elsewhere_it_comes_once(session, hanako, told):
    taro = factories.remote(session)
    question = factories.question(session, hanako)
    told()
    facts = {"author": taro, "parent": question, "body": BODY, "origin": factories.origin(published=5)}
    answer = answers.reply(session, as_of="いつか", basis="根" * 900, **facts)
    assert (answer.kind, answer.local, answer.created_at) == ("answer", False, 5)
    assert (answer.as_of, len(answer.basis)) == (None, 500)
    assert answers.reply(session, **facts) is answer
    assert question.answers_count == 1
    assert told() == [events.PostCreated(answer.id)]


def test_what_was_taken_back_does_not_come_again(session, hanako, told):
    taro = factories.remote(session)
    question = factories.question(session, hanako)
    facts = {"author": taro, "parent": question, "body": BODY, "origin": factories.origin()}
    answer = answers.reply(session, **facts)
    posts.delete(session, post=answer, by=taro)
    told()
    assert answers.reply(session, **facts) is answer
    assert (answer.body_html, question.answers_count, told()) == ("", 0, [])


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("body", {"body": from_markdown(" \n ")}),
        ("as_of", {"as_of": "去年"}),
        ("basis", {"basis": "あ" * 501}),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(session, hanako, harukaze, field, facts):
    question = factories.question(session, hanako)
    with pytest.raises(Invalid) as error:
        answers.reply(session, author=harukaze, parent=question, **({"body": BODY} | facts))
    assert error.value.field == field


def test_nobody_answers_what_is_gone(session, hanako, harukaze):
    question = factories.question(session, hanako)
    answer = factories.answer(session, harukaze, question)
    posts.delete(session, post=question, by=hanako)
    for parent in (question, answer):
        with pytest.raises(NotFound):
            answers.reply(session, author=hanako, parent=parent, body=BODY)


def test_knowledge_is_passed_on_from_somebody_elses_answer(session, hanako, harukaze):
    earlier = factories.answer(session, harukaze, factories.question(session, hanako))
    question = factories.question(session, harukaze)
    answer = answers.reply(session, author=hanako, parent=question, body=BODY, passed_on_from=earlier)
    assert answer.passed_on_from_id == earlier.id
    for source in (question, answer):
        with pytest.raises(NotAllowed):
            answers.reply(session, author=hanako, parent=question, body=BODY, passed_on_from=source)


def test_the_relay_speaks_only_for_the_asker_of_its_own_question(session, hanako, harukaze):
    relay = founding.relay(session)
    hidden = factories.anonymous_question(session, hanako)
    answer = factories.answer(session, harukaze, hidden)
    spoken = answers.reply(session, author=relay, parent=answer, body=BODY, from_asker=True)
    assert (spoken.kind, spoken.anonymous, spoken.from_asker) == ("comment", True, True)
    assert answers.reply(session, author=relay, parent=hidden, body=BODY, from_asker=True).kind == "comment"
    plain = factories.question(session, hanako)
    for parent, from_asker in ((answer, False), (plain, True)):
        with pytest.raises(NotAllowed):
            answers.reply(session, author=relay, parent=parent, body=BODY, from_asker=from_asker)
    assert session.scalars(select(Post).where(Post.author_id == relay.id, Post.from_asker.is_(True))).all()


def test_a_claim_to_be_the_asker_is_believed_only_of_the_asker(session, hanako):
    question = factories.question(session, hanako)
    taro = factories.remote(session)
    origin = factories.origin(from_asker=True)
    answer = answers.reply(session, author=taro, parent=question, body=BODY, origin=origin)
    assert (answer.kind, answer.from_asker) == ("answer", False)
