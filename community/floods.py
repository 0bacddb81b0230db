"""What strangers of other servers may do to a member's お知らせ: so much in an hour, and from new servers by request alone.

`[limits]` says how much, and switches it off. Who is silenced (`quiet`) is heard by request alone, whatever it says. Whom
a member follows is no stranger. Everything stands where it was said all the same: this is about notices.
"""

from typing import Any, cast

from sqlalchemy import Table, select
from sqlalchemy.orm import Session

from community import ids, town
from community.models import LOCAL, Account, Follow, Notification, NotificationSender
from community.notice_policy import ACCEPT, ACCEPTED, DROP, FILTER, is_uncalled
from community.storage.prepared import Prepared, param, text_param

HOUR = 3_600_000  # milliseconds


def verdict(session: Session, *, to: Account, actor: Account, kind: str) -> str:
    """ACCEPT, FILTER (it waits in a request) or DROP for something that `actor` did to the member `to`."""
    limits = town.of(session).settings.limits
    silenced, counted = actor.silenced_at is not None, limits.enabled and actor.domain != LOCAL
    if not (silenced or counted) or not is_uncalled(kind) or _follows(session, to.id, actor.id):
        return ACCEPT
    now = town.now(session)
    since = ids.first_of(now - HOUR)
    most = limits.strangers_notices
    if counted and _TOLD.rows(session, me=to.id, actor=actor.id, since=since, most=most - 1):
        return DROP
    if silenced:
        return ACCEPT if _LET_IN.rows(session, me=to.id, actor=actor.id) else FILTER
    old = ids.first_of(now - limits.quarantine_hours * HOUR)
    new = limits.quarantine_hours > 0 and not _MET.rows(session, domain=actor.domain, old=old)
    return FILTER if new and not _LET_IN.rows(session, me=to.id, actor=actor.id) else ACCEPT


def _follows(session: Session, follower: int, followee: int) -> bool:
    return bool(_FOLLOWS.rows(session, follower=follower, followee=followee))


_follow, _notice, _account, _sender = (
    cast("Table", model.__table__).c for model in (Follow, Notification, Account, NotificationSender)
)
_FOLLOWS = Prepared(
    lambda _dialect: select(_follow.id).where(
        _follow.follower_id == param("follower"), _follow.followee_id == param("followee"), _follow.state == "accepted"
    )
)


def _told() -> Any:
    """The last of so many notices of one person to one member; an index has just those."""
    return (
        select(_notice.id)
        .where(
            _notice.account_id == param("me"), _notice.actor_id == param("actor"), _notice.id >= param("since")
        )
        .limit(1)
        .offset(param("most"))
    )


_LET_IN = Prepared(
    lambda _dialect: select(_sender.id).where(
        _sender.account_id == param("me"), _sender.from_id == param("actor"), _sender.state == ACCEPTED
    )
)
_TOLD = Prepared(lambda _dialect: _told())
_MET = Prepared(
    # The id of an account is of the moment in which it was met.
    lambda _dialect: select(_account.id)
    .where(_account.domain == text_param("domain"), _account.id < param("old"))
    .limit(1)
)
