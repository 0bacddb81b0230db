"""What became of deliveries, written for many hosts in one unit of work, and the next lanes to drive with it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from community import town
from federation.models import Delivery
from federation.outbox import lanes, retry
from federation.outbox.lanes import Drive, Letter
from federation.outbox.retry import Outcome, Verdict

_LONGEST_ERROR = 300


@dataclass(slots=True)
class Report:
    """How a drive went: the letters that were tried, in order. The others stay where they are."""

    drive: Drive
    tried: list[tuple[Letter, Outcome]] = field(default_factory=list)


def settle(session: Session, reports: Sequence[Report], random: Callable[[], float]) -> None:
    """Write the outcomes and give the lanes back. A drive that outlasted its lease writes nothing: its lane is another
    worker's by now, and what was sent twice is known to the receiver by its id.
    """
    now = town.now(session)
    rows: dict[Verdict, list[dict[str, Any]]] = {verdict: [] for verdict in Verdict}
    for report in sorted(reports, key=lambda each: each.drive.host):  # all lock lanes in one order
        if not lanes.is_mine(session, report.drive):
            continue
        for letter, outcome in report.tried:
            verdict = retry.verdict(outcome, letter.attempts + 1)
            rows[verdict].append(_row(letter, outcome, verdict, now))
        _give_back(session, report, now, random)
    for verdict in Verdict:
        if rows[verdict]:
            session.execute(update(Delivery), rows[verdict])


def _row(letter: Letter, outcome: Outcome, verdict: Verdict, now: int) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": letter.id,
        "attempts": letter.attempts + 1,
        "status": outcome.status,
        "error": "" if verdict is Verdict.DELIVERED else outcome.error[:_LONGEST_ERROR],
    }
    if (
        verdict is not Verdict.LATER
    ):  # a letter that waits may have been dropped meanwhile: its state stays its own
        row |= {"state": "done" if verdict is Verdict.DELIVERED else "failed", "done_at": now}
    return row


def _give_back(session: Session, report: Report, now: int, random: Callable[[], float]) -> None:
    drive = report.drive
    letter, outcome = report.tried[-1] if report.tried else (None, None)
    if letter is None or outcome is None:
        lanes.release(
            session,
            drive.host,
            next_attempt_at=now,
            failures=drive.failures,
            failing_since=drive.failing_since,
        )
        return
    if retry.verdict(outcome, letter.attempts + 1) is not Verdict.LATER:
        lanes.release(session, drive.host, next_attempt_at=now, failures=0, failing_since=None)
        return
    # A letter that went through on this very drive shows that the host was not failing until now.
    first = len(report.tried) > 1 or drive.failing_since is None
    failures = 1 if first else drive.failures + 1
    since = now if drive.failing_since is None or first else drive.failing_since
    _give_up(session, drive.host, now)
    lanes.release(
        session,
        drive.host,
        next_attempt_at=retry.next_attempt(
            failures, now, random, since=since, retry_after=outcome.retry_after
        ),
        failures=failures,
        failing_since=since,
    )


def _give_up(session: Session, host: str, now: int) -> None:
    session.execute(
        update(Delivery)
        .where(
            Delivery.host == host,
            Delivery.state == "pending",
            Delivery.created_at <= now - retry.GIVE_UP_AFTER,
        )
        .values(state="failed", done_at=now)
    )
