"""通報: somebody asks the town to look at an account or at some posts. Only who looks after the town learns who asked."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from community import events, ids, notifications, text, town, veils
from community.errors import Invalid, NotFound, TooMany
from community.models import Account, Member, Post, Report
from community.promises import PROMISES
from community.visibility import Viewer, viewer_of, visible_to

SPAM, LEGAL, VIOLATION, OTHER = "spam", "legal", "violation", "other"
CATEGORIES = (SPAM, LEGAL, VIOLATION, OTHER)
COMMENT_MOST, FOREIGN_COMMENT_MOST = 1_000, 5_000
"""Characters of what a member writes, and of what is kept of a report from elsewhere."""

POSTS_MOST = 50
A_DAY, DAILY_MOST = 86_400_000, 30
HOST_DAILY_MOST = 100
"""Reports of one server that are kept within a day."""

MODERATORS = ("moderator", "admin")
_NOT_HERE = "その通報は見つかりませんでした。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What somebody says: about which posts, against which of まちの約束 (their numbers), why."""

    post_ids: Sequence[int] = ()
    rule_ids: Sequence[int] = ()
    category: str = OTHER
    comment: str = ""


def file(
    session: Session,
    *,
    reporter: Account,
    target: Account,
    complaint: Complaint,
    forward: bool = False,
    uri: str | None = None,
) -> Report:
    """Keep a report and tell the moderators. Of the posts those count that `target` wrote and `reporter` may see; a
    promise that was broken makes it a violation. `forward` asks to tell the town of a remote `target` too, without a
    name; `uri` is that of a report from elsewhere, which comes once.

    NotFound for a target that is gone, Invalid with the field account_id (oneself) or comment, TooMany for a member or a
    server that reports without end.
    """
    target = _whom(session, reporter, target, complaint.post_ids)
    known = None if uri is None else session.scalar(select(Report).where(Report.uri == uri))
    if known is not None:
        return known
    if target.deleted_at is not None:
        raise NotFound("お探しの人は見つかりませんでした。")
    if target.id == reporter.id:
        raise Invalid("account_id", "ご自分を通報することはできません。")
    comment = text.storable(complaint.comment).strip()
    if uri is None:
        if len(comment) > COMMENT_MOST:
            raise Invalid("comment", "%(most)s文字までで書いてください。", most=COMMENT_MOST)
        _keep_calm(session, reporter)
    else:
        _keep_calm_with(session, reporter.domain)
    now = town.now(session)
    number = ids.new(now)
    report = Report(
        id=number,
        uri=uri or town.of(session).uris.activity(number),
        account_id=reporter.id,
        target_id=target.id,
        post_ids=_posts(session, reporter, target, complaint.post_ids),
        comment=comment[:FOREIGN_COMMENT_MOST],
        forwarded=forward and reporter.local and not target.local,
        created_at=now,
        updated_at=now,
    )
    _classify(report, complaint.category, complaint.rule_ids)
    session.add(report)
    session.flush()
    _tell(session, report, reporter)
    events.record(session, events.ReportFiled(report.id))
    return report


def require(session: Session, viewer: Viewer, report_id: int) -> Report:
    """A report that `viewer` may look after: never one about themselves. Raises NotFound."""
    row = session.scalar(select(Report).where(Report.id == report_id, shown_to(viewer)))
    if row is None:
        raise NotFound(_NOT_HERE)
    return row


