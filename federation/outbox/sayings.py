"""Saying something: the activity and its deliveries become rows in the transaction of the deed itself.

What is written here survives whatever happens next; what is undone with the deed was never said.
"""

from collections.abc import Iterable
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from community import events, ids, town, towns
from community.models import Account, Post
from community.storage.prepared import Prepared, param, text_param
from federation.models import Delivery, OutboxItem
from federation.outbox import addressing, lanes
from federation.outbox.addressing import Inbox
from federation.vocabulary import render

DROPPED = "dropped"
_ITEM = Prepared(
    lambda _dialect: insert(OutboxItem.__table__).values(  # type: ignore[arg-type]  # a mapped class has a Table
        {each.name: bindparam(each.name, None, type_=each.type) for each in OutboxItem.__table__.columns}
    )
)
_DELIVERY = Prepared(
    lambda _dialect: insert(Delivery.__table__).values(  # type: ignore[arg-type]  # as above
        id=param("id"),
        outbox_item_id=param("item"),
        host=text_param("to_host"),
        inbox=text_param("to_inbox"),
        state=lanes.PENDING,
        attempts=0,
        error="",
        created_at=param("at"),
    )
)
SENT_ON = "Forward"
"""The type of what others said and we send on (`send_on`): never served, whatever it is about."""

_CARRIES_WORDS = ("Create", "Update", "Announce", "QuoteRequest", SENT_ON)


class Queued(events.Event):
    """Something waits to be delivered."""


def number_of(session: Session, uri: str) -> int | None:
    """The number in an activity id of this town, None for any other address."""
    head, _, tail = uri.rpartition("/")
    return int(tail) if head == f"{town.of(session).uris.origin}/activities" and tail.isdecimal() else None


def said_under(session: Session, uri: str) -> OutboxItem | None:
    """What was said under the activity id `uri`; None if that is not ours, or no more is known of it."""
    number = number_of(session, uri)
    return session.get(OutboxItem, number) if number is not None else None


def say(
    session: Session,
    actor: Account,
    activity: dict[str, Any],
    inboxes: Iterable[Inbox],
    *,
    about: str,
    at: int,
    post: Post | None = None,
    public: bool = False,
) -> None:
    """Queue `activity` of our `actor`, whose id is one of ours, to `inboxes`.

    `about` is the id by which later activities find who heard of it (`addressing.reached`); `at` the moment it counts
    from; `post` the one whose visibility guards the activity; `public` lists it in the outbox.
    """
    number = number_of(session, activity["id"])
    assert number is not None, "an activity of ours bears an id of ours"
    session.flush()
    _ITEM.run(
        session,
        id=number,
        account_id=actor.id,
        type=activity["type"],
        object_uri=about,
        post_id=post.id if post else None,
        public=public,
        body=orjson.dumps(render.with_context(activity)),
        created_at=at,
        # Of the relay nobody hears whom it reaches: it has followers for everybody's sake, and asks nobody about them.
        synchronises=post is not None and post.visibility == "followers" and actor.kind == "person",
    )
    deliver(session, number, inboxes)


def send_on(
    session: Session, sender: Account, body: bytes, inboxes: Iterable[Inbox], *, about: str, post: Post
) -> None:
    """Queue `body`, which somebody else said about their `post`, to `inboxes`, signed by our `sender`.

    As durable as what we say ourselves, but nothing of ours: it stands in no outbox and has no address.
    """
    inboxes = addressing.allowed(session, inboxes)
    if not inboxes:
        return
    now = town.now(session)
    number = ids.new(now)
    session.flush()
    _ITEM.run(
        session, id=number, account_id=sender.id, type=SENT_ON, object_uri=about, post_id=post.id, public=False,
        body=body, created_at=now, synchronises=False,
    )  # fmt: skip
    deliver(session, number, inboxes)


def deliver(session: Session, item_id: int, inboxes: Iterable[Inbox]) -> None:
    """Queue the outbox item `item_id` to each of `inboxes` that this town may send to."""
    targets = addressing.allowed(session, inboxes)
    if not targets:
        return
    now = town.now(session)
    _DELIVERY.run_many(
        session,
        [
            {"id": ids.new(now), "item": item_id, "to_host": target.host, "to_inbox": target.url, "at": now}
            for target in targets
        ],
    )
    lanes.wake(session, {target.host for target in targets}, now)
    events.record(session, Queued())


def drop_words(session: Session, post: Post) -> None:
    """Forget what was said of a post that is deleted: its words wait in no queue and stand in no stored activity.

    Deliveries under way are not stopped; the Delete follows them in the same lane.
    """
    said = list(
        session.scalars(
            select(OutboxItem.id).where(OutboxItem.post_id == post.id, OutboxItem.type.in_(_CARRIES_WORDS))
        )
    )
    if not said:
        return
    now = town.now(session)
    session.execute(
        update(Delivery)
        .where(Delivery.outbox_item_id.in_(said), Delivery.state == "pending")
        .values(state=DROPPED, done_at=now)
    )
    session.execute(update(OutboxItem).where(OutboxItem.id.in_(said)).values(body=b"", public=False))


def drop_refused(session: Session) -> None:
    """What waits for hosts that this town refuses is not sent any more: it may have been said before they were."""
    waiting = session.scalars(select(Delivery.host).where(Delivery.state == "pending").distinct()).all()
    refused = [host for host in waiting if towns.is_refused(session, host)]
    session.execute(
        update(Delivery)
        .where(Delivery.host.in_(refused), Delivery.state == "pending")
        .values(state=DROPPED, done_at=town.now(session))
    )


def document(item: OutboxItem) -> dict[str, Any]:
    """What `item` said, without its context."""
    said: dict[str, Any] = orjson.loads(item.body)
    said.pop("@context", None)
    return said


def reached(session: Session, item: OutboxItem) -> list[Inbox]:
    """Where `item` itself was sent."""
    urls = session.scalars(select(Delivery.inbox).distinct().where(Delivery.outbox_item_id == item.id))
    return [addressing.inbox(url) for url in urls]
