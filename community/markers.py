"""Markers: how far an app says that its member has read. For the member's other apps alone; nobody else sees it.

No time of a visit is kept: what counts as the time of a marker is that of the newest thing which was read.
"""

from collections.abc import Iterable, Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import ids, inserts, notifications, town
from community.errors import Conflict
from community.models import Marker

TIMELINES = ("home", "notifications")


def of(session: Session, account_id: int, timelines: Iterable[str] = TIMELINES) -> dict[str, Marker]:
    """The markers that were set, by timeline."""
    rows = session.scalars(
        select(Marker).where(Marker.account_id == account_id, Marker.timeline.in_(list(timelines))),
        execution_options={"populate_existing": True},
    )
    return {row.timeline: row for row in rows}


def put(session: Session, *, account_id: int, read: Mapping[str, int]) -> dict[str, Marker]:
    """Move markers to what was read last, forwards or back; gives those that were named.

    For notices it is the newest stored one up to there (`notifications.read_up_to`), which the pages count as seen too.
    Conflict if another app of the member moved the same marker in this moment.
    """
    known = of(session, account_id, read)
    for timeline, last_read_id in read.items():
        if timeline == "notifications":
            last_read_id = notifications.read_up_to(session, account_id, last_read_id)  # noqa: PLW2901
        _move(session, account_id, timeline, last_read_id, known.get(timeline))
    return of(session, account_id, read)


def _move(session: Session, account_id: int, timeline: str, last_read_id: int, known: Marker | None) -> None:
    facts = {"last_read_id": last_read_id, "updated_at": min(ids.moment(last_read_id), town.now(session))}
    if known is None:
        moved = inserts.new_row(session, Marker, account_id=account_id, timeline=timeline, version=1, **facts)
    else:
        statement = update(Marker).where(
            Marker.account_id == account_id, Marker.timeline == timeline, Marker.version == known.version
        )
        changed = session.execute(
            statement.values(version=known.version + 1, **facts).returning(Marker.version),
            execution_options={"synchronize_session": False},
        )
        moved = changed.first() is not None
    if not moved:
        raise Conflict("ほかのアプリが同じときに既読を動かしました。もう一度お試しください。")
