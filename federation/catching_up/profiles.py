"""A profile anew; and what is done when its host says that the actor is gone (federation reference §3, Delete storms)."""

from sqlalchemy.orm import Session

from community import town
from federation import actors, errands, nodeinfo
from federation.catching_up.posts import DAY_MS
from federation.catching_up.trip import Trip
from federation.context import Federation
from federation.vocabulary.parse import is_actor
from federation.vocabulary.reading import Document, Unreadable, authority


async def run(trip: Trip, actor_uri: str) -> bool:
    """Bring the actor up to date, or here; remove it if its host says 410. Whether anything was learnt.

    404 has to be said twice over a day, and a failure says nothing at all. Raises TemporaryFailure.
    """
    told = await trip.ask(actor_uri)
    if told.gone:
        await remove(trip.ctx, actor_uri)
        return True
    if told.absent:
        await trip.ctx.database.write(lambda session: _ask_again(session, actor_uri))
        return True
    document = told.document
    if document is None or not is_actor(document):
        return False
    stored = await trip.ctx.database.write(lambda session: _store(session, document))
    trip.ctx.aside(nodeinfo.software(trip.ctx, authority(actor_uri) or ""))
    return stored


async def remove(ctx: Federation, actor_uri: str) -> None:
    """Take an actor that is gone, and all it said, away: some posts at a time, so that no unit of work is long."""
    while not await ctx.database.write(lambda session: _remove(session, actor_uri)):
        pass


def _store(session: Session, document: Document) -> bool:
    try:
        actors.upsert(session, document)
    except Unreadable:
        return False
    return True


def _ask_again(session: Session, actor_uri: str) -> None:
    account = actors.by_uri(session, actor_uri)
    if account is not None and account.deleted_at is None:
        errands.enqueue(session, errands.ABSENT, actor_uri, town.now(session) + DAY_MS)


def _remove(session: Session, actor_uri: str) -> bool:
    account = actors.by_uri(session, actor_uri)
    return account is None or account.local or actors.remove(session, account)
