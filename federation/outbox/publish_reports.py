"""Reports on their way out: told to the town of the account, by the town itself, so that nobody learns who asked for it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, founding
from community.models import Account, Post, Report
from federation.outbox import addressing, sayings
from federation.vocabulary import activities


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.ReportFiled, report_filed)


def report_filed(session: Session, event: events.ReportFiled) -> None:
    """Flag to the reported account's server, if the reporter wanted that."""
    report = session.get_one(Report, event.report_id)
    target = session.get_one(Account, report.target_id)
    if not report.forwarded or target.local:
        return
    town_itself = founding.instance_account(session)
    told = select(Post.uri).where(Post.id.in_(report.post_ids)).order_by(Post.id)
    activity = activities.flag(
        report.uri, town_itself, target, [*session.scalars(told)], comment=report.comment, now=report.created_at
    )
    inboxes = addressing.of_accounts(session, (target,))
    sayings.say(session, town_itself, activity, inboxes, about=report.uri, at=report.created_at)
