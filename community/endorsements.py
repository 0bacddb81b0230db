"""People whom a member recommends on their profile."""

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from community import follows, ids, inserts, town
from community.errors import Invalid
from community.models import Account, Endorsement


def endorse(session: Session, *, account: Account, target: Account) -> None:
    """Recommend `target`, whom `account` follows; again changes nothing. Invalid("target") for anybody else."""
    follow = follows.between(session, account.id, target.id)
    if follow is None or follow.state != follows.ACCEPTED:
        raise Invalid("target", "紹介できるのは、フォローしている人です。")
    now = town.now(session)
    inserts.new_row(
        session, Endorsement, id=ids.new(now), account_id=account.id, target_id=target.id, created_at=now
    )


def take_back(session: Session, *, account: Account, target: Account) -> None:
    """Recommend `target` no longer; nothing happens if they were not."""
    session.execute(
        delete(Endorsement).where(Endorsement.account_id == account.id, Endorsement.target_id == target.id)
    )


def between(session: Session, account_id: int, target_id: int) -> Endorsement | None:
    return session.scalar(
        select(Endorsement).where(Endorsement.account_id == account_id, Endorsement.target_id == target_id)
    )
