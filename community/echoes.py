"""What the community itself does when something happened in it, whoever did it and wherever it was done."""

from sqlalchemy.orm import Session

from community import cards, conversations, events, joins, onlookers, push, search, traffic
from community.events import AccessEnded, Bus


def subscribe(bus: Bus) -> None:
    """Have `bus` tell followers and onlookers, keep conversations, let what is said be found, and end what belonged to
    an app's access.
    """
    onlookers.subscribe(bus)
    joins.subscribe(bus)
    conversations.subscribe(bus)
    cards.subscribe(bus)
    search.subscribe(bus)
    traffic.subscribe(bus)
    bus.subscribe(events.AccessEnded, _access_ended)


def _access_ended(session: Session, event: AccessEnded) -> None:
    for token_id in event.token_ids:
        push.unsubscribe(session, token_id=token_id)
