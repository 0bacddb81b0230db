"""まちからのお知らせ: what the operators want every member to know, put up for a while."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import case, delete, func, or_, select
from sqlalchemy.orm import Session

from community import events, ids, inserts, text, town
from community.errors import Invalid, NotFound
from community.models import LOCAL, Announcement, AnnouncementDismissal, AnnouncementReaction, CustomEmoji

TEXT_MOST = 5_000
REACTIONS_MOST = 8
"""How many different reactions one announcement can have."""

_EMOJI_MOST = 16  # code points: families joined together are long
_PARTS_OF_EMOJI = frozenset({"So", "Sk", "Mn", "Me", "Cf", "Sm", "Po", "Nd"})


@dataclass(frozen=True, slots=True)
class Reaction:
    """How many members reacted so, and whether the one who looks did."""

    name: str
    count: int
    mine: bool
    custom: CustomEmoji | None


def publish(
    session: Session, *, words: str, starts_at: int | None = None, ends_at: int | None = None, all_day: bool = False
) -> Announcement:
    """Put up an announcement; `words` are Markdown. It comes down at `ends_at` (ms). What it is about may have a time:
    from `starts_at` to `ends_at`. Raises Invalid with the field text or ends_at.
    """
    now = town.now(session)
    row = Announcement(id=ids.new(now), all_day=all_day, published_at=now)
    session.add(row)
    return _describe(session, row, words=words, starts_at=starts_at, ends_at=ends_at)


def change(
    session: Session, announcement_id: int, *, words: str, starts_at: int | None = None, ends_at: int | None = None
) -> Announcement:
    """Say something else in an announcement. Raises NotFound, and Invalid as `publish`."""
    return _describe(session, _any(session, announcement_id), words=words, starts_at=starts_at, ends_at=ends_at)


def withdraw(session: Session, announcement_id: int) -> None:
    """Take an announcement down for good. Raises NotFound."""
    row = _any(session, announcement_id)
    for model in (AnnouncementDismissal, AnnouncementReaction):
        session.execute(delete(model).where(model.announcement_id == row.id))
    session.delete(row)
    session.flush()
    events.record(session, events.AnnouncementRemoved(announcement_id))


def standing(session: Session) -> list[Announcement]:
    """The announcements that are up now, the oldest first."""
    up = or_(Announcement.ends_at.is_(None), Announcement.ends_at > town.now(session))
    return list(session.scalars(select(Announcement).where(up).order_by(Announcement.id)))


def unread(session: Session, account_id: int) -> list[Announcement]:
    """Those that are up now and that a member has not put aside."""
    up = standing(session)
    read = dismissed(session, account_id, [row.id for row in up]) if up else set()
    return [row for row in up if row.id not in read]


def require(session: Session, announcement_id: int) -> Announcement:
    """One that is up now. Raises NotFound."""
    row = _any(session, announcement_id)
    if row.ends_at is not None and row.ends_at <= town.now(session):
        raise NotFound(_NOT_HERE)
    return row


def dismiss(session: Session, *, account_id: int, announcement_id: int) -> None:
    """A member has read it; again changes nothing. Raises NotFound."""
    row = require(session, announcement_id)
    inserts.new_row(session, AnnouncementDismissal, account_id=account_id, announcement_id=row.id)


def dismissed(session: Session, account_id: int, announcement_ids: Sequence[int]) -> set[int]:
    """Those among `announcement_ids` that a member has read."""
    rows = select(AnnouncementDismissal.announcement_id).where(
        AnnouncementDismissal.account_id == account_id,
        AnnouncementDismissal.announcement_id.in_(announcement_ids),
    )
    return set(session.scalars(rows))


def react(session: Session, *, account_id: int, announcement_id: int, name: str) -> None:
    """Set a reaction: an emoji, or the shortcode of one of the town's own; again changes nothing.

    Raises NotFound, Invalid("name") for what is no emoji and beyond REACTIONS_MOST different ones.
    """
    row = require(session, announcement_id)
    if not _is_emoji(name) and _custom(session, [name]).get(name) is None:
        raise Invalid("name", "その絵文字は使えません。")
    others = select(AnnouncementReaction.name).where(AnnouncementReaction.announcement_id == row.id).distinct()
    known = set(session.scalars(others))
    if name not in known and len(known) >= REACTIONS_MOST:
        raise Invalid("name", "ひとつのお知らせに付けられる絵文字は%(most)s種類までです。", most=REACTIONS_MOST)
    now = town.now(session)
    fresh = inserts.new_row(
        session, AnnouncementReaction, id=ids.new(now), announcement_id=row.id, account_id=account_id, name=name
    )
    if fresh:
        events.record(session, events.AnnouncementReacted(row.id, name))


def unreact(session: Session, *, account_id: int, announcement_id: int, name: str) -> None:
    """Take a reaction back; again changes nothing. Raises NotFound for an announcement that is not up."""
    row = require(session, announcement_id)
    own = delete(AnnouncementReaction).where(
        AnnouncementReaction.announcement_id == row.id,
        AnnouncementReaction.account_id == account_id,
        AnnouncementReaction.name == name,
    )
    if session.execute(own.returning(AnnouncementReaction.id)).first() is not None:
        events.record(session, events.AnnouncementReacted(row.id, name))


def reactions(
    session: Session, account_id: int | None, announcement_ids: Sequence[int]
) -> dict[int, list[Reaction]]:
    """The reactions to each of `announcement_ids`, in the order in which they were first set. Two queries."""
    row = AnnouncementReaction
    mine = func.max(case((row.account_id == (account_id or 0), 1), else_=0))
    counted = session.execute(
        select(row.announcement_id, row.name, func.count(), mine)
        .where(row.announcement_id.in_(announcement_ids))
        .group_by(row.announcement_id, row.name)
        .order_by(func.min(row.id))
    ).all()
    custom = _custom(session, [name for _, name, *_ in counted])
    found: dict[int, list[Reaction]] = {each: [] for each in announcement_ids}
    for announcement_id, name, count, own in counted:
        found[announcement_id].append(Reaction(name, count, bool(own), custom.get(name)))
    return found


_NOT_HERE = "そのお知らせは見つかりませんでした。"


def _any(session: Session, announcement_id: int) -> Announcement:
    row = session.get(Announcement, announcement_id)
    if row is None:
        raise NotFound(_NOT_HERE)
    return row


def _describe(
    session: Session, row: Announcement, *, words: str, starts_at: int | None, ends_at: int | None
) -> Announcement:
    body = text.from_markdown(words)
    if not body.text:
        raise Invalid("text", "お知らせの文を書いてください。")
    if len(body.source) > TEXT_MOST:
        raise Invalid("text", "お知らせは%(most)s文字までです。", most=TEXT_MOST)
    if starts_at is not None and ends_at is not None and ends_at < starts_at:
        raise Invalid("ends_at", "終わりの日は、はじまりの日よりあとにしてください。")
    row.source, row.html, row.starts_at, row.ends_at = body.source, body.html, starts_at, ends_at
    row.updated_at = town.now(session)
    session.flush()
    events.record(session, events.AnnouncementChanged(row.id))
    return row


def _is_emoji(name: str) -> bool:
    """One emoji as people type it: a picture, a flag, a sign in a box, perhaps joined with others."""
    if not 0 < len(name) <= _EMOJI_MOST or name.isascii():
        return False
    categories = [unicodedata.category(char) for char in name]
    pictured = "So" in categories or "\u20e3" in name or "\ufe0f" in name
    return pictured and all(each in _PARTS_OF_EMOJI for each in categories)


def _custom(session: Session, names: Sequence[str]) -> dict[str, CustomEmoji]:
    """The town's own emoji among `names`, by shortcode."""
    if not names:
        return {}
    own = select(CustomEmoji).where(CustomEmoji.domain == LOCAL, CustomEmoji.shortcode.in_(names))
    return {each.shortcode: each for each in session.scalars(own)}
