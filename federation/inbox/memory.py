"""What was taken back before it came: an Undo or Delete may overtake the Like, Follow or Create it speaks of.

The rows stand among the inbox items, done and without a body, under a name that no activity can have.
"""

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import ids, inserts, town
from community.storage.prepared import Prepared, among_texts, param
from federation.inbox.inbound import Inbound
from federation.models import InboxItem
from federation.vocabulary.reading import authority

KEPT = 6 * 3_600_000
"""For how long (milliseconds) a withdrawal waits for what it withdraws."""

DONE = "done"

_item = InboxItem.__table__.c
_WITHDRAWN = Prepared(
    lambda dialect: select(_item.id)
    .where(among_texts(_item.activity_uri, "names", dialect), _item.received_at >= param("since"))
    .limit(1)
)


def remember_withdrawn(session: Session, inbound: Inbound, withdrawn: str) -> None:
    """Keep in mind that the actor of `inbound` took `withdrawn`, an id that is not known here, back."""
    values = _row(inbound, _name(inbound.actor_uri, withdrawn), town.now(session))
    if not inserts.new_row(session, InboxItem, **values):
        session.execute(
            update(InboxItem)
            .where(InboxItem.activity_uri == values["activity_uri"])
            .values(received_at=values["received_at"])
        )


def is_withdrawn(session: Session, actor_uri: str, *uris: str) -> bool:
    """Whether `actor_uri` took one of `uris` back lately, before it came."""
    names = [_name(actor_uri, uri) for uri in uris]
    return bool(_WITHDRAWN.rows(session, names=names, since=town.now(session) - KEPT))


def has_happened(session: Session, activity_uri: str) -> bool:
    """Whether an activity had its effect already, however it came."""
    found = session.scalar(
        select(InboxItem.id).where(InboxItem.activity_uri == activity_uri, InboxItem.state == DONE)
    )
    return found is not None


def remember_happened(session: Session, inbound: Inbound) -> None:
    """Keep in mind that an announced activity had its effect, so that the same one, sent directly, has none."""
    if not inserts.new_row(session, InboxItem, **_row(inbound, inbound.id, town.now(session))):
        session.execute(
            update(InboxItem)
            .where(InboxItem.activity_uri == inbound.id)
            .values(state=DONE, body=b"", error="")
        )


def _row(inbound: Inbound, name: str, now: int) -> dict[str, object]:
    return {
        "id": ids.new(now),
        "activity_uri": name,
        "host": authority(inbound.actor_uri) or "",
        "actor_uri": inbound.actor_uri,
        "type": inbound.type[:32],
        "body": b"",
        "state": DONE,
        "next_attempt_at": now,
        "received_at": now,
    }


def _name(actor_uri: str, uri: str) -> str:
    return f"withdrawn {uri} {actor_uri}"
