"""A whole server that one member does not want to hear from. What the town itself refuses: `community.towns`."""

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from community import follows, homes, ids, inserts, town, towns
from community.errors import Invalid
from community.models import Account, DomainBlock, Endorsement, Follow, Notification


def block(session: Session, *, account: Account, domain: str) -> DomainBlock:
    """`account`, a member, shuts the server `domain` out; again changes nothing.

    Follows from and to it end, and those it concerns are told; its posts and notices go. Invalid("domain") for what is
    no address of a server, and for this town.
    """
    name = towns.normalise(domain)
    if name in town.of(session).uris.homes:
        raise Invalid("domain", "このまち自身をブロックすることはできません。")
    now = town.now(session)
    fresh = inserts.new_row(
        session, DomainBlock, id=ids.new(now), account_id=account.id, domain=name, created_at=now
    )
    if fresh:
        _part(session, account, name)
    return session.scalars(
        select(DomainBlock).where(DomainBlock.account_id == account.id, DomainBlock.domain == name)
    ).one()


def unblock(session: Session, *, account: Account, domain: str) -> None:
    """Hear from the server again; nothing happens if it was not shut out."""
    try:
        name = towns.normalise(domain)
    except Invalid:
        return
    session.execute(
        delete(DomainBlock).where(DomainBlock.account_id == account.id, DomainBlock.domain == name)
    )


def _part(session: Session, account: Account, domain: str) -> None:
    there = select(Account.id).where(Account.domain == domain)
    touching = select(Follow).where(
        or_(
            (Follow.followee_id == account.id) & Follow.follower_id.in_(there),
            (Follow.follower_id == account.id) & Follow.followee_id.in_(there),
        )
    )
    for follow in session.scalars(touching).all():
        if follow.followee_id == account.id:
            follows.reject(session, follow=follow)
        else:
            follows.end(
                session, follower=account, followee=session.get_one(Account, follow.followee_id)
            )
    session.execute(
        delete(Endorsement).where(Endorsement.account_id == account.id, Endorsement.target_id.in_(there))
    )
    homes.shut_out(session, account.id, there)
    session.execute(
        delete(Notification).where(Notification.account_id == account.id, Notification.actor_id.in_(there))
    )
