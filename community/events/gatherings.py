"""旗: what becomes of one, and who gathers round it."""

from dataclasses import dataclass

from community.events.bus import Event


@dataclass(frozen=True, slots=True)
class GatheringChanged(Event):
    """A 旗 is おひらき, or stands again; its words are the same."""

    post_id: int


@dataclass(frozen=True, slots=True)
class GatheringCounted(Event):
    """The number of those who gather round a 旗 of this town is to be told to those who show it."""

    post_id: int


@dataclass(frozen=True, slots=True)
class Joined(Event):
    """Somebody gathers round a 旗."""

    join_id: int


@dataclass(frozen=True, slots=True)
class JoinDeclined(Event):
    """Somebody asked by `uri` to gather round a 旗 of this town, and there is no place."""

    uri: str
    account_id: int
    post_id: int


@dataclass(frozen=True, slots=True)
class Unjoined(Event):
    """The row is gone; what the wire needs to take it back stands here."""

    uri: str
    account_id: int
    post_id: int
