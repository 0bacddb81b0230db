"""Forms that were already sent: the same form sent again makes nothing twice and leads to the same place."""

import hashlib

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from community import inserts, town
from community.errors import Conflict
from community.models import Submission

KEPT_MS = 7 * 24 * 3600 * 1000


def remembered(session: Session, key: str, *, within: int = KEPT_MS) -> str | None:
    """Where the sender of the form with this random `key` was led, if it was sent before, `within` (ms)."""
    since = town.now(session) - within
    return session.execute(
        select(Submission.result).where(Submission.key_hash == _hash(key), Submission.created_at > since)
    ).scalar_one_or_none()


def remember(session: Session, key: str, result: str, *, within: int = KEPT_MS) -> None:
    """Keep that the form with `key` led to `result`, for a week, in the transaction of its deed. One that was sent
    longer ago than `within` is forgotten.

    Raises Conflict when the same form was sent a moment ago elsewhere: its deed stands, this one must not.
    """
    now = town.now(session)
    session.execute(delete(Submission).where(Submission.created_at < now - KEPT_MS))
    if within < KEPT_MS:
        session.execute(
            delete(Submission).where(Submission.key_hash == _hash(key), Submission.created_at <= now - within)
        )
    if not inserts.new_row(session, Submission, key_hash=_hash(key), result=result, created_at=now):
        raise Conflict("この内容は、たったいま届いています。もう一度送る必要はありません。")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