def shown_to(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on Report: nobody looks after reports about themselves, and no moderator after those of people who
    are veiled from them. Administrators do: they have the database.
    """
    of_others = Report.target_id != (viewer.account_id or 0)
    if viewer.role == "admin":
        return of_others
    return and_(of_others, ~veils.veiled(viewer, Report.target_id), ~veils.veiled(viewer, Report.account_id))


def waiting(session: Session, viewer: Viewer, *, limit: int = 50) -> list[Report]:
    """The reports that nobody has settled yet, the oldest first."""
    rows = select(Report).where(Report.action_taken_at.is_(None), shown_to(viewer)).order_by(Report.id)
    return list(session.scalars(rows.limit(limit)))


def update(
    session: Session, report: Report, *, category: str | None = None, rule_ids: Sequence[int] | None = None
) -> Report:
    """Put a report under another heading."""
    _classify(report, category or report.category, report.rule_ids if rule_ids is None else rule_ids)
    return _touched(session, report)


def assign(session: Session, report: Report, *, to: int | None) -> Report:
    """Have a moderator look after it, or nobody."""
    report.assigned_id = to
    return _touched(session, report)


def resolve(session: Session, report: Report, *, by: int) -> Report:
    """It is settled; again changes nothing."""
    if report.action_taken_at is None:
        report.action_taken_at, report.action_taken_by_id = town.now(session), by
    return _touched(session, report)


def reopen(session: Session, report: Report) -> Report:
    """It is not settled after all."""
    report.action_taken_at = report.action_taken_by_id = None
    return _touched(session, report)


def _classify(report: Report, category: str, rule_ids: Iterable[int]) -> None:
    kept = [each for each in dict.fromkeys(rule_ids) if each in PROMISES]
    report.category = VIOLATION if kept else category if category in CATEGORIES else OTHER
    report.rule_ids = kept if report.category == VIOLATION else []


def _whom(session: Session, reporter: Account, target: Account, post_ids: Sequence[int]) -> Account:
    """Whom a report is about: who reports だれかさん for what a veiled person wrote means that person."""
    if target.kind != "relay" or not reporter.local or not post_ids:
        return target
    seen = select(Post.author_id).where(Post.id.in_(post_ids[:POSTS_MOST]), visible_to(viewer_of(session, reporter)))
    authors = veils.among_these(session, viewer_of(session, reporter), session.scalars(seen).all())
    return session.get_one(Account, min(authors)) if authors else target


def _posts(session: Session, reporter: Account, target: Account, wanted: Sequence[int]) -> list[int]:
    """Those of `wanted` that the report can be about. What another server names, it has seen."""
    if not wanted:
        return []
    rows = select(Post.id).where(Post.id.in_(list(wanted)[:POSTS_MOST]), Post.author_id == target.id)
    if reporter.local:
        rows = rows.where(visible_to(viewer_of(session, reporter)))
    return sorted(session.scalars(rows))


def _tell(session: Session, report: Report, reporter: Account) -> None:
    """Every moderator hears of it who may look after it."""
    people = (
        select(Account)
        .join(Member, Member.account_id == Account.id)
        .where(Member.role.in_(MODERATORS), Member.state == "active")
    )
    for each in session.scalars(people).all():
        viewer = viewer_of(session, each)
        if session.scalar(select(Report.id).where(Report.id == report.id, shown_to(viewer))) is not None:
            notifications.tell(session, to=each, kind="report", actor=reporter, report=report)


def _keep_calm(session: Session, reporter: Account) -> None:
    if not town.of(session).settings.limits.enabled:
        return
    since = town.now(session) - A_DAY
    lately = select(func.count()).where(Report.account_id == reporter.id, Report.created_at > since)
    if (session.scalar(lately) or 0) >= DAILY_MOST:
        raise TooMany("今日の通報は、たしかに受け取りました。続きは、明日お知らせください。", retry_after=3600)


def _keep_calm_with(session: Session, domain: str) -> None:
    if not town.of(session).settings.limits.enabled:
        return
    since = town.now(session) - A_DAY
    lately = select(func.count()).select_from(Report).join(Account, Account.id == Report.account_id)
    if (session.scalar(lately.where(Account.domain == domain, Report.created_at > since)) or 0) >= HOST_DAILY_MOST:
        raise TooMany("そのまちからの通報が、今日はもうたくさん届いています。", retry_after=3600)


def _touched(session: Session, report: Report) -> Report:
    report.updated_at = town.now(session)
    session.flush()
    return report
