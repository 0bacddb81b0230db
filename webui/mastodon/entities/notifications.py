"""Notification, its groups, the policy and its requests (client-API reference §2). `community.notice_types` says what
each kind of ours is to an app; the kind itself stands under `machi`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import notice_groups, notice_lists, town
from community.models import Account, Report
from community.notice_groups import Group
from community.notice_lists import Notice
from community.notice_policy import Request, Summary
from community.visibility import Viewer
from webui.mastodon.entities import accounts, pictures, reports, statuses
from webui.mastodon.entities.times import iso

Entity = dict[str, Any]
_WITH_STATUS = frozenset(
    {"mention", "status", "reblog", "favourite", "poll", "update", "quote", "quoted_update"}
)


class _Around:
    """What the notices of a page speak of, in a fixed number of queries. Those whose post meets a hiding filter, or
    whose post or author cannot be shown, are not `shown`.
    """

    def __init__(self, session: Session, viewer: Viewer, notices: Sequence[Notice]) -> None:
        hidden = notice_lists.hidden_by_filters(session, viewer, list(notices))
        wanted = [it for it in notices if it.id not in hidden]
        self.accounts = accounts.by_id(session, viewer, {it.actor_id for it in wanted})
        self.statuses = statuses.by_id(
            session, viewer, {it.shown_post_id for it in wanted if it.shown_post_id is not None}, context="notifications"
        )
        self.reports = _reports(session, viewer, {it.report_id for it in wanted if it.report_id is not None})
        self.shown = [it for it in wanted if self._can_show(it)]

    def _can_show(self, notice: Notice) -> bool:
        if notice.actor_id not in self.accounts:
            return False
        if notice.type == "admin.report":
            return notice.report_id in self.reports
        return notice.type not in _WITH_STATUS or notice.shown_post_id in self.statuses


def many(
    session: Session, viewer: Viewer, notices: Sequence[Notice], *, grouped: bool = True
) -> list[Entity]:
    """The notices in their order; what cannot be shown, or is hidden by a filter, is left out."""
    around = _Around(session, viewer, notices)
    keys = notice_groups.GROUPED if grouped else frozenset[str]()
    return [_single(it, around, keys) for it in around.shown]


def grouped(
    session: Session, viewer: Viewer, groups: Sequence[Group], *, partial: bool = False, paged: bool = True
) -> Entity:
    """GroupedNotificationsResults. With `partial` only the latest person of each group is a whole account."""
    around = _Around(session, viewer, [it for group in groups for it in group.notices])
    shown_ids = {it.id for it in around.shown}
    kept = [group for group in groups if any(it.id in shown_ids for it in group.notices)]
    made, people, latest, posts = [], [], [], []
    for group in kept:
        seen = [it for it in group.people if it in around.accounts]
        made.append(_group(group, seen, around, paged=paged))
        people += seen
        latest += seen[:1]
        if group.newest.shown_post_id in around.statuses and group.type in _WITH_STATUS:
            posts.append(group.newest.shown_post_id)
    whole = dict.fromkeys(latest if partial else people)
    result: Entity = {
        "accounts": [around.accounts[it] for it in whole],
        "statuses": [around.statuses[it] for it in dict.fromkeys(posts) if it is not None],
        "notification_groups": made,
    }
    if partial:
        others = [it for it in dict.fromkeys(people) if it not in whole]
        result["partial_accounts"] = _partial(session, others)
    return result


def policy(rules: Mapping[str, str], summary: Summary) -> Entity:
    """NotificationPolicy (v2)."""
    return {**rules, "summary": _summary(summary)}


def old_policy(rules: Mapping[str, str], summary: Summary) -> Entity:
    """The policy as v1 knew it: accept or not."""
    return {
        **{f"filter_{rule.removeprefix('for_')}": rules[rule] != "accept" for rule in OLD_RULES},
        "summary": _summary(summary),
    }


OLD_RULES = ("for_not_following", "for_not_followers", "for_new_accounts", "for_private_mentions")


def waiting(session: Session, viewer: Viewer, rows: Sequence[Request]) -> list[Entity]:
    """NotificationRequest for each row; those of accounts that are gone are left out."""
    people = accounts.by_id(session, viewer, {it.from_id for it in rows})
    posts = statuses.by_id(session, viewer, {it.last_post_id for it in rows if it.last_post_id is not None})
    return [
        {
            "id": str(it.id),
            "created_at": iso(it.created_at),
            "updated_at": iso(it.updated_at),
            "notifications_count": str(it.count),
            "account": people[it.from_id],
            "last_status": posts.get(it.last_post_id or 0),
        }
        for it in rows
        if it.from_id in people
    ]


def _single(notice: Notice, around: _Around, keys: frozenset[str]) -> Entity:
    entity: Entity = {
        "id": str(notice.id),
        "type": notice.type,
        "created_at": iso(notice.created_at),
        "group_key": notice_groups.key(notice, keys),
        "account": around.accounts[notice.actor_id],
        "machi": _own(notice),
    }
    if notice.type in _WITH_STATUS:
        entity["status"] = around.statuses[notice.shown_post_id or 0]
    if notice.type == "admin.report":
        entity["report"] = around.reports[notice.report_id or 0]
    return entity


def _group(group: Group, people: Sequence[int], around: _Around, *, paged: bool) -> Entity:
    newest = group.newest
    entity: Entity = {
        "group_key": group.key,
        "notifications_count": group.count,
        "type": group.type,
        "most_recent_notification_id": newest.id,
        "sample_account_ids": [str(it) for it in people],
        "machi": _own(newest),
    }
    if paged:
        entity |= {
            "page_min_id": str(group.notices[-1].id),
            "page_max_id": str(newest.id),
            "latest_page_notification_at": iso(newest.created_at),
        }
    if group.type in _WITH_STATUS:
        entity["status_id"] = str(newest.shown_post_id)
    if group.type == "admin.report":
        entity["report"] = around.reports[newest.report_id or 0]
    return entity


def _own(notice: Notice) -> Entity:
    """What is ours about it. `anonymous`: it came to a question that the viewer asked with the name tag hidden."""
    own: Entity = {"kind": notice.kind}
    if notice.kind in ("thanks", "chosen"):
        own["answer_id"] = str(notice.post_id)
    if notice.kind == "thanks":
        own["tone"] = notice.tone
    if notice.anonymous:
        own["anonymous"] = True
    return own


def _summary(summary: Summary) -> Entity:
    return {
        "pending_requests_count": summary.senders,
        "pending_notifications_count": summary.notifications,
    }


def _partial(session: Session, ids: Iterable[int]) -> list[Entity]:
    """PartialAccountWithAvatar, in the order of `ids`."""
    wanted, origin = list(ids), town.of(session).uris.origin
    rows = {it.id: it for it in session.scalars(select(Account).where(Account.id.in_(wanted)))}
    found = [rows[it] for it in wanted if it in rows]
    return [
        {
            "id": str(it.id),
            "acct": it.handle,
            "locked": it.locked,
            "bot": it.bot,
            "url": it.url or it.uri,
            "avatar": pictures.avatar(it, origin),
            "avatar_static": pictures.avatar(it, origin),
        }
        for it in found
    ]


def _reports(session: Session, viewer: Viewer, ids: set[int]) -> dict[int, Entity]:
    if not ids:
        return {}
    rows = session.scalars(select(Report).where(Report.id.in_(ids))).all()
    return {int(told["id"]): told for told in reports.many(session, viewer, rows)}
