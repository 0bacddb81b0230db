import pytest
from sqlalchemy import select

from community import composing, events, polls, posts
from community.errors import Invalid, NotFound
from community.models import Notification, Poll, PollOption, PollVote, Post
from tests import factories

DRAFT = polls.Draft(("月曜", "火曜", "水曜"), 600)


def with_poll(session, author, poll=DRAFT, visibility="open"):
    return composing.write(
        session, author=author, draft=composing.Draft(text="会議はいつに？", visibility=visibility, poll=poll)
    )


def counts(session, post):
    rows = session.execute(
        select(PollOption.votes_count).where(PollOption.post_id == post.id).order_by(PollOption.position)
    )
    return [row.votes_count for row in rows]


def test_a_vote_counts_once(session, told):
    hanako, hotate, post = factories.member(session, "hanako"), factories.member(session, "hotate"), None
    post = with_poll(session, hanako)
    told()
    (row,) = polls.vote(session, account=hotate, post=post, choices=[1])
    assert told() == [events.PollVoted(post.id, hotate.id, (row.id,))]
    for choices in ([1], [2]):
        with pytest.raises(Invalid) as error:
            polls.vote(session, account=hotate, post=post, choices=choices)
        assert error.value.field == "voted"
    poll = session.get_one(Poll, post.id)
    assert (counts(session, post), poll.votes_count, poll.voters_count) == ([0, 1, 0], 1, 1)
    session.refresh(post)
    assert post.touched == 1


@pytest.mark.parametrize(
    ("choices", "field"), [([], "choices"), ([3], "choices"), ([-1], "choices"), ([0, 1], "choices")]
)
def test_only_what_is_offered_can_be_chosen(session, choices, field):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    post = with_poll(session, hanako)
    with pytest.raises(Invalid) as error:
        polls.vote(session, account=hotate, post=post, choices=choices)
    assert error.value.field == field
    assert session.scalars(select(PollVote.id)).all() == []


def test_several_choices_also_later(session):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    post = with_poll(session, hanako, polls.Draft(("a", "b", "c"), 600, multiple=True))
    polls.vote(session, account=hotate, post=post, choices=[0, 2, 2])
    polls.vote(session, account=hotate, post=post, choices=[1])
    with pytest.raises(Invalid):
        polls.vote(session, account=hotate, post=post, choices=[2])
    poll = session.get_one(Poll, post.id)
    assert (counts(session, post), poll.votes_count, poll.voters_count) == ([1, 1, 1], 3, 1)


def test_who_may_not_vote(session, clock):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    post = with_poll(session, hanako)
    with pytest.raises(Invalid) as error:
        polls.vote(session, account=hanako, post=post, choices=[0])
    assert error.value.field == "own"
    hidden = with_poll(session, hanako, visibility="followers")
    with pytest.raises(NotFound):
        polls.vote(session, account=hotate, post=hidden, choices=[0])
    with pytest.raises(NotFound):
        polls.vote(session, account=hotate, post=factories.question(session, hanako), choices=[0])
    clock.advance(minutes=11)
    with pytest.raises(Invalid) as error:
        polls.vote(session, account=hotate, post=post, choices=[0])
    assert error.value.field == "expired"


def test_the_end_is_told_once_to_voters_and_author(session, clock, told):
    hanako, hotate, idle = (factories.member(session, name) for name in ("hanako", "hotate", "idle"))
    post = with_poll(session, hanako)
    polls.vote(session, account=hotate, post=post, choices=[0])
    assert not polls.close_due(session)
    clock.advance(minutes=10)
    assert polls.is_anything_due(session)
    told()
    assert polls.close_due(session) == 1
    assert polls.close_due(session) == 0
    assert not polls.is_anything_due(session)
    notices = session.execute(select(Notification.account_id, Notification.kind, Notification.post_id)).all()
    assert {(row.account_id, row.kind, row.post_id) for row in notices} == {
        (hanako.id, "poll", post.id), (hotate.id, "poll", post.id),
    }  # fmt: skip
    assert events.PollCounted(post.id) in told()
    assert idle.id not in {row.account_id for row in notices}


def test_counts_are_told_once_a_minute(session, clock, told):
    hanako, hotate, third = (factories.member(session, name) for name in ("hanako", "hotate", "third"))
    post = with_poll(session, hanako)
    assert not polls.tell_counts(session)
    polls.vote(session, account=hotate, post=post, choices=[0])
    assert (polls.tell_counts(session), polls.tell_counts(session)) == (1, 0)
    polls.vote(session, account=third, post=post, choices=[0])
    assert not polls.tell_counts(session)
    clock.advance(minutes=2)
    told()
    assert polls.tell_counts(session) == 1
    assert told() == [events.PollCounted(post.id)]


@pytest.mark.parametrize(
    ("options", "expires_in", "field"),
    [
        (["a"], 600, "options"),
        (["a", " "], 600, "options"),
        ([str(n) for n in range(9)], 600, "options_most"),
        (["a", "b" * 101], 600, "options_length"),
        (["a", "a"], 600, "options_twice"),
        (["a", "b"], 299, "expires_in"),
        (["a", "b"], 30 * 86_400 + 1, "expires_in_most"),
    ],
)
def test_what_does_not_fit(options, expires_in, field):
    with pytest.raises(Invalid) as error:
        polls.check(options, expires_in, multiple=False, hides_totals=False)
    assert error.value.field == field


def test_another_poll_begins_anew_the_same_goes_on(session):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    post = with_poll(session, hanako)
    polls.vote(session, account=hotate, post=post, choices=[0])
    assert not polls.differs(session, post, DRAFT)
    polls.replace(session, post, DRAFT)
    assert counts(session, post) == [1, 0, 0]
    assert polls.replace(session, post, polls.Draft(("はい", "いいえ"), 600))
    assert (counts(session, post), session.scalars(select(PollVote.id)).all()) == ([0, 0], [])
    assert polls.replace(session, post, None)
    assert polls.titles(session, post) is None


def test_a_poll_goes_with_its_post(session):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    post = with_poll(session, hanako)
    polls.vote(session, account=hotate, post=post, choices=[0])
    posts.delete(session, post=post, by=hanako)
    for model in (Poll, PollOption, PollVote):
        assert session.scalars(select(model)).all() == []
    assert session.get_one(Post, post.id).deleted_at is not None
