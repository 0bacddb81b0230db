from dataclasses import replace

import pytest
from sqlalchemy import delete, select

from community import answers, events, follows, founding, posts, thanks, visibility
from community.errors import Invalid, NotAllowed, NotFound
from community.models import HomeEntry, Notification, Post, Thanks
from community.text import from_markdown
from community.thanks import ThanksOrigin
from tests import factories

WORDS = from_markdown("助かりました。")
LIKE = ThanksOrigin(uri="https://yamate.example/likes/1", published=7)
NOTE = "https://yamate.example/notes/1"


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


@pytest.fixture
def harukaze(session):
    return factories.member(session, "harukaze")


@pytest.fixture
def answer(session, hanako, harukaze):
    return factories.answer(session, harukaze, factories.question(session, hanako))


def test_thanks_with_words(session, hanako, answer, clock, told):
    told()
    given = thanks.give(session, giver=hanako, answer=answer, message=WORDS, tone="clear")
    message = session.get_one(Post, given.message_post_id)
    assert (given.uri, given.created_at) == (f"https://minato.example/activities/{given.id}", clock())
    assert (given.receiver_id, given.tone, given.from_asker, given.private) == (
        answer.author_id,
        "clear",
        True,
        False,
    )
    assert (message.kind, message.thanks_id, message.parent_id) == ("comment", given.id, answer.id)
    assert (message.visibility, given.message_uri) == ("open", message.uri)
    root = session.get_one(Post, answer.root_id)
    assert (answer.thanks_count, root.comments_count) == (1, 0)
    assert told() == [events.PostCreated(message.id), events.ThanksGiven(given.id)]
    notice = session.scalars(select(Notification).where(Notification.account_id == answer.author_id)).one()
    assert (notice.kind, notice.thanks_id, notice.post_id) == ("thanks", given.id, answer.id)


def test_a_second_time_changes_nothing(session, hanako, answer, told):
    first = thanks.give(session, giver=hanako, answer=answer, message=WORDS)
    words = first.message_post_id
    told()
    assert thanks.give(session, giver=hanako, answer=answer) is first
    assert thanks.give(session, giver=hanako, answer=answer, message=from_markdown("もう一度")) is first
    assert (answer.thanks_count, first.message_post_id, told()) == (1, words, [])


def test_words_may_come_later(session, hanako, answer, told):
    first = thanks.give(session, giver=hanako, answer=answer)
    told()
    assert thanks.give(session, giver=hanako, answer=answer, message=WORDS, private=True) is first
    message = session.get_one(Post, first.message_post_id)
    assert (message.thanks_id, message.visibility, first.private) == (first.id, "direct", True)
    assert (answer.thanks_count, told()) == (1, [events.PostCreated(message.id)])


def test_anyone_helped_may_thank_and_not_only_the_asker(session, answer):
    given = thanks.give(session, giver=factories.member(session, "passerby"), answer=answer)
    assert (given.from_asker, given.message_post_id) == (False, None)


def test_private_words_are_for_the_receiver_alone(session, hanako, harukaze, answer):
    given = thanks.give(session, giver=hanako, answer=answer, message=WORDS, private=True)
    message = session.get_one(Post, given.message_post_id)
    assert message.visibility == "direct"
    assert visibility.may_see(session, factories.viewer(session, harukaze), message)
    assert not visibility.may_see(
        session, factories.viewer(session, factories.member(session, "other")), message
    )


def test_words_are_no_wider_than_the_question(session, hanako, harukaze):
    answer = factories.answer(session, harukaze, factories.question(session, hanako, visibility="sister"))
    given = thanks.give(session, giver=hanako, answer=answer, message=WORDS)
    assert session.get_one(Post, given.message_post_id).visibility == "sister"


def test_what_cannot_be_thanked(session, hanako, harukaze, answer):
    comment = factories.answer(session, harukaze, answer)
    question = session.get_one(Post, answer.root_id)
    for giver, post in ((harukaze, answer), (hanako, comment), (harukaze, question)):
        with pytest.raises(NotAllowed):
            thanks.give(session, giver=giver, answer=post)
    with pytest.raises(NotAllowed):
        thanks.give(session, giver=founding.relay(session), answer=answer, from_asker=True)
    with pytest.raises(Invalid):
        thanks.give(session, giver=hanako, answer=answer, tone="loud")
    with pytest.raises(Invalid) as error:
        thanks.give(session, giver=hanako, answer=answer, message=from_markdown("あ" * 1001))
    assert error.value.field == "message"
    posts.delete(session, post=answer, by=harukaze)
    with pytest.raises(NotFound):
        thanks.give(session, giver=hanako, answer=answer)


def test_a_stranger_cannot_thank_for_what_it_may_not_see(session, hanako, harukaze):
    answer = factories.answer(session, harukaze, factories.question(session, hanako, visibility="town"))
    with pytest.raises(NotFound):
        thanks.give(session, giver=factories.remote(session), answer=answer, origin=LIKE)


def note(session, author, answer, uri=NOTE, level="open"):
    return answers.reply(
        session, author=author, parent=answer, body=WORDS, visibility=level, origin=factories.origin(uri)
    )


