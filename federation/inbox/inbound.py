"""What a handler is given, what it may ask for, and how it says that nothing comes of an activity."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from community.errors import CommunityError, StorageFailed, TooMany
from community.models import Account
from federation.inbox import known
from federation.vocabulary.notes import Note
from federation.vocabulary.parse import is_actor
from federation.vocabulary.reading import Document, Unreadable, type_of, uri

FETCHES_MOST = 20
"""How many documents one activity may make us fetch (federation reference §3, Amplification)."""


class Ignored(Exception):
    """The activity has no effect here and never will; 202 was said all the same."""


class TryLater(Exception):
    """What the activity needs cannot be had at this moment."""


def reason_of_nothing(error: Exception) -> str | None:
    """Why nothing ever comes of an activity whose handling ended with `error`; None if it may yet."""
    if isinstance(error, Ignored | Unreadable):
        return str(error)
    if isinstance(error, CommunityError) and not isinstance(error, TooMany | StorageFailed):
        return f"{type(error).__name__}: {error}"
    return None


@dataclass
class Inbound:
    """One activity on its way in, its origin already proved: by the signature, or because it was fetched from there.

    `documents` holds what was fetched for it, by the address asked for; `unavailable` what was asked for in vain, of
    which `buried` is what its host says is gone for good. `via` is the Group that announced it, if one did.
    """

    activity: Document
    now: int
    via: Account | None = None
    documents: dict[str, Document] = field(default_factory=dict)
    unavailable: set[str] = field(default_factory=set)
    buried: set[str] = field(default_factory=set)
    unfinished: bool = False  # set by `apply` when it did a part and wants to be called again
    notes: dict[int, Note] = field(default_factory=dict)  # what was read already, by the `id()` of its document
    remark: str = ""  # set by `apply` when there was nothing to do but keep something in mind

    id: str = field(init=False)
    type: str = field(init=False)
    actor_uri: str = field(init=False)
    object: Document | None = field(init=False)  # the object, if it is embedded
    object_uri: str = field(init=False)

    def __post_init__(self) -> None:
        told = self.activity
        self.id, self.type, self.actor_uri = uri(told.get("id")) or "", type_of(told), uri(told.get("actor")) or ""
        value = told.get("object")
        self.object_uri = uri(value) or ""
        if isinstance(value, list) and len(value) == 1:
            value = value[0]
        self.object = value if isinstance(value, dict) else None

    def actor(self, session: Session) -> Account:
        """Who does it, ready to act here. Ignored if unknown, suspended or gone."""
        account = known.account(session, self.actor_uri)
        if account is None:
            raise Ignored(f"the actor {self.actor_uri} could not be had")
        if account.suspended_at is not None or account.deleted_at is not None:
            raise Ignored(f"{account.uri} is suspended or gone")
        return account

    def to_fetch(self, wanted: Iterable[str]) -> list[str]:
        """Those of `wanted` that nobody has tried to fetch yet."""
        return [each for each in dict.fromkeys(wanted) if each not in self.documents and each not in self.unavailable]

    def inside(self, activity: Document, via: Account | None = None) -> "Inbound":
        """The activity that this one carries, an Announce by the board `via` or sent on; what was fetched is shared."""
        return Inbound(activity, self.now, via, self.documents, self.unavailable, self.buried)

    def fetched_actors(self) -> list[Document]:
        return [each for each in self.documents.values() if is_actor(each)]


Needs = Callable[[Session, Inbound], list[str]]
Apply = Callable[[Session, Inbound], None]


def nothing(session: Session, inbound: Inbound) -> list[str]:
    """The needs of an activity that speaks only of what is known already."""
    return []


@dataclass(frozen=True, slots=True)
class Handler:
    """What to do about one type of activity.

    `needs` names the addresses still to be fetched, as far as can be told now; it is asked again after each round.
    When it names none, `apply` changes rows, through the same services as a page. Neither touches the network.
    """

    apply: Apply
    needs: Needs = nothing
