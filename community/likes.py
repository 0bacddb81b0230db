"""いいね: a plain favourite from an app or another server. ありがとう is another matter (`community.thanks`)."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from community import distance, events, ids, notifications, posts, town, visibility
from community.errors import NotFound
from community.models import Account, Like, Notification, Post


def like(session: Session, *, account: Account, post: Post, uri: str | None = None) -> Like:
    """`account` likes `post`; again changes nothing. `uri` is that of a remote Like. NotFound if it cannot see it,
    NotAllowed if it blocks the author.
    """
    if not visibility.may_see(session, visibility.viewer_of(session, account), post):
        raise NotFound(
            "お探しのものは見つかりませんでした。取り下げられたか、見られる範囲が限られているようです。"
        )
    known = between(session, account.id, post.id)
    if known is not None:
        return known
    author = session.get_one(Account, post.author_id)
    distance.check(session, actor=account, target=author)
    now = town.now(session)
    identifier = ids.new(now)
    row = Like(
        id=identifier,
        uri=uri or town.of(session).uris.activity(identifier),
        account_id=account.id,
        post_id=post.id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    posts.adjust(post, likes_count=1)
    session.flush()
    notifications.tell(session, to=author, kind="like", actor=account, post=post)
    events.record(session, events.Liked(row.id))
    return row


def unlike(session: Session, *, account: Account, post: Post) -> None:
    """Take a like back; nothing happens if there is none."""
    session.flush()
    mine = delete(Like).where(Like.account_id == account.id, Like.post_id == post.id)
    uri = session.scalar(mine.returning(Like.uri))  # of two at once, one takes it away and counts
    if uri is None:
        return
    posts.adjust(post, likes_count=-1)
    session.execute(
        delete(Notification).where(
            Notification.post_id == post.id, Notification.actor_id == account.id, Notification.kind == "like"
        )
    )
    session.flush()
    events.record(session, events.Unliked(uri, account.id, post.id))


def between(session: Session, account_id: int, post_id: int) -> Like | None:
    return session.scalar(select(Like).where(Like.account_id == account_id, Like.post_id == post_id))


def by_uri(session: Session, uri: str) -> Like | None:
    """The like that goes by `uri`: for an Undo that names it by id alone."""
    return session.scalar(select(Like).where(Like.uri == uri))
