"""What happened, in a few numbers: noted in the transaction of the deed, handed over once it is committed.

A fact names kinds and ids and says nothing else, so it may travel between the processes of a town as it is. What it
means to whom is read from the database by whoever has listeners.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple, TypeVar

from sqlalchemy.orm import Session

from community import events
from community.events import Bus

POSTED, EDITED, DELETED, UNBOOSTED = "posted", "edited", "deleted", "unboosted"
NOTIFIED, MERGED, FILTERS, CONVERSED = "notified", "merged", "filters", "conversed"
ANNOUNCED, REACTED, UNANNOUNCED, SHUT_OUT = "announced", "reacted", "unannounced", "shut-out"
KINDS = frozenset({
    POSTED, EDITED, DELETED, UNBOOSTED, NOTIFIED, MERGED, FILTERS, CONVERSED, ANNOUNCED, REACTED, UNANNOUNCED, SHUT_OUT,
})  # fmt: skip
_NOTED = "machi.streaming"


class Fact(NamedTuple):
    """One thing that happened. What the `ids` are goes by the kind; a text is the name of a reaction."""

    kind: str
    ids: tuple[int, ...]
    text: str = ""


E_ = TypeVar("E_", bound=events.Event)
HandOver = Callable[[Sequence[Fact]], None]


def subscribe(bus: Bus, hand_over: HandOver) -> None:
    """Have what `bus` tells handed over, all of a unit of work together, after its commit."""

    def on(kind: type[E_], make: Callable[[E_], Fact]) -> None:
        bus.subscribe(kind, lambda session, event: _note(session, make(event), hand_over))

    on(events.PostCreated, lambda event: Fact(POSTED, (event.post_id,)))
    on(events.Boosted, lambda event: Fact(POSTED, (event.boost_id,)))
    on(events.PostEdited, lambda event: Fact(EDITED, (event.post_id,)))
    on(events.AnswerChosen, lambda event: Fact(EDITED, (event.question_id,)))
    on(events.AnswerUnchosen, lambda event: Fact(EDITED, (event.question_id,)))
    on(events.PostDeleted, lambda event: Fact(DELETED, (event.post_id, *event.tag_ids)))
    on(events.Unboosted, lambda event: Fact(UNBOOSTED, (event.boost_id, event.account_id)))
    on(events.Notified, lambda event: Fact(NOTIFIED, (event.notification_id, event.account_id)))
    on(events.NotificationsMerged, lambda event: Fact(MERGED, (event.account_id,)))
    on(events.FiltersChanged, lambda event: Fact(FILTERS, (event.account_id,)))
    on(events.ConversationChanged, lambda event: Fact(CONVERSED, (event.conversation_id, event.account_id)))
    on(events.AnnouncementChanged, lambda event: Fact(ANNOUNCED, (event.announcement_id,)))
    on(events.AnnouncementReacted, lambda event: Fact(REACTED, (event.announcement_id,), event.name))
    on(events.AnnouncementRemoved, lambda event: Fact(UNANNOUNCED, (event.announcement_id,)))
    on(events.AccessEnded, lambda event: Fact(SHUT_OUT, event.token_ids))


def _note(session: Session, fact: Fact, hand_over: HandOver) -> None:
    noted: list[Fact] | None = session.info.get(_NOTED)
    if noted is None:
        noted = session.info[_NOTED] = []
        events.after_commit(session, partial(hand_over, noted))
    noted.append(fact)
