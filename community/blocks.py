"""ブロック: two accounts have nothing to do with each other any more. What follows from it, `distance` and `visibility` say.

The same functions serve members and remote accounts; a remote account's block comes from its server.
"""

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from community import events, follows, homes, ids, inserts, town
from community.errors import NotAllowed
from community.models import Account, Block, Endorsement, Notification


def block(session: Session, *, account: Account, target: Account, uri: str | None = None) -> Block:
    """`account` blocks `target`; again changes nothing. `uri` is the id of a remote Block.

    Follows end in both directions and are said to have ended; posts and notices of `target` leave the home, the lists
    and the notices of a member who blocks. NotAllowed for oneself, and for a `uri` that belongs to another block.
    """
    if account.id == target.id:
        raise NotAllowed("自分自身をブロックすることはできません。")
    now = town.now(session)
    identifier = ids.new(now)
    fresh = inserts.new_row(
        session,
        Block,
        id=identifier,
        uri=uri or town.of(session).uris.activity(identifier),
        account_id=account.id,
        target_id=target.id,
        created_at=now,
    )
    row = between(session, account.id, target.id)
    if row is None:  # the id of the activity belongs to another block
        raise NotAllowed("このブロックは受け取れませんでした。")
    if fresh:
        _part(session, account, target)
        events.record(session, events.BlockCreated(row.id))
    elif uri is not None:  # the other server forgot the first one; an Undo will name this one
        row.uri = uri
        session.flush()
    return row


def unblock(session: Session, *, account: Account, target: Account) -> None:
    """Take a block back; nothing happens if there is none. Follows do not come again by themselves."""
    row = between(session, account.id, target.id)
    if row is None:
        return
    session.delete(row)
    session.flush()
    events.record(session, events.BlockRemoved(row.uri, account.id, target.id))


def between(session: Session, account_id: int, target_id: int) -> Block | None:
    """The block of one by the other."""
    return session.scalar(select(Block).where(Block.account_id == account_id, Block.target_id == target_id))


def by_uri(session: Session, uri: str) -> Block | None:
    """The block that the Block activity `uri` made."""
    return session.scalar(select(Block).where(Block.uri == uri))


def _part(session: Session, account: Account, target: Account) -> None:
    follows.end(session, follower=account, followee=target)
    asked = follows.between(session, target.id, account.id)
    if asked is not None:
        follows.reject(session, follow=asked)
    session.execute(
        delete(Endorsement).where(
            or_(
                (Endorsement.account_id == account.id) & (Endorsement.target_id == target.id),
                (Endorsement.account_id == target.id) & (Endorsement.target_id == account.id),
            )
        )
    )
    if account.local:
        homes.shut_out(session, account.id, select(Account.id).where(Account.id == target.id))
        session.execute(
            delete(Notification).where(
                Notification.account_id == account.id, Notification.actor_id == target.id
            )
        )
