"""Move: somebody elsewhere goes on under another account, and who follows them from here goes along (§1.8).

Nobody is believed: both accounts are fetched anew, and each has to name the other. A Move of anything but the actor itself
(PieFed and NodeBB move topics so) is not for us.
"""

from sqlalchemy import exists, or_, select
from sqlalchemy.orm import Session

from community import moves, town, towns
from community.errors import TooMany
from community.models import LOCAL, Account, AccountNote, Block, Follow, Mute
from federation import actors
from federation.inbox import known
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.parse import is_actor, read_actor
from federation.vocabulary.reading import authority, uri


def needs(session: Session, inbound: Inbound) -> list[str]:
    """Both accounts as their own servers tell them now; one that lives here needs no asking."""
    target = _target(session, inbound)
    begun = target in inbound.documents or inbound.actor_uri in inbound.documents
    if not begun and not _concerns_anybody(session, inbound.actor(session)):
        raise Ignored("nobody here has anything to do with who moves")
    ours = town.of(session).uris.is_local(target)
    return [inbound.actor_uri] if ours else [inbound.actor_uri, target]


def apply(session: Session, inbound: Inbound) -> None:
    """Carry over who follows, some hundreds at a time."""
    target_uri = _target(session, inbound)
    origin = _anew(session, inbound, inbound.actor_uri)
    if town.of(session).uris.is_local(target_uri):
        target = known.account(session, target_uri)
        if target is None or not target.local:
            raise Ignored("a Move to nobody of this town")
    else:
        target = _anew(session, inbound, target_uri)
    try:
        inbound.unfinished = not moves.arrive(session, origin=origin, target=target)
    except TooMany as lately:
        raise Ignored("the account moved to somebody else less than seven days ago") from lately


def _target(session: Session, inbound: Inbound) -> str:
    """Where to. Ignored if it is nowhere, or somebody else's account is said to move."""
    if inbound.object_uri != inbound.actor_uri:
        raise Ignored("a Move of something else than the actor itself")
    target = uri(inbound.activity.get("target"))
    host = authority(target)
    if target is None or host is None or target == inbound.actor_uri:
        raise Ignored("a Move to nowhere")
    if towns.is_refused(session, host):
        raise Ignored("a Move to a host that this town refuses")
    return target


def _concerns_anybody(session: Session, origin: Account) -> bool:
    """Whether somebody who lives here follows the account, turned away from it, or keeps a note of it."""
    ours = select(Account.id).where(Account.domain == LOCAL)
    ties = (
        exists().where(Follow.followee_id == origin.id, Follow.follower_id.in_(ours)),
        exists().where(Block.target_id == origin.id, Block.account_id.in_(ours)),
        exists().where(Mute.target_id == origin.id),
        exists().where(AccountNote.target_id == origin.id),
    )
    return bool(session.scalar(select(or_(*ties))))


def _anew(session: Session, inbound: Inbound, address: str) -> Account:
    """The account as it was just fetched. Ignored if its server tells of another one, or of none."""
    document = inbound.documents.get(address)
    if document is None or not is_actor(document) or read_actor(document).id != address:
        raise Ignored(f"{address}, one end of a Move, could not be had anew")
    account = actors.upsert(session, document)
    known.add_account(session, account)
    if account.deleted_at is not None or account.suspended_at is not None:
        raise Ignored(f"{account.uri}, one end of a Move, is suspended or gone")
    return account
