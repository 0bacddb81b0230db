import secrets

import pytest
from sqlalchemy import select

from community import anonymity, answers, events, founding, ids, nametags, posts, tags
from community import town as towns
from community.errors import Conflict, Invalid, NotAllowed, TooMany
from community.models import AnonymousDraft, AnonymousThread, Notification, Post
from community.posts import HOUR
from community.text import from_markdown
from community.visibility import PUBLIC
from tests import factories
from tests.towns import make_town

PHRASE = "あさひ いちご うさぎ えんぴつ"
BODY = from_markdown("どう伝えるのがよいでしょうか。")


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


def draft(session, member, draft_key=None, **facts):
    given = {
        "board": factories.board(session),
        "title": "前任者のまちがいを見つけました",
        "body": BODY,
        "visibility": "open",
        "tags": ["引き継ぎ"],
        "phrase": PHRASE,
    } | facts
    return anonymity.draft(
        session, member_id=member.id, draft_key=draft_key or secrets.token_hex(16), **given
    )


def released(session, clock, member, **facts):
    clock.now = draft(session, member, **facts)
    assert anonymity.release_due(session) == 1
    return session.scalars(select(Post).order_by(Post.id.desc()).where(Post.kind == "question")).first()


def test_it_waits_for_a_random_moment(session, hanako, clock, told):
    told()
    moments = {draft(session, hanako, draft_key=f"{n:032x}") for n in range(3)}
    assert all(clock() + 5 * 60_000 <= moment <= clock() + 40 * 60_000 for moment in moments)
    assert len(moments) == 3
    assert anonymity.next_release_at(session) == min(moments)
    assert anonymity.release_due(session) == 0
    assert session.scalars(select(Post)).all() == []
    assert set(told()) == {anonymity.ReleasePlanned(moment) for moment in moments}


def test_the_release_leaves_a_post_of_the_relay_and_no_draft(session, hanako, clock, told):
    clock.advance(minutes=17)
    moment = draft(session, hanako)
    told()
    clock.now = moment + 3
    assert anonymity.release_due(session) == 1
    post = session.scalars(select(Post)).one()
    assert (post.kind, post.anonymous, post.from_asker, post.local) == ("question", True, False, True)
    assert post.author_id == founding.relay(session).id
    assert ids.moment(post.id) == clock()
    assert post.created_at == clock() - clock() % HOUR
    assert post.url == f"https://minato.example/@dareka/{post.id}"
    assert tags.labels_of(session, post) == ["引き継ぎ"]
    assert session.scalars(select(AnonymousDraft)).all() == []
    thread = session.scalars(select(AnonymousThread)).one()
    assert (thread.post_id, thread.released_at) == (post.id, post.created_at)
    assert anonymity.next_release_at(session) is None
    assert told() == [events.PostCreated(post.id)]
    assert hanako.posts_count == 0


def test_sent_twice_it_is_asked_once(session, hanako, clock):
    key = secrets.token_hex(16)
    moment = draft(session, hanako, draft_key=key)
    assert draft(session, hanako, draft_key=key) == moment
    with pytest.raises(Conflict):
        draft(session, hanako, draft_key=key, phrase="べつの とても ながい あいことば")
    clock.now = moment
    anonymity.release_due(session)
    assert draft(session, hanako, draft_key=key) == moment - moment % HOUR
    assert len(session.scalars(select(Post)).all()) == 1


@pytest.mark.parametrize(
    ("field", "facts"),
    [
        ("title", {"title": "給与"}),
        ("board", {"board": None}),
        ("visibility", {"visibility": "direct"}),
        ("tags", {"tags": [str(n) for n in range(9)]}),
        ("phrase", {"phrase": "みじかい"}),
        ("draft_key", {"draft_key": "1; DROP TABLE posts"}),
    ],
)
def test_what_does_not_fit_is_told_at_its_field(session, hanako, field, facts):
    with pytest.raises(Invalid) as error:
        draft(session, hanako, **facts)
    assert error.value.field == field


def test_three_in_a_week_waiting_or_released(session, hanako, clock):
    released(session, clock, hanako)
    released(session, clock, hanako)
    draft(session, hanako)
    with pytest.raises(TooMany):
        draft(session, hanako)
    draft(session, factories.member(session, "other"))
    clock.advance(days=8)
    draft(session, hanako)


def test_no_limit_where_limits_are_off(session, hanako, database_url, clock):
    towns.attach(session, make_town(database_url, clock=clock, limits={"enabled": False}))
    for _ in range(5):
        draft(session, hanako)


