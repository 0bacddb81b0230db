"""How what happened is handed on: recorded on the session, dispatched before the commit, hooks after it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that happened; subclasses carry ids, never rows."""


E_ = TypeVar("E_", bound=Event)
Subscriber = Callable[[Session, Any], None]
Hook = Callable[[], None]

_RECORDED = "machi.events"
_HOOKS = "machi.after_commit"


def record(session: Session, event: Event) -> None:
    """Tell that `event` happened in the unit of work of `session`."""
    session.info.setdefault(_RECORDED, []).append(event)


def after_commit(session: Session, hook: Hook) -> None:
    """Have `hook` called on the event loop once the unit of work is committed; the same hook only once a batch."""
    session.info.setdefault(_HOOKS, {})[hook] = None


class Bus:
    """Who wants to know what. Filled once at start, before any unit of work runs."""

    def __init__(self) -> None:
        self._subscribers: dict[type[Event], list[Subscriber]] = {}

    def subscribe(self, kind: type[E_], subscriber: Callable[[Session, E_], None]) -> None:
        """Have `subscriber` called inside the transaction for each event of exactly this `kind`.

        A subscriber that raises undoes the deed: better a visible error than a post nobody receives.
        """
        self._subscribers.setdefault(kind, []).append(subscriber)

    def dispatch(self, session: Session) -> None:
        """Hand over everything recorded on `session`, also what subscribers record meanwhile, in order."""
        pending: list[Event] = session.info.get(_RECORDED, [])
        position = 0
        while position < len(pending):
            event = pending[position]
            position += 1
            for subscriber in self._subscribers.get(type(event), ()):
                subscriber(session, event)
        pending.clear()


def take_hooks(session: Session) -> list[Hook]:
    """What to call after the commit; for the database layer alone."""
    return list(session.info.pop(_HOOKS, {}))


def recorded(session: Session) -> bool:
    """Whether the unit of work has told of anything that was not handed over yet; for the database layer alone."""
    return bool(session.info.get(_RECORDED))