@pytest.mark.parametrize("words_first", [True, False])
def test_words_and_thanks_from_elsewhere_find_each_other(session, answer, told, words_first):
    taro = factories.remote(session)
    told()
    origin = ThanksOrigin(uri=LIKE.uri, published=7, message_uri=NOTE)

    def give():
        return thanks.give(session, giver=taro, answer=answer, tone="junk", origin=origin)

    if words_first:
        post, given = note(session, taro, answer), give()
    else:
        given, post = give(), note(session, taro, answer)
    assert (given.message_post_id, post.thanks_id) == (post.id, given.id)
    assert (given.uri, given.created_at, given.tone, given.private) == (LIKE.uri, 7, None, False)
    assert session.get_one(Post, answer.root_id).comments_count == 0
    assert set(told()) == {events.PostCreated(post.id), events.ThanksGiven(given.id)}


@pytest.mark.parametrize("words_first", [True, False])
def test_a_letter_from_elsewhere_is_told_once(session, hanako, harukaze, answer, words_first):
    komorebi = factories.remote(session, "komorebi", "yamate.example")
    follows.request(session, follower=hanako, followee=komorebi)
    follows.accept(session, follow=follows.between(session, hanako.id, komorebi.id))
    session.execute(delete(Notification))

    origin = replace(LIKE, message_uri=NOTE)
    if words_first:
        words = note(session, komorebi, answer)
        thanks.give(session, giver=komorebi, answer=answer, origin=origin)
    else:
        thanks.give(session, giver=komorebi, answer=answer, origin=origin)
        words = note(session, komorebi, answer)
    told = session.scalars(select(Notification)).all()
    assert [(notice.account_id, notice.kind) for notice in told] == [(harukaze.id, "thanks")]
    assert session.scalars(select(HomeEntry).where(HomeEntry.post_id == words.id)).all() == []


def test_somebody_elses_note_is_no_message(session, answer):
    taro, jiro = factories.remote(session), factories.remote(session, "jiro")
    origin = ThanksOrigin(uri=LIKE.uri, published=7, message_uri=NOTE)
    given = thanks.give(session, giver=taro, answer=answer, origin=origin)
    post = note(session, jiro, answer)
    thanks.attach_message(session, thanks=given, post=post)
    assert (given.message_post_id, post.thanks_id) == (None, None)
    assert session.get_one(Post, answer.root_id).comments_count == 1


def test_a_direct_note_makes_the_thanks_private(session, harukaze, answer):
    taro = factories.remote(session)
    origin = ThanksOrigin(uri=LIKE.uri, published=7, message_uri=NOTE)
    given = thanks.give(session, giver=taro, answer=answer, origin=origin)
    post = note(session, taro, answer, level="direct")
    assert given.private
    assert visibility.may_see(session, factories.viewer(session, harukaze), post)


def test_withdrawn_with_its_words(session, hanako, answer, told):
    given = thanks.give(session, giver=hanako, answer=answer, message=WORDS)
    message = session.get_one(Post, given.message_post_id)
    told()
    for _ in range(2):
        thanks.withdraw(session, giver=hanako, answer=answer)
    assert session.scalars(select(Thanks)).all() == []
    assert session.scalars(select(Notification).where(Notification.kind == "thanks")).all() == []
    assert message.deleted_at is not None
    root = session.get_one(Post, answer.root_id)
    assert (answer.thanks_count, root.comments_count) == (0, 0)
    gone = events.ThanksWithdrawn(given.uri, hanako.id, answer.author_id, answer.id)
    assert told() == [events.PostDeleted(message.id), gone]


def test_a_strangers_words_outlive_its_thanks_as_a_comment(session, answer):
    taro = factories.remote(session)
    post = note(session, taro, answer)
    given = thanks.give(
        session, giver=taro, answer=answer, origin=ThanksOrigin(uri=LIKE.uri, published=7, message_uri=NOTE)
    )
    assert thanks.by_uri(session, LIKE.uri) is given
    thanks.withdraw(session, giver=taro, answer=answer)
    assert (post.thanks_id, post.deleted_at) == (None, None)
    assert session.get_one(Post, answer.root_id).comments_count == 1


def test_the_asker_behind_the_name_tag_thanks_through_the_relay(session, hanako, harukaze, clock):
    question = factories.anonymous_question(session, hanako)
    answer = factories.answer(session, harukaze, question)
    clock.advance(minutes=59)
    relay = founding.relay(session)
    with pytest.raises(NotAllowed):
        thanks.give(session, giver=relay, answer=answer)
    given = thanks.give(session, giver=relay, answer=answer, message=WORDS, from_asker=True)
    message = session.get_one(Post, given.message_post_id)
    assert (message.author_id, message.anonymous, message.from_asker) == (relay.id, True, True)
    assert given.created_at % posts.HOUR == message.created_at % posts.HOUR == 0


def test_the_relay_of_another_town_thanks_for_its_asker_only(session, hanako, answer, harukaze):
    relay = factories.remote(session, "dareka", kind="relay")
    with pytest.raises(NotAllowed):
        thanks.give(session, giver=relay, answer=answer, origin=LIKE)
