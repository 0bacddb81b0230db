"""Whose お知らせ a member does not want to meet among the others: held back in a request for each sender, or dropped.

A member who has set nothing meets everything. What moderators, boards and the town say is never held.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import (
    ColumnElement,
    Select,
    Update,
    and_,
    bindparam,
    delete,
    exists,
    func,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from community import events, ids, inserts, town
from community.errors import Invalid, NotFound
from community.models import (
    Account,
    Follow,
    Member,
    Notification,
    NotificationSender,
    Post,
)
from community.visibility import DIRECT

RULES = (
    "for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions", "for_limited_accounts", "for_bots",
)  # fmt: skip
ACCEPT, FILTER, DROP = "accept", "filter", "drop"
ACTIONS = (ACCEPT, FILTER, DROP)
WAITING, ACCEPTED, DISMISSED = "waiting", "accepted", "dismissed"
_DAY = 24 * 3_600_000
NEW_ACCOUNT = 30 * _DAY
"""So long an account counts as new."""
NEW_FOLLOWER = 3 * _DAY
"""So long a follower counts as none."""
_NEVER = frozenset({"report", "sign_up", "poll", "update", "quoted_update", "chosen", "follow_request", "flag_closed", "flag_declined"})
"""Kinds that nobody sends uncalled: they follow from what the member did, or wait for an answer of theirs."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What waits: of how many senders, how many notices."""

    senders: int
    notifications: int


@dataclass(frozen=True, slots=True)
class Request:
    """What one sender has waiting. `last_post_id` is of the newest notice that has a post."""

    id: int
    from_id: int
    created_at: int
    updated_at: int
    count: int
    last_post_id: int | None


def of(session: Session, account_id: int) -> dict[str, str]:
    """The action for each of RULES."""
    kept = session.scalar(select(Member.notification_policy).where(Member.account_id == account_id))
    return {rule: (kept or {}).get(rule, ACCEPT) for rule in RULES}


def change(session: Session, *, account_id: int, rules: Mapping[str, str]) -> dict[str, str]:
    """Set the actions that are given; gives all. Invalid names the rule whose action is none of ACTIONS.

    What waits already goes on waiting: letting it through is for `accept`.
    """
    for rule, action in rules.items():
        if rule not in RULES or action not in ACTIONS:
            raise Invalid(rule, "お知らせの受け取り方をもう一度選んでください。")
    wanted = of(session, account_id) | dict(rules)
    kept = {rule: action for rule, action in wanted.items() if action != ACCEPT}
    session.execute(
        update(Member).where(Member.account_id == account_id).values(notification_policy=kept or None)
    )
    return wanted


def stricter(one: str, other: str) -> str:
    """The one of two verdicts that tells less."""
    return max(one, other, key=ACTIONS.index)


def is_uncalled(kind: str) -> bool:
    """Whether others bring a notice of this kind about by themselves."""
    return kind not in _NEVER


def verdict(
    session: Session, rules: Mapping[str, str], *, to: Account, actor: Account, kind: str, post: Post | None
) -> str:
    """ACCEPT, FILTER or DROP for something that `actor` did, under `rules`; one query, none without rules."""
    if not rules or kind in _NEVER or actor.kind != "person" or actor.id == to.id:
        return ACCEPT
    now = town.now(session)
    facts = session.connection().execute(_FACTS, {"me": to.id, "actor": actor.id}).one()
    if facts.accepted or facts.moderator:
        return ACCEPT
    known = facts.following_at is not None
    private = post is not None and post.visibility == DIRECT and not _answers(session, post, to)
    follower = facts.follower_at is not None and facts.follower_at <= now - NEW_FOLLOWER
    met = {
        "for_not_following": not known,
        "for_not_followers": not follower,
        "for_new_accounts": not known and actor.created_at > now - NEW_ACCOUNT,
        "for_private_mentions": not known and private,
        "for_limited_accounts": not known and bool(facts.limited),
        "for_bots": not known and actor.bot,
    }
    actions = {rules.get(rule, ACCEPT) for rule, is_met in met.items() if is_met}
    return DROP if DROP in actions else FILTER if FILTER in actions else ACCEPT


def hold(session: Session, *, account_id: int, from_id: int) -> None:
    """A notice of `from_id` waits: there is a request for it, waiting again if it was set aside before."""
    now = town.now(session)
    fresh = inserts.new_row(
        session,
        NotificationSender,
        account_id=account_id,
        from_id=from_id,
        id=ids.new(now),
        state=WAITING,
        created_at=now,
        updated_at=now,
    )
    if not fresh:
        session.execute(_rows(account_id, [from_id]).values(state=WAITING, updated_at=now))


