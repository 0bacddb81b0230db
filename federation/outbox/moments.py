"""Which moment an activity names."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import town
from community.models import Account, Post
from federation.models import OutboxItem

_HOUR = 3_600_000


def moment(actor: Account, now: int) -> int:
    """When `actor` is said to have acted: だれかさん within the hour, so that nobody compares who was here when."""
    return now - now % _HOUR if actor.kind == "relay" else now


def update_moment(session: Session, about: Post | Account) -> int:
    """The `updated` of the next Update of a post or an actor: now, and in any case later than every one before (§1.8)."""
    last = session.scalar(
        select(func.max(OutboxItem.created_at)).where(
            OutboxItem.object_uri == about.uri, OutboxItem.type == "Update"
        )
    )
    return max(town.now(session), (last or 0) + 1, about.created_at + 1)
