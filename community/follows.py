"""Following: requested → accepted; ended, refused and removed follows are gone.

The same functions serve members and remote accounts. A followee who lives here answers by their own setting; one who
lives elsewhere is waited for.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, null, or_, select, update
from sqlalchemy.orm import Session

from community import distance, events, homes, ids, inserts, notifications, timelines, town, veils
from community.errors import NotAllowed, NotFound
from community.models import Account, Endorsement, Follow
from community.visibility import viewer_of

REQUESTED, ACCEPTED = "requested", "accepted"
_NOTICES = frozenset({"follow", "follow_request"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a follower wants of a follow; None leaves it as it is. At first: boosts, no notices, every language."""

    boosts: bool | None = None  # their boosts come home too
    notify: bool | None = None  # a notice for each of their posts
    languages: Sequence[str] | None = None  # only posts in these; empty: all


AS_IT_IS = Wishes()
LANGUAGES_MOST, _LANGUAGE_LONGEST = 100, 16


def request(
    session: Session,
    *,
    follower: Account,
    followee: Account,
    uri: str | None = None,
    wishes: Wishes = AS_IT_IS,
) -> Follow:
    """Ask to follow; gives the follow, accepted at once when the followee lives here and is not locked.

    `uri` is the id of a remote Follow; a local one is named after the row. Asked again, only the `wishes` change;
    asked again under a new `uri` (the other server forgot), an accepted follow is accepted anew so that it is told.
    Raises NotFound for a followee who is gone or veiled from the follower, NotAllowed for oneself, for who moved away, for
    the town's own actor and between those who have nothing to do with each other (`distance`).
    """
    if followee.deleted_at is not None or followee.suspended_at is not None:
        raise NotFound("お探しの人は見つかりませんでした。")
    if veils.are_between(session, follower.id, followee.id):
        raise NotFound("お探しの人は見つかりませんでした。")
    if follower.id == followee.id:
        raise NotAllowed("自分自身をフォローすることはできません。")
    if followee.moved_to_uri is not None:
        raise NotAllowed("この人は引っ越しました。引っ越し先のアカウントをフォローしてください。")
    if followee.kind == "instance":
        raise NotAllowed("まちのお知らせは、@machi をフォローすると届きます。")
    if are_apart(session, follower=follower, followee=followee):
        raise NotAllowed("この人をフォローすることはできません。")
    now = town.now(session)
    identifier = ids.new(now)
    fresh = inserts.new_row(
        session,
        Follow,
        id=identifier,
        uri=uri or town.of(session).uris.activity(identifier),
        follower_id=follower.id,
        followee_id=followee.id,
        state=REQUESTED,
        created_at=now,
    )
    follow = between(session, follower.id, followee.id)
    if follow is None:  # the id of the activity belongs to another follow
        raise NotAllowed("このフォローの申し込みは受け取れませんでした。")
    if fresh:
        events.record(session, events.FollowRequested(follow.id))
        _answer(session, follow, follower, followee)
    elif uri is not None and uri != follow.uri:
        _ask_anew(session, follow, uri)
    _heed(session, follow, followee, wishes)
    return follow


def accept(session: Session, *, follow: Follow) -> None:
    """The followee agrees: counts, notices and the follower's home follow. Accepting twice changes nothing."""
    if follow.state == ACCEPTED:
        return
    follow.state = ACCEPTED
    session.flush()
    follower, followee = ends(session, follow)
    _count(session, follow, 1)
    notifications.take_back(session, to_id=followee.id, kinds=_NOTICES, actor_id=follower.id)
    notifications.tell(session, to=followee, kind="follow", actor=follower)
    if follower.local and follower.kind == "person":
        timelines.backfill(session, viewer_of(session, follower), followee)
    events.record(session, events.FollowAccepted(follow.id))


def reject(session: Session, *, follow: Follow) -> None:
    """The followee refuses the request, or removes a follower."""
    _remove(session, follow)
    events.record(session, events.FollowRejected(follow.uri, follow.follower_id, follow.followee_id))


def remove_follower(session: Session, *, followee: Account, follower: Account) -> None:
    """`followee` has `follower` among their followers no more; nothing happens if they were not."""
    follow = between(session, follower.id, followee.id)
    if follow is not None:
        reject(session, follow=follow)


def end(session: Session, *, follower: Account, followee: Account) -> None:
    """The follower stops following, or takes the request back. Where there is no follow nothing happens."""
    follow = between(session, follower.id, followee.id)
    if follow is not None:
        _remove(session, follow)
        events.record(session, events.FollowEnded(follow.uri, follow.follower_id, follow.followee_id))


def are_apart(session: Session, *, follower: Account, followee: Account) -> bool:
    """Whether one may not follow the other: either blocks the other, or shut out the other's whole server."""
    return distance.apart(session, actor=follower, target=followee) or (
        not followee.local and distance.apart(session, actor=followee, target=follower)
    )


