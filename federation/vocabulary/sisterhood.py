"""姉妹まち on the wire: an Offer of a Relationship between two towns' own actors, and the answers to it.

`Offer`, `Relationship` and the answers are terms of the Activity Vocabulary (§3.1, §3.3); what the relationship is called is
ours, `machi:sister`. Nobody but the two towns hears of it.
"""

from dataclasses import dataclass
from typing import Any

from community.models import Account
from federation.vocabulary import terms
from federation.vocabulary.reading import Document, authority, text_of, type_of, uri
from federation.vocabulary.times import iso

_NOTE_READ = 5_000  # characters of HTML that are looked at; far less is kept


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an Offer proposes: that the town of `subject` and the town of `other`, two actor ids, become sisters."""

    uri: str
    subject: str
    other: str
    note: str  # HTML, as it came


def offer(offer_uri: str, town_itself: Account, other: str, *, note: str, now: int) -> dict[str, Any]:
    """Our proposal to the town whose own actor is `other`; `note` is plain text."""
    document = {**embedded(offer_uri, town_itself.uri, other), "published": iso(now), "to": [other]}
    return document | ({"content": note} if note else {})


def embedded(offer_uri: str, subject: str, other: str) -> dict[str, Any]:
    """The proposal as its answers carry it."""
    relationship = {
        "type": "Relationship",
        "subject": subject,
        "relationship": terms.SISTER,
        "object": other,
    }
    return {"type": "Offer", "id": offer_uri, "actor": subject, "object": relationship}


def answer(
    kind: str, answer_uri: str, town_itself: Account, proposal: dict[str, Any], other: str, *, now: int
) -> dict[str, Any]:
    """Accept, Reject or Undo (`kind`) of `proposal`, said to the town `other`."""
    return {
        "id": answer_uri,
        "type": kind,
        "actor": town_itself.uri,
        "published": iso(now),
        "to": [other],
        "object": proposal,
    }


def read(document: Document) -> Proposal | None:
    """The proposal in `document`, an Offer; None if it proposes anything else."""
    about = document.get("object")
    if type_of(document) != "Offer" or not isinstance(about, dict) or type_of(about) != "Relationship":
        return None
    subject, other, offer_uri = uri(about.get("subject")), uri(about.get("object")), uri(document.get("id"))
    if text_of(about.get("relationship")) != terms.SISTER or subject is None or other is None or offer_uri is None:
        return None
    if authority(subject) is None or authority(other) is None:
        return None
    return Proposal(offer_uri, subject, other, text_of(document.get("content"))[:_NOTE_READ])
