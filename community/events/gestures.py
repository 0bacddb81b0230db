"""What people do with posts besides writing them: thanks, likes, boosts, pins."""

from dataclasses import dataclass

from community.events.bus import Event


@dataclass(frozen=True, slots=True)
class ThanksGiven(Event):
    thanks_id: int


@dataclass(frozen=True, slots=True)
class ThanksWithdrawn(Event):
    """The row is gone; what the wire needs to take it back stands here."""

    uri: str
    giver_id: int
    receiver_id: int
    post_id: int


@dataclass(frozen=True, slots=True)
class Liked(Event):
    like_id: int


@dataclass(frozen=True, slots=True)
class Unliked(Event):
    uri: str
    account_id: int
    post_id: int


@dataclass(frozen=True, slots=True)
class Boosted(Event):
    """Somebody passed a post on; the boost is a post of its own."""

    boost_id: int


@dataclass(frozen=True, slots=True)
class Unboosted(Event):
    """The row of the boost is gone; what the wire needs to take it back stands here."""

    uri: str
    boost_id: int
    account_id: int
    post_id: int


@dataclass(frozen=True, slots=True)
class Pinned(Event):
    account_id: int
    post_id: int


@dataclass(frozen=True, slots=True)
class Unpinned(Event):
    account_id: int
    post_id: int
