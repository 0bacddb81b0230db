"""What a member kept of posts and did to them besides writing: it goes with the member."""

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from community import clearing, media
from community.models import Bookmark, Pin, PollVote, Post, ScheduledPost, ThreadMute

_UNLOADED = {"synchronize_session": False}


def drop(session: Session, account_id: int) -> None:
    """Remove bookmarks, pins, muted threads, posts that were to come, and boosts; who voted for what is forgotten, the
    counts of the polls stay.
    """
    waiting = select(ScheduledPost.id).where(ScheduledPost.account_id == account_id)
    for scheduled_id in session.scalars(waiting).all():
        media.release_scheduled(session, scheduled_id)
    for owned in (Bookmark, Pin, ThreadMute, ScheduledPost, PollVote):
        session.execute(delete(owned).where(owned.account_id == account_id))
    boosts = select(Post.id).where(Post.author_id == account_id, Post.kind == "boost")
    passed_on = select(Post.boost_of_id).where(Post.author_id == account_id, Post.kind == "boost")
    session.execute(
        update(Post).where(Post.id.in_(passed_on)).values(boosts_count=Post.boosts_count - 1),
        execution_options=_UNLOADED,
    )
    clearing.remove_boosts(session, boosts)
