"""What homes and lists gain and lose when somebody is followed, listed, left or shut out.

New posts come by `community.arrivals`; this is about those that stood already.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, delete, exists, literal, or_, select
from sqlalchemy.orm import Session, aliased

from community import inserts
from community.models import (
    Account,
    Follow,
    FollowedTag,
    HomeEntry,
    ListEntry,
    ListMember,
    MemberList,
    Post,
    PostTag,
)
from community.visibility import OPEN, Viewer, visible_to

BACKFILL = 20
"""How many earlier posts a new follow brings home."""

LIST_BACKFILL = 40
"""How many earlier posts somebody brings to a list."""

_HOME, _LIST = ["account_id", "post_id"], ["list_id", "post_id"]


def backfill(session: Session, viewer: Viewer, followee: Account) -> None:
    """Bring the last posts of somebody newly followed onto the home of `viewer`, as far as they may see them, and onto
    those of their lists on which the followee stands. A member of an exclusive list stays off home.
    """
    listed = select(MemberList).join(ListMember, ListMember.list_id == MemberList.id)
    owned = listed.where(MemberList.account_id == viewer.account_id, ListMember.account_id == followee.id)
    lists = session.scalars(owned).all()
    for each in lists:
        join_list(session, viewer, each.id, followee)
    if not any(each.exclusive for each in lists):
        latest = _latest(session, viewer, followee, BACKFILL)
        inserts.from_select(
            session, HomeEntry, _HOME, select(literal(viewer.account_id), Post.id).where(Post.id.in_(latest))
        )


def leave(session: Session, account_id: int, followee: Account) -> None:
    """Take the posts of somebody no longer followed off a home, save those that something else keeps there, and the
    followee off the lists of that member. The follow must be gone already.
    """
    session.execute(
        delete(HomeEntry).where(
            HomeEntry.account_id == account_id,
            HomeEntry.post_id.in_(select(Post.id).where(_of(followee), ~_kept(account_id))),
        )
    )
    own = select(MemberList.id).where(MemberList.account_id == account_id)
    on = select(ListMember.list_id).where(ListMember.list_id.in_(own), ListMember.account_id == followee.id)
    for list_id in session.scalars(on).all():
        session.execute(
            delete(ListMember).where(ListMember.list_id == list_id, ListMember.account_id == followee.id)
        )
        leave_list(session, list_id, followee)


def leave_tag(session: Session, account_id: int, tag_id: int) -> None:
    """Take what a tag brought off a home, save what something else keeps there. The tag is followed no more."""
    tagged = select(PostTag.post_id).where(PostTag.tag_id == tag_id)
    session.execute(
        delete(HomeEntry).where(
            HomeEntry.account_id == account_id,
            HomeEntry.post_id.in_(select(Post.id).where(Post.id.in_(tagged), ~_kept(account_id))),
        )
    )


def leave_boosts(session: Session, account_id: int, followee: Account) -> None:
    """Take what `followee` passed on off a home and off the lists of its owner."""
    boosts = select(Post.id).where(Post.author_id == followee.id, Post.kind == "boost")
    _drop(session, account_id, boosts)


def shut_out(session: Session, account_id: int, authors: Any) -> None:
    """Take everything of `authors` (a SELECT of account ids) off a home and the lists of its owner, passed on or not."""
    original = aliased(Post)
    passed_on = select(original.id).where(original.author_id.in_(authors))
    _drop(
        session,
        account_id,
        select(Post.id).where(or_(Post.author_id.in_(authors), Post.boost_of_id.in_(passed_on))),
    )


def join_list(session: Session, viewer: Viewer, list_id: int, account: Account) -> None:
    """Bring the last posts of somebody who was put on a list of `viewer` there."""
    latest = _latest(session, viewer, account, LIST_BACKFILL)
    inserts.from_select(
        session, ListEntry, _LIST, select(literal(list_id), Post.id).where(Post.id.in_(latest))
    )


def leave_list(session: Session, list_id: int, account: Account) -> None:
    """Take the posts of somebody who is no longer on a list off it, save those of others who still are."""
    left = select(ListMember.account_id).where(ListMember.list_id == list_id)
    kept = or_(Post.author_id.in_(left), and_(Post.kind.in_(("question", "flag")), Post.board_id.in_(left)))
    session.execute(
        delete(ListEntry).where(
            ListEntry.list_id == list_id,
            ListEntry.post_id.in_(select(Post.id).where(_of(account), ~kept)),
        )
    )


def keep_off(session: Session, account_id: int, list_id: int) -> None:
    """Take the posts of those on a list that became exclusive off the home of its owner."""
    on = select(ListMember.account_id).where(ListMember.list_id == list_id)
    theirs = select(Post.id).where(
        or_(Post.author_id.in_(on), and_(Post.kind.in_(("question", "flag")), Post.board_id.in_(on))),
        Post.author_id != account_id,
    )
    session.execute(
        delete(HomeEntry).where(HomeEntry.account_id == account_id, HomeEntry.post_id.in_(theirs))
    )


def _drop(session: Session, account_id: int, posts: Any) -> None:
    session.execute(delete(HomeEntry).where(HomeEntry.account_id == account_id, HomeEntry.post_id.in_(posts)))
    own = select(MemberList.id).where(MemberList.account_id == account_id)
    session.execute(delete(ListEntry).where(ListEntry.list_id.in_(own), ListEntry.post_id.in_(posts)))


def _latest(session: Session, viewer: Viewer, account: Account, most: int) -> list[int]:
    """The last posts that following `account` brings, without comments and boosts."""
    brought = select(Post.id).where(_of(account), Post.kind.not_in(("comment", "boost")), visible_to(viewer))
    return list(session.scalars(brought.order_by(Post.id.desc()).limit(most)))


def _of(followee: Account) -> ColumnElement[bool]:
    """The posts that following `followee` brings: a board's questions and flags, anybody else's posts."""
    if followee.kind == "board":
        return or_(and_(Post.kind.in_(("question", "flag")), Post.board_id == followee.id), Post.author_id == followee.id)
    return Post.author_id == followee.id


def _kept(account_id: int) -> ColumnElement[bool]:
    """What keeps a post on a home: it is one's own, or a follow of its author, its board or one of its tags."""
    following = select(Follow.followee_id).where(Follow.follower_id == account_id, Follow.state == "accepted")
    by_tag = (
        exists()
        .where(
            PostTag.post_id == Post.id,
            FollowedTag.tag_id == PostTag.tag_id,
            FollowedTag.account_id == account_id,
        )
        .correlate(Post)
    )
    return or_(
        Post.author_id == account_id,
        Post.author_id.in_(following),
        and_(Post.kind.in_(("question", "flag")), Post.board_id.in_(following)),
        and_(Post.visibility == OPEN, by_tag),
    )
