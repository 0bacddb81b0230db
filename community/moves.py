"""引っ越し: somebody goes on under another account, here or elsewhere, and whoever followed them goes along.

Both accounts have to say so: the old one names the new one (`moved_to_uri`), the new one the old (`also_known_as`). What
was written stays where it is. だれかさん, boards and the town itself never move.
"""

import contextlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import account_notes, blocks, distance, events, follows, lists, mutes, town
from community.errors import Invalid, NotAllowed, NotFound, TooMany
from community.follows import Wishes
from community.models import LOCAL, Account, AccountNote, Block, Follow, ListMember, MemberList, Mute

ALIASES_MOST = 5
"""How many earlier accounts somebody can name."""

PAUSE = 7 * 86_400_000
"""Milliseconds between two moves of one account."""

_AT_ONCE = 200  # followers that go along in one unit of work
_PEOPLE = ("person", "service")
_EARLIER = "%(handle)s から引っ越してきた人です。"


def add_alias(session: Session, *, account: Account, other: Account) -> None:
    """`account`, a member, says that `other` is an earlier account of theirs: its followers may be sent here.

    Invalid("alias") for oneself, for what is no person, and beyond ALIASES_MOST.
    """
    if other.id == account.id or other.kind not in _PEOPLE:
        raise Invalid("alias", "ご自分の、もとのアカウントを書いてください。")
    known = list(account.also_known_as or ())
    if other.uri in known:
        return
    if len(known) >= ALIASES_MOST:
        raise Invalid("alias", "もとのアカウントは%(most)s個までです。", most=ALIASES_MOST)
    _set_aliases(session, account, [*known, other.uri])


def remove_alias(session: Session, *, account: Account, uri: str) -> None:
    """`account` says so of the account `uri` no more; nothing happens if it did not."""
    known = list(account.also_known_as or ())
    if uri in known:
        _set_aliases(session, account, [each for each in known if each != uri])


def leave_for(session: Session, *, account: Account, target: Account) -> None:
    """`account`, a member, goes on as `target`: its followers are told, and those who live here go along at once.

    What `target` says of itself must be fresh. Invalid("target") if it cannot be, says nothing of `account`, or moved
    itself; TooMany within PAUSE of the last move.
    """
    _check_target(account, target)
    if account.uri not in (target.also_known_as or ()):
        raise Invalid("target", "引っ越し先のアカウントに、このアカウントが「もとのアカウント」として書かれていません。")
    if distance.apart(session, actor=account, target=target):
        raise Invalid("target", "この人のところへは引っ越せません。")
    check_pause(session, account)
    account.moved_to_uri = account.carried_to = target.uri
    account.moved_at = town.now(session)
    _show(session, account)
    carry(session, origin=account, target=target)
    events.record(session, events.AccountMoved(account.id, target.id))


def stay(session: Session, *, account: Account) -> None:
    """`account` has not moved after all: it can be followed again. Who went along stays where they went."""
    if account.moved_to_uri is not None:
        account.moved_to_uri = None
        _show(session, account)


def arrive(session: Session, *, origin: Account, target: Account) -> bool:
    """`origin`, of another server, goes on as `target`; both have just been looked at anew. Those who follow it from
    here go along, some hundreds at a time: False as long as some are left. The same move again carries who is left.

    NotAllowed if the two do not name each other, if one of them cannot move, or if `target` moved itself; TooMany for
    another target within PAUSE.
    """
    if origin.local or origin.kind not in _PEOPLE:
        raise NotAllowed("このアカウントは引っ越せません。")
    try:
        _check_target(origin, target)
    except Invalid as problem:
        raise NotAllowed(problem.message, **problem.facts) from problem
    if origin.moved_to_uri != target.uri or origin.uri not in (target.also_known_as or ()):
        raise NotAllowed("引っ越しもとと引っ越し先が、おたがいを書いていません。")
    if origin.carried_to != target.uri:  # else this move has begun already, and goes on
        check_pause(session, origin)
        origin.carried_to, origin.moved_at = target.uri, town.now(session)
        session.flush()
    return carry(session, origin=origin, target=target)


