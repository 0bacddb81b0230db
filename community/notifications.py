"""お知らせ: what happened to a member, written in the transaction in which it happened.

Nothing is ever written for an anonymous asker: theirs are worked out when they look (`community.notice_lists`).
"""

from dataclasses import replace
from typing import Any, NamedTuple, cast

import orjson
from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.orm import Session, aliased

from community import belated, distance, events, floods, ids, notice_policy, notice_types, push, town
from community.models import (
    Account,
    Marker,
    Member,
    Notification,
    Post,
    PushSubscription,
    Report,
    Thanks,
    ThreadMute,
)
from community.notice_lists import Notice, Wanted, listing
from community.notice_types import KINDS, OF_THE_TOWN
from community.storage.prepared import Prepared, among_texts, param
from community.visibility import Viewer

__all__ = [
    "KINDS", "MODERATORS", "MOST_COUNTED", "Notice", "clear", "dismiss", "forget_of_town", "mark_seen", "page",
    "read_up_to", "take_back", "tell", "tell_moderators", "unread", "unread_part", "unseen",
]  # fmt: skip

MODERATORS = ("moderator", "admin")
MOST_COUNTED = 10
"""A page shows no number over 9, so nothing counts further than this."""

_TOLD_TO_ONESELF = frozenset({"poll"})
_TOLD_AGAIN = frozenset({"update", "quoted_update", "poll"})
"""Kinds that may happen to one post again: the new notice takes the place of the old one."""


def tell(
    session: Session,
    *,
    to: Account,
    kind: str,
    actor: Account,
    post: Post | None = None,
    thanks: Thanks | None = None,
    report: Report | None = None,
) -> None:
    """Let `to` know that `actor` did something; the same thing only once.

    Ignored unless `to` is a person who lives here and is somebody else than `actor` (but for the end of one's own
    poll): never for the relay or a board. Nothing is told of those whom `to` blocks or mutes, nor of a thread that
    they muted; what their policy holds back waits in the requests. Two statements, three with a policy or devices.
    """
    assert kind in KINDS, kind
    if belated.is_marked(session):
        return
    if not to.local or to.kind != "person" or to.deleted_at is not None:
        return
    if to.id == actor.id and kind not in _TOLD_TO_ONESELF:
        return
    session.flush()
    now = town.now(session)
    facts = {
        "me": to.id,
        "kind": kind,
        "actor": actor.id,
        "post": 0 if post is None else post.id,
        "thanks": 0 if thanks is None else thanks.id,
        "report": 0 if report is None else report.id,
        "root": 0 if post is None else post.root_id or post.id,
        "now": now,
    }
    found = (_ASKED if post is None else _ASKED_OF_POST).rows(session, **facts)
    asked = _Asked._make(found[0]) if found else None
    if asked is None or _is_unwanted(asked, kind):
        return
    decided = notice_policy.verdict(session, _policy(asked), to=to, actor=actor, kind=kind, post=post)
    decided = notice_policy.stricter(decided, floods.verdict(session, to=to, actor=actor, kind=kind))
    if decided == notice_policy.DROP:
        return
    if asked.known:
        (_SAME if post is None else _SAME_OF_POST).run(session, **facts)
    held = decided == notice_policy.FILTER
    identifier = ids.new(now)
    _INSERT.run(
        session,
        id=identifier, account_id=to.id, kind=kind, actor_id=actor.id, held=held, created_at=now,
        post_id=facts["post"] or None, thanks_id=facts["thanks"] or None, report_id=facts["report"] or None,
    )  # fmt: skip
    if held:
        notice_policy.hold(session, account_id=to.id, from_id=actor.id)
        return
    if asked.devices:
        told = notice_types.type_of(kind, words=thanks is not None and thanks.message_post_id is not None)
        push.queue(
            session, account_id=to.id, actor_id=actor.id, told=told, notification_id=identifier, now=now
        )
    events.record(session, events.Notified(identifier, to.id))


