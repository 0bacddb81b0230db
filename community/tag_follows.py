"""Tags that a member follows, whose open posts come home, and tags that a member shows on the profile."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import Session

from community import homes, ids, inserts, tags, text, town, wording
from community.errors import Invalid, NotFound
from community.models import Account, FeaturedTag, FollowedTag, Post, PostTag, Tag
from community.visibility import OPEN, PUBLIC, UNLISTED, visible_to

FEATURED_MOST = 10
FOLLOWED_MOST = 1_000
DAYS = 7
_DAY = 86_400_000


@dataclass(frozen=True, slots=True)
class Used:
    """A featured tag and how its owner used it in posts that everyone may see."""

    row: FeaturedTag
    tag: Tag
    posts: int
    last_at: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """How a tag was used on one day, from midnight UTC; `start` in milliseconds."""

    start: int
    posts: int
    people: int


def named(session: Session, typed: str) -> Tag | None:
    """The row of the tag that is written like this or alike; None if nobody used it yet."""
    return session.scalar(select(Tag).where(Tag.name == text.fold(_label(typed))))


def follow(session: Session, *, account: Account, name: str) -> Tag:
    """Have open posts with the tag come home from now on; again changes nothing. Invalid("name") for what is no tag."""
    tag = _require(session, name)
    count = select(func.count()).select_from(FollowedTag).where(FollowedTag.account_id == account.id)
    if (session.scalar(count) or 0) >= FOLLOWED_MOST:
        raise Invalid("name", "フォローできるタグは%(most)s個までです。", most=FOLLOWED_MOST)
    now = town.now(session)
    inserts.new_row(session, FollowedTag, id=ids.new(now), account_id=account.id, tag_id=tag.id)
    return tag


def unfollow(session: Session, *, account: Account, name: str) -> Tag | None:
    """Follow the tag no longer; what it alone brought home leaves. None if there is no such tag."""
    tag = named(session, name)
    if tag is None:
        return None
    row = session.scalar(
        select(FollowedTag).where(FollowedTag.account_id == account.id, FollowedTag.tag_id == tag.id)
    )
    if row is not None:
        session.delete(row)
        session.flush()
        homes.leave_tag(session, account.id, tag.id)
    return tag


def feature(session: Session, *, account: Account, name: str) -> FeaturedTag:
    """Show the tag on the profile; again changes nothing. Invalid("name") for what is no tag, or beyond ten."""
    tag = _require(session, name)
    row = _featured(session, account.id, tag.id)
    if row is not None:
        return row
    count = select(func.count()).select_from(FeaturedTag).where(FeaturedTag.account_id == account.id)
    if (session.scalar(count) or 0) >= FEATURED_MOST:
        raise Invalid("name", "プロフィールに載せられるタグは%(most)s個までです。", most=FEATURED_MOST)
    now = town.now(session)
    inserts.new_row(
        session, FeaturedTag, id=ids.new(now), account_id=account.id, tag_id=tag.id, created_at=now
    )
    row = _featured(session, account.id, tag.id)
    assert row is not None
    return row


def unfeature(session: Session, *, account: Account, name: str) -> Tag | None:
    """Show the tag no longer. None if there is no such tag."""
    tag = named(session, name)
    row = None if tag is None else _featured(session, account.id, tag.id)
    if row is not None:
        session.delete(row)
        session.flush()
    return tag


def unfeature_by_id(session: Session, *, account: Account, featured_id: int) -> None:
    """The same by the id of what is shown; NotFound for anybody else's too."""
    row = session.get(FeaturedTag, featured_id)
    if row is None or row.account_id != account.id:
        raise NotFound("そのタグは、プロフィールに載っていません。")
    session.delete(row)
    session.flush()


def use(session: Session, row: FeaturedTag) -> Used:
    """One tag of a profile with its use."""
    tag = session.get_one(Tag, row.tag_id)
    return Used(row, tag, *_uses(session, row.account_id, [tag.id]).get(tag.id, (0, None)))


def featured(session: Session, account_id: int) -> list[Used]:
    """The tags on a profile with their use, the most used first. Two queries."""
    rows = session.execute(
        select(FeaturedTag, Tag).join(Tag, Tag.id == FeaturedTag.tag_id)
        .where(FeaturedTag.account_id == account_id).order_by(FeaturedTag.id)
    ).all()  # fmt: skip
    uses = _uses(session, account_id, [tag.id for _, tag in rows])
    found = [Used(row, tag, *uses.get(tag.id, (0, None))) for row, tag in rows]
    return sorted(found, key=lambda used: -used.posts)


