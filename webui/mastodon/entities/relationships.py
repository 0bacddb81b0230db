"""Relationship: how the member who asks stands to somebody (client-API reference §2)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from community import relationships
from community.relationships import Relationship
from webui.mastodon.entities.times import iso_or_none


def many(session: Session, me: int, ids: Iterable[int]) -> list[dict[str, Any]]:
    """To each of `ids`, in this order. Six queries."""
    return [_entity(each) for each in relationships.many(session, me, ids).values()]


def one(session: Session, me: int, account_id: int) -> dict[str, Any]:
    """To one account; for the answer of what was just done to it."""
    session.flush()
    return _entity(relationships.one(session, me, account_id))


def _entity(row: Relationship) -> dict[str, Any]:
    return {
        "id": str(row.account_id),
        "following": row.following,
        "showing_reblogs": row.boosts,
        "notifying": row.notify,
        "languages": row.languages,
        "followed_by": row.followed_by,
        "blocking": row.blocking,
        "blocked_by": row.blocked_by,
        "muting": row.muting,
        "muting_notifications": row.muting_notifications,
        "muting_expires_at": iso_or_none(row.muting_expires_at),
        "requested": row.requested,
        "requested_by": row.requested_by,
        "domain_blocking": row.domain_blocking,
        "endorsed": row.endorsed,
        "note": row.note,
    }
