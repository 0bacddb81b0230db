"""How often a post of elsewhere was liked and passed on, as its origin counts: for display and nothing else."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community.models import Like, Post
from federation.vocabulary.reading import Document

_MOST = 10_000_000
"""No number that somebody else tells is shown larger (federation reference §3, Collections)."""


def take(session: Session, post: Post, document: Document) -> None:
    """Take the numbers over; never fewer than are known here. ありがとう are counted by themselves."""
    likes, shares = _total(document.get("likes")), _total(document.get("shares"))
    if likes is not None:
        known = session.scalar(select(func.count()).select_from(Like).where(Like.post_id == post.id)) or 0
        post.likes_count = max(likes - post.thanks_count, known)
    if shares is not None:
        boosts = select(func.count()).select_from(Post).where(Post.boost_of_id == post.id)
        post.boosts_count = max(shares, session.scalar(boosts) or 0)


def _total(collection: Any) -> int | None:
    total = collection.get("totalItems") if isinstance(collection, dict) else None
    return (
        min(total, _MOST) if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None
    )