def suggested(session: Session, account_id: int, limit: int = 10) -> list[Tag]:
    """The tags that a member used most and does not feature yet."""
    shown = select(FeaturedTag.tag_id).where(FeaturedTag.account_id == account_id)
    return list(
        session.scalars(
            select(Tag)
            .join(PostTag, PostTag.tag_id == Tag.id)
            .join(Post, Post.id == PostTag.post_id)
            .where(
                Post.author_id == account_id, Post.visibility.in_((OPEN, UNLISTED)),
                Post.deleted_at.is_(None), Tag.id.not_in(shown),
            )
            .group_by(Tag.id)
            .order_by(func.count().desc(), Tag.id)
            .limit(limit)
        )
    )  # fmt: skip


def followed_among(session: Session, account_id: int, tag_ids: Iterable[int]) -> set[int]:
    """Which of these tags the member follows."""
    return _among(session, FollowedTag, account_id, tag_ids)


def featured_among(session: Session, account_id: int, tag_ids: Iterable[int]) -> set[int]:
    """Which of these tags the member shows on the profile."""
    return _among(session, FeaturedTag, account_id, tag_ids)


def history(session: Session, tag_ids: Iterable[int]) -> dict[int, list[Day]]:
    """How often each tag was used on each of the last seven days, the latest first, in posts that everyone finds. One
    query. だれかさん counts as one person, whoever asked.
    """
    starts = _starts(session)
    first = starts[-1]
    wanted = list(tag_ids)
    day = Post.created_at - Post.created_at % literal_column(str(_DAY))
    rows = session.execute(
        select(PostTag.tag_id, day, func.count(), func.count(Post.author_id.distinct()))
        .join(Post, Post.id == PostTag.post_id)
        .where(
            PostTag.tag_id.in_(wanted), PostTag.post_id >= ids.first_of(first),
            Post.created_at >= first, Post.visibility == OPEN, visible_to(PUBLIC),
        )
        .group_by(PostTag.tag_id, day)
    )  # fmt: skip
    counted = {(tag_id, start): (posts, people) for tag_id, start, posts, people in rows}
    return {
        tag_id: [Day(start, *counted.get((tag_id, start), (0, 0))) for start in starts] for tag_id in wanted
    }


def empty_history(session: Session) -> list[Day]:
    """The last seven days of a tag that nobody used."""
    return [Day(start, 0, 0) for start in _starts(session)]


def _starts(session: Session) -> list[int]:
    """Midnight UTC of today and of the six days before."""
    today = town.now(session) // _DAY * _DAY
    return [today - back * _DAY for back in range(DAYS)]


def _uses(session: Session, account_id: int, tag_ids: list[int]) -> dict[int, tuple[int, int | None]]:
    rows = session.execute(
        select(PostTag.tag_id, func.count(), func.max(Post.created_at))
        .join(Post, Post.id == PostTag.post_id)
        .where(
            PostTag.tag_id.in_(tag_ids), Post.author_id == account_id,
            Post.visibility.in_((OPEN, UNLISTED)), Post.deleted_at.is_(None),
        )
        .group_by(PostTag.tag_id)
    )  # fmt: skip
    return {tag_id: (posts, last_at) for tag_id, posts, last_at in rows}


def _among(
    session: Session, model: type[FollowedTag] | type[FeaturedTag], account_id: int, tag_ids: Iterable[int]
) -> set[int]:
    rows = select(model.tag_id).where(model.account_id == account_id, model.tag_id.in_(list(tag_ids)))
    return set(session.scalars(rows))


def _featured(session: Session, account_id: int, tag_id: int) -> FeaturedTag | None:
    return session.scalar(
        select(FeaturedTag).where(FeaturedTag.account_id == account_id, FeaturedTag.tag_id == tag_id)
    )


def _label(typed: str) -> str:
    return next(iter(wording.foreign_tags([typed])), "")


def _require(session: Session, typed: str) -> Tag:
    """The row of a tag, made if nobody used it yet."""
    return tags.row_of(session, _checked(typed))


def _checked(typed: str) -> str:
    labels = wording.tags([typed])
    if not labels:
        raise Invalid("name", "タグをもう一度確かめてください。")
    return labels[0]
