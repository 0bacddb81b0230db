"""Posts as lists show them: shown author, board, tags and the way to the page, loaded in a fixed number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from community import anonymity, boards, flag_lists, plans, tags
from community.models import Account, Gathering, Post, Tag
from community.visibility import Viewer, taken_back_from, visible_to
from webui import addresses


@dataclass(frozen=True, slots=True)
class Card:
    post: Post
    author: Account  # the shown one
    board: Account | None
    tags: list[Tag]
    root: Post
    address: str
    gathering: Gathering | None = None  # of a 旗

    @property
    def title(self) -> str:
        """What the card is headed by: the question's title, for an answer that of its question; may be empty."""
        return self.root.title or ""

    def is_over(self, now: int) -> bool:
        return self.gathering is not None and plans.is_over(self.gathering, now)

    def board_label(self, locale: str) -> str:
        return boards.label(self.board, locale) if self.board else ""


def load(session: Session, viewer: Viewer, posts: Sequence[Post]) -> list[Card]:
    """A card for each of `posts`, which `viewer` may see, in their order.

    A post whose thread's beginning `viewer` may not see stands for itself.
    """
    roots = _roots(session, viewer, posts)
    authors = anonymity.public_authors(
        session, {post.id: post for post in [*posts, *roots.values()]}.values(), viewer
    )
    board_ids = {post.board_id for post in posts if post.board_id is not None}
    found = session.scalars(select(Account).where(Account.id.in_(board_ids))) if board_ids else ()
    labels, by_id = tags.of(session, posts), {account.id: account for account in found}
    gatherings = flag_lists.plans_of(session, [post.id for post in posts if post.kind == "flag"])
    cards = []
    for post in posts:
        root = roots.get(post.root_id or post.id, post)
        cards.append(
            Card(
                post=post,
                author=authors[post.id],
                board=by_id.get(post.board_id or 0),
                tags=labels[post.id],
                root=root,
                address=addresses.in_thread(root, authors[root.id], post.id),
                gathering=gatherings.get(post.id),
            )
        )
    return cards


def _roots(session: Session, viewer: Viewer, posts: Sequence[Post]) -> dict[int, Post]:
    """The beginnings of the threads by id; of one that was taken back, its stub."""
    own = {post.id: post for post in posts}
    missing = {post.root_id for post in posts if post.root_id is not None} - own.keys()
    if not missing:
        return own
    shown = or_(visible_to(viewer), taken_back_from(viewer))
    found = session.scalars(select(Post).where(Post.id.in_(missing), shown))
    return own | {post.id: post for post in found}
