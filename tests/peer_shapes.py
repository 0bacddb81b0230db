"""Where each software keeps its actors, posts and activities, and what its actor documents look like."""

from dataclasses import dataclass
from typing import Any

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
AS2 = "https://www.w3.org/ns/activitystreams"
SECURITY = "https://w3id.org/security/v1"

Document = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """Paths of one software. `{name}` is the actor's name, `{n}` a running number."""

    version: str
    person: str = "/users/{name}"
    group: str = "/groups/{name}"
    page: str = "/@{name}"
    post: str = "/users/{name}/statuses/{n}"
    activity: str = "/users/{name}/activities/{n}"
    key: str = "{actor}#main-key"
    shared_inbox: bool = True


SHAPES = {
    "mastodon": Shape("4.5.0"),
    "misskey": Shape(
        "2025.10.0", person="/users/id{name}", post="/notes/{n}", activity="/notes/{n}/activity"
    ),
    "gotosocial": Shape(
        "0.20.0", activity="/users/{name}/statuses/{n}/activity", key="{actor}/main-key", shared_inbox=False
    ),
    "lemmy": Shape(
        "0.19.12",
        person="/u/{name}",
        group="/c/{name}",
        page="/u/{name}",
        post="/post/{n}",
        activity="/activities/create/{n}",
    ),
    "piefed": Shape(
        "1.6.27",
        person="/u/{name}",
        group="/c/{name}",
        page="/u/{name}",
        post="/post/{n}",
        activity="/activities/create/{n}",
    ),
    "nodebb": Shape("4.4.0", person="/uid/{name}", group="/category/{name}", post="/post/{n}"),
    "akkoma": Shape("3.17.0", post="/objects/{n}", activity="/activities/{n}"),
    "discourse": Shape(
        "2026.6.0", person="/ap/actor/{name}", group="/ap/actor/{name}", post="/ap/object/{n}"
    ),
    "mbin": Shape(
        "1.9.0", person="/u/{name}", group="/m/{name}", page="/u/{name}", post="/m/hiroba/t/{n}", activity="/f/object/{n}"
    ),
    "machi": Shape("0.1.0", group="/boards/{name}", post="/posts/{n}", activity="/activities/{n}"),
}


def actor(
    software: str, *, origin: str, uri: str, kind: str, name: str, key_id: str, public_pem: str
) -> Document:
    """The actor document as `software` writes it, in what matters to others."""
    shape = SHAPES[software]
    document: Document = {
        "@context": [AS2, SECURITY],
        "id": uri,
        "type": kind,
        "preferredUsername": name,
        "name": name.capitalize(),
        "summary": "",
        "url": origin + shape.page.format(name=name),
        "inbox": f"{uri}/inbox",
        "outbox": f"{uri}/outbox",
        "followers": f"{uri}/followers",
        "following": f"{uri}/following",
        "manuallyApprovesFollowers": False,
        "discoverable": True,
        "published": "2026-01-15T00:00:00Z",
        "publicKey": {"id": key_id, "owner": uri, "publicKeyPem": public_pem},
    }
    if shape.shared_inbox:
        document["endpoints"] = {"sharedInbox": f"{origin}/inbox"}
    if kind == "Group":
        document |= {"attributedTo": f"{uri}/moderators", "postingRestrictedToMods": False}
    document |= _EXTRAS.get(software, {})
    return document


_EXTRAS: dict[str, Document] = {
    "mastodon": {"indexable": True, "memorial": False, "tag": [], "attachment": []},
    "misskey": {"isCat": True, "_misskey_summary": "", "sharedInbox": None},
    "gotosocial": {"manuallyApprovesFollowers": True, "tag": []},
}


def stub(document: Document) -> Document:
    """What GoToSocial serves at the address of a key: who owns it, and no more."""
    return {name: document[name] for name in ("@context", "id", "type", "preferredUsername", "publicKey")}


def nodeinfo(software: str) -> Document:
    return {
        "version": "2.0",
        "software": {"name": software, "version": SHAPES[software].version},
        "protocols": ["activitypub"],
        "services": {"inbound": [], "outbound": []},
        "openRegistrations": False,
        "usage": {"users": {"total": 1}},
        "metadata": {},
    }


class NotUnderstood(AssertionError):
    """A document that the software would not take."""


_LEMMY_ANNOUNCES = frozenset({"Create", "Update", "Delete", "Like", "Dislike", "Undo", "Add", "Remove", "Block", "Lock"})
_PIEFED_ANNOUNCES = _LEMMY_ANNOUNCES | {"ChooseAnswer"}


def take_announce(software: str, announce: Document, *, group: str, moderators: frozenset[str]) -> Document | str:
    """What a board announces, if `software` takes it: its parser's shape and the checks of its community module. Gives
    what is inside. Raises NotUnderstood.
    """
    inner = announce["object"]
    _ask(announce["actor"] == group and isinstance(announce["id"], str) and len(announce["id"]) < 100, "the Announce")
    _ask(PUBLIC in announce["to"], "an Announce to nobody")
    if not isinstance(inner, dict):
        host = group.split("/")[2]
        _ask(software != "lemmy", "Lemmy wants an activity")
        _ask(software != "piefed" or inner.split("/")[2] == host, "PieFed wants objects of the Group's host")
        return str(inner)
    known = _LEMMY_ANNOUNCES if software == "lemmy" else _PIEFED_ANNOUNCES
    _ask(inner["type"] in known, f"{inner['type']} is unknown here")
    _ask(isinstance(inner["actor"], str) and len(inner["id"]) < 100, "the inner actor or id")
    _ask(inner["id"].split("/")[2] == inner["actor"].split("/")[2], "the inner id is not of its actor's host")
    if inner["type"] not in ("Like", "Dislike", "Undo"):
        _ask(PUBLIC in inner["to"], "not public")
        named = {*inner["to"], *inner.get("cc", ()), inner.get("audience")}
        _ask(group in named, "the community is not named")
    if inner["type"] in ("Create", "Update") and inner["object"].get("inReplyTo") is None:
        _ask(inner["object"]["audience"] == group, "another community than the Group")
        _ask(isinstance(inner["object"]["name"], str) and len(inner["object"]["name"]) <= 200, "the title")
    if inner["type"] in ("Add", "Remove"):
        _ask(inner["target"] in (f"{group}/featured", f"{group}/moderators"), "the target")
    if inner["type"] == "Block":
        _ask(inner["target"] == group, "a Block without its community")
    by_moderator = inner["type"] in ("Add", "Remove", "Block") or (inner["type"] == "Delete" and "summary" in inner)
    _ask(not by_moderator or inner["actor"] in moderators, "not by a moderator")
    return inner


def _ask(holds: object, what: str) -> None:
    if not holds:
        raise NotUnderstood(what)
