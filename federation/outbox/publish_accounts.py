"""Follows, blocks, and what accounts say of themselves (federation reference §1.1, §1.8)."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, follows, ids, town
from community.models import Account, Block, Follow
from federation.models import ActorKey, Delivery, OutboxItem
from federation.outbox import addressing, sayings, understanding
from federation.outbox.addressing import Inbox
from federation.outbox.moments import update_moment
from federation.vocabulary import activities, render, terms
from federation.vocabulary.audience import Audience
from federation.vocabulary.times import iso

_LATELY = 30 * 86_400_000  # ms


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.FollowRequested, follow_requested)
    bus.subscribe(events.FollowAccepted, follow_accepted)
    bus.subscribe(events.FollowRejected, follow_rejected)
    bus.subscribe(events.FollowEnded, follow_ended)
    bus.subscribe(events.BlockCreated, block_created)
    bus.subscribe(events.BlockRemoved, block_removed)
    bus.subscribe(events.AccountUpdated, account_updated)
    bus.subscribe(events.AccountDeleted, account_deleted)


def follow_requested(session: Session, event: events.FollowRequested) -> None:
    follow = session.get(Follow, event.follow_id)
    if follow is None:
        return
    follower, followee = follows.ends(session, follow)
    if follower.local and not followee.local:
        activity = activities.follow(follow.uri, follower, followee, now=follow.created_at)
        _say_to(session, follower, activity, followee, about=follow.uri)


def follow_accepted(session: Session, event: events.FollowAccepted) -> None:
    follow = session.get(Follow, event.follow_id)
    if follow is None:  # ended again in the same unit
        return
    follower, followee = follows.ends(session, follow)
    if followee.local and not follower.local:
        now = town.now(session)
        activity = activities.accept(_new_uri(session), follow, follower=follower, followee=followee, now=now)
        _say_to(session, followee, activity, follower, about=follow.uri)


def follow_rejected(session: Session, event: events.FollowRejected) -> None:
    follower, followee = (
        session.get_one(Account, event.follower_id),
        session.get_one(Account, event.followee_id),
    )
    if followee.local and not follower.local:
        now = town.now(session)
        activity = activities.reject(
            _new_uri(session), event.uri, follower=follower, followee=followee, now=now
        )
        _say_to(session, followee, activity, follower, about=event.uri)


def follow_ended(session: Session, event: events.FollowEnded) -> None:
    follower, followee = (
        session.get_one(Account, event.follower_id),
        session.get_one(Account, event.followee_id),
    )
    if follower.local and not followee.local:
        asked = activities.embedded_follow(uri=event.uri, follower=follower, followee=followee)
        heard = Audience((followee.uri,), ())
        activity = activities.undo(_new_uri(session), follower, asked, now=town.now(session), heard=heard)
        _say_to(session, follower, activity, followee, about=event.uri)


def block_created(session: Session, event: events.BlockCreated) -> None:
    block = session.get(Block, event.block_id)
    if block is None:  # taken back in the same unit
        return
    account, target = session.get_one(Account, block.account_id), session.get_one(Account, block.target_id)
    if account.local and not target.local:
        activity = activities.block(block.uri, account, target, now=block.created_at)
        _say_to(session, account, activity, target, about=block.uri, without_software=understanding.TAKES_BLOCK_FOR_A_BAN)


def block_removed(session: Session, event: events.BlockRemoved) -> None:
    account, target = session.get_one(Account, event.account_id), session.get_one(Account, event.target_id)
    if account.local and not target.local:
        blocked = activities.embedded_block(uri=event.uri, actor=account, target=target)
        heard = Audience((target.uri,), ())
        activity = activities.undo(_new_uri(session), account, blocked, now=town.now(session), heard=heard)
        _say_to(session, account, activity, target, about=event.uri, without_software=understanding.TAKES_BLOCK_FOR_A_BAN)


def account_updated(session: Session, event: events.AccountUpdated) -> None:
    """The whole actor anew. An actor whose key was never made was never shown to anybody: then nobody waits for it."""
    account = session.get_one(Account, event.account_id)
    key = session.get(ActorKey, account.id)
    if not account.local or account.deleted_at is not None or key is None:
        return
    at = update_moment(session, account)
    document = render.actor(session, account, key.public_pem, key.proof_multikey) | {"updated": iso(at)}
    activity = activities.update(_new_uri(session), account, document, now=at, heard=_everybody(account))
    # Once for each server: after it has told of a new key, a second letter with the old one would be refused.
    once = {each.host: each for each in reversed(_acquaintances(session, account))}
    sayings.say(session, account, activity, once.values(), about=account.uri, at=at)


def account_deleted(session: Session, event: events.AccountDeleted) -> None:
    """A last word to every server that this town knows (§1.8); the key outlives the account until this is delivered. An
    actor whose key was never made was never shown to anybody.
    """
    account = session.get_one(Account, event.account_id)
    if not account.local:
        return
    now = town.now(session)
    lost = session.scalars(select(Account).where(Account.id.in_(event.follower_ids))).all()
    inboxes = [*_acquaintances(session, account), *addressing.of_accounts(session, lost)]
    if session.get(ActorKey, account.id) is not None:
        told = {each.host for each in inboxes}
        inboxes += [each for each in addressing.everywhere(session) if each.host not in told]
    activity = activities.delete(_new_uri(session), account, account.uri, now=now, heard=_everybody(account))
    sayings.say(session, account, activity, inboxes, about=account.uri, at=now)


def _everybody(account: Account) -> Audience:
    return Audience((terms.PUBLIC,), (f"{account.uri}/followers",))


def _acquaintances(session: Session, account: Account) -> list[Inbox]:
    """Followers, sister towns, and whoever something of this account was delivered to in the last weeks."""
    lately = ids.first_of(town.now(session) - _LATELY)
    met = session.scalars(
        select(Delivery.inbox)
        .distinct()
        .join(OutboxItem, OutboxItem.id == Delivery.outbox_item_id)
        .where(OutboxItem.account_id == account.id, OutboxItem.id >= lately, Delivery.state == "done")
    )
    known = [addressing.inbox(url) for url in met]
    return [*addressing.followers(session, account), *addressing.sisters(session), *known]


def _say_to(
    session: Session,
    actor: Account,
    activity: dict[str, object],
    other: Account,
    *,
    about: str,
    without_software: Collection[str] = (),
) -> None:
    inboxes = addressing.of_accounts(session, (other,), own=True, without_software=without_software)
    sayings.say(session, actor, activity, inboxes, about=about, at=town.now(session))


def _new_uri(session: Session) -> str:
    return town.of(session).uris.activity(ids.new(town.now(session)))
