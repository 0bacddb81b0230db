"""引っ越し: Move, to the followers of a member who goes on elsewhere (federation reference §1.8).

The actor itself was told before (`AccountUpdated`), with `movedTo`: whoever hears of the move looks there.
"""

from sqlalchemy.orm import Session

from community import events, ids, town
from community.models import Account
from federation.outbox import addressing, sayings, understanding
from federation.vocabulary import activities


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.AccountMoved, moved)


def moved(session: Session, event: events.AccountMoved) -> None:
    """To software for which a Move is another matter nothing is said: there followers stay until they look."""
    account, target = session.get_one(Account, event.account_id), session.get_one(Account, event.target_id)
    if not account.local:
        return
    now = town.now(session)
    activity = activities.move(town.of(session).uris.activity(ids.new(now)), account, target, now=now)
    readers = addressing.followers(session, account, without_software=understanding.TAKES_MOVE_FOR_ANOTHER)
    sayings.say(session, account, activity, readers, about=f"{account.uri}#move", at=now)
