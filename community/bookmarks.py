"""しおり: posts that a member keeps for later. Nobody else sees them, and nothing counts them."""

from sqlalchemy import delete
from sqlalchemy.orm import Session

from community import ids, inserts, town
from community.models import Bookmark, Post


def keep(session: Session, *, account_id: int, post: Post) -> None:
    """Put a bookmark on `post`, which the caller has asked for by `visibility.require`; again changes nothing."""
    now = town.now(session)
    inserts.new_row(
        session, Bookmark, id=ids.new(now), account_id=account_id, post_id=post.id, created_at=now
    )


def drop(session: Session, *, account_id: int, post: Post) -> None:
    """Take the bookmark off; nothing happens if there is none."""
    session.execute(delete(Bookmark).where(Bookmark.account_id == account_id, Bookmark.post_id == post.id))
