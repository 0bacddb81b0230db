"""What every unit of work may need to know of the town it runs in, carried on the session."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from community.config import Settings
from community.keyfiles import KeyFiles
from community.uris import Uris

_KEY = "machi.town"
Clock = Callable[[], int]


def system_clock() -> int:
    """Milliseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True)
class Town:
    settings: Settings
    keys: KeyFiles
    clock: Clock = system_clock
    uris: Uris = field(init=False)
    # What parts of this process remember for the town, by name; never more than can be read again.
    memory: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        instance = self.settings.instance
        object.__setattr__(self, "uris", Uris(instance.scheme, instance.domain, instance.account_domain))


def attach(session: Session, town: Town) -> None:
    """Put `town` on `session`; for the database layer, which does it for every session it opens."""
    session.info[_KEY] = town


def of(session: Session) -> Town:
    """The town that `session` works for."""
    town: Town = session.info[_KEY]
    return town


def now(session: Session) -> int:
    """The town's time in milliseconds."""
    return of(session).clock()
