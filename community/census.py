"""What the town may tell of itself in numbers: of the whole, never of anybody. Counted from counters and indexes."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import ids, town
from community.models import LOCAL, Account, Member, Post
from community.visibility import OPEN, UNLISTED

DAY = 86_400_000
WEEK = 7 * DAY
WEEKS_TOLD = 12
PEERS_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Census:
    """`writers`: members who wrote something that everyone may see in the last thirty days. When a member was last
    here is never noted, so nobody else can be counted as active.
    """

    members: int
    posts: int
    domains: int
    writers: int
    half_year: int  # the same for 180 days


@dataclass(frozen=True, slots=True)
class Week:
    """What was written openly and who joined, from the moment `start` (ms) for seven days."""

    start: int
    posts: int
    joined: int


def count(session: Session) -> Census:
    """The town in numbers. It reads the members and jumps from server to server; no post is counted one by one."""
    standing = (Member.state == "active", Account.deleted_at.is_(None), Account.suspended_at.is_(None))
    people = select(func.count()).select_from(Member).join(Account, Account.id == Member.account_id)
    now = town.now(session)
    written = select(func.sum(Account.posts_count)).where(Account.domain == LOCAL)
    return Census(
        members=session.scalar(people.where(*standing)) or 0,
        posts=int(session.scalar(written) or 0),
        domains=len(_domains(session)),
        writers=session.scalar(people.where(*standing, Account.last_post_at >= now - 30 * DAY)) or 0,
        half_year=session.scalar(people.where(*standing, Account.last_post_at >= now - 180 * DAY)) or 0,
    )


def weeks(session: Session) -> list[Week]:
    """The last twelve weeks, this one first. A week begins on Monday at 00:00 UTC."""
    now = town.now(session)
    # 1970-01-01 was a Thursday: Mondays lie four days later.
    monday = now - (now - 4 * DAY) % WEEK
    return [_week(session, monday - back * WEEK) for back in range(WEEKS_TOLD)]


def _week(session: Session, start: int) -> Week:
    posts = (
        select(func.count())
        .select_from(Post)
        .where(
            Post.visibility.in_((OPEN, UNLISTED)),
            Post.local.is_(True),
            Post.id >= ids.first_of(start),
            Post.id < ids.first_of(start + WEEK),
        )
    )
    joined = (
        select(func.count()).select_from(Member).where(Member.joined_at >= start, Member.joined_at < start + WEEK)
    )
    return Week(start, session.scalar(posts) or 0, session.scalar(joined) or 0)


def peers(session: Session, refused: frozenset[str] = frozenset()) -> list[str]:
    """The servers this town has met, in alphabetical order, without those in `refused`."""
    return [domain for domain in _domains(session) if domain not in refused]


def _domains(session: Session) -> list[str]:
    """Each server of any account once. It leaps through the index from one to the next: there may be many accounts."""
    first = select(func.min(Account.domain).label("domain")).where(Account.domain > LOCAL)
    met = first.cte("met", recursive=True)
    following = (
        select(func.min(Account.domain)).where(Account.domain > met.c.domain).correlate(met).scalar_subquery()
    )
    met = met.union_all(select(following).where(met.c.domain.is_not(None)))
    found = session.scalars(select(met.c.domain).where(met.c.domain.is_not(None)).limit(PEERS_MOST))
    return list(found)