def check_pause(session: Session, account: Account) -> None:
    """TooMany if `account` moved less than PAUSE ago."""
    left = (account.moved_at or -PAUSE) + PAUSE - town.now(session)
    if left > 0:
        raise TooMany("引っ越しは7日に1度までです。しばらくしてから、もう一度お試しください。", retry_after=left // 1000 + 1)


def carry(session: Session, *, origin: Account, target: Account) -> bool:
    """Those who live here and follow `origin` follow `target` instead, with their wishes and lists; when nobody is left,
    what they keep of `origin` (blocks, mutes, notes) is kept of `target` too, and True comes back.
    """
    rows = session.execute(
        select(Follow, Account)
        .join(Account, Account.id == Follow.follower_id)
        .where(Follow.followee_id == origin.id, Follow.state == follows.ACCEPTED, Account.domain == LOCAL)
        .order_by(Follow.id)
        .limit(_AT_ONCE)
    ).all()
    for follow, follower in rows:
        _lead(session, follow, follower, origin, target)
    if len(rows) == _AT_ONCE:
        return False
    _keep_blocks(session, origin, target)
    _keep_mutes(session, origin, target)
    _keep_notes(session, origin, target)
    return True


def destination(session: Session, account: Account) -> Account | None:
    """Who `account` is now, as far as that is known here and stands."""
    if account.moved_to_uri is None:
        return None
    target = session.scalar(select(Account).where(Account.uri == account.moved_to_uri))
    return target if target is not None and target.deleted_at is None and target.suspended_at is None else None


def _check_target(account: Account, target: Account) -> None:
    if target.id == account.id or target.kind not in _PEOPLE:
        raise Invalid("target", "引っ越し先のアカウントを、もう一度たしかめてください。")
    if target.deleted_at is not None or target.suspended_at is not None:
        raise Invalid("target", "引っ越し先のアカウントが見つかりませんでした。")
    if target.moved_to_uri is not None:
        raise Invalid("target", "引っ越し先のアカウントが、さらに引っ越しています。")


def _set_aliases(session: Session, account: Account, uris: list[str]) -> None:
    account.also_known_as = uris
    _show(session, account)


def _show(session: Session, account: Account) -> None:
    account.updated_at = max(town.now(session), account.updated_at + 1)  # what apps keep of it goes by this
    session.flush()
    events.record(session, events.AccountUpdated(account.id))


def _lead(session: Session, follow: Follow, follower: Account, origin: Account, target: Account) -> None:
    """One follower goes along, unless they have nothing to do with `target`: then they only stop."""
    wishes = Wishes(boosts=follow.boosts, notify=follow.notify, languages=follow.languages)
    on = session.scalars(
        select(MemberList)
        .join(ListMember, ListMember.list_id == MemberList.id)
        .where(MemberList.account_id == follower.id, ListMember.account_id == origin.id)
    ).all()
    follows.end(session, follower=follower, followee=origin)
    for row in on:
        lists.take_off(session, row=row, account_ids=[origin.id])
    if follower.id == target.id:
        return
    with contextlib.suppress(NotFound, NotAllowed):
        follows.request(session, follower=follower, followee=target, wishes=wishes)
        for row in on:
            lists.add(session, row=row, accounts=[target])


def _keep_blocks(session: Session, origin: Account, target: Account) -> None:
    for account in _who(session, Block, origin):
        if account.id != target.id and follows.between(session, account.id, target.id) is None:
            blocks.block(session, account=account, target=target)
            _note(session, account, origin, target)


def _keep_mutes(session: Session, origin: Account, target: Account) -> None:
    for row in session.scalars(select(Mute).where(Mute.target_id == origin.id)).all():
        account = session.get_one(Account, row.account_id)
        following = follows.between(session, account.id, target.id)
        known = session.scalar(select(Mute.id).where(Mute.account_id == account.id, Mute.target_id == target.id))
        if account.id == target.id or known is not None or following is not None:
            continue
        left = 0 if row.expires_at is None else (row.expires_at - town.now(session)) // 1000
        if row.expires_at is None or left > 0:
            mutes.mute(session, account=account, target=target, notifications=row.notifications, seconds=max(left, 0))
            _note(session, account, origin, target)


def _keep_notes(session: Session, origin: Account, target: Account) -> None:
    for row in session.scalars(select(AccountNote).where(AccountNote.target_id == origin.id)).all():
        account = session.get_one(Account, row.account_id)
        if account.id != target.id:
            _note(session, account, origin, target, row.comment)


def _note(session: Session, account: Account, origin: Account, target: Account, words: str = "") -> None:
    """A line for the eyes of `account`: whom `target` was before, and what was noted of them. What stands is kept."""
    known = session.get(AccountNote, (account.id, target.id))
    told = _EARLIER % {"handle": f"@{origin.handle}"}
    parts = [each for each in (known.comment if known else "", told, words) if each]
    if known is not None and told in known.comment:
        parts = [known.comment, words] if words and words not in known.comment else [known.comment]
    account_notes.put(session, account=account, target=target, comment="\n".join(parts)[: account_notes.MOST])


def _who(session: Session, tie: type[Block], origin: Account) -> list[Account]:
    rows = select(Account).join(tie, tie.account_id == Account.id)
    return list(session.scalars(rows.where(tie.target_id == origin.id, Account.domain == LOCAL)))
