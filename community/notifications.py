"""お知らせ: what happened to a member, written in the transaction in which it happened.

Nothing is ever written for an anonymous asker: theirs are worked out when they look, and merged into the page.
"""

from dataclasses import dataclass

from sqlalchemy import Select, delete, func, or_, select, update
from sqlalchemy.orm import Session

from community import ids, nametags, town
from community.models import Account, Member, Notification, Post, Thanks
from community.visibility import Viewer, visible_to

KINDS = frozenset({"answer", "comment", "thanks", "chosen", "follow", "follow_request", "mention", "like"})
MOST_COUNTED = 10
"""A page shows no number over 9, so nothing counts further than this."""

_WORKED_OUT_MOST = 500  # replies to the few questions that one member hides behind in ninety days


@dataclass(frozen=True, slots=True)
class Notice:
    """One お知らせ as it is shown. `id` orders it in time; `actor_id` is whom people are shown (だれかさん included).

    `anonymous` marks what was worked out for the asker of an anonymous question: no row stands behind it.
    """

    id: int
    kind: str
    actor_id: int
    post_id: int | None
    thanks_id: int | None
    created_at: int
    unseen: bool
    anonymous: bool = False


def tell(
    session: Session,
    *,
    to: Account,
    kind: str,
    actor: Account,
    post: Post | None = None,
    thanks: Thanks | None = None,
) -> None:
    """Let `to` know that `actor` did something; the same thing only once.

    Ignored unless `to` is a person who lives here and is somebody else than `actor`: never for the relay or a board.
    """
    assert kind in KINDS, kind
    if not to.local or to.kind != "person" or to.deleted_at is not None or to.id == actor.id:
        return
    post_id = None if post is None else post.id
    thanks_id = None if thanks is None else thanks.id
    told = select(Notification.id).where(
        Notification.account_id == to.id,
        Notification.kind == kind,
        Notification.actor_id == actor.id,
        Notification.post_id.is_(None) if post_id is None else Notification.post_id == post_id,
        Notification.thanks_id.is_(None) if thanks_id is None else Notification.thanks_id == thanks_id,
    )
    if session.execute(told).first() is not None:
        return
    now = town.now(session)
    session.add(
        Notification(
            id=ids.new(now),
            account_id=to.id,
            kind=kind,
            actor_id=actor.id,
            post_id=post_id,
            thanks_id=thanks_id,
            created_at=now,
        )
    )
    session.flush()


def take_back(session: Session, *, to_id: int, kinds: frozenset[str], actor_id: int) -> None:
    """Remove what `actor` did to `to` and undid, such as a request to follow. Notices about posts stay."""
    session.execute(
        delete(Notification).where(
            Notification.account_id == to_id,
            Notification.actor_id == actor_id,
            Notification.kind.in_(kinds),
            Notification.post_id.is_(None),
        )
    )


def page(session: Session, viewer: Viewer, *, max_id: int | None = None, limit: int = 20) -> list[Notice]:
    """The notices of `viewer`, newest first, with ids below `max_id`; what they may no longer see is left out.

    What came to their anonymous questions of the last ninety days is among them, worked out for this one look.
    """
    if viewer.account_id is None:
        return []
    stored = [
        Notice(
            id=row.id,
            kind=row.kind,
            actor_id=row.actor_id,
            post_id=row.post_id,
            thanks_id=row.thanks_id,
            created_at=row.created_at,
            unseen=row.created_at > row.notifications_seen_at,
        )
        for row in session.execute(_stored(viewer, max_id, limit))
    ]
    return sorted(stored + _worked_out(session, viewer, max_id), key=lambda notice: notice.id, reverse=True)[
        :limit
    ]


def unseen(session: Session, viewer: Viewer) -> int:
    """How many stored notices are new to `viewer`; counts no further than 10."""
    if viewer.account_id is None:
        return 0
    seen_at = (
        select(Member.notifications_seen_at).where(Member.account_id == viewer.account_id).scalar_subquery()
    )
    newest = (
        select(Notification.created_at)
        .where(Notification.account_id == viewer.account_id)
        .order_by(Notification.id.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    counted = session.execute(select(func.count()).select_from(newest).where(newest.c.created_at > seen_at))
    return counted.scalar_one()


def mark_seen(session: Session, viewer: Viewer) -> None:
    """Everything up to the newest stored notice counts as seen.

    What is kept is the time of that notice, not of this visit: when a member was here is never noted.
    """
    if viewer.account_id is None:
        return
    newest = (
        select(func.max(Notification.id))
        .where(Notification.account_id == viewer.account_id)
        .scalar_subquery()
    )
    newest_at = session.execute(
        select(Notification.created_at).where(Notification.id == newest)
    ).scalar_one_or_none()
    if newest_at is not None:
        session.execute(
            update(Member)
            .where(Member.account_id == viewer.account_id, Member.notifications_seen_at < newest_at)
            .values(notifications_seen_at=newest_at)
        )


def _stored(
    viewer: Viewer, max_id: int | None, limit: int
) -> Select[int, str, int, int | None, int | None, int, int]:
    rows = (
        select(
            Notification.id,
            Notification.kind,
            Notification.actor_id,
            Notification.post_id,
            Notification.thanks_id,
            Notification.created_at,
            Member.notifications_seen_at,
        )
        .join(Member, Member.account_id == Notification.account_id)
        .join(Account, Account.id == Notification.actor_id)
        .outerjoin(Post, Post.id == Notification.post_id)
        .where(
            Notification.account_id == viewer.account_id,
            Account.suspended_at.is_(None),
            or_(Notification.post_id.is_(None), visible_to(viewer)),
        )
        .order_by(Notification.id.desc())
        .limit(limit)
    )
    return rows if max_id is None else rows.where(Notification.id < max_id)


def _worked_out(session: Session, viewer: Viewer, max_id: int | None) -> list[Notice]:
    """Never marked as new: to remember up to where the asker read them would join the asker to the question."""
    return [
        Notice(
            id=notice.id,
            kind=notice.kind,
            actor_id=notice.actor_id,
            post_id=notice.post_id,
            thanks_id=None,
            created_at=notice.created_at,
            unseen=False,
            anonymous=True,
        )
        for notice in nametags.own_notices(session, viewer, 0, _WORKED_OUT_MOST)
        if max_id is None or notice.id < max_id
    ]
