"""Actors and notes as others write them, read into plain values of ours.

Tolerant: Mastodon, Misskey, GoToSocial, Lemmy, PieFed and our own shapes all come through here, and whatever is strange
is left out rather than refused. Only what makes a document useless raises Unreadable. Nothing is sanitised here: HTML
stays as received until `community.text` takes it.
"""

import re
from dataclasses import dataclass
from html import unescape

from community import names
from community.emojis import Foreign as Emoji
from federation.vocabulary import attachments, terms
from federation.vocabulary.reading import (
    Document,
    Unreadable,
    authority,
    items,
    link,
    moment,
    same_origin,
    text_of,
    truth,
    type_of,
    uri,
    uris,
)

_KINDS = {"Person": "person", "Group": "board", "Organization": "person", "Service": "service"}
_NAME = re.compile(r"[\w.~-]{1,100}")
_STRENGTH_SEPARATORS = re.compile(r"[、，,／\n]+")
_MARKUP = re.compile(r"<[^>]*>")
_MOST_FIELDS = 16
_MOST_ALIASES = 16
_LONGEST_NAME = 100
_LONGEST_SUMMARY = 20_000
_LONGEST_FIELD = 2_000
_LONGEST_STRENGTH = 40
_LONGEST_PEM = 8_000
_LONGEST_MULTIKEY = 128
_ED25519 = "z6Mk"  # how the Multikey of an Ed25519 key begins, and of no other


@dataclass(frozen=True, slots=True)
class Field:
    name: str
    html: str


@dataclass(frozen=True, slots=True)
class Actor:
    """What an actor document says; addresses on other hosts than `id`'s are left out."""

    id: str
    kind: str  # person | board | relay | instance | service
    name: str  # handle, lower case
    display_name: str
    url: str
    inbox: str
    shared_inbox: str | None
    outbox: str | None
    followers: str | None
    key_id: str | None
    public_key_pem: str | None
    summary_html: str
    fields: tuple[Field, ...]
    strengths: tuple[str, ...]  # 得意技
    avatar_url: str | None
    header_url: str | None
    locked: bool
    discoverable: bool
    indexable: bool
    sample: bool
    moved_to: str | None
    published: int | None
    avatar_description: str = ""
    header_description: str = ""
    emojis: tuple[Emoji, ...] = ()
    proof_key_id: str | None = None
    proof_multikey: str | None = None
    also_known_as: tuple[str, ...] = ()
    featured: str | None = None  # the collection of what it shows first
    moderators: str | None = None  # of a Group: the collection of those who look after it


def read_actor(document: Document) -> Actor:
    """Raises Unreadable without an id, a known type, a usable name, or an inbox on the actor's own host."""
    actor_id = uri(document.get("id"))
    if actor_id is None or authority(actor_id) is None:
        raise Unreadable("the actor has no usable id")
    kind = _actor_kind(document, actor_id)
    name = text_of(document.get("preferredUsername")).strip().casefold()
    if not _NAME.fullmatch(name):
        raise Unreadable("the actor has no usable preferredUsername")
    inbox = _own(document.get("inbox"), actor_id)
    if inbox is None:
        raise Unreadable("the actor has no inbox on its own host")
    endpoints = document.get("endpoints")
    shared = endpoints.get("sharedInbox") if isinstance(endpoints, dict) else document.get("sharedInbox")
    key_id, public_key_pem = _key(document.get("publicKey"), actor_id)
    proof_key_id, proof_multikey = _proof_key(document.get("assertionMethod"), actor_id)
    fields, strengths = _attachments(document.get("attachment"))
    return Actor(
        id=actor_id,
        kind=kind,
        name=name,
        display_name=_name(document.get("name")) or name,
        url=link(document.get("url"), owner=actor_id) or actor_id,
        inbox=inbox,
        shared_inbox=_own(shared, actor_id),
        outbox=_own(document.get("outbox"), actor_id),
        followers=_own(document.get("followers"), actor_id),
        key_id=key_id,
        public_key_pem=public_key_pem,
        summary_html=text_of(document.get("summary"))[:_LONGEST_SUMMARY],
        fields=fields,
        strengths=strengths,
        avatar_url=_image(document.get("icon")),
        header_url=_image(document.get("image")),
        locked=truth(document.get("manuallyApprovesFollowers")),
        discoverable=document.get("discoverable") is not False,
        indexable=truth(document.get("indexable")),
        sample=truth(document.get(terms.SAMPLE)),
        moved_to=_elsewhere(document.get("movedTo"), actor_id),
        published=moment(document.get("published")),
        avatar_description=attachments.described(document.get("icon"))[:_LONGEST_FIELD],
        header_description=attachments.described(document.get("image"))[:_LONGEST_FIELD],
        emojis=attachments.emojis(document.get("tag")),
        proof_key_id=proof_key_id,
        proof_multikey=proof_multikey,
        also_known_as=uris(document.get("alsoKnownAs"), _MOST_ALIASES),
        featured=_own(document.get("featured"), actor_id),
        moderators=_own(document.get("attributedTo"), actor_id) if kind == "board" else None,
    )


