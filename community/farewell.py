"""What tied a member to others goes with them: lists, blocks, mutes, notes, recommendations, tags, the shield."""

from sqlalchemy import delete, or_
from sqlalchemy.orm import Session

from community import lists
from community.models import (
    AccountNote,
    Block,
    DomainBlock,
    Endorsement,
    FeaturedTag,
    FollowedTag,
    Mute,
    SuggestionDismissal,
    Veil,
    WorkMark,
)


def drop(session: Session, account_id: int) -> None:
    """Remove what `account_id` said of others in private, and what others said of somebody who is no longer there."""
    lists.purge(session, account_id=account_id)
    for tie in (Block, Mute, AccountNote, Endorsement, SuggestionDismissal):
        session.execute(delete(tie).where(or_(tie.account_id == account_id, tie.target_id == account_id)))
    session.execute(delete(Veil).where(or_(Veil.account_id == account_id, Veil.other_id == account_id)))
    for owned in (DomainBlock, FollowedTag, FeaturedTag, WorkMark):
        session.execute(delete(owned).where(owned.account_id == account_id))
