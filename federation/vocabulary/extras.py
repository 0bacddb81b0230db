"""What the documents of posts carry besides words: polls, quotes, and who may quote them."""

from dataclasses import dataclass

from federation.vocabulary import terms
from federation.vocabulary.reading import Document, authority, items, moment, text_of, type_of, uri, uris

_MOST_OPTIONS = 50
_QUOTE_NAMES = ("quote", "quoteUri", "quoteUrl", "_misskey_quote")
_MOST_VOTES = 2**31 - 1


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
    multiple = "anyOf" in document
    told = items(document.get("anyOf") if multiple else document.get("oneOf"))[:_MOST_OPTIONS]
    options = tuple(
        (title, _count(_total(each.get("replies"))))
        for each in told
        if isinstance(each, dict) and (title := text_of(each.get("name")).strip())
    )
    if not options:
        return None
    closed = document.get("closed")
    ended = moment(closed) if not isinstance(closed, bool) else None
    voters = document.get("votersCount")
    return Poll(
        options=options,
        multiple=multiple,
        expires_at=moment(document.get("endTime")) or ended,
        closed=closed is True or ended is not None,
        voters=_count(voters) if isinstance(voters, int) and not isinstance(voters, bool) else None,
    )


def quote(document: Document) -> str | None:
    """The id of the post that `document` quotes, by the first of the names in use that holds an address."""
    found = (uri(document.get(name)) for name in _QUOTE_NAMES)
    return next((each for each in found if authority(each) is not None), None)


def quote_policy(document: Document) -> str | None:
    """public, followers or nobody as `interactionPolicy` says; None where nothing is said."""
    policy = document.get("interactionPolicy")
    told = policy.get("canQuote") if isinstance(policy, dict) else None
    if not isinstance(told, dict):
        return None
    granted = (*uris(told.get("automaticApproval")), *uris(told.get("manualApproval")))
    if not terms.PUBLIC_NAMES.isdisjoint(granted):
        return "public"
    return "followers" if any(each.endswith("/followers") for each in granted) else "nobody"


def _total(replies: object) -> object:
    return replies.get("totalItems") if isinstance(replies, dict) else None


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        return 0
    return min(max(value, 0), _MOST_VOTES)