def test_two_removed_questions_are_enough(session, hanako, clock):
    moderator = factories.member(session, "moderator", role="moderator")
    relay = founding.relay(session)
    for by in (moderator, relay, relay, moderator):
        question = released(session, clock, hanako)
        posts.delete(session, post=question, by=by)
        clock.advance(days=8)
        if by is relay:  # taken back by its asker: no removal
            assert not anonymity.asker_of(session, question, PHRASE)
    with pytest.raises(NotAllowed):
        draft(session, hanako)
    draft(session, factories.member(session, "other"))


def test_the_phrase_and_nothing_else_opens_the_thread(session, hanako, clock):
    question = released(session, clock, hanako)
    other = released(session, clock, hanako, phrase="かもめ きって くじら けしごむ")
    assert anonymity.asker_of(session, question, PHRASE)
    assert anonymity.asker_of(session, question, " あさひ\u3000いちご うさぎ  えんぴつ ")
    assert not anonymity.asker_of(session, other, PHRASE)
    assert not anonymity.asker_of(session, question, "")
    assert not anonymity.asker_of(session, factories.question(session, hanako), PHRASE)


def test_the_asker_is_recognised_while_the_key_lives(session, hanako, clock):
    question = released(session, clock, hanako)
    plain = factories.question(session, hanako)
    mine, other = (
        factories.viewer(session, hanako),
        factories.viewer(session, factories.member(session, "other")),
    )
    assert anonymity.is_asker(session, mine, question)
    assert not anonymity.is_asker(session, mine, plain)
    assert not anonymity.is_asker(session, other, question)
    assert not anonymity.is_asker(session, PUBLIC, question)
    assert anonymity.own_threads(session, mine, 0) == [question]
    assert anonymity.own_threads(session, other, 0) == anonymity.own_threads(session, PUBLIC, 0) == []
    assert anonymity.own_threads(session, mine, clock() + HOUR) == []
    clock.advance(days=121)
    towns.of(session).keys.ensure_epoch(clock())
    assert not anonymity.is_asker(session, mine, question)
    assert anonymity.own_threads(session, mine, 0) == []
    assert anonymity.asker_of(session, question, PHRASE)  # for ever


def test_notices_are_worked_out_and_never_stored(session, hanako, clock):
    question = released(session, clock, hanako)
    harukaze = factories.member(session, "harukaze")
    answer = factories.answer(session, harukaze, question)
    clock.advance(minutes=1)
    comment = factories.answer(session, harukaze, answer)
    whispered = answers.reply(session, author=harukaze, parent=question, body=BODY, visibility="direct")
    relay = founding.relay(session)
    answers.reply(session, author=relay, parent=answer, body=BODY, from_asker=True)
    factories.answer(session, hanako, question, body="わたしも知りたいです")
    factories.thank(session, factories.member(session, "c"), answer, words="ありがとう")
    viewer = factories.viewer(session, hanako)
    notices = anonymity.own_notices(session, viewer, 0, 10)
    assert [(it.kind, it.post_id, it.actor_id, it.question_id) for it in notices] == [
        ("comment", comment.id, harukaze.id, question.id),
        ("answer", answer.id, harukaze.id, question.id),
    ]
    assert whispered.id not in {it.post_id for it in notices}
    assert [it.post_id for it in anonymity.own_notices(session, viewer, answer.created_at, 10)] == [
        comment.id
    ]
    assert len(anonymity.own_notices(session, viewer, 0, 1)) == 1
    assert anonymity.own_notices(session, factories.viewer(session, harukaze), 0, 10) == []
    assert anonymity.own_notices(session, PUBLIC, 0, 10) == []
    told = session.scalars(
        select(Notification.account_id).where(Notification.kind.in_(("answer", "comment")))
    )
    assert set(told) == {harukaze.id}


def test_everyone_is_shown_the_relay(session, hanako, clock):
    question = released(session, clock, hanako)
    answer = factories.answer(session, hanako, question)
    assert anonymity.public_author(session, question).display_name == "だれかさん"
    shown = anonymity.public_authors(session, [question, answer])
    assert (shown[question.id].kind, shown[answer.id]) == ("relay", hanako)
    assert anonymity.public_authors(session, []) == {}


def test_a_tag_needs_its_key():
    one, other = secrets.token_bytes(32), secrets.token_bytes(32)
    assert nametags.tag(one, 1, "a") != nametags.tag(other, 1, "a")
    assert nametags.tag(one, 1, "a") != nametags.tag(one, 1, "b")
    assert nametags.tag(one, 12, "a") != nametags.tag(one, 1, "2a")
