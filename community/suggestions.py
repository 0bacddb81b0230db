"""People whom a member may want to follow: by what they are good at, then by thanks, then who is about in the town.

Nobody is ranked by it: the order is nowhere shown as a number, and everybody can say no for good.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.orm import Session

from community import boards, distance, ids, inserts, town, veils
from community.models import (
    LOCAL,
    Account,
    Follow,
    Learning,
    Post,
    PostTag,
    Strength,
    SuggestionDismissal,
    Tag,
    Thanks,
)
from community.text import fold
from community.visibility import Viewer

STRENGTHS, THANKED_BY_FRIENDS, ABOUT = "strengths", "thanked", "about"
_RECENT_MS = 180 * 24 * 3600 * 1000
_QUESTIONS_MOST = 100  # of one's own that are looked at
_TOPICS_MOST = 200


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Somebody, and why: good at something wanted, thanked by those one follows, or about in the town."""

    account_id: int
    reason: str


def of(session: Session, viewer: Viewer, limit: int = 40) -> list[Suggestion]:
    """Whom `viewer` may want to follow, the likeliest first; nobody twice.

    Never oneself, whom one follows or asked to, dismissed or turned away from, nor who does not want to be found.
    """
    if viewer.account_id is None:
        return []
    found: dict[int, str] = {}
    for reason, ways in ((STRENGTHS, _skilled), (THANKED_BY_FRIENDS, _thanked), (ABOUT, _about)):
        wanted = limit - len(found)
        if wanted <= 0:
            break
        rows = ways(session, viewer.account_id)
        if rows is not None:
            fitting = rows.where(*_conditions(session, viewer), Account.id.not_in(list(found)))
            found |= dict.fromkeys(session.scalars(fitting.limit(wanted)), reason)
    return [Suggestion(account_id, reason) for account_id, reason in found.items()]


def dismiss(session: Session, *, account: Account, target_id: int) -> None:
    """Never suggest `target_id` to `account` again."""
    inserts.new_row(session, SuggestionDismissal, account_id=account.id, target_id=target_id)


def _conditions(session: Session, viewer: Viewer) -> list[ColumnElement[bool]]:
    me = viewer.account_id
    followed = select(Follow.followee_id).where(Follow.follower_id == me)
    dismissed = select(SuggestionDismissal.target_id).where(SuggestionDismissal.account_id == me)
    return [
        Account.kind == "person",
        Account.id != me,
        Account.discoverable.is_(True),
        Account.deleted_at.is_(None),
        Account.suspended_at.is_(None),
        Account.silenced_at.is_(None),
        Account.moved_to_uri.is_(None),
        Account.id.not_in(followed),
        Account.id.not_in(dismissed),
        ~distance.hidden(viewer, Account.id, town.now(session)),
        ~veils.veiled(viewer, Account.id),
    ]


def _skilled(session: Session, me: int) -> Select[int] | None:
    """Those whose 得意技 fit what the member wants to learn or asked about, and who are 受付中; best fit first."""
    wanted = _wanted_topics(session, me)
    if not wanted:
        return None
    fits: list[ColumnElement[bool]] = [Strength.topic.in_(wanted)]
    fits += [Strength.topic.contains(topic, autoescape=True) for topic in wanted[:20] if len(topic) > 1]
    return (
        select(Account.id)
        .join(Strength, Strength.account_id == Account.id)
        .where(or_(*fits), Account.accepting.is_(True))
        .group_by(Account.id)
        .order_by(func.count().desc(), Account.id)
    )


def _wanted_topics(session: Session, me: int) -> list[str]:
    """学びたいこと first, then tags and boards of the member's own named questions. A hidden one is nobody's."""
    learnings = session.scalars(
        select(Learning.topic).where(Learning.account_id == me).order_by(Learning.position)
    ).all()
    asked = (
        select(Post.id, Post.board_id)
        .where(Post.author_id == me, Post.kind == "question", Post.deleted_at.is_(None))
        .order_by(Post.id.desc())
        .limit(_QUESTIONS_MOST)
    )
    rows = session.execute(asked).all()
    tags = session.scalars(
        select(Tag.name).distinct()
        .join(PostTag, PostTag.tag_id == Tag.id)
        .where(PostTag.post_id.in_([row.id for row in rows]))
    ).all()  # fmt: skip
    asked_on = session.scalars(
        select(Account).where(Account.id.in_({row.board_id for row in rows if row.board_id is not None}))
    )
    called: Iterable[str] = [fold(boards.label(each, "ja")) for each in asked_on]
    return list(dict.fromkeys([*learnings, *tags, *called]))[:_TOPICS_MOST]


def _thanked(session: Session, me: int) -> Select[int]:
    """Those whom people one follows thanked lately, or whom one thanked oneself; openly, and most often first."""
    followed = select(Follow.followee_id).where(Follow.follower_id == me, Follow.state == "accepted")
    return (
        select(Account.id)
        .join(Thanks, Thanks.receiver_id == Account.id)
        .where(
            or_(Thanks.giver_id == me, Thanks.giver_id.in_(followed)),
            Thanks.private.is_(False),
            Thanks.id >= ids.first_of(town.now(session) - _RECENT_MS),
        )
        .group_by(Account.id)
        .order_by(func.count().desc(), Account.id)
    )


def _about(session: Session, me: int) -> Select[int]:
    """Members who said something lately, the last first."""
    since = town.now(session) - _RECENT_MS
    return (
        select(Account.id)
        .where(Account.domain == LOCAL, Account.last_post_at >= since)
        .order_by(Account.last_post_at.desc(), Account.id)
    )