def summary(session: Session, account_id: int) -> Summary:
    row = session.execute(
        select(func.count(NotificationSender.from_id.distinct()), func.count())
        .select_from(NotificationSender)
        .join(Notification, _held_by_sender())
        .where(NotificationSender.account_id == account_id, NotificationSender.state == WAITING)
    ).one()
    return Summary(row[0], row[1])


def waiting() -> Select[*tuple[int, ...]]:
    """A query for what waits: bind `me`; order and limit by NotificationSender.id. Read rows with `shown`."""
    newest = (
        select(func.max(Notification.id))
        .where(_held_by_sender(), Notification.post_id.is_not(None))
        .correlate(NotificationSender)
        .scalar_subquery()
    )
    last = aliased(Notification)
    count = select(func.count()).where(_held_by_sender()).correlate(NotificationSender).scalar_subquery()
    return select(
        NotificationSender.id,
        NotificationSender.from_id,
        NotificationSender.created_at,
        NotificationSender.updated_at,
        count.label("count"),
        select(last.post_id).where(last.id == newest).scalar_subquery().label("last_post_id"),
    ).where(
        NotificationSender.account_id == bindparam("me"),
        NotificationSender.state == WAITING,
        exists().where(_held_by_sender()).correlate(NotificationSender),
    )


def request(session: Session, account_id: int, request_id: int) -> Request:
    """One request of the member's own; NotFound for anybody else's, and for one that is answered."""
    row = session.execute(
        waiting().where(NotificationSender.id == request_id), {"me": account_id}
    ).one_or_none()
    if row is None:
        raise NotFound("そのお知らせの申し込みは見つかりませんでした。")
    return Request(*row)


def accept(session: Session, *, account_id: int, request_ids: Iterable[int]) -> None:
    """Let through what waits in these requests, and whatever their senders do from now on.

    Those that are not the member's, or are not there, are passed over.
    """
    senders = _senders(session, account_id, request_ids)
    if not senders:
        return
    held = and_(
        Notification.account_id == account_id,
        Notification.actor_id.in_(senders),
        Notification.held.is_(True),
    )
    about = session.scalars(select(Notification.post_id).where(held, Notification.post_id.is_not(None)).distinct())
    merged = events.NotificationsMerged(account_id, tuple(it for it in about if it is not None))
    session.execute(update(Notification).where(held).values(held=False))
    session.execute(_rows(account_id, senders).values(state=ACCEPTED))
    events.record(session, merged)


def dismiss(session: Session, *, account_id: int, request_ids: Iterable[int]) -> None:
    """Throw away what waits in these requests. What their senders do later waits in a request again."""
    senders = _senders(session, account_id, request_ids)
    session.execute(
        delete(Notification).where(
            Notification.account_id == account_id,
            Notification.actor_id.in_(senders),
            Notification.held.is_(True),
        )
    )
    session.execute(_rows(account_id, senders).values(state=DISMISSED))


def _rows(account_id: int, senders: list[int]) -> Update:
    return update(NotificationSender).where(
        NotificationSender.account_id == account_id, NotificationSender.from_id.in_(senders)
    )


def _senders(session: Session, account_id: int, request_ids: Iterable[int]) -> list[int]:
    return list(
        session.scalars(
            select(NotificationSender.from_id).where(
                NotificationSender.account_id == account_id,
                NotificationSender.id.in_(set(request_ids)),
                NotificationSender.state == WAITING,
            )
        )
    )


def _held_by_sender() -> ColumnElement[bool]:
    return and_(
        Notification.account_id == NotificationSender.account_id,
        Notification.actor_id == NotificationSender.from_id,
        Notification.held.is_(True),
    )


def _answers(session: Session, post: Post, to: Account) -> bool:
    """Whether `post` is said in reply to something that `to` wrote."""
    parent = None if post.parent_id is None else session.get(Post, post.parent_id)
    return parent is not None and parent.author_id == to.id


def _facts() -> Select[*tuple[object, ...]]:
    me, actor = bindparam("me", type_=Account.id.type), bindparam("actor", type_=Account.id.type)
    their, mine = aliased(Follow), aliased(Follow)
    sender = NotificationSender
    return select(
        select(mine.created_at)
        .where(mine.follower_id == me, mine.followee_id == actor, mine.state == "accepted")
        .scalar_subquery()
        .label("following_at"),
        select(their.created_at)
        .where(their.follower_id == actor, their.followee_id == me, their.state == "accepted")
        .scalar_subquery()
        .label("follower_at"),
        exists()
        .where(sender.account_id == me, sender.from_id == actor, sender.state == ACCEPTED)
        .label("accepted"),
        exists()
        .where(Member.account_id == actor, Member.role.in_(("moderator", "admin")), Member.state == "active")
        .label("moderator"),
        exists()
        .where(Account.id == actor, Account.silenced_at.is_not(None))
        .label("limited"),
    )


_FACTS = _facts()
