"""Posts as lists show them: shown author, board, tags and the way to the page, loaded in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import anonymity, tags
from community.models import Account, Post, Tag
from webui import addresses


@dataclass(frozen=True, slots=True)
class Card:
    post: Post
    author: Account  # the shown one
    board: Account | None
    tags: list[Tag]
    root: Post
    address: str

    @property
    def title(self) -> str:
        """What the card is headed by: the question's title, for an answer that of its question."""
        return self.root.title or ""


def load(session: Session, posts: Sequence[Post]) -> list[Card]:
    """A card for each of `posts`, in their order. Posts whose thread has lost its beginning stand for themselves."""
    roots = _roots(session, posts)
    authors = anonymity.public_authors(session, {post.id: post for post in [*posts, *roots.values()]}.values())
    board_ids = {post.board_id for post in posts if post.board_id is not None}
    boards = {account.id: account for account in session.scalars(select(Account).where(Account.id.in_(board_ids)))}
    labels = tags.of(session, posts)
    cards = []
    for post in posts:
        root = roots.get(post.root_id or post.id, post)
        cards.append(
            Card(
                post=post,
                author=authors[post.id],
                board=boards.get(post.board_id or 0),
                tags=labels[post.id],
                root=root,
                address=addresses.in_thread(root, authors[root.id], post.id),
            )
        )
    return cards


def _roots(session: Session, posts: Sequence[Post]) -> dict[int, Post]:
    own = {post.id: post for post in posts}
    missing = {post.root_id for post in posts if post.root_id is not None} - own.keys()
    if not missing:
        return own
    found = session.scalars(select(Post).where(Post.id.in_(missing), Post.deleted_at.is_(None)))
    return own | {post.id: post for post in found}