def tell_moderators(session: Session, *, kind: str, actor: Account, report: Report | None = None) -> None:
    """Let every moderator and administrator know of something that the town has to look after."""
    people = session.scalars(
        select(Account)
        .join(Member, Member.account_id == Account.id)
        .where(Member.role.in_(MODERATORS), Member.state == "active")
    )
    for each in people:
        tell(session, to=each, kind=kind, actor=actor, report=report)


def forget_of_town(session: Session, account_id: int) -> None:
    """Somebody looks after the town no longer: what they were told for that, and by whom, is not theirs to read."""
    session.execute(
        delete(Notification).where(Notification.account_id == account_id, Notification.kind.in_(OF_THE_TOWN))
    )


def take_back(session: Session, *, to_id: int, kinds: frozenset[str], actor_id: int, post_id: int | None = None) -> None:
    """Remove what `actor` did to `to` and undid, such as a request to follow; with `post_id`, to that post."""
    session.flush()
    facts = {"me": to_id, "actor": actor_id, "kinds": kinds}
    if post_id is None:
        _TAKE_BACK.run(session, **facts)
    else:
        _TAKE_BACK_OF_POST.run(session, post=post_id, **facts)


def clear(session: Session, viewer: Viewer) -> None:
    """Put every stored notice away, but for what is held back: that has requests of its own."""
    session.execute(
        delete(Notification).where(
            Notification.account_id == viewer.account_id, Notification.held.is_(False)
        )
    )


def dismiss(session: Session, viewer: Viewer, *notice_ids: int) -> None:
    """Put stored notices away. Others' are left alone, and so is what was worked out: nothing stands behind it."""
    session.execute(
        delete(Notification).where(
            Notification.account_id == viewer.account_id, Notification.id.in_(notice_ids)
        )
    )


def page(session: Session, viewer: Viewer, *, max_id: int | None = None, limit: int = 20) -> list[Notice]:
    """The notices of `viewer`, newest first, with ids below `max_id`; what they may no longer see is left out.

    What came to their anonymous questions of the last ninety days is among them, worked out for this one look.
    """
    return listing(session, viewer, Wanted(limit=limit, max_id=max_id))


