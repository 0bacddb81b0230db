"""Who follows and who keeps apart from whom."""

from dataclasses import dataclass

from community.events.bus import Event


@dataclass(frozen=True, slots=True)
class FollowRequested(Event):
    """Somebody asked to follow (state `requested`); the followee's side has to answer."""

    follow_id: int


@dataclass(frozen=True, slots=True)
class FollowAccepted(Event):
    follow_id: int


@dataclass(frozen=True, slots=True)
class FollowRejected(Event):
    """The followee refused, or removed a follower. The row is gone."""

    uri: str
    follower_id: int
    followee_id: int


@dataclass(frozen=True, slots=True)
class FollowEnded(Event):
    """The follower stopped following. The row is gone."""

    uri: str
    follower_id: int
    followee_id: int


@dataclass(frozen=True, slots=True)
class BlockCreated(Event):
    block_id: int


@dataclass(frozen=True, slots=True)
class BlockRemoved(Event):
    """The row is gone."""

    uri: str
    account_id: int
    target_id: int
