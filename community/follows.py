"""Following: requested → accepted; ended, refused and removed follows are gone.

The same functions serve members and remote accounts. A followee who lives here answers by their own setting; one who
lives elsewhere is waited for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Select, Table, delete, null, or_, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from community import distance, events, homes, ids, notifications, timelines, town, veils
from community.errors import NotAllowed, NotFound
from community.models import Account, Endorsement, Follow
from community.storage.dialects import insert_of
from community.storage.prepared import Prepared, param, text_param
from community.storage.rows import Rows
from community.visibility import viewer_of

REQUESTED, ACCEPTED = "requested", "accepted"
_NOTICES = frozenset({"follow", "follow_request"})
_FOLLOWS = Rows(Follow)
_AT_HAND = "machi.follows.at_hand"


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
    session.flush()
    fresh = _NEW.rows(
        session,
        id=identifier,
        uri=uri or town.of(session).uris.activity(identifier),
        follower=follower.id,
        followee=followee.id,
        now=now,
    )
    follow = between(session, follower.id, followee.id)
    if follow is None:  # the id of the activity belongs to another follow
        raise NotAllowed("このフォローの申し込みは受け取れませんでした。")
    # A session forgets rows that nobody holds. Those who hear of the follow before the commit ask for it again.
    session.info.setdefault(_AT_HAND, []).append(follow)
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
    session.flush()
    _ACCEPT.run(session, this=follow.id)
    set_committed_value(follow, "state", ACCEPTED)
    follower, followee = ends(session, follow)
    _count(session, follower, followee, 1)
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
    session.flush()
    return _FOLLOWS.first(session, _BETWEEN, follower=follower_id, followee=followee_id)


def ends(session: Session, follow: Follow) -> tuple[Account, Account]:
    """Who follows, and who is followed."""
    return session.get_one(Account, follow.follower_id), session.get_one(Account, follow.followee_id)


def by_uri(session: Session, uri: str) -> Follow | None:
    """The follow that the Follow activity `uri` made."""
    session.flush()
    return _FOLLOWS.first(session, _BY_URI, value=uri)


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
        _count(session, follower, followee, -1)
    notifications.take_back(session, to_id=followee.id, kinds=_NOTICES, actor_id=follower.id)
    if follower.local:
        timelines.leave(session, follower.id, followee)


def _count(session: Session, follower: Account, followee: Account, step: int) -> None:
    """So many follows more, counted in the database; the rows at hand know it without being read again."""
    followers_count, following_count = followee.followers_count + step, follower.following_count + step
    _COUNT_FOLLOWERS.run(session, this=followee.id, step=step)
    _COUNT_FOLLOWING.run(session, this=follower.id, step=step)
    set_committed_value(followee, "followers_count", followers_count)
    set_committed_value(follower, "following_count", following_count)


def _listed(session: Session, rows: Select[Account], max_id: int | None, limit: int) -> list[Account]:
    shown = rows.where(
        Follow.state == ACCEPTED, Account.deleted_at.is_(None), Account.suspended_at.is_(None)
    ).order_by(Follow.id.desc())
    if max_id is not None:
        shown = shown.where(Follow.id < max_id)
    return list(session.execute(shown.limit(limit)).scalars())


_follows, _accounts = cast("Table", Follow.__table__), cast("Table", Account.__table__)


def _new(dialect: str) -> Any:
    """A row unless one of its keys is taken; gives its id if it is new.

    On PostgreSQL it waits for another transaction that is inserting the same key, so two at once cannot both win.
    """
    values = {
        "id": param("id"), "uri": text_param("uri"), "state": REQUESTED, "created_at": param("now"),
        "follower_id": param("follower"), "followee_id": param("followee"), "boosts": True, "notify": False,
    }  # fmt: skip
    return insert_of(dialect)(_follows).values(values).on_conflict_do_nothing().returning(_follows.c.id)


def _counting(name: str) -> Prepared:
    column = _accounts.c[name]
    return Prepared(
        lambda _dialect: update(_accounts).where(_accounts.c.id == param("this")).values({name: column + param("step")})
    )


_NEW = Prepared(_new)
_BY_URI = _FOLLOWS.by("uri")
_BETWEEN = Prepared(
    lambda _dialect: select(_follows).where(
        _follows.c.follower_id == param("follower"), _follows.c.followee_id == param("followee")
    )
)
_ACCEPT = Prepared(lambda _dialect: update(_follows).where(_follows.c.id == param("this")).values(state=ACCEPTED))
_COUNT_FOLLOWERS, _COUNT_FOLLOWING = _counting("followers_count"), _counting("following_count")