def is_actor(document: Document) -> bool:
    return type_of(document) in _KINDS or type_of(document) == "Application"


def _actor_kind(document: Document, actor_id: str) -> str:
    kind = type_of(document)
    if kind == "Application":
        host = (authority(actor_id) or "").partition(":")[0]
        is_the_town = text_of(document.get("preferredUsername")).casefold() == host
        return "instance" if is_the_town else "service"
    if kind == "Person" and truth(document.get(terms.ANONYMOUS_RELAY)):
        return "relay"
    if kind not in _KINDS:
        raise Unreadable(f"{kind or 'nothing'} is not an actor type")
    return _KINDS[kind]


def _elsewhere(value: object, actor_id: str) -> str | None:
    """Where an actor says that it went; nobody moves to where they are."""
    address = uri(value)
    return address if address != actor_id and authority(address) is not None else None


def _own(value: object, owner: str) -> str | None:
    """An address that only counts on the owner's own host."""
    address = uri(value)
    return address if same_origin(address, owner) else None


def _key(value: object, actor_id: str) -> tuple[str | None, str | None]:
    """The first RSA key that the actor claims as its own, on its own host."""
    for each in items(value):
        if not isinstance(each, dict):
            continue
        key_id, pem = uri(each.get("id")), text_of(each.get("publicKeyPem"))
        owned = each.get("owner") in (actor_id, None) and same_origin(key_id, actor_id)
        if owned and 0 < len(pem) <= _LONGEST_PEM:
            return key_id, pem
    return None, None


def _proof_key(value: object, actor_id: str) -> tuple[str | None, str | None]:
    """The first Ed25519 Multikey that the actor claims as its own, on its own host (FEP-521a)."""
    for each in items(value):
        if not isinstance(each, dict) or type_of(each) != "Multikey":
            continue
        key_id, multibase = uri(each.get("id")), text_of(each.get("publicKeyMultibase"))
        owned = each.get("controller") in (actor_id, None) and same_origin(key_id, actor_id)
        if owned and multibase.startswith(_ED25519):
            return key_id, multibase[:_LONGEST_MULTIKEY]
    return None, None


def _attachments(value: object) -> tuple[tuple[Field, ...], tuple[str, ...]]:
    """PropertyValues: those named 得意技 are strengths, one or several in each; the rest are fields of the profile."""
    fields: list[Field] = []
    strengths: list[str] = []
    for each in items(value)[: 2 * _MOST_FIELDS]:
        if not isinstance(each, dict) or type_of(each) not in {"PropertyValue", "schema:PropertyValue"}:
            continue
        name = _name(each.get("name"))
        html = text_of(each.get("value"))[:_LONGEST_FIELD]
        if name == terms.STRENGTH_LABEL:
            strengths += _strengths(html)
        elif name and html:
            fields.append(Field(name, html))
    return tuple(fields[:_MOST_FIELDS]), tuple(dict.fromkeys(strengths))[:_MOST_FIELDS]


def _strengths(html: str) -> list[str]:
    plain = unescape(_MARKUP.sub("", html))
    labels = (names.display_name(each)[:_LONGEST_STRENGTH] for each in _STRENGTH_SEPARATORS.split(plain))
    return [label.removeprefix("#") for label in labels if label.removeprefix("#")]


def _name(value: object) -> str:
    return names.display_name(text_of(value))[:_LONGEST_NAME].strip()


def _image(value: object) -> str | None:
    """The address of a picture. It may lie on another host (media servers do)."""
    for each in items(value):
        address = uri(each.get("url") or each.get("href")) if isinstance(each, dict) else each
        if isinstance(address, str) and authority(address):
            return address
    return None

