"""ミュート: a member hears nothing of somebody, for ever or for a while. Nobody is told, and a follow stays as it is.

Nothing is removed: lists leave out those who are muted (`community.distance`) for as long as the mute runs.
"""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from community import ids, inserts, town
from community.errors import Invalid, NotAllowed
from community.models import Account, Mute

LONGEST = 10 * 366 * 24 * 3600  # seconds


def mute(
    session: Session, *, account: Account, target: Account, notifications: bool = True, seconds: int = 0
) -> Mute:
    """`account` mutes `target`, their notices too unless `notifications` is False, for `seconds`, 0 meaning until it is
    taken back. Muted again, the new wishes count.

    NotAllowed for oneself, Invalid("duration") for a time that no clock shows.
    """
    if account.id == target.id:
        raise NotAllowed("自分自身をミュートすることはできません。")
    if not 0 <= seconds <= LONGEST:
        raise Invalid("duration", "ミュートの期間をもう一度選んでください。")
    now = town.now(session)
    forget_ended(session, account.id)
    inserts.new_row(
        session, Mute, id=ids.new(now), account_id=account.id, target_id=target.id, created_at=now
    )
    row = session.scalars(
        select(Mute).where(Mute.account_id == account.id, Mute.target_id == target.id)
    ).one()
    row.notifications = notifications
    row.expires_at = now + seconds * 1000 if seconds else None
    session.flush()
    return row


def unmute(session: Session, *, account: Account, target: Account) -> None:
    """Hear of `target` again, also what was left out meanwhile; nothing happens if there is no mute."""
    session.execute(delete(Mute).where(Mute.account_id == account.id, Mute.target_id == target.id))


def forget_ended(session: Session, account_id: int) -> None:
    """Remove the mutes of a member that have run out. They stopped to count by themselves."""
    session.execute(
        delete(Mute).where(Mute.account_id == account_id, Mute.expires_at <= town.now(session))
    )
