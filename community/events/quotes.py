"""Quotes by consent (FEP-044f): asked for, given, refused, taken back."""

from dataclasses import dataclass

from community.events.bus import Event


@dataclass(frozen=True, slots=True)
class QuoteRevoked(Event):
    """The author of a quoted post does not want to be quoted in the post `post_id` any more."""

    post_id: int


@dataclass(frozen=True, slots=True)
class QuoteDecided(Event):
    """The author of a quoted post agreed to the quote in the post `post_id`, or did not."""

    post_id: int


@dataclass(frozen=True, slots=True)
class QuotePolicySet(Event):
    """The author of the post `post_id` said anew who may quote it."""

    post_id: int


@dataclass(frozen=True, slots=True)
class QuoteGranted(Event):
    """Somebody asked by `request_uri` to quote a post of this town, and may: there is a stamp."""

    stamp_id: int
    request_uri: str


@dataclass(frozen=True, slots=True)
class QuoteRefused(Event):
    """Somebody (`account_id`) asked by `request_uri` to quote the post `post_id` in `quoting_uri`, and may not."""

    request_uri: str
    quoting_uri: str
    post_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class StampRevoked(Event):
    """The consent of an author of this town to be quoted is taken back."""

    stamp_id: int
