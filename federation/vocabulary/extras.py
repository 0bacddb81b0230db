"""What the documents of posts carry besides words: polls, quotes, and who may quote them."""

from dataclasses import dataclass
from html import escape

from federation.vocabulary import terms
from federation.vocabulary.reading import Document, authority, items, moment, text_of, type_of, uri, uris

_MOST_OPTIONS = 50
_QUOTE_NAMES = ("quote", "quoteUri", "quoteUrl", "_misskey_quote")
_QUOTE_RELATIONS = frozenset(
    {
        "https://misskey-hub.net/ns#_misskey_quote", "http://fedibird.com/ns#quoteUri", "https://w3id.org/fep/044f#quote",
        "https://www.w3.org/ns/activitystreams#quoteUrl",
    }
)  # fmt: skip
_MOST_VOTES = 10_000_000  # no number that somebody else tells is shown larger (federation reference §3, Collections)
_LONGEST_LINE = 300


@dataclass(frozen=True, slots=True)
class Poll:
    """The options of an AS2 `Question` with their counts. `voters` None: it is not told."""

    options: tuple[tuple[str, int], ...]
    multiple: bool
    expires_at: int | None
    closed: bool
    voters: int | None


def poll(document: Document) -> Poll | None:
    """The poll that `document` is; None if it is none, or has no options that can be read."""
    if type_of(document) != "Question":
        return None
    several = items(document.get("anyOf"))
    told = (several or items(document.get("oneOf")))[:_MOST_OPTIONS]
    options = tuple(
        (title, _count(_total(each)))
        for each in told
        if isinstance(each, dict) and (title := text_of(each.get("name")).strip())
    )
    if not options:
        return None
    # Akkoma and Pleroma write into `closed` when the poll will end, others when it did; before that it is open.
    closed = document.get("closed")
    ended = moment(closed) if not isinstance(closed, bool) else None
    voters = document.get("votersCount")
    return Poll(
        options=options,
        multiple=bool(several),
        expires_at=ended or moment(document.get("endTime")),
        closed=closed is True,
        voters=_count(voters) if isinstance(voters, int) and not isinstance(voters, bool) else None,
    )


def quote(document: Document) -> str | None:
    """The id of the post that `document` quotes, by the first of the names in use that holds an address, else by a link
    among its tags.
    """
    found = (uri(document.get(name)) for name in _QUOTE_NAMES)
    named = next((each for each in found if authority(each) is not None), None)
    return named or _linked_quote(document.get("tag"))


def quote_policy(document: Document) -> str | None:
    """public, followers or nobody as `interactionPolicy` says, manual or manual_followers where the author looks at each
    request; None where nothing is said.
    """
    policy = document.get("interactionPolicy")
    told = policy.get("canQuote") if isinstance(policy, dict) else None
    if not isinstance(told, dict):
        return None
    for names, everybody, followers in (
        (told.get("automaticApproval"), "public", "followers"),
        (told.get("manualApproval"), "manual", "manual_followers"),
    ):
        granted = uris(names)
        if not terms.PUBLIC_NAMES.isdisjoint(granted):
            return everybody
        if any(each.endswith("/followers") for each in granted):
            return followers
    return "nobody"


def quote_authorization(document: Document) -> str | None:
    """The address of the consent by which `document` quotes (FEP-044f)."""
    address = uri(document.get("quoteAuthorization"))
    return address if authority(address) is not None else None


@dataclass(frozen=True, slots=True)
class Consent:
    """A `QuoteAuthorization`: `author` agrees that the post `quoting` quotes their post `quoted`."""

    id: str
    author: str
    quoting: str
    quoted: str


def consent(document: Document) -> Consent | None:
    """What a `QuoteAuthorization` says; None if `document` is none."""
    told = [uri(document.get(name)) for name in ("id", "attributedTo", "interactingObject", "interactionTarget")]
    if type_of(document) != "QuoteAuthorization" or None in told:
        return None
    return Consent(*(each for each in told if each is not None))


def occasion(document: Document) -> str:
    """When and where an `Event` takes place, as a paragraph in front of its words; empty for what is none."""
    if type_of(document) != "Event":
        return ""
    place = next((each for each in items(document.get("location")) if isinstance(each, dict)), {})
    # As its server wrote it: with the offset of the place where it happens.
    when = text_of(document.get("startTime")) if moment(document.get("startTime")) is not None else ""
    said = [("📅", when.replace("T", " ", 1)), ("📍", text_of(place.get("name")).strip())]
    lines = [f"{mark} {escape(words[:_LONGEST_LINE])}" for mark, words in said if words]
    return f"<p>{'<br>'.join(lines)}</p>" if lines else ""


def _linked_quote(tags: object) -> str | None:
    """The quote among the object links of a post (FEP-e232): a `Link` to an AS2 object whose `rel` says what it is."""
    for each in items(tags)[:_MOST_OPTIONS]:
        if isinstance(each, dict) and type_of(each) == "Link" and not _QUOTE_RELATIONS.isdisjoint(_texts(each.get("rel"))):
            address = uri(each.get("href"))
            if authority(address) is not None:
                return address
    return None


def _texts(value: object) -> list[str]:
    return [each for each in items(value) if isinstance(each, str)]


def _total(option: Document) -> object:
    """Misskey counts its votes under a name of its own as well."""
    replies = option.get("replies")
    told = replies.get("totalItems") if isinstance(replies, dict) else replies
    return option.get("_misskey_votes") if told is None else told


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return min(max(value, 0), _MOST_VOTES)
