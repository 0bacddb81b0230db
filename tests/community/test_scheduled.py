import pytest
from sqlalchemy import select

from community import composing, media, polls, scheduled
from community.composing import Draft
from community.errors import Invalid, NotFound
from community.models import Media, Poll, Post, ScheduledPost
from tests import factories

HOUR = 3_600_000


def uploaded(session, account):
    return media.new(
        session, account_id=account.id, kind="image", mime="image/png", file=f"{account.id}.png", preview=None,
        blurhash=None, meta={}, size=1,
    )  # fmt: skip


def test_it_is_posted_with_everything_when_its_time_has_come(session, clock):
    hanako = factories.member(session, "hanako")
    picture = uploaded(session, hanako)
    draft = Draft(
        text="あした", visibility="unlisted", media_ids=(picture.id,), poll=polls.Draft(("a", "b"), 600), summary="予定",
        application="toot",
    )  # fmt: skip
    row = scheduled.put(session, author=hanako, draft=draft, at=clock.now + HOUR)
    assert scheduled.draft_of(row) == draft
    assert (picture.scheduled_id, picture.post_id) == (row.id, None)
    assert scheduled.next_due(session) is None
    clock.advance(hours=1)
    assert scheduled.next_due(session) == row.id
    post = scheduled.publish(session, row.id)
    assert (post.body_text, post.visibility, post.summary, post.application) == ("あした", "unlisted", "予定", "toot")
    assert (picture.post_id, picture.scheduled_id) == (post.id, None)
    assert session.get_one(Poll, post.id).expires_at == clock.now + 600_000
    assert session.scalars(select(ScheduledPost.id)).all() == []
    assert scheduled.publish(session, row.id) is None


@pytest.mark.parametrize(
    ("draft", "ahead", "field"),
    [
        (Draft(text="x"), 4 * 60_000, "scheduled_at"),
        (Draft(text=" "), HOUR, "blank"),
        (Draft(text="あ" * 5001), HOUR, "characters"),
        (Draft(text="x", media_ids=(7,)), HOUR, "media_ids"),
    ],
)
def test_what_does_not_fit_is_told_at_once(session, clock, draft, ahead, field):
    hanako = factories.member(session, "hanako")
    with pytest.raises(Invalid) as error:
        scheduled.put(session, author=hanako, draft=draft, at=clock.now + ahead)
    assert error.value.field == field


def test_twenty_five_a_day(session, clock):
    hanako = factories.member(session, "hanako")
    for _ in range(25):
        scheduled.put(session, author=hanako, draft=Draft(text="x"), at=clock.now + HOUR)
    with pytest.raises(Invalid) as error:
        scheduled.put(session, author=hanako, draft=Draft(text="x"), at=clock.now + HOUR)
    assert error.value.field == "limit_of_day"


def test_moving_and_cancelling_are_for_its_author(session, clock):
    hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
    picture = uploaded(session, hanako)
    row = scheduled.put(session, author=hanako, draft=Draft(media_ids=(picture.id,)), at=clock.now + HOUR)
    for deed in (
        lambda: scheduled.move(session, account_id=hotate.id, scheduled_id=row.id, at=clock.now + 2 * HOUR),
        lambda: scheduled.cancel(session, account_id=hotate.id, scheduled_id=row.id),
    ):
        with pytest.raises(NotFound):
            deed()
    assert scheduled.move(session, account_id=hanako.id, scheduled_id=row.id, at=clock.now + 2 * HOUR).scheduled_at == clock.now + 2 * HOUR
    scheduled.cancel(session, account_id=hanako.id, scheduled_id=row.id)
    assert session.get_one(Media, picture.id).scheduled_id is None


def test_what_cannot_be_posted_is_tried_again_and_then_let_go(session, clock):
    hanako = factories.member(session, "hanako")
    note = composing.write(session, author=hanako, draft=Draft(text="x"))
    row = scheduled.put(session, author=hanako, draft=Draft(text="y", in_reply_to_id=note.id), at=clock.now + HOUR)
    note.deleted_at = clock.now
    session.flush()
    for _ in range(3):
        clock.advance(hours=1)
        with pytest.raises(Invalid):
            scheduled.publish(session, scheduled.next_due(session))
        scheduled.put_off(session, row.id)
    assert scheduled.next_due(session) is None
    assert session.scalars(select(ScheduledPost.id)).all() == []
    assert session.scalars(select(Post.id).where(Post.body_text == "y")).all() == []
