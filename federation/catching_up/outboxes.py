"""The last sayings of a board or person whom somebody here follows for the first time, so that neither page is empty.

They come late (`community.belated`): they stand on board and profile, tell nobody, and followers find the newest of
them on their homes, at their time, as they would had the posts stood here before (`community.homes.backfill`).
"""

import contextlib
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import homes, posts, town, visibility
from community.models import LOCAL, Account, Follow
from federation import actors, bringing
from federation.catching_up import collections, sayings
from federation.catching_up.sayings import Saying
from federation.catching_up.trip import Spent, Trip
from federation.inbox import known
from federation.models import RemoteActor
from federation.vocabulary.notes import is_note, read_note
from federation.vocabulary.reading import Document, type_of

OF_A_BOARD, OF_A_PERSON = 50, 20
"""How many sayings are brought here."""

_FOLLOWERS_MOST = 500


class Outbox(NamedTuple):
    """Where the sayings of an account stand."""

    account_id: int
    actor: str
    address: str
    group: bool


async def run(trip: Trip, actor_uri: str) -> bool:
    """Bring the last sayings of the actor here, the oldest first. False if another run has to go on with them.

    Raises TemporaryFailure.
    """
    outbox = await trip.ctx.database.read(lambda session: find(session, actor_uri))
    if outbox is None:
        return True
    most = OF_A_BOARD if outbox.group else OF_A_PERSON
    with contextlib.suppress(Spent):
        for saying in reversed(await _latest(trip, outbox, most)):
            await _bring(trip, outbox, saying)
    await trip.ctx.database.write(lambda session: _note(session, outbox.account_id))
    return not (trip.missed_something and trip.brought)


def find(session: Session, actor_uri: str) -> Outbox | None:
    """The outbox of a remote actor that is known and not gone, if it has one."""
    account = actors.by_uri(session, actor_uri)
    if account is None or account.local or account.deleted_at is not None or account.suspended_at is not None:
        return None
    wire = session.get(RemoteActor, account.id)
    if wire is None or wire.outbox is None:
        return None
    return Outbox(account.id, account.uri, wire.outbox, account.kind == "board")


async def _latest(trip: Trip, outbox: Outbox, most: int) -> list[Saying]:
    """What the outbox lists first, each post once, the newest first."""
    found: dict[str, Saying] = {}
    async for entry in collections.entries(trip, outbox.address, outbox.actor):
        saying = sayings.read(entry, outbox.actor, group=outbox.group)
        if saying is not None:
            found.setdefault(saying.uri, saying)
        if len(found) >= most:
            break
    return list(found.values())


async def _bring(trip: Trip, outbox: Outbox, saying: Saying) -> None:
    """Store the post, if everybody may read it and it stands for itself or in a thread that is here."""
    if await trip.ctx.database.read(lambda session: posts.by_uri(session, saying.uri) is not None):
        return
    document = saying.document or await post_at(trip, saying.uri)
    if document is None or not await trip.ctx.database.read(lambda session: _is_wanted(session, document)):
        return
    via = outbox.account_id if outbox.group else None
    if await bringing.bring(trip.ctx, document, trip.fetch, via_id=via, belated=True) is not None:
        trip.brought += 1


async def post_at(trip: Trip, address: str) -> Document | None:
    """The post that stands at `address`, or that the Create there made. Raises Spent."""
    document = await trip.document(address)
    if document is not None and type_of(document) == "Create":
        saying = sayings.read(document, str(document.get("actor")), group=False)
        if saying is not None and saying.document is None and saying.uri != address:
            return await trip.document(saying.uri)
        document = saying.document if saying is not None else None
    return document if document is not None and is_note(document) else None


def _is_wanted(session: Session, document: Document) -> bool:
    note = read_note(document)
    if not note.public or note.is_vote or posts.by_uri(session, note.id) is not None:
        return False
    return note.in_reply_to is None or known.post(session, note.in_reply_to) is not None


def _note(session: Session, account_id: int) -> None:
    """The outbox was read; whoever follows finds the newest of it at home."""
    wire = session.get(RemoteActor, account_id)
    account = session.get(Account, account_id)
    if wire is None or account is None:
        return
    wire.backfilled_at = town.now(session)
    followers = session.scalars(
        select(Account)
        .join(Follow, Follow.follower_id == Account.id)
        .where(Follow.followee_id == account_id, Follow.state == "accepted")
        .where(Account.domain == LOCAL, Account.kind == "person")
        .limit(_FOLLOWERS_MOST)
    )
    for follower in followers.all():
        homes.backfill(session, visibility.viewer_of(session, follower), account)
    session.flush()
