"""What happened, told inside the transaction in which it happened.

A service records events on its session. The database hands them to the subscribers before it commits, so that what
a subscriber writes (an outbox row) stands or falls with the deed. Wake-up calls run after the commit.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Event:
    """Anything that happened; subclasses carry ids, never rows."""


@dataclass(frozen=True, slots=True)
class PostCreated(Event):
    """A question, answer, comment, note or flag now stands (an anonymous one: was released)."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PostBroughtIn(Event):
    """A post of another server was fetched long after it was said (`community.belated`): it stands, but is no news."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PostEdited(Event):
    post_id: int


@dataclass(frozen=True, slots=True)
class PostDeleted(Event):
    """A post was taken back. Its tags are gone by now; what they were stands here."""

    post_id: int
    tag_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AnswerChosen(Event):
    """The asker chose the 決め手: the question is 解決."""

    question_id: int
    answer_id: int


@dataclass(frozen=True, slots=True)
class AnswerUnchosen(Event):
    question_id: int
    answer_id: int


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
class PollVoted(Event):
    """Somebody chose in a poll; `vote_ids` are the rows of what they chose now."""

    post_id: int
    account_id: int
    vote_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PollCounted(Event):
    """The counts of a poll of this town are to be told to those who show it, also when it has ended."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PollEnded(Event):
    """The end of the poll of the post `post_id`, of here or of elsewhere, has come."""

    post_id: int


@dataclass(frozen=True, slots=True)
class PostTakenOff(Event):
    """A moderator took a post of another server off a board of this town; it is deleted here by now."""

    post_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class ShutOut(Event):
    """A moderator suspended an account of another server, which may have written on boards of this town."""

    account_id: int


@dataclass(frozen=True, slots=True)
class LetIn(Event):
    """An account of another server that was suspended may speak again."""

    account_id: int


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


@dataclass(frozen=True, slots=True)
class Pinned(Event):
    account_id: int
    post_id: int


@dataclass(frozen=True, slots=True)
class Unpinned(Event):
    account_id: int
    post_id: int


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


@dataclass(frozen=True, slots=True)
class AccountUpdated(Event):
    account_id: int


@dataclass(frozen=True, slots=True)
class AccountMoved(Event):
    """A member goes on under another account, of here or of elsewhere."""

    account_id: int
    target_id: int


@dataclass(frozen=True, slots=True)
class AccountDeleted(Event):
    """A member left (退会). The follows are gone; those who should hear of it stand here."""

    account_id: int
    follower_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class AccessEnded(Event):
    """Apps were shut out: what they hold open with these tokens has to end."""

    token_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FiltersChanged(Event):
    """A member changed what they do not want to meet: their apps read their filters anew."""

    account_id: int


@dataclass(frozen=True, slots=True)
class Notified(Event):
    """A member was told of something (`models.Notification`). What is held back is not told."""

    notification_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class NotificationsMerged(Event):
    """Notices that were held back came through, after the member had accepted their senders; of which posts."""

    account_id: int
    post_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ConversationChanged(Event):
    """A direct post came into a conversation as one member sees it, or it was read."""

    conversation_id: int
    account_id: int


@dataclass(frozen=True, slots=True)
class ReportFiled(Event):
    report_id: int


@dataclass(frozen=True, slots=True)
class HostSuspended(Event):
    """This town has nothing to do with a host any more, nor with what lies below it."""

    domain: str


@dataclass(frozen=True, slots=True)
class SisterAsked(Event):
    """The operator of this town asked another to become 姉妹まち."""

    domain: str


@dataclass(frozen=True, slots=True)
class SisterAccepted(Event):
    """A yes of this town to the request of another: to the one that is stored, or to `offer_uri`."""

    domain: str
    offer_uri: str | None = None


@dataclass(frozen=True, slots=True)
class SisterAgreed(Event):
    """From now on the two are 姉妹まち, whoever asked."""

    domain: str


@dataclass(frozen=True, slots=True)
class SisterEnded(Event):
    """A request or an agreement is over; the row is gone. `ours`: the request was ours; `told`: the other side has to hear of it."""

    domain: str
    offer_uri: str | None
    ours: bool
    told: bool


@dataclass(frozen=True, slots=True)
class AnnouncementChanged(Event):
    """まちからのお知らせ was put up, or says something else."""

    announcement_id: int


@dataclass(frozen=True, slots=True)
class AnnouncementReacted(Event):
    """A member set a reaction to an announcement, or took it back."""

    announcement_id: int
    name: str


@dataclass(frozen=True, slots=True)
class AnnouncementRemoved(Event):
    announcement_id: int


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
