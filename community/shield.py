"""同僚シールド: members who work at the same place are veiled from each other.

A member names up to three workplaces. Kept is a keyed hash of each, never what was typed; the key is none of the
database's. Who shares a mark gets a veil, and so does a fixed twentieth of all other pairs of holders: that there is a veil
proves nothing. What a veil does stands in `community.veils`.
"""

import hashlib
import hmac

from sqlalchemy import delete, func, insert, or_, select
from sqlalchemy.orm import Session

from community import follows, inserts, town, workplaces
from community.errors import Invalid
from community.models import Account, Endorsement, Notification, NotificationSender, Veil, WorkMark

MOST = 3
_OF_TEN_THOUSAND = 500  # pairs without a common mark that are veiled all the same
_UNLOADED = {"synchronize_session": False}


def add(session: Session, *, account_id: int, typed: str) -> None:
    """Mark the member as one of the workplace `typed`; a second time changes nothing.

    Raises Invalid("workplace") for what names none, and beyond MOST.
    """
    mark = _hash(session, "mark:" + workplaces.normal(typed))
    held = _marks(session, account_id)
    if mark in held:
        return
    if len(held) >= MOST:
        raise Invalid("workplace", "同僚シールドは%(most)sつまでです。いちどぜんぶ外すと、入れなおせます。", most=MOST)
    inserts.new_row(session, WorkMark, account_id=account_id, mark=mark)
    _renew(session, account_id)


def clear(session: Session, *, account_id: int) -> None:
    """The member holds no mark any more; every veil of theirs goes."""
    session.execute(delete(WorkMark).where(WorkMark.account_id == account_id), execution_options=_UNLOADED)
    _renew(session, account_id)


def count(session: Session, account_id: int) -> int:
    """How many marks the member holds: all that can be told of them."""
    held = select(func.count()).select_from(WorkMark).where(WorkMark.account_id == account_id)
    return session.execute(held).scalar_one()


def _renew(session: Session, account_id: int) -> None:
    """Have exactly the veils that follow from the marks as they stand now."""
    session.flush()
    wanted = _to_be_veiled(session, account_id)
    standing = set(session.scalars(select(Veil.other_id).where(Veil.account_id == account_id)))
    if over := standing - wanted:
        ended = or_(
            (Veil.account_id == account_id) & Veil.other_id.in_(over),
            (Veil.other_id == account_id) & Veil.account_id.in_(over),
        )
        session.execute(delete(Veil).where(ended), execution_options=_UNLOADED)
    fresh = wanted - standing
    if fresh:
        both_ways = [(account_id, other) for other in fresh] + [(other, account_id) for other in fresh]
        session.execute(insert(Veil), [{"account_id": one, "other_id": other} for one, other in both_ways])
    me = session.get_one(Account, account_id)
    for other in session.scalars(select(Account).where(Account.id.in_(fresh))).all():
        _part(session, me, other)


def _to_be_veiled(session: Session, account_id: int) -> set[int]:
    own = _marks(session, account_id)
    if not own:
        return set()
    rows = session.execute(select(WorkMark.account_id, WorkMark.mark).where(WorkMark.account_id != account_id)).all()
    colleagues = {row.account_id for row in rows if row.mark in own}
    others = {row.account_id for row in rows} - colleagues
    return colleagues | {other for other in others if _by_chance(session, account_id, other)}


def _by_chance(session: Session, one: int, other: int) -> bool:
    """The same for a pair whenever it is asked."""
    drawn = _hash(session, f"pair:{min(one, other)}:{max(one, other)}")
    return int(drawn[:12], 16) % 10_000 < _OF_TEN_THOUSAND


def _part(session: Session, one: Account, other: Account) -> None:
    """Two who are veiled from now on let go of each other, and nobody is told."""
    for me, them in ((one, other), (other, one)):
        follows.end(session, follower=me, followee=them)
        gone = (
            delete(Notification).where(Notification.account_id == me.id, Notification.actor_id == them.id),
            delete(NotificationSender).where(
                NotificationSender.account_id == me.id, NotificationSender.from_id == them.id
            ),
            delete(Endorsement).where(Endorsement.account_id == me.id, Endorsement.target_id == them.id),
        )
        for each in gone:
            session.execute(each, execution_options=_UNLOADED)


def _marks(session: Session, account_id: int) -> set[str]:
    return set(session.scalars(select(WorkMark.mark).where(WorkMark.account_id == account_id)))


def _hash(session: Session, said: str) -> str:
    return hmac.new(town.of(session).keys.shield, said.encode(), hashlib.sha256).hexdigest()
