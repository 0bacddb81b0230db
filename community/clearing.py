"""What hangs on a post and goes with it: boosts, entries on timelines, bookmarks, pins, its poll, being quoted.

Rows alone; who may take a post back, and what the thread loses with it, stands in `community.posts`.
"""

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session

from community import events, media
from community.models import (
    Bookmark,
    FilterStatus,
    Gathering,
    HomeEntry,
    Join,
    ListEntry,
    Notification,
    Pin,
    Poll,
    PollOption,
    PollVote,
    Post,
)

_SHOWN_IN = (HomeEntry, ListEntry, Notification, Bookmark, FilterStatus)
_UNLOADED = {"synchronize_session": False}


def clear(session: Session, post: Post, *, keep_media: bool = False) -> None:
    """`post` is taken back: what hangs on it goes. With `keep_media` its pictures are its author's to use again."""
    if keep_media:
        media.release(session, media.of(session, [post.id]).get(post.id, []))
    else:
        media.drop(session, post)
    remove_boosts(session, select(Post.id).where(Post.boost_of_id == post.id))
    for model in (*_SHOWN_IN, Pin, PollVote, PollOption, Poll, Join, Gathering):
        session.execute(delete(model).where(model.post_id == post.id), execution_options=_UNLOADED)
    _let_go_of_quotes(session, post)
    post.emojis = post.card_id = post.quote_policy = None


def remove_boost(session: Session, boost: Post) -> None:
    """Take one boost back: the row, its places on timelines, what was told of it. Nothing happens if it is gone."""
    session.flush()
    if not remove_boosts(session, select(Post.id).where(Post.id == boost.id, Post.kind == "boost")):
        return
    assert boost.boost_of_id is not None
    session.execute(
        update(Post)
        .where(Post.id == boost.boost_of_id, Post.deleted_at.is_(None))
        .values(boosts_count=Post.boosts_count - 1)
    )
    session.execute(
        delete(Notification).where(
            Notification.post_id == boost.boost_of_id,
            Notification.actor_id == boost.author_id,
            Notification.kind == "boost",
        )
    )
    events.record(session, events.Unboosted(boost.uri, boost.id, boost.author_id, boost.boost_of_id))


def remove_boosts(session: Session, boost_ids: Select[int]) -> int:
    """Take boosts off every timeline and out of the world; how many there were."""
    for model in _SHOWN_IN:
        session.execute(delete(model).where(model.post_id.in_(boost_ids)), execution_options=_UNLOADED)
    gone = session.execute(delete(Post).where(Post.id.in_(boost_ids)).returning(Post.id), execution_options=_UNLOADED)
    return len(gone.all())


def _let_go_of_quotes(session: Session, post: Post) -> None:
    """Who quotes it shows that it is gone; whom it quotes is quoted once less."""
    session.execute(
        update(Post)
        .where(Post.quote_of_id == post.id, Post.quote_state.in_(("accepted", "pending")))
        .values(quote_state="deleted", quote_authorization=None, touched=Post.touched + 1),
        execution_options=_UNLOADED,
    )
    if post.quote_of_id is not None and post.quote_state == "accepted":
        session.execute(
            update(Post).where(Post.id == post.quote_of_id).values(quotes_count=Post.quotes_count - 1),
            execution_options=_UNLOADED,
        )
    post.quote_of_id = post.quote_uri = post.quote_state = post.quote_authorization = None
