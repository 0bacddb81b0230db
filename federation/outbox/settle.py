"""What became of deliveries, written for many hosts in one unit of work, and the next lanes to drive with it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from community import town
from community.models import Account
from community.storage.prepared import Prepared, among, param, text_param
from federation import errands
from federation.models import Delivery, RemoteActor
from federation.outbox import lanes, retirement, retry
from federation.outbox.claiming import Drive, Letter
from federation.outbox.lanes import PENDING
from federation.outbox.retry import Outcome, Verdict

DONE, FAILED = "done", "failed"
_GONE = 410
_LONGEST_ERROR = 300
_FOR_GOOD = 8  # failures: the first at which a host of which a week has passed is tried but weekly
_DELIVERIES = cast("Table", Delivery.__table__)


@dataclass(slots=True)
class Report:
    """How a drive went: the letters that were tried, in order. The others stay where they are."""

    drive: Drive
    tried: list[tuple[Letter, Outcome]] = field(default_factory=list)

    @property
    def last(self) -> Verdict | None:
        """What the last letter came to; None if there was no time for any."""
        if not self.tried:
            return None
        letter, outcome = self.tried[-1]
        return retry.verdict(outcome, letter.attempts + 1)


def settle(session: Session, reports: Sequence[Report], random: Callable[[], float]) -> None:
    """Write the outcomes and give the lanes back. A drive that outlasted its lease writes nothing: its lane is another
    worker's by now, and what was sent twice is known to the receiver by its id.
    """
    if not reports:
        return
    now = town.now(session)
    held = lanes.held(session, ((each.drive.host, each.drive.lease) for each in reports))
    mine = [each for each in reports if each.drive.host in held]
    _write(session, mine, now)
    lanes.give_back(session, [each.drive.host for each in mine if each.last is None], now, answered=False)
    well = [each.drive for each in mine if each.last not in (None, Verdict.LATER)]
    retirement.revive(session, [drive.host for drive in well if drive.failures])
    lanes.give_back(session, [drive.host for drive in well], now, answered=True)
    for report in mine:
        if report.last is Verdict.LATER:
            _pause(session, report, now, random)
    for report in mine:
        _say_farewell(session, report, now)


def _write(session: Session, reports: Iterable[Report], now: int) -> None:
    delivered: dict[int, list[int]] = {}
    failed: list[dict[str, object]] = []
    later: list[dict[str, object]] = []
    for report in reports:
        for letter, outcome in report.tried:
            verdict = retry.verdict(outcome, letter.attempts + 1)
            if verdict is Verdict.DELIVERED:
                delivered.setdefault(outcome.status or 0, []).append(letter.id)
            else:
                row: dict[str, object] = {"this": letter.id, "status": outcome.status, "error": outcome.error[:_LONGEST_ERROR]}
                (later if verdict is Verdict.LATER else failed).append(row)
    for status, letters in delivered.items():
        _DELIVERED.run(session, letters=letters, status=status, now=now)
    _REFUSED.run_many(session, [row | {"now": now} for row in failed])
    _TRIED.run_many(session, later)


def _pause(session: Session, report: Report, now: int, random: Callable[[], float]) -> None:
    """The host is in trouble: its lane waits, and what is too old is given up; after a week the host is as well."""
    drive = report.drive
    # A letter that went through on this very drive shows that the host was not failing until now.
    first = len(report.tried) > 1 or drive.failing_since is None
    failures = 1 if first else drive.failures + 1
    since = now if drive.failing_since is None or first else drive.failing_since
    _give_up(session, drive.host, until=now - retry.GIVE_UP_AFTER, now=now)
    if now - since >= retry.GIVE_UP_AFTER:
        retirement.retire(session, drive.host, now)
    pause = report.tried[-1][1].retry_after
    until = retry.next_attempt(failures, now, random, since=since, retry_after=pause)
    lanes.pause(session, drive.host, until=until, failures=failures, since=since)


def _say_farewell(session: Session, report: Report, now: int) -> None:
    """410: whoever lived at a personal inbox is asked for once more, and forgotten if they are gone; a host whose shared
    inbox is gone is gone itself (federation reference §2.5).
    """
    for letter, outcome in report.tried:
        if outcome.status != _GONE:
            continue
        here = select(RemoteActor.account_id).where(RemoteActor.host == report.drive.host)
        if session.execute(here.where(RemoteActor.shared_inbox == letter.inbox).limit(1)).first() is not None:
            _close(session, report.drive.host, now)
            return
        owner = here.where(RemoteActor.inbox == letter.inbox).limit(1).scalar_subquery()
        uri = session.execute(
            select(Account.uri).where(Account.id == owner, Account.deleted_at.is_(None))
        ).scalar_one_or_none()
        if uri is not None:
            errands.enqueue(session, errands.PROFILE, uri)


def _close(session: Session, host: str, now: int) -> None:
    """The host is gone: what waits for it is given up, and it is looked at as one that has failed for a week."""
    retirement.retire(session, host, now)
    _give_up(session, host, until=now, now=now)
    lanes.pause(
        session, host, until=now + retry.PROBE_EVERY, failures=_FOR_GOOD, since=now - retry.GIVE_UP_AFTER
    )


def _give_up(session: Session, host: str, *, until: int, now: int) -> None:
    """What was queued for `host` until then fails for good."""
    _GIVE_UP.run(session, host=host, until=until, now=now)


def _refused(**more: Any) -> Any:
    return (
        update(_DELIVERIES)
        .where(_DELIVERIES.c.id == param("this"))
        .values(
            attempts=_DELIVERIES.c.attempts + 1, status=param("status"), error=text_param("error"), **more
        )
    )


_DELIVERED = Prepared(
    lambda dialect: update(_DELIVERIES)
    .where(among(_DELIVERIES.c.id, "letters", dialect))
    .values(
        state=DONE, attempts=_DELIVERIES.c.attempts + 1, status=param("status"), error="", done_at=param("now")
    )
)
_REFUSED = Prepared(lambda _dialect: _refused(state=FAILED, done_at=param("now")))
_TRIED = Prepared(
    # A letter that waits may have been dropped meanwhile: its state stays its own.
    lambda _dialect: _refused()
)
_GIVE_UP = Prepared(
    lambda _dialect: update(_DELIVERIES)
    .where(
        _DELIVERIES.c.host == text_param("host"),
        _DELIVERIES.c.state == PENDING,
        _DELIVERIES.c.created_at <= param("until"),
    )
    .values(state=FAILED, done_at=param("now"))
)