def unseen(session: Session, viewer: Viewer) -> int:
    """How many stored notices are new to `viewer`; counts no further than 10."""
    if viewer.account_id is None:
        return 0
    seen_at = (
        select(Member.notifications_seen_at).where(Member.account_id == viewer.account_id).scalar_subquery()
    )
    newest = (
        select(Notification.created_at)
        .where(Notification.account_id == viewer.account_id, Notification.held.is_(False))
        .order_by(Notification.id.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    counted = session.execute(select(func.count()).select_from(newest).where(newest.c.created_at > seen_at))
    return counted.scalar_one()


def mark_seen(session: Session, viewer: Viewer) -> None:
    """Everything up to the newest stored notice counts as seen.

    What is kept is the time of that notice, not of this visit: when a member was here is never noted.
    """
    if viewer.account_id is None:
        return
    newest = select(func.max(Notification.id)).where(Notification.account_id == viewer.account_id)
    newest_at = session.scalar(
        select(Notification.created_at).where(Notification.id == newest.scalar_subquery())
    )
    if newest_at is not None:
        _seen_until(session, viewer.account_id, newest_at)


def unread(session: Session, viewer: Viewer, wanted: Wanted) -> int:
    """How many stored notices, of what is wanted, came after what was read; counts up to `wanted.limit`."""
    return len(listing(session, viewer, unread_part(session, viewer, wanted)))


def unread_part(session: Session, viewer: Viewer, wanted: Wanted) -> Wanted:
    """`wanted`, cut to the stored notices that came after what the member's apps and pages say was read."""
    me = viewer.account_id or 0
    seen_at = session.scalar(select(Member.notifications_seen_at).where(Member.account_id == me)) or 0
    marked = session.scalar(
        select(Marker.last_read_id).where(Marker.account_id == me, Marker.timeline == "notifications")
    )
    return replace(wanted, since_id=max(marked or 0, ids.first_of(seen_at + 1) - 1), stored=True)


def read_up_to(session: Session, account_id: int, notice_id: int) -> int:
    """The newest stored notice of a member that is no newer than `notice_id`; up to it they count as seen. 0: none.

    What is kept of "read up to here" is always the id of a row of their own: an app may name a notice that was worked
    out for it, and to keep that one's id would join the asker to the question.
    """
    row = session.execute(
        select(Notification.id, Notification.created_at)
        .where(
            Notification.account_id == account_id, Notification.id <= notice_id, Notification.held.is_(False)
        )
        .order_by(Notification.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return 0
    _seen_until(session, account_id, row.created_at)
    return int(row.id)


def _seen_until(session: Session, account_id: int, moment: int) -> None:
    session.execute(
        update(Member)
        .where(Member.account_id == account_id, Member.notifications_seen_at < moment)
        .values(notifications_seen_at=moment)
    )


class _Asked(NamedTuple):
    """A row of `_ASKED`."""

    notification_policy: Any
    known: bool
    muted: bool
    unheard: bool
    devices: bool


def _policy(asked: _Asked) -> dict[str, str]:
    kept = asked.notification_policy
    policy: dict[str, str] = orjson.loads(kept) if isinstance(kept, str | bytes) else kept  # SQLite keeps text
    return policy or {}


def _is_unwanted(asked: _Asked, kind: str) -> bool:
    if asked.known and kind not in _TOLD_AGAIN:
        return True
    return bool(asked.muted or asked.unheard) and kind not in OF_THE_TOWN


_ME, _ACTOR = (bindparam(name, None, type_=Notification.id.type) for name in ("me", "actor"))


def _same(notice: Any, *, of_post: bool) -> ColumnElement[bool]:
    """Notices of a post are found by the post: one actor may have made thousands."""
    post, member = bindparam("post", None, type_=Notification.id.type), notice.account_id
    return and_(
        (member + 0 if of_post else member) == _ME,  # an expression, so that its index is not taken
        notice.actor_id == _ACTOR,
        notice.kind == bindparam("kind", None, type_=Notification.kind.type),
        notice.post_id == post if of_post else notice.post_id.is_(None),
        func.coalesce(notice.thanks_id, 0) == bindparam("thanks", None, type_=Notification.id.type),
        func.coalesce(notice.report_id, 0) == bindparam("report", None, type_=Notification.id.type),
    )


def _asked(*, of_post: bool) -> Select[*tuple[Any, ...]]:
    """Everything that decides whether a member is told, in one row."""
    mute = ThreadMute
    return select(
        Member.notification_policy,
        exists().where(_same(aliased(Notification), of_post=of_post)).label("known"),
        exists().where(mute.account_id == _ME, mute.root_id == bindparam("root", None, type_=Notification.id.type)).label("muted"),
        distance.unheard_by(_ME, _ACTOR, bindparam("now", None, type_=Notification.id.type)).label("unheard"),
        exists().where(PushSubscription.account_id == _ME).label("devices"),
    ).where(Member.account_id == _ME)


def _taken_back(dialect: str, of_post: ColumnElement[bool]) -> Any:
    return delete(_notices).where(
        _notices.c.account_id == param("me"),
        _notices.c.actor_id == param("actor"),
        among_texts(_notices.c.kind, "kinds", dialect),
        of_post,
    )


_notices = cast("Table", Notification.__table__)
_ASKED = Prepared(lambda _dialect: _asked(of_post=False))
_ASKED_OF_POST = Prepared(lambda _dialect: _asked(of_post=True))
_SAME = Prepared(lambda _dialect: delete(_notices).where(_same(_notices.c, of_post=False)))
_SAME_OF_POST = Prepared(lambda _dialect: delete(_notices).where(_same(_notices.c, of_post=True)))
_TAKE_BACK = Prepared(lambda dialect: _taken_back(dialect, _notices.c.post_id.is_(None)))
_TAKE_BACK_OF_POST = Prepared(lambda dialect: _taken_back(dialect, _notices.c.post_id == param("post")))
_INSERT = Prepared(
    lambda _dialect: insert(_notices).values(
        {each.name: bindparam(each.name, None, type_=each.type) for each in _notices.columns}
    )
)