def between(session: Session, follower_id: int, followee_id: int) -> Follow | None:
    """The follow of one by the other, requested or accepted."""
    return session.execute(
        select(Follow).where(Follow.follower_id == follower_id, Follow.followee_id == followee_id)
    ).scalar_one_or_none()


def ends(session: Session, follow: Follow) -> tuple[Account, Account]:
    """Who follows, and who is followed."""
    return session.get_one(Account, follow.follower_id), session.get_one(Account, follow.followee_id)


def by_uri(session: Session, uri: str) -> Follow | None:
    """The follow that the Follow activity `uri` made."""
    return session.execute(select(Follow).where(Follow.uri == uri)).scalar_one_or_none()


def waiting(session: Session, account_id: int, *, limit: int = 80) -> list[Follow]:
    """Requests that `account_id` has not answered yet, oldest first."""
    return list(
        session.execute(
            select(Follow)
            .where(Follow.followee_id == account_id, Follow.state == REQUESTED)
            .order_by(Follow.id)
            .limit(limit)
        ).scalars()
    )


def followers(
    session: Session, account_id: int, *, max_id: int | None = None, limit: int = 40
) -> list[Account]:
    """Who follows `account_id`, the latest first; `max_id` is the id of a follow."""
    rows = (
        select(Account).join(Follow, Follow.follower_id == Account.id).where(Follow.followee_id == account_id)
    )
    return _listed(session, rows, max_id, limit)


def following(
    session: Session, account_id: int, *, max_id: int | None = None, limit: int = 40
) -> list[Account]:
    """Whom `account_id` follows, the latest first; `max_id` is the id of a follow."""
    rows = (
        select(Account).join(Follow, Follow.followee_id == Account.id).where(Follow.follower_id == account_id)
    )
    return _listed(session, rows, max_id, limit)


def purge(session: Session, *, account_id: int) -> tuple[int, ...]:
    """Remove every follow from and to an account that is gone, without telling anybody; gives who followed it."""
    touching = session.execute(
        select(Follow).where(or_(Follow.follower_id == account_id, Follow.followee_id == account_id))
    ).scalars()
    follower_ids = []
    for follow in touching.all():
        if follow.followee_id == account_id and follow.state == ACCEPTED:
            follower_ids.append(follow.follower_id)
        _remove(session, follow)
    return tuple(follower_ids)


def _answer(session: Session, follow: Follow, follower: Account, followee: Account) -> None:
    if not followee.local:
        return
    if followee.kind == "board" or not followee.locked:
        accept(session, follow=follow)
    else:
        notifications.tell(session, to=followee, kind="follow_request", actor=follower)


def _ask_anew(session: Session, follow: Follow, uri: str) -> None:
    follow.uri = uri
    session.flush()
    if follow.state == ACCEPTED:
        events.record(session, events.FollowAccepted(follow.id))


def _heed(session: Session, follow: Follow, followee: Account, wishes: Wishes) -> None:
    """What comes from now on; boosts that are not wanted any more leave the home too."""
    if wishes.notify is not None:
        follow.notify = wishes.notify
    if wishes.languages is not None:
        # Not None: of a JSON column that would be the JSON null, which no IS NULL finds.
        named = [each for each in dict.fromkeys(wishes.languages) if len(each) <= _LANGUAGE_LONGEST]
        follow.languages = named[:LANGUAGES_MOST] or null()
    if wishes.boosts is not None and wishes.boosts != follow.boosts:
        follow.boosts = wishes.boosts
        if not wishes.boosts:
            homes.leave_boosts(session, follow.follower_id, followee)
    session.flush()


def _remove(session: Session, follow: Follow) -> None:
    follower, followee = ends(session, follow)
    session.delete(follow)
    session.execute(
        delete(Endorsement).where(
            Endorsement.account_id == follower.id, Endorsement.target_id == followee.id
        )
    )
    session.flush()
    if follow.state == ACCEPTED:
        _count(session, follow, -1)
    notifications.take_back(session, to_id=followee.id, kinds=_NOTICES, actor_id=follower.id)
    if follower.local:
        timelines.leave(session, follower.id, followee)


def _count(session: Session, follow: Follow, step: int) -> None:
    session.execute(
        update(Account)
        .where(Account.id == follow.followee_id)
        .values(followers_count=Account.followers_count + step)
    )
    session.execute(
        update(Account)
        .where(Account.id == follow.follower_id)
        .values(following_count=Account.following_count + step)
    )


def _listed(session: Session, rows: Select[Account], max_id: int | None, limit: int) -> list[Account]:
    shown = rows.where(
        Follow.state == ACCEPTED, Account.deleted_at.is_(None), Account.suspended_at.is_(None)
    ).order_by(Follow.id.desc())
    if max_id is not None:
        shown = shown.where(Follow.id < max_id)
    return list(session.execute(shown.limit(limit)).scalars())
