"""How each software says the same thing: ids, envelopes, audiences and the properties that only it writes.

Composed after the documents that each of them sends (federation reference §1; `wire/` has whole ones).
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests import peer_shapes
from tests.peer_shapes import AS2, PUBLIC, SECURITY, SHAPES, Document

HERE = "https://minato.example"
HANAKO, BOARD = f"{HERE}/users/hanako", f"{HERE}/boards/roumu"
SAID_AT = "2026-03-31T23:50:00Z"

_CONTEXTS: Mapping[str, Any] = {
    "mastodon": [AS2, {"ostatus": "http://ostatus.org#", "atomUri": "ostatus:atomUri", "sensitive": "as:sensitive"}],
    "misskey": [AS2, SECURITY, {"misskey": "https://misskey-hub.net/ns#", "_misskey_content": "misskey:_misskey_content"}],
    "gotosocial": ["https://gotosocial.org/ns", AS2, {"sensitive": "as:sensitive"}],
    "akkoma": [AS2, "https://a.example/schemas/litepub-0.1.jsonld", {"@language": "und"}],
    "lemmy": ["https://join-lemmy.org/context.json", AS2],
    "piefed": [AS2, SECURITY, {"lemmy": "https://join-lemmy.org/ns#", "stickied": "lemmy:stickied"}],
    "nodebb": AS2,
    "discourse": AS2,
    "mbin": [AS2, SECURITY],
    "machi": [AS2, SECURITY, {"machi": "urn:machi-soumu:ns#", "ChooseAnswer": "machi:ChooseAnswer"}],
}
_EMOJI_REACTS = {"akkoma", "piefed"}
THREADED = {"lemmy", "piefed", "nodebb", "discourse", "mbin", "machi"}
"""Software with communities of its own: their posts have titles, and their communities pass activities on."""


@dataclass
class Speaker:
    """Somebody on a server of `software`, and the community on the same server."""

    software: str
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    @property
    def origin(self) -> str:
        return f"https://{self.software}.example"

    @property
    def id(self) -> str:
        return self.origin + SHAPES[self.software].person.format(name="mika")

    @property
    def group(self) -> str:
        return self.origin + SHAPES[self.software].group.format(name="hiroba")

    def actor(self, **more: Any) -> Document:
        return self._actor(self.id, "Person", "mika") | more

    def group_actor(self, **more: Any) -> Document:
        return self._actor(self.group, "Group", "hiroba") | {"featured": f"{self.group}/featured"} | more

    def _actor(self, uri: str, kind: str, name: str) -> Document:
        key = SHAPES[self.software].key.format(actor=uri)
        return peer_shapes.actor(
            self.software, origin=self.origin, uri=uri, kind=kind, name=name, key_id=key, public_pem="-----BEGIN PUBLIC KEY-----\nx\n"
        )

    def says(self, kind: str, obj: Any, *, by: str = "", to: list[str] | None = None, **more: Any) -> Document:
        """An activity in the envelope of the software."""
        actor = by or self.id
        number = next(self.numbers)
        uri = self.origin + SHAPES[self.software].activity.format(name="mika", n=f"{kind.lower()}-{number}")
        activity: Document = {
            "@context": _CONTEXTS[self.software], "id": uri, "type": kind, "actor": actor, "object": obj,
        }  # fmt: skip
        audience: Document = {"to": [PUBLIC] if to is None else to}
        match self.software:
            case "gotosocial":  # one without a list
                audience = {"to": audience["to"][0] if len(audience["to"]) == 1 else audience["to"], "published": SAID_AT}
            case "discourse":  # the actor as an object
                activity["actor"] = {"id": actor, "type": "Person", "preferredUsername": "mika", "inbox": f"{actor}/inbox"}
                audience |= {"cc": [], "published": SAID_AT, "updated": SAID_AT}
            case "akkoma":
                audience |= {"cc": [f"{self.id}/followers"], "bto": [], "bcc": [], "context": f"{self.origin}/contexts/1"}
            case "misskey":
                audience = audience if to is None or kind in ("Create", "Update", "Delete") else {}
            case "lemmy" | "piefed" | "mbin":
                audience |= {"cc": [BOARD], "audience": BOARD} if kind not in ("Follow", "Accept", "Reject") else {}
        return activity | audience | more

    def post(self, words: str, **more: Any) -> Document:
        """A post of the software, with what only it writes."""
        uri = self.origin + SHAPES[self.software].post.format(name="mika", n=f"p{next(self.numbers)}")
        note: Document = {
            "id": uri, "type": "Note", "attributedTo": self.id, "content": f"<p>{words}</p>", "published": SAID_AT,
            "to": [PUBLIC], "cc": [f"{self.id}/followers"],
        }  # fmt: skip
        return note | self._own(uri, words) | more

    def _own(self, uri: str, words: str) -> Document:
        source = {"content": words, "mediaType": "text/markdown"}
        match self.software:
            case "mastodon":
                return {
                    "atomUri": uri, "inReplyToAtomUri": None, "conversation": "tag:mastodon.example,2026:objectId=1",
                    "context": f"{self.origin}/contexts/1", "sensitive": False, "summary": None, "url": f"{self.origin}/@mika/1",
                    "contentMap": {"ja": f"<p>{words}</p>"}, "attachment": [], "tag": [],
                    "replies": {"id": f"{uri}/replies", "type": "Collection", "first": {"type": "CollectionPage", "items": []}},
                }  # fmt: skip
            case "misskey":
                return {
                    "_misskey_content": words, "source": source | {"mediaType": "text/x.misskeymarkdown"}, "_misskey_summary": None,
                    "summary": None, "sensitive": False, "tag": [], "attachment": [],
                }  # fmt: skip
            case "gotosocial":
                return {
                    "to": PUBLIC, "cc": f"{self.id}/followers", "contentMap": {"ja": f"<p>{words}</p>"}, "attachment": [], "tag": [],
                    "interactionPolicy": {"canReply": {"automaticApproval": PUBLIC}}, "url": f"{self.origin}/@mika/statuses/1",
                }  # fmt: skip
            case "akkoma":
                return {
                    "actor": self.id, "context": f"{self.origin}/contexts/1", "conversation": f"{self.origin}/contexts/1",
                    "source": source, "contentMap": {"ja": f"<p>{words}</p>"}, "emoji": {}, "summary": "", "sensitive": None,
                }  # fmt: skip
            case "lemmy" | "piefed":
                language = {"identifier": "ja", "name": "日本語"}
                return {"source": source, "mediaType": "text/html", "language": language, "distinguished": False, "tag": []}
            case "nodebb":
                return {
                    "inReplyTo": None, "updated": None, "summary": None, "name": None, "source": source, "tag": [], "attachment": [],
                    "context": f"{self.origin}/topic/1", "replies": f"{uri}/replies",
                }  # fmt: skip
            case "discourse":
                return {"updated": SAID_AT, "url": f"{self.origin}/t/-/1/1", "source": source, "context": f"{self.origin}/ap/collection/1"}
            case "mbin":
                return {"source": source, "mediaType": "text/html", "contentMap": {"ja": f"<p>{words}</p>"}, "summary": "#hiroba", "tag": []}
        return {"source": source, "mediaType": "text/html", "machi:kind": "comment"}

    def question(self, title: str, words: str) -> Document:
        """A post that opens a thread on our board, as far as the software can say so."""
        spoken_to = {"to": [PUBLIC, BOARD], "cc": [f"{self.id}/followers"]}
        match self.software:
            case "lemmy" | "piefed" | "mbin":
                return self.post(words, type="Page", name=title, audience=BOARD, **spoken_to) | {"to": [BOARD, PUBLIC]}
            case "nodebb":
                return self.post(words, type="Article", name=title, audience=BOARD, **spoken_to)
            case "discourse" | "machi":
                kind = {"machi:kind": "question"} if self.software == "machi" else {}
                return self.post(words, name=title, audience=BOARD, **spoken_to) | kind
        mention = {"type": "Mention", "href": BOARD, "name": "@roumu@minato.example"}
        first_line = f'<p><a href="{HERE}/@roumu" class="u-url mention">@roumu</a> {title}</p><p>{words}</p>'
        return self.post(words, tag=[mention], content=first_line, cc=[BOARD]) | {"to": [PUBLIC]}

    def reply(self, parent: str, words: str, *also: str) -> Document:
        """A reply that addresses and mentions `also`."""
        tags = [{"type": "Mention", "href": each, "name": "@hanako@minato.example"} for each in also]
        made = self.post(words, inReplyTo=parent, tag=tags, to=[PUBLIC], cc=[*also, f"{self.id}/followers"])
        if self.software == "gotosocial":
            return made | {"tag": tags[0] if len(tags) == 1 else tags}
        return made | ({"audience": BOARD} if self.software in THREADED else {})

    def like(self, about: str) -> Document:
        match self.software:
            case "misskey":
                return self.says("Like", about, content="👍", _misskey_reaction="👍", to=[])
            case "piefed":
                return self.says("Like", about, content="👍")
        return self.says("Like", about, to=[HANAKO])

    def react(self, about: str) -> Document:
        """A reaction with an emoji: an activity of its own, or a Like that has one."""
        if self.software in _EMOJI_REACTS:
            return self.says("EmojiReact", about, content="🎉", to=[HANAKO])
        return self.says("Like", about, content=":blobcat:", _misskey_reaction=":blobcat:", to=[])

    def undo(self, activity: Document) -> Document:
        """Undo of something said: with the whole of it, or as the software does by its id alone."""
        inner = {name: value for name, value in activity.items() if name != "@context"}
        return self.says("Undo", activity["id"] if self.software == "nodebb" else inner, to=[HANAKO])

    def tombstone(self, note: Document) -> Any:
        """What a Delete speaks of."""
        if self.software in ("lemmy", "gotosocial", "nodebb"):
            return note["id"]
        return {"id": note["id"], "type": "Tombstone"} | ({"atomUri": note["id"]} if self.software == "mastodon" else {})
