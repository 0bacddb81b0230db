"""The boards of a sister town, followed in the name of this town: what strangers ask there is heard here as well."""

import contextlib

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, follows, founding, town, towns
from community.errors import CommunityError
from community.models import Account, Follow
from federation import actors, errands
from federation.catching_up import collections, profiles
from federation.catching_up.trip import Spent, Trip
from federation.vocabulary import terms
from federation.vocabulary.reading import authority, same_origin, uri

BOARDS_MOST = 50
"""How many boards of one town are followed."""


def subscribe(bus: events.Bus) -> None:
    """Have `bus` tell when a town becomes a sister, or is one no more."""
    bus.subscribe(events.SisterAgreed, agreed)
    bus.subscribe(events.SisterEnded, ended)


def agreed(session: Session, event: events.SisterAgreed) -> None:
    errands.enqueue(session, errands.BOARDS, f"{town.of(session).uris.scheme}://{event.domain}/actor")


def ended(session: Session, event: events.SisterEnded) -> None:
    """What this town itself follows there, it follows no more; what its members follow is theirs."""
    ourselves = founding.instance_account(session)
    followed = select(Account).join(Follow, Follow.followee_id == Account.id).where(Follow.follower_id == ourselves.id)
    for board in session.scalars(followed).all():
        if authority(board.uri) == event.domain:
            follows.end(session, follower=ourselves, followee=board)


async def run(trip: Trip, actor_uri: str) -> bool:
    """Follow the boards that the town whose own actor is `actor_uri` lists (`machi:boards`), as long as it is a sister.

    False if another run has to go on with them. Raises TemporaryFailure.
    """
    host = authority(actor_uri) or ""
    if not await trip.ctx.database.read(lambda session: towns.is_sister(session, host)):
        return True
    told = await trip.ask(actor_uri)
    listed = told.document.get(terms.BOARDS) if told.document is not None else None
    boards: list[str] = []
    async for entry in collections.entries(trip, listed, actor_uri):
        board = uri(entry)
        if board is not None and same_origin(board, actor_uri):
            boards.append(board)
    left = False
    with contextlib.suppress(Spent):
        left = True
        for board in boards[:BOARDS_MOST]:
            await _follow(trip, board)
        left = False
    return not left


async def _follow(trip: Trip, board: str) -> None:
    def is_known(session: Session) -> bool:
        return actors.by_uri(session, board) is not None

    def follow(session: Session) -> None:
        account = actors.by_uri(session, board)
        ourselves = founding.instance_account(session)
        if account is None or account.kind != "board" or follows.between(session, ourselves.id, account.id):
            return
        with contextlib.suppress(CommunityError):  # such as one that is suspended here
            follows.request(session, follower=ourselves, followee=account)

    if not await trip.ctx.database.read(is_known):
        trip.check()
        await profiles.run(trip, board)
    await trip.ctx.database.write(follow)
