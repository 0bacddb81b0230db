import pytest
from sqlalchemy import select

from community import conversations, events, ids, notes, notice_policy, notifications, posts, text
from community.errors import NotFound
from community.models import Conversation, Mute, NotificationSender, Post
from tests import factories


@pytest.fixture
def people(session):
    return [factories.member(session, name) for name in ("hanako", "harukaze", "kaoru")]


def say(session, author, *others, parent: Post | None = None, **facts):
    """A direct note to `others`, in the thread of `parent`; told to the subscriber as the bus would."""
    post = notes.write(
        session, author=author, body=text.from_markdown("内緒の話です。"), visibility="direct", mentions=others, **facts
    )
    if parent is not None:
        post.root_id, post.parent_id = parent.root_id, parent.id
    session.flush()
    conversations.on_created(session, events.PostCreated(post.id))
    return post


def of(session, member):
    rows = session.scalars(
        select(Conversation).where(Conversation.account_id == member.id).order_by(Conversation.last_post_id)
    )
    session.expire_all()
    return [(conversations.people(it), it.last_post_id, it.unread) for it in rows]


def test_each_who_is_in_on_it_has_a_conversation(session, people, told):
    hanako, harukaze, kaoru = people
    taro = factories.remote(session)
    told()
    post = say(session, hanako, harukaze, taro)
    assert of(session, hanako) == [(sorted([harukaze.id, taro.id]), post.id, False)]
    assert of(session, harukaze) == [(sorted([hanako.id, taro.id]), post.id, True)]
    assert of(session, kaoru) == of(session, taro) == []
    changed = [it for it in told() if isinstance(it, events.ConversationChanged)]
    assert {it.account_id for it in changed} == {hanako.id, harukaze.id}


def test_it_goes_on_with_the_same_people_and_another_begins_with_others(session, people):
    hanako, harukaze, kaoru = people
    first = say(session, hanako, harukaze)
    second = say(session, harukaze, hanako, parent=first)
    third = say(session, hanako, harukaze, kaoru, parent=second)
    assert of(session, hanako) == [
        ([harukaze.id], second.id, True),
        (sorted([harukaze.id, kaoru.id]), third.id, False),
    ]
    assert of(session, kaoru) == [(sorted([hanako.id, harukaze.id]), third.id, True)]


def test_what_arrives_late_is_not_the_last(session, people):
    hanako, harukaze, _ = people
    first = say(session, hanako, harukaze)
    second = say(session, harukaze, hanako, parent=first)
    conversations.on_created(session, events.PostCreated(first.id))
    assert of(session, hanako) == [([harukaze.id], second.id, True)]


def test_open_posts_make_none(session, people):
    question = factories.question(session, people[0])
    conversations.on_created(session, events.PostCreated(question.id))
    assert session.scalars(select(Conversation)).all() == []


def test_without_the_last_post_the_one_before_is_the_last(session, people):
    hanako, harukaze, kaoru = people
    first = say(session, hanako, harukaze)
    aside = say(session, hanako, harukaze, kaoru, parent=first)
    second = say(session, harukaze, hanako, parent=first)
    for post, author in ((second, harukaze), (aside, hanako)):
        posts.delete(session, post=post, by=author)
        conversations.on_deleted(session, events.PostDeleted(post.id))
    assert [it[:2] for it in of(session, hanako)] == [([harukaze.id], first.id)]
    assert of(session, kaoru) == []
    posts.delete(session, post=first, by=hanako)
    conversations.on_deleted(session, events.PostDeleted(first.id))
    assert session.scalars(select(Conversation)).all() == []


def test_whom_a_member_does_not_hear_opens_no_conversation(session, people):
    hanako, harukaze, _ = people
    session.add(Mute(id=ids.new(1), account_id=harukaze.id, target_id=hanako.id, created_at=1))
    say(session, hanako, harukaze)
    assert of(session, harukaze) == []
    assert len(of(session, hanako)) == 1


def test_what_waits_in_a_request_becomes_one_when_it_is_let_through(session, people, told):
    hanako, harukaze, _ = people
    notice_policy.change(session, account_id=harukaze.id, rules={"for_private_mentions": "filter"})
    session.expire_all()
    post = say(session, hanako, harukaze)
    assert of(session, harukaze) == []
    request = session.scalars(select(NotificationSender.id)).one()
    told()
    notice_policy.accept(session, account_id=harukaze.id, request_ids=[request])
    (merged,) = told()
    conversations.on_merged(session, merged)
    assert of(session, harukaze) == [([hanako.id], post.id, True)]
    assert len(notifications.page(session, factories.viewer(session, harukaze))) == 1


def test_a_note_to_nobody_else_is_a_conversation_alone(session, people):
    post = say(session, people[0])
    assert of(session, people[0]) == [([], post.id, False)]


def test_marking_and_putting_away(session, people):
    hanako, harukaze, kaoru = people
    say(session, hanako, harukaze)
    row = session.scalars(select(Conversation).where(Conversation.account_id == harukaze.id)).one()
    assert not conversations.mark(session, conversations.require(session, harukaze.id, row.id), unread=False).unread
    with pytest.raises(NotFound):
        conversations.require(session, kaoru.id, row.id)
    conversations.remove(session, row)
    assert of(session, harukaze) == [] and len(of(session, hanako)) == 1
