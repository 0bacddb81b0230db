"""Lists of posts. Home is written when a post is stored, so reading it costs the same however much there is.

These are the lists of our own pages: they show no boosts. Whom the viewer turned away from is left out, but for the list
of what that one person wrote.
"""

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from community import distance, quiet, town
from community.arrivals import enter
from community.homes import BACKFILL, backfill, leave
from community.models import Account, HomeEntry, Post, PostTag, Tag
from community.text import fold
from community.visibility import Viewer, visible_to

__all__ = ["BACKFILL", "TABS", "backfill", "enter", "home", "leave", "of_author", "questions"]

TABS = ("new", "waiting", "solved", "others")


def home(
    session: Session, viewer: Viewer, *, max_id: int | None = None, min_id: int | None = None, limit: int = 20
) -> list[Post]:
    """The home timeline of `viewer`, newest first, between the two ids (both exclusive)."""
    if viewer.account_id is None:
        return []
    rows = (
        select(Post)
        .join(HomeEntry, HomeEntry.post_id == Post.id)
        .where(
            HomeEntry.account_id == viewer.account_id,
            Post.kind != "boost",
            visible_to(viewer),
            ~distance.hidden(viewer, Post.author_id, town.now(session)),
        )
        .order_by(HomeEntry.post_id.desc())
        .limit(limit)
    )
    if max_id is not None:
        rows = rows.where(HomeEntry.post_id < max_id)
    if min_id is not None:
        rows = rows.where(HomeEntry.post_id > min_id)
    return list(session.execute(rows).scalars())


def questions(
    session: Session,
    viewer: Viewer,
    *,
    tab: str = "new",
    board_id: int | None = None,
    tag: str | None = None,
    max_id: int | None = None,
    limit: int = 20,
) -> list[Post]:
    """質問一覧, newest first: 新しい (new), 答えを待っています (waiting: no answer yet, not solved), 解決済み (solved),
    ほかのまち (others). An unknown `tab` counts as new. Who is heard by followers alone is left out for others, but on a
    board that is so itself.
    """
    rows = (
        select(Post)
        .where(
            Post.kind == "question",
            visible_to(viewer),
            Post.visibility != "unlisted",
            ~distance.hidden(viewer, Post.author_id, town.now(session)),
        )
        .order_by(Post.id.desc())
        .limit(limit)
    )
    if not _is_quiet(session, board_id):
        rows = rows.where(quiet.heard(viewer, Post.author_id))
    if tab == "waiting":
        rows = rows.where(Post.answers_count == 0, Post.solved_at.is_(None))
    elif tab == "solved":
        rows = rows.where(Post.solved_at.is_not(None))
    elif tab == "others":
        rows = rows.where(Post.local.is_(False))
    if tag is not None:
        named = select(Tag.id).where(Tag.name == fold(tag)).scalar_subquery()
        # Ordered by the tag's own index, so that the newest are read first and no more than asked for.
        rows = rows.join(PostTag, (PostTag.post_id == Post.id) & (PostTag.tag_id == named))
        rows = rows.order_by(None).order_by(PostTag.post_id.desc())
        rows = rows if max_id is None else rows.where(PostTag.post_id < max_id)
    return list(session.execute(_below(rows, max_id, board_id)).scalars())


def of_author(
    session: Session, viewer: Viewer, account_id: int, *, max_id: int | None = None, limit: int = 20
) -> list[Post]:
    """What somebody asked, answered and noted, newest first; comments and words of thanks stay in their threads."""
    rows = (
        select(Post)
        .where(Post.author_id == account_id, Post.kind.not_in(("comment", "boost")), visible_to(viewer))
        .order_by(Post.id.desc())
        .limit(limit)
    )
    return list(session.execute(_below(rows, max_id, None)).scalars())


def _is_quiet(session: Session, board_id: int | None) -> bool:
    board = session.get(Account, board_id) if board_id is not None else None
    return board is not None and board.silenced_at is not None


def _below(rows: Select[Post], max_id: int | None, board_id: int | None) -> Select[Post]:
    if max_id is not None:
        rows = rows.where(Post.id < max_id)
    return rows if board_id is None else rows.where(Post.board_id == board_id)
