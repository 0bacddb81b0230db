"""What an outbox of another server lists, in every form met in practice, read into one shape.

Create with the post inside (Mastodon, Misskey, PieFed, NodeBB, towns) or its id (GoToSocial); a Group's Announce of an
activity (Lemmy, PieFed, towns), of a post or of an id (towns, NodeBB); bare posts.
"""

from dataclasses import dataclass
from typing import Any

from federation.vocabulary.notes import is_note
from federation.vocabulary.reading import Document, moment, same_origin, type_of, uri

_ABOUT = frozenset({"Create", "Update"})


@dataclass(frozen=True, slots=True)
class Saying:
    """A post that an outbox speaks of: its id, or that of the activity that made it; the `document` if it stands there
    and the outbox's host may speak for it. `published` in milliseconds, if the entry tells.
    """

    uri: str
    document: Document | None
    published: int | None


def read(entry: Any, owner: str, *, group: bool) -> Saying | None:
    """What `entry` of the outbox of the actor `owner` says, or None if it is no post of theirs: a boost, a like, an edit.

    Only a `group` passes on what others said.
    """
    if isinstance(entry, str):
        return _by_id(entry, None)
    if not isinstance(entry, dict):
        return None
    if is_note(entry):
        return _post(entry, owner, moment(entry.get("published")))
    if uri(entry.get("actor")) != owner:
        return None
    kind, told, published = type_of(entry), entry.get("object"), moment(entry.get("published"))
    if kind == "Announce" and group and isinstance(told, dict) and type_of(told) in _ABOUT:
        told = told.get("object")
    elif kind != "Create" and not (kind == "Announce" and group):
        return None
    if isinstance(told, dict) and is_note(told):
        return _post(told, owner, published)
    return _by_id(told, published)


def _post(document: Document, owner: str, published: int | None) -> Saying | None:
    """A post that stands in the entry: believed if it, its author and the outbox are of one host, else known by its id."""
    address = uri(document.get("id"))
    if address is None:
        return None
    own = same_origin(address, owner, uri(document.get("attributedTo")))
    return Saying(address, document if own else None, moment(document.get("published")) or published)


def _by_id(value: Any, published: int | None) -> Saying | None:
    address = uri(value)
    return None if address is None else Saying(address, None, published)
