"""What was sent to whom is kept while something may follow from it, and no longer (docs/decisions/0021).

Where an activity went is asked when its object changes or goes. After `KEPT` nobody asks for what everybody may see: its
Delete goes to every server that this town knows. Of what was said to some alone it is kept for good, and of what
has one receiver and may be taken back.
"""

from dataclasses import dataclass

from sqlalchemy import delete, exists, select
from sqlalchemy.orm import Session

from community import ids
from community.models import Post
from federation.models import Delivery, OutboxItem
from federation.outbox.lanes import PENDING

KEPT = 90 * 86_400_000
"""How long (ms) it is known where something went."""

LOOKED_AT_ONCE = 2_000
"""Rows that one unit of work looks at."""

_SAID_TO_MANY = (
    "Create", "Update", "Delete", "Announce", "Accept", "Reject", "Undo", "Add", "Remove", "Flag", "Move",
)  # fmt: skip
_SAID_ONCE = ("Update", "Accept", "Reject", "Undo", "Add", "Remove", "Flag")
"""Of these the words go too: no object is made of them, and no later activity names them."""

_SHOWN = ("open", "unlisted")


@dataclass(frozen=True, slots=True)
class Swept:
    """How far a sweep came, by id, in the deliveries and in what was said; `more` if it has not come to the end."""

    deliveries: int = 0
    items: int = 0
    more: bool = True


def is_forgotten(number: int, now: int) -> bool:
    """Whether it is known no more where the activity `number` went."""
    return number < ids.first_of(now - KEPT)


def sweep(session: Session, now: int, since: Swept) -> Swept:
    """Look at the next rows that are old enough, and remove those that nothing will ask for again."""
    before = ids.first_of(now - KEPT)
    letters = _sweep_deliveries(session, since.deliveries, before)
    items = _sweep_items(session, since.items, before) if letters is None else since.items
    more = letters is not None or items is not None
    return Swept(letters or since.deliveries, items or since.items, more)


def _sweep_deliveries(session: Session, after: int, before: int) -> int | None:
    """The last id that was looked at, None if there was none left to look at."""
    rows = session.execute(
        select(Delivery.id, Delivery.state, OutboxItem.type, Post.visibility, Post.deleted_at)
        .join(OutboxItem, OutboxItem.id == Delivery.outbox_item_id)
        .outerjoin(Post, Post.id == OutboxItem.post_id)
        .where(Delivery.id > after, Delivery.id < before)
        .order_by(Delivery.id)
        .limit(LOOKED_AT_ONCE)
    ).all()
    gone = [
        row.id
        for row in rows
        if row.state != PENDING
        and row.type in _SAID_TO_MANY
        and (row.visibility is None or row.visibility in _SHOWN or row.deleted_at is not None)
    ]
    if gone:
        session.execute(
            delete(Delivery).where(Delivery.id.in_(gone)).execution_options(synchronize_session=False)
        )
    return rows[-1].id if rows else None


def _sweep_items(session: Session, after: int, before: int) -> int | None:
    sent = exists().where(Delivery.outbox_item_id == OutboxItem.id)
    rows = session.execute(
        select(OutboxItem.id, OutboxItem.type, OutboxItem.public, sent.label("sent"))
        .where(OutboxItem.id > after, OutboxItem.id < before)
        .order_by(OutboxItem.id)
        .limit(LOOKED_AT_ONCE)
    ).all()
    gone = [row.id for row in rows if row.type in _SAID_ONCE and not row.public and not row.sent]
    if gone:
        session.execute(
            delete(OutboxItem).where(OutboxItem.id.in_(gone)).execution_options(synchronize_session=False)
        )
    return rows[-1].id if rows else None
