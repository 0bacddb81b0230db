"""姉妹まち over the wire: Offer, Accept, Reject, Undo; and whoever speaks for a town without being the town."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, founding, sisters, towns
from community.errors import NotFound
from federation.models import Delivery, OutboxItem
from federation.outbox import publish_sisters, sayings
from tests import factories
from tests.federation.inbox import mail

THERE = "https://yamate.example"
HOST = "yamate.example"
OFFER = f"{THERE}/activities/7"


@pytest.fixture
def their_town(session: Session) -> None:
    founding.found(session)
    mail.know(session, "machi/instance")


def dispatch(session: Session) -> None:
    bus = events.Bus()
    publish_sisters.subscribe(bus)
    bus.dispatch(session)


def offer(**changes: Any) -> dict[str, Any]:
    about = {"type": "Relationship", "subject": f"{THERE}/actor", "relationship": "machi:sister", "object": f"{mail.HERE}/actor"}
    return {"type": "Offer", "id": OFFER, "actor": f"{THERE}/actor", "object": about, "content": "<p>よろしく</p>"} | changes


def answered(kind: str, about: object, actor: str = f"{THERE}/actor") -> dict[str, Any]:
    return {"type": kind, "id": f"{THERE}/activities/8", "actor": actor, "object": about}


def said(session: Session, kind: str) -> list[tuple[dict[str, Any], str]]:
    """What was said of this kind, and where it goes."""
    rows = session.execute(
        select(OutboxItem, Delivery.inbox).join(Delivery, Delivery.outbox_item_id == OutboxItem.id)
    )
    return [(sayings.document(item), inbox) for item, inbox in rows if item.type == kind]


def ours(session: Session) -> dict[str, Any]:
    """The Offer that this town made, as it went out."""
    sisters.ask(session, HOST, note="ぜひ")
    dispatch(session)
    [(document, inbox)] = said(session, "Offer")
    assert inbox == f"{THERE}/inbox"
    assert document["actor"] == f"{mail.HERE}/actor"
    assert document["object"] == {
        "type": "Relationship", "subject": f"{mail.HERE}/actor", "relationship": "machi:sister", "object": f"{THERE}/actor",
    }  # fmt: skip
    assert (document["to"], document["content"]) == ([f"{THERE}/actor"], "ぜひ")
    return document


def test_a_town_asks_and_is_answered(session: Session, their_town: None) -> None:
    mail.deliver(session, offer())
    row = sisters.of(session, HOST)
    assert (row.state, row.note, row.offer_uri) == (sisters.ASKING, "よろしく", OFFER)
    assert not towns.is_sister(session, HOST)
    sisters.accept(session, HOST)
    dispatch(session)
    [(yes, inbox)] = said(session, "Accept")
    assert inbox == f"{THERE}/inbox"
    assert (yes["actor"], yes["object"]["id"], yes["object"]["actor"]) == (f"{mail.HERE}/actor", OFFER, f"{THERE}/actor")
    assert towns.is_sister(session, HOST)


@pytest.mark.parametrize("by_id", [False, True])
def test_our_offer_is_accepted(session: Session, their_town: None, by_id: bool) -> None:
    document = ours(session)
    mail.deliver(session, answered("Accept", document["id"] if by_id else document))
    assert towns.is_sister(session, HOST)


@pytest.mark.parametrize("by_id", [False, True])
@pytest.mark.parametrize("kind", ["Reject", "Undo"])
def test_either_side_ends_it(session: Session, their_town: None, kind: str, by_id: bool) -> None:
    document = ours(session)
    mail.deliver(session, answered("Accept", document))
    mail.deliver(session, answered(kind, document["id"] if by_id else document) | {"id": f"{THERE}/activities/9"})
    assert sisters.of(session, HOST) is None
    assert said(session, "Reject") + said(session, "Undo") == []  # nothing is said back


def test_our_end_of_it_is_told(session: Session, their_town: None) -> None:
    document = ours(session)
    sisters.end(session, HOST)
    dispatch(session)
    [(undo, _)] = said(session, "Undo")
    assert undo["object"]["id"] == document["id"]
    mail.deliver(session, offer())
    sisters.end(session, HOST)
    dispatch(session)
    [(reject, _)] = said(session, "Reject")
    assert (reject["object"]["id"], reject["object"]["actor"]) == (OFFER, f"{THERE}/actor")


def test_nobody_speaks_for_a_town_but_the_town(session: Session, their_town: None) -> None:
    person = factories.remote(session, "taro", HOST)
    about = offer()["object"] | {"subject": person.uri}
    refused = mail.refusal(session, offer(actor=person.uri, object=about))
    assert "not the town's own actor" in refused
    assert sisters.of(session, HOST) is None


@pytest.mark.parametrize(
    "about",
    [
        {"subject": "https://kawabe.example/actor"},
        {"object": "https://kawabe.example/actor"},
        {"relationship": "http://purl.org/vocab/relationship/friendOf"},
        {"type": "Note"},
        {"subject": None},
    ],
)
def test_an_offer_of_something_else_or_for_others(session: Session, their_town: None, about: dict[str, Any]) -> None:
    assert mail.refusal(session, offer(object=offer()["object"] | about))
    assert sisters.every(session) == []


def test_an_answer_that_we_did_not_wait_for(session: Session, their_town: None) -> None:
    document = ours(session)
    made_up = document | {"id": f"{mail.HERE}/activities/1"}
    with pytest.raises(NotFound):
        mail.deliver(session, answered("Accept", made_up))
    stranger = factories.remote(session, "kawabe.example", "kawabe.example", kind="instance")
    letter = answered("Accept", document, actor=stranger.uri) | {"id": "https://kawabe.example/activities/1"}
    assert "somebody else" in mail.refusal(session, letter)
    assert not towns.is_sister(session, HOST)
    assert not towns.is_sister(session, "kawabe.example")


def test_a_sisterhood_does_not_end_on_the_word_of_others(session: Session, their_town: None) -> None:
    document = ours(session)
    mail.deliver(session, answered("Accept", document))
    person = factories.remote(session, "taro", HOST)
    assert mail.refusal(session, answered("Reject", document, actor=person.uri))
    assert towns.is_sister(session, HOST)
