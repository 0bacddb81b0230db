"""What an actor of elsewhere shows first: its `featured` collection, read as it stands now, bounded, and from its own host
alone (federation reference §1.1; §3, Collections).
"""

import contextlib
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from community import pins, posts
from community.models import Account
from federation import actors, bringing
from federation.catching_up import collections
from federation.catching_up.trip import Spent, Trip
from federation.models import RemoteActor
from federation.vocabulary.notes import is_note, read_note
from federation.vocabulary.reading import Document, Unreadable, same_origin, uri


async def run(trip: Trip, actor_uri: str) -> None:
    """Bring what the actor shows first here, and have it stand first here too. Raises TemporaryFailure."""
    address = await trip.ctx.database.read(lambda session: _address(session, actor_uri))
    if address is None:
        return
    named: list[str] = []
    async for entry in collections.entries(trip, address, actor_uri):
        post_uri = uri(entry)
        if post_uri is not None and same_origin(post_uri, actor_uri) and post_uri not in named:
            named.append(post_uri)
        if len(named) == pins.FOREIGN_MOST:
            break
    with contextlib.suppress(Spent):
        for post_uri in named:
            if not await trip.ctx.database.read(partial(_is_known, post_uri=post_uri)):
                await _bring(trip, await trip.document(post_uri), actor_uri)
    await trip.ctx.database.write(lambda session: _show(session, actor_uri, named))


async def _bring(trip: Trip, document: Document | None, actor_uri: str) -> None:
    """Only what the actor itself wrote: others are not brought here by being pointed at."""
    if document is None or not is_note(document):
        return
    with contextlib.suppress(Unreadable):
        if read_note(document).attributed_to == actor_uri:
            brought = await bringing.bring(trip.ctx, document, trip.fetch, belated=True)
            trip.brought += brought is not None


def _address(session: Session, actor_uri: str) -> str | None:
    account = actors.by_uri(session, actor_uri)
    wire = session.get(RemoteActor, account.id) if account is not None else None
    if account is None or account.deleted_at is not None or account.suspended_at is not None or account.kind == "board":
        return None  # what a board shows first, those who look after it say
    return wire.featured if wire is not None else None


def _is_known(session: Session, *, post_uri: str) -> bool:
    return posts.by_uri(session, post_uri) is not None


def _show(session: Session, actor_uri: str, named: list[str]) -> Any:
    account: Account | None = actors.by_uri(session, actor_uri)
    if account is not None and not account.local:
        found = [post for each in named if (post := posts.by_uri(session, each)) is not None]
        pins.show(session, account=account, found=found)
