"""Posts that an app asked to be posted later. A worker posts them when their time has come."""

from dataclasses import asdict

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from community import composing, ids, media, polls, posts, town
from community.composing import Draft
from community.errors import Invalid, NotFound
from community.models import Account, Member, Post, ScheduledPost

SOONEST = 5 * 60_000
"""Milliseconds: what is to be posted earlier is posted by its author."""

MOST, MOST_A_DAY = 300, 25
_DAY = 86_400_000
_ATTEMPTS = 3
_PAUSE = 10 * 60_000  # ms until the next attempt
_NEXT = (
    select(ScheduledPost.id)
    .where(ScheduledPost.scheduled_at <= bindparam("now"))
    .order_by(ScheduledPost.scheduled_at)
    .limit(1)
)


def put(session: Session, *, author: Account, draft: Draft, at: int) -> ScheduledPost:
    """Keep `draft` to be posted at the moment `at` (ms), with its pictures.

    Invalid: "scheduled_at" for a moment that is too near, or when enough is waiting already, "blank" and "characters"
    as for what is posted at once, "media_ids".
    """
    posts.check_author(author)
    _check(session, author, at)
    words, summary = composing.spoken(draft)
    composing.check_length(words, summary)
    if not words.strip() and not (draft.media_ids or draft.poll or draft.quoted_id):
        raise Invalid("blank", "本文がまだのようです。ひとことでも大丈夫です。")
    now = town.now(session)
    row = ScheduledPost(
        id=ids.new(now),
        account_id=author.id,
        scheduled_at=at,
        params=asdict(draft),
        application=draft.application,
        application_url=draft.application_url,
        created_at=now,
    )
    session.add(row)
    session.flush()
    media.keep_for(session, account_id=author.id, scheduled_id=row.id, media_ids=draft.media_ids)
    return row


def own(session: Session, *, account_id: int, scheduled_id: int) -> ScheduledPost:
    """One that the account asked for; NotFound for other people's."""
    row = session.get(ScheduledPost, scheduled_id)
    if row is None or row.account_id != account_id:
        raise NotFound("その予約は見つかりませんでした。")
    return row


def move(session: Session, *, account_id: int, scheduled_id: int, at: int) -> ScheduledPost:
    """Post it at another moment. NotFound, Invalid("scheduled_at")."""
    row = own(session, account_id=account_id, scheduled_id=scheduled_id)
    _check(session, session.get_one(Account, account_id), at, moved=row)
    row.scheduled_at = at
    session.flush()
    return row


def cancel(session: Session, *, account_id: int, scheduled_id: int) -> None:
    """It will not be posted; its pictures are free again. NotFound."""
    row = own(session, account_id=account_id, scheduled_id=scheduled_id)
    media.release_scheduled(session, row.id)
    session.delete(row)
    session.flush()


def draft_of(row: ScheduledPost) -> Draft:
    """What will be posted."""
    facts = dict(row.params)
    poll = facts.pop("poll", None)
    if isinstance(poll, dict):
        facts["poll"] = polls.Draft(**{**poll, "options": tuple(poll["options"])})
    kept = facts.get("media_ids")
    facts["media_ids"] = tuple(kept) if isinstance(kept, list | tuple) else ()
    return Draft(**facts)  # type: ignore[arg-type]  # as `put` wrote it


def next_due(session: Session) -> int | None:
    """The one whose time has come, the earliest first."""
    row = session.connection().execute(_NEXT, {"now": town.now(session)}).first()
    return None if row is None else row.id


def publish(session: Session, scheduled_id: int) -> Post | None:
    """Post it now; None if it was cancelled meanwhile. Raises what `composing.write` refuses with: then `put_off`."""
    row = session.scalar(select(ScheduledPost).where(ScheduledPost.id == scheduled_id).with_for_update())
    if row is None:
        return None
    draft = draft_of(row)
    author = session.get_one(Account, row.account_id)
    member = session.get(Member, author.id)
    if member is None or member.state != "active":
        raise NotFound("予約した人は、もうこのまちにいません。")
    post = composing.write(session, author=author, draft=draft, scheduled_id=row.id)
    session.delete(row)
    session.flush()
    return post


def put_off(session: Session, scheduled_id: int) -> None:
    """It could not be posted: try again in a while, a few times; then let it go."""
    row = session.get(ScheduledPost, scheduled_id)
    if row is None:
        return
    row.attempts += 1
    if row.attempts >= _ATTEMPTS:
        cancel(session, account_id=row.account_id, scheduled_id=row.id)
        return
    row.scheduled_at = town.now(session) + _PAUSE
    session.flush()


def _check(session: Session, author: Account, at: int, *, moved: ScheduledPost | None = None) -> None:
    if at < town.now(session) + SOONEST:
        raise Invalid("scheduled_at", "予約は、5分より先の時刻にしてください。")
    waiting = select(func.count()).select_from(ScheduledPost).where(ScheduledPost.account_id == author.id)
    if moved is not None:
        waiting = waiting.where(ScheduledPost.id != moved.id)
    day = at - at % _DAY
    that_day = waiting.where(ScheduledPost.scheduled_at >= day, ScheduledPost.scheduled_at < day + _DAY)
    if (session.scalar(waiting) or 0) >= MOST:
        raise Invalid("limit", "予約できるのは%(most)s件までです。", most=MOST)
    if (session.scalar(that_day) or 0) >= MOST_A_DAY:
        raise Invalid("limit_of_day", "1日に予約できるのは%(most)s件までです。", most=MOST_A_DAY)
