"""What ties one member to many accounts, read at once: six short queries, however many accounts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, or_, select
from sqlalchemy.orm import Session

from community import town
from community.models import Account, AccountNote, Block, DomainBlock, Endorsement, Follow, Mute


@dataclass(slots=True)
class Relationship:
    """How the member stands to `account_id`. Times are milliseconds."""

    account_id: int
    following: bool = False
    requested: bool = False
    boosts: bool = False
    notify: bool = False
    languages: list[str] | None = None
    followed_by: bool = False
    requested_by: bool = False
    blocking: bool = False
    blocked_by: bool = False
    muting: bool = False
    muting_notifications: bool = False
    muting_expires_at: int | None = None
    domain_blocking: bool = False
    endorsed: bool = False
    note: str = ""


_ID = Account.id.type
_ME, _NOW = bindparam("me", type_=_ID), bindparam("now", type_=_ID)
_THEM = bindparam("them", type_=_ID, expanding=True)


def _either_way(mine: Any, other: Any) -> Any:
    return or_((mine == _ME) & other.in_(_THEM), (other == _ME) & mine.in_(_THEM))


_FOLLOWS = select(
    Follow.follower_id, Follow.followee_id, Follow.state, Follow.boosts, Follow.notify, Follow.languages
).where(_either_way(Follow.follower_id, Follow.followee_id))
_BLOCKS = select(Block.account_id, Block.target_id).where(_either_way(Block.account_id, Block.target_id))
_MUTES = select(Mute.target_id, Mute.notifications, Mute.expires_at).where(
    Mute.account_id == _ME, Mute.target_id.in_(_THEM), or_(Mute.expires_at.is_(None), Mute.expires_at > _NOW)
)
_SHUT_OUT = (
    select(Account.id)
    .join(DomainBlock, DomainBlock.domain == Account.domain)
    .where(DomainBlock.account_id == _ME, Account.id.in_(_THEM))
)
_ENDORSED = select(Endorsement.target_id).where(Endorsement.account_id == _ME, Endorsement.target_id.in_(_THEM))
_NOTES = select(AccountNote.target_id, AccountNote.comment).where(
    AccountNote.account_id == _ME, AccountNote.target_id.in_(_THEM)
)


def many(session: Session, viewer_id: int, ids: Iterable[int]) -> dict[int, Relationship]:
    """How `viewer_id` stands to each of the accounts `ids`, by id, in the order given; also to those that are gone."""
    found = {each: Relationship(each) for each in ids}
    if not found:
        return found
    facts = {"me": viewer_id, "them": list(found), "now": town.now(session)}

    def rows(statement: Any) -> Sequence[Any]:
        return session.connection().execute(statement, facts).all()

    _take_follows(found, viewer_id, rows(_FOLLOWS))
    for row in rows(_BLOCKS):
        if row.account_id == viewer_id and row.target_id in found:
            found[row.target_id].blocking = True
        if row.target_id == viewer_id and row.account_id in found:
            found[row.account_id].blocked_by = True
    for row in rows(_MUTES):
        muted = found[row.target_id]
        muted.muting, muted.muting_notifications = True, row.notifications
        muted.muting_expires_at = row.expires_at
    for row in rows(_SHUT_OUT):
        found[row.id].domain_blocking = True
    for row in rows(_ENDORSED):
        found[row.target_id].endorsed = True
    for row in rows(_NOTES):
        found[row.target_id].note = row.comment
    return found


def one(session: Session, viewer_id: int, account_id: int) -> Relationship:
    """How `viewer_id` stands to one account."""
    return many(session, viewer_id, [account_id])[account_id]


def _take_follows(found: dict[int, Relationship], me: int, rows: Sequence[Any]) -> None:
    for row in rows:
        accepted = row.state == "accepted"
        if row.follower_id == me and row.followee_id in found:
            mine = found[row.followee_id]
            mine.following, mine.requested = accepted, not accepted
            mine.boosts, mine.notify, mine.languages = row.boosts, row.notify, row.languages or None
        if row.followee_id == me and row.follower_id in found:
            theirs = found[row.follower_id]
            theirs.followed_by, theirs.requested_by = accepted, not accepted
