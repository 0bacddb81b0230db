"""Lists of posts. Home is written when a post is stored, so reading it costs the same however much there is."""

from sqlalchemy import ColumnElement, Select, and_, delete, exists, literal, or_, select
from sqlalchemy.orm import Session, aliased

from community import inserts
from community.models import LOCAL, Account, Follow, HomeEntry, Member, Post, PostTag, Tag
from community.text import fold
from community.visibility import Viewer, visible_to

BACKFILL = 20
"""How many earlier posts a new follow brings home."""

TABS = ("new", "waiting", "solved", "others")
_COLUMNS = ["account_id", "post_id"]


def enter(session: Session, post: Post) -> None:
    """Write `post` on the homes it belongs on: one INSERT … SELECT over the follows.

    Its author's followers, for a question also its board's, and the author's own. A comment goes only to those who
    follow the one it speaks to as well. An anonymous post is on nobody's home as their own: its author is the relay.
    """
    session.flush()
    follows_author = Follow.followee_id == post.author_id
    if post.kind == "question" and post.board_id is not None:
        follows_author = Follow.followee_id.in_((post.author_id, post.board_id))
    homes = (
        select(Follow.follower_id, literal(post.id))
        .join(
            Member, Member.account_id == Follow.follower_id
        )  # members only: remote followers have no home here
        .where(follows_author, Follow.state == "accepted")
        .distinct()
    )
    if post.kind == "comment" and post.parent_id is not None:
        homes = homes.where(_follows_parent(post))
    inserts.from_select(session, HomeEntry, _COLUMNS, homes)
    own = select(Account.id, literal(post.id)).where(
        Account.id == post.author_id, Account.domain == LOCAL, Account.kind == "person"
    )
    inserts.from_select(session, HomeEntry, _COLUMNS, own)


def backfill(session: Session, viewer: Viewer, followee: Account) -> None:
    """Bring the last posts of somebody newly followed onto the home of `viewer`, as far as they may see them."""
    latest = (
        select(literal(viewer.account_id), Post.id)
        .where(_of(followee), Post.kind != "comment", visible_to(viewer))
        .order_by(Post.id.desc())
        .limit(BACKFILL)
    )
    inserts.from_select(session, HomeEntry, _COLUMNS, latest)


def leave(session: Session, account_id: int, followee: Account) -> None:
    """Take the posts of somebody no longer followed off a home, save those that another follow keeps there.

    The follow must be gone already.
    """
    following = select(Follow.followee_id).where(Follow.follower_id == account_id, Follow.state == "accepted")
    kept = or_(
        Post.author_id == account_id,
        Post.author_id.in_(following),
        and_(Post.kind == "question", Post.board_id.in_(following)),
    )
    session.execute(
        delete(HomeEntry).where(
            HomeEntry.account_id == account_id,
            HomeEntry.post_id.in_(select(Post.id).where(_of(followee), ~kept)),
        )
    )


def home(
    session: Session, viewer: Viewer, *, max_id: int | None = None, min_id: int | None = None, limit: int = 20
) -> list[Post]:
    """The home timeline of `viewer`, newest first, between the two ids (both exclusive)."""
    if viewer.account_id is None:
        return []
    rows = (
        select(Post)
        .join(HomeEntry, HomeEntry.post_id == Post.id)
        .where(HomeEntry.account_id == viewer.account_id, visible_to(viewer))
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
    ほかのまち (others). An unknown `tab` counts as new.
    """
    rows = (
        select(Post)
        .where(Post.kind == "question", visible_to(viewer), Post.visibility != "unlisted")
        .order_by(Post.id.desc())
        .limit(limit)
    )
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
        .where(Post.author_id == account_id, Post.kind != "comment", visible_to(viewer))
        .order_by(Post.id.desc())
        .limit(limit)
    )
    return list(session.execute(_below(rows, max_id, None)).scalars())


def _below(rows: Select[Post], max_id: int | None, board_id: int | None) -> Select[Post]:
    if max_id is not None:
        rows = rows.where(Post.id < max_id)
    return rows if board_id is None else rows.where(Post.board_id == board_id)


def _of(followee: Account) -> ColumnElement[bool]:
    """The posts that following `followee` brings: a board's questions, anybody else's posts."""
    if followee.kind == "board":
        return or_(and_(Post.kind == "question", Post.board_id == followee.id), Post.author_id == followee.id)
    return Post.author_id == followee.id


def _follows_parent(post: Post) -> ColumnElement[bool]:
    """The follower also follows, or is, the author whom a comment speaks to; an author going on is always read."""
    other = aliased(Follow)
    parent_author = select(Post.author_id).where(Post.id == post.parent_id).scalar_subquery()
    return or_(
        parent_author == post.author_id,
        parent_author == Follow.follower_id,
        exists().where(
            other.follower_id == Follow.follower_id,
            other.followee_id == parent_author,
            other.state == "accepted",
        ),
    )
