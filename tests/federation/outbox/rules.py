"""The rules that every object on the wire obeys (federation reference §1.0), as one check for any document."""

import re
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
_ARRAYS = {"to", "cc", "tag", "attachment", "orderedItems", "items"}
_PLAIN = {"type", "actor", "attributedTo", "id", "inReplyTo", "context", "conversation", "audience", "url"}
_AS2 = {
    "id", "type", "actor", "object", "to", "cc", "audience", "tag", "attachment", "attributedTo", "name", "content",
    "contentMap", "source", "mediaType", "summary", "published", "updated", "url", "href", "inReplyTo", "replies",
    "likes", "shares", "context", "first", "next", "partOf", "totalItems", "items", "orderedItems", "inbox", "outbox",
    "followers", "following", "liked", "endpoints", "sharedInbox", "icon", "image", "preferredUsername", "formerType", "deleted",
    "publicKey", "publicKeyPem", "owner", "width", "height", "oneOf", "anyOf", "endTime", "closed", "target", "instrument", "result",
}  # fmt: skip


def check(document: dict[str, Any], host: str) -> None:
    """Assert the rules on a document that leaves `host`, and on all that is embedded in it."""
    context = document["@context"]
    assert context[0] == "https://www.w3.org/ns/activitystreams"
    assert not [each for each in context[2:] if isinstance(each, str)], "further terms are defined inline"
    known = _AS2 | {key for each in context if isinstance(each, dict) for key in each}
    _walk({key: value for key, value in document.items() if key != "@context"}, host, known)
    if "actor" in document:
        assert document["id"].startswith(f"https://{host}/")
        assert len(document["id"]) < 100
        assert document["published"]


def _walk(value: Any, host: str, known: set[str]) -> None:
    if isinstance(value, list):
        assert value, "an empty list is left out"
        for each in value:
            _walk(each, host, known)
        return
    assert value is not None, "nothing is null"
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        _member(key, inner, known)
        if key not in {"contentMap", "oneOf", "anyOf"}:  # an option is a Note in name alone
            _walk(inner, host, known)
    if value.get("type") == "Note":
        _note(value)


def _member(key: str, inner: Any, known: set[str]) -> None:
    assert key in known or key.startswith("machi:"), f"{key} is not defined in the context"
    if key in _ARRAYS:
        assert isinstance(inner, list), f"{key} is an array"
    if key in _PLAIN:
        assert isinstance(inner, str), f"{key} is one plain string"
    if key in {"published", "updated", "deleted"}:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", inner)
    if key in {"id", "actor", "inReplyTo", "context", "inbox", "first", "next"} and not (
        key == "first" and isinstance(inner, dict)  # a page that stands in its collection
    ):
        parts = urlsplit(inner)
        assert parts.scheme == "https"
        assert not parts.fragment or inner.endswith(("#main-key", "#ed25519-key"))
    if key in {"to", "cc"}:
        assert all(isinstance(uri, str) and (uri == PUBLIC or "#" not in uri) for uri in inner)
        assert len(set(inner)) == len(inner)


def _note(note: dict[str, Any]) -> None:
    assert note["published"]
    if "updated" in note:
        assert datetime.fromisoformat(note["updated"]) >= datetime.fromisoformat(note["published"])
    if "inReplyTo" in note:
        assert "name" not in note, "a reply with a name is a vote"
    mentioned = {tag["href"] for tag in note.get("tag", ()) if tag["type"] == "Mention"}
    assert mentioned <= {*note.get("to", ()), *note.get("cc", ())}, "the mentioned are addressed"
    assert note["content"]
