"""Who hears of a post without being spoken to: followers who asked for it, and of an edit those who answered.

Subscribers of what is recorded when a post is stored or edited; they run in its transaction.
"""

from typing import Any

from sqlalchemy import Select, bindparam, or_, select, union
from sqlalchemy.orm import Session

from community import events, notifications, town
from community.events import Bus, PostCreated, PostEdited
from community.models import LOCAL, Account, Follow, Join, Member, Post
from community.storage.prepared import Prepared, param
from community.visibility import DIRECT, FOLLOWERS

_TOLD_OF = frozenset({"question", "answer", "note", "flag"})
_FRESH = 24 * 3_600_000
"""What is older when it arrives is no news: it was fetched to complete a thread."""


def subscribe(bus: Bus) -> None:
    """Have `bus` tell of posts and of edits."""
    bus.subscribe(events.PostCreated, on_created)
    bus.subscribe(events.PostEdited, on_edited)


def on_created(session: Session, event: PostCreated) -> None:
    """Tell those who follow the author, or the board, and want to hear of each post (the bell of their app)."""
    post = session.get_one(Post, event.post_id)
    if post.kind not in _TOLD_OF or post.visibility == DIRECT or post.created_at < town.now(session) - _FRESH:
        return
    if post.kind == "note" and not _stands_alone(session, post):
        return
    facts = {"author": post.author_id, "board": post.board_id if post.kind in ("question", "flag") else None}
    if not _ANYBODY.rows(session, **facts):  # most posts ring no bell
        return
    rung = session.connection().execute(_BELLS, facts).all()
    author = session.get_one(Account, post.author_id)
    for row in rung:
        by_author = row.followee_id == author.id
        if (post.visibility == FOLLOWERS and not by_author) or not _reads(row.languages, post.language):
            continue
        follower = session.get_one(Account, row.follower_id)
        notifications.tell(session, to=follower, kind="post", actor=author, post=post)


def on_edited(session: Session, event: PostEdited) -> None:
    """Tell the members who answered the post, or gather round it, that it says something else now
    (`posts.told_of_edit` tells the others).
    """
    post = session.get_one(Post, event.post_id)
    answered = session.connection().execute(_ANSWERED, {"post": post.id}).scalars().all()
    if not answered:
        return
    author = session.get_one(Account, post.author_id)
    for account_id in answered:
        notifications.tell(session, to=session.get_one(Account, account_id), kind="update", actor=author, post=post)


def _stands_alone(session: Session, post: Post) -> bool:
    """A note that goes on from its author's own, or from nothing."""
    if post.in_reply_to_uri is None and post.parent_id is None:
        return True
    parent = None if post.parent_id is None else session.get(Post, post.parent_id)
    return parent is not None and parent.author_id == post.author_id


def _reads(languages: list[str] | None, language: str | None) -> bool:
    return not languages or language is None or language.partition("-")[0] in languages or language in languages


def _bells() -> Select[*tuple[Any, ...]]:
    author, board = (bindparam(name, type_=Follow.followee_id.type) for name in ("author", "board"))
    return (
        select(Follow.follower_id, Follow.followee_id, Follow.languages)
        .join(Member, Member.account_id == Follow.follower_id)
        .where(
            or_(Follow.followee_id == author, Follow.followee_id == board),
            Follow.state == "accepted",
            Follow.notify.is_(True),
        )
        .order_by(Follow.id)
    )


_BELLS = _bells()
_follow = Follow.__table__.c
_ANYBODY = Prepared(
    lambda _dialect: select(_follow.id)
    .where(
        or_(_follow.followee_id == param("author"), _follow.followee_id == param("board")),
        _follow.state == "accepted",
        _follow.notify.is_(True),
    )
    .limit(1)
)
_ANSWERED = union(
    select(Post.author_id).where(
        Post.parent_id == bindparam("post", type_=Post.id.type),
        Post.local.is_(True),
        Post.deleted_at.is_(None),
    ),
    select(Join.account_id)
    .join(Account, Account.id == Join.account_id)
    .where(Join.post_id == bindparam("post", type_=Post.id.type), Account.domain == LOCAL),
)
