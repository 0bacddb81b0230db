"""Who of ours follows somebody elsewhere, put right where the two servers count differently (FEP-8fcf).

The list is what the actor's own host tells us alone. Of a list that was not had to its end nothing follows, for
whoever is missing in it would stop following.
"""

from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from community import events, follows, ids, town
from community.models import LOCAL, Account, Follow, Member
from federation import actors
from federation.catching_up.trip import Trip
from federation.vocabulary.reading import Document, items, same_origin, uri

PAGES_MOST = 3
"""Pages of the list that are fetched; whoever serves more is left alone."""

NAMED_MOST = 20_000
"""Ids that are looked at; beyond, nothing is done."""

TAKEN_BACK_MOST = 20
"""How many follows that we know nothing of are taken back at a time: each is a letter of its own."""

_SETTLED_AFTER = 600_000  # ms; a younger follow may still be on its way to the other server, or its answer to us


async def run(trip: Trip, errand: str) -> None:
    """Compare and mend. `errand` is the address of the list, and behind # the id of the actor whose followers it names.

    Whom they do not know as a follower stops following here; whom they count and we do not is taken back there, or
    taken in if only the answer to a request was lost. Raises TemporaryFailure.
    """
    address, _, actor_uri = errand.partition("#")
    began = trip.ctx.town.clock()
    named = await _named(trip, address, actor_uri)
    if named is not None:
        await trip.ctx.database.write(lambda session: _mend(session, actor_uri, named, began - _SETTLED_AFTER))


async def _named(trip: Trip, address: str, actor_uri: str) -> set[str] | None:
    """The ids on the whole list; None if it cannot be had whole."""
    named: set[str] = set()
    page: Document | None = await trip.collection(address, page=False) if same_origin(address, actor_uri) else None
    for _ in range(PAGES_MOST + 1):
        if page is None:
            return None
        named.update(each for each in _listed(page) if each is not None)
        following: Any = page.get("first") if "first" in page else page.get("next")
        if len(named) > NAMED_MOST:
            return None
        if following is None:
            return named
        if isinstance(following, dict):
            page = following
            continue
        there = uri(following)
        page = await trip.collection(there, page=True) if there is not None and same_origin(there, actor_uri) else None
    return None


def _listed(page: Document) -> list[str | None]:
    return [uri(each) for each in items(page.get("orderedItems")) or items(page.get("items"))]


def _mend(session: Session, actor_uri: str, named: set[str], before: int) -> None:
    actor = actors.by_uri(session, actor_uri)
    if actor is None or actor.local or actor.deleted_at is not None:
        return
    known = session.execute(
        select(Follow, Account)
        .join(Account, Account.id == Follow.follower_id)
        .where(Follow.followee_id == actor.id, Account.domain == LOCAL, Account.deleted_at.is_(None))
    ).all()
    for follow, follower in known:
        counted = follower.uri in named
        if counted and follow.state == follows.REQUESTED:
            follows.accept(session, follow=follow)
        elif not counted and follow.state == follows.ACCEPTED and follow.created_at < before:
            follows.end(session, follower=follower, followee=actor)
    _take_back(session, actor, named - {follower.uri for _, follower in known})


def _take_back(session: Session, actor: Account, named: set[str]) -> None:
    """Undo the follows of members of ours that we know nothing of. Their Follows are forgotten: it is told by its ends."""
    ours = sorted(each for each in named if town.of(session).uris.is_local(each))
    if not ours:
        return
    # Who waits to be let in is not there yet, and who is shut out not any more: an answer would tell.
    held = exists().where(Member.account_id == Account.id, Member.state == "pending")
    strangers = select(Account).where(
        Account.uri.in_(ours), Account.domain == LOCAL, Account.deleted_at.is_(None), Account.suspended_at.is_(None), ~held
    )
    for follower in session.scalars(strangers.order_by(Account.id).limit(TAKEN_BACK_MOST)).all():
        lost = town.of(session).uris.activity(ids.new(town.now(session)))
        events.record(session, events.FollowEnded(lost, follower.id, actor.id))
