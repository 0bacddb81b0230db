"""What was rendered and may be needed again: kept in memory, found by id, used only while its facts are unchanged.

Nothing has to be told to forget: whoever asks brings the facts as they stand in the database now, and an entry made of
other facts does not count. So every process of a town is right at any time. What a writing unit sees is not kept: undone,
it would stand here under facts that mean something else the next time.
"""

from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from community import events, town
from community.storage.sessions import may_be_undone

E = TypeVar("E")


class Shelf(Generic[E]):
    """At most `most` entries; beyond it the ones put there longest ago go. Used from several threads at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: dict[Any, tuple[Any, E]] = {}

    def get(self, key: Any, facts: Any) -> E | None:
        """What was made of exactly these `facts`; None if it has to be made."""
        found = self._entries.get(key)
        return found[1] if found is not None and found[0] == facts else None

    def put(self, key: Any, facts: Any, entry: E) -> None:
        entries = self._entries
        if len(entries) >= self._most and key not in entries:
            for old in list(entries)[: self._most // 8 + 1]:
                entries.pop(old, None)
        entries[key] = facts, entry


class _Closed(Shelf[E]):
    """A shelf as a writing unit has it: to take from. What the unit makes is put there once it is committed."""

    def __init__(self, shelf: Shelf[E], session: Session) -> None:
        self._shelf = shelf
        self._session = session
        self._made: list[tuple[Any, Any, E]] = []

    def get(self, key: Any, facts: Any) -> E | None:
        return self._shelf.get(key, facts)

    def put(self, key: Any, facts: Any, entry: E) -> None:
        if not self._made:
            events.after_commit(self._session, self._keep)
        self._made.append((key, facts, entry))

    def _keep(self) -> None:
        for key, facts, entry in self._made:
            self._shelf.put(key, facts, entry)


def of(session: Session, name: str, most: int) -> Shelf[Any]:
    """The shelf `name` of the town of `session`."""
    memory = town.of(session).memory
    shelf = memory.get(name)
    if shelf is None:
        shelf = memory.setdefault(name, Shelf(most))
    return _Closed(shelf, session) if may_be_undone(session) else shelf
