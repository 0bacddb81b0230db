"""旗の一覧: what is coming, the nearest first; what is over, the latest first. Whom the viewer turned away from is left out."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import Session

from community import distance, town
from community.gatherings import KIND
from community.models import Account, Gathering, Join, Post
from community.plans import OPEN_END
from community.visibility import Viewer, visible_to

TABS = ("coming", "past")
_MINUTE = 60_000


def coming(
    session: Session, viewer: Viewer, *, board_id: int | None = None, limit: int = 20, offset: int = 0
) -> list[Post]:
    """Flags that one can still gather round, on a board or on all: by their start, then those that have none, the
    newest first.
    """
    now = town.now(session)
    rows = _shown(session, viewer).where(~_over(now))
    if board_id is not None:
        rows = rows.where(Post.board_id == board_id)
    rows = rows.order_by(Gathering.starts_at.is_(None), Gathering.starts_at, Post.id.desc())
    return list(session.scalars(rows.limit(limit).offset(offset)))


def past(session: Session, viewer: Viewer, *, max_id: int | None = None, limit: int = 20) -> list[Post]:
    """Flags that are over, the one raised last first."""
    rows = _shown(session, viewer).where(_over(town.now(session)))
    if max_id is not None:
        rows = rows.where(Post.id < max_id)
    return list(session.scalars(rows.order_by(Post.id.desc()).limit(limit)))


def plans_of(session: Session, post_ids: Iterable[int]) -> dict[int, Gathering]:
    """When, where and how many, by the id of the post; one query."""
    wanted = list(post_ids)
    found = session.scalars(select(Gathering).where(Gathering.post_id.in_(wanted))) if wanted else ()
    return {each.post_id: each for each in found}


def joined_by(session: Session, viewer: Viewer, post_ids: Iterable[int]) -> frozenset[int]:
    """Those of the flags round which the member who is looking gathers."""
    wanted = list(post_ids)
    if viewer.account_id is None or viewer.remote or not wanted:
        return frozenset()
    mine = select(Join.post_id).where(Join.account_id == viewer.account_id, Join.post_id.in_(wanted))
    return frozenset(session.scalars(mine))


def _shown(session: Session, viewer: Viewer) -> Select[Any]:
    return (
        select(Post)
        .join(Gathering, Gathering.post_id == Post.id)
        .join(Account, Account.id == Post.author_id)
        .where(
            Post.kind == KIND,
            Post.visibility != "unlisted",
            Account.silenced_at.is_(None),
            visible_to(viewer),
            ~distance.hidden(viewer, Post.author_id, town.now(session)),
        )
    )


def _over(now: int) -> ColumnElement[bool]:
    """The same rule as `plans.is_over`."""
    timed = and_(Gathering.minutes.is_not(None), Gathering.starts_at + Gathering.minutes * _MINUTE <= now)
    open_end = and_(Gathering.minutes.is_(None), Gathering.starts_at + OPEN_END <= now)
    return or_(Gathering.closed_at.is_not(None), and_(Gathering.starts_at.is_not(None), or_(timed, open_end)))
