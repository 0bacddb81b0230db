"""Documents of every kind, bent at random, from somebody with valid keys: the door answers, and the worker goes on."""

import copy
import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from community import follows
from community.db import Database
from community.events import Bus
from federation import actors
from federation.context import Federation
from federation.outbox import publish
from federation.vocabulary import terms
from tests import factories
from tests.federation.inbox.conftest import Door
from tests.federation.inbox.test_hostile import raw
from tests.peer import Peer, PeerActor
from tests.peer_shapes import PUBLIC
from tests.towns import FixedClock

ROUNDS = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
_STRANGE = st.sampled_from(
    [
        "", " ", "\x00", "\ud800", "\n", "あ", "https://", "https://[", "https://[/", "https://\x00/", "http://a:b/", "//",
        "as:Public", PUBLIC, "#", "?", "acct:a@b", "2026-11-24T00:00:00Z", "9999-12-31T23:59:59.999999-23:59",
        "0001-01-01T00:00:00Z", "-1", "Note", "Person", "Group", "Tombstone", "Create", "Announce", "question", "answer",
        "thanks", "thanks-message", "hata", "solved", "open", "2026-11", "x" * 3_000, "<p>" * 50, "<a href='http://['>x</a>",
    ]
)  # fmt: skip
_NAMES = st.sampled_from(
    [
        "id", "type", "actor", "object", "attributedTo", "to", "cc", "audience", "inReplyTo", "name", "content", "summary",
        "published", "updated", "tag", "attachment", "source", "url", "href", "context", "contentMap", "language",
        "mediaType", "sensitive", "preferredUsername", "inbox", "endpoints", "publicKey", "icon", "movedTo", "followers",
        terms.KIND, terms.STATE, terms.ACCEPTED_ANSWER, terms.PASSED_ON_FROM, terms.AS_OF, terms.BASIS, terms.AI_DRAFT,
        terms.ANONYMOUS, terms.ASKER, terms.QUESTION, terms.MESSAGE, terms.TONE, terms.ANONYMOUS_RELAY,
    ]
)  # fmt: skip
_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    _STRANGE, st.text(max_size=20),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=8,
)
_BENDS = st.lists(st.tuples(st.integers(0, 10_000), st.sampled_from(["value", "drop", "list", "deep", "address"]), _NAMES, _VALUES),
    min_size=1, max_size=4,
)  # fmt: skip

_numbers = itertools.count(1)


@pytest.fixture(autouse=True)
def speaking(bus: Bus, ctx: Federation) -> None:
    """What is done is passed on as well: by our boards, to our followers."""
    publish.subscribe(bus, ctx)


class World:
    """A town that listens to everything a peer says, and the addresses that documents there may speak of."""

    def __init__(self, door: Door, peer: Peer) -> None:
        self.door = door
        self.ken, self.board, self.relay = peer.actor("ken"), peer.group("soumu"), peer.actor("dareka")
        self.relay.document[terms.ANONYMOUS_RELAY] = True
        self.served = f"{peer.origin}/served"

    async def begin(self) -> None:
        def unit(session: Session) -> list[str]:
            factories.sister(session, self.ken.peer.domain)
            hanako = factories.member(session, "hanako")
            for each in (self.ken, self.board, self.relay):
                account = actors.upsert(session, each.document)
                follows.accept(session, follow=follows.request(session, follower=hanako, followee=account))
                follows.request(session, follower=account, followee=hanako, uri=f"{each.id}/follows/1")
            question = factories.question(session, hanako)
            quiet = factories.question(session, hanako, visibility="town")
            answer = factories.answer(session, factories.member(session, "taro"), question)
            return [each.uri for each in (question, quiet, answer, hanako, factories.board(session))]

        self.ours = await self.door.do(unit)

    def note(self, by: PeerActor, parent: str | None, **more: Any) -> dict[str, Any]:
        number = next(_numbers)
        note = {
            "id": f"{by.peer.origin}/notes/{number}", "type": "Note", "attributedTo": by.id, "inReplyTo": parent,
            "to": [PUBLIC], "cc": [self.ours[4], self.ours[3], by.followers], "audience": self.ours[4],
            "content": "<p>こう<a href='https://a.example'>します</a></p>", "published": "2026-11-24T00:00:00Z",
            "tag": [{"type": "Hashtag", "name": "#防災"}, {"type": "Mention", "href": self.ours[3], "name": "@hanako"}],
            "source": {"mediaType": "text/markdown", "content": "こう"}, "contentMap": {"ja": "<p>こう</p>"},
            "attachment": [{"type": "Document", "url": "https://a.example/a.png", "name": "図"}],
        }  # fmt: skip
        return {key: value for key, value in (note | more).items() if value is not None}

    def letters(self) -> list[tuple[PeerActor, dict[str, Any]]]:
        """One activity of each kind."""
        question, _, answer, hanako, _ = self.ours
        asked = self.note(
            self.ken, None, name="どこに出しますか", **{terms.KIND: "question", terms.STATE: "open"}
        )
        said = self.note(self.ken, question, **{terms.KIND: "answer", terms.PASSED_ON_FROM: answer})
        words = self.note(self.relay, answer, **{terms.KIND: "thanks-message", terms.ASKER: True})
        thanked = {terms.KIND: "thanks", terms.MESSAGE: words["id"], terms.TONE: "kind", "content": "🙏"}
        like = self.ken.does("Like", answer, **thanked)
        follow = self.ken.does("Follow", hanako)
        create = self.ken.does("Create", said)
        return [
            (self.ken, self.ken.does("Create", asked)), (self.ken, create), (self.relay, self.relay.does("Create", words)),
            (self.ken, self.ken.does("Create", self.served)), (self.ken, self.ken.does("Update", {**said, "updated": "2026-11-24T01:00:00Z"})),
            (self.ken, self.ken.does("Update", {**asked, terms.STATE: "solved", terms.ACCEPTED_ANSWER: answer})),
            (self.ken, self.ken.does("Update", self.ken.document)), (self.ken, self.ken.does("Delete", {"type": "Tombstone", "id": said["id"]})),
            (self.ken, like), (self.ken, self.ken.does("Like", question)), (self.ken, self.ken.does("EmojiReact", question)),
            (self.ken, self.ken.does("Undo", like)), (self.ken, self.ken.does("Undo", follow["id"])), (self.ken, follow),
            (self.ken, self.ken.does("Accept", {"type": "Follow", "actor": hanako, "object": self.ken.id})),
            (self.ken, self.ken.does("Reject", {"type": "Follow", "actor": hanako, "object": self.ken.id})),
            (self.ken, self.ken.does("ChooseAnswer", answer, **{terms.QUESTION: question})),
            (self.ken, self.ken.does("Undo", {"type": "ChooseAnswer", "object": answer})),
            (self.board, self.board.does("Announce", create)), (self.board, self.board.does("Announce", self.served)),
            (self.board, self.board.does("Announce", like)), (self.ken, self.ken.does("Move", self.served)),
            (self.ken, self.ken.does("Flag", [question, hanako])),
        ]  # fmt: skip

    def bent(self, document: dict[str, Any], bends: list[Any]) -> dict[str, Any]:
        """`document` with some of its values replaced; its id and actor stay, so that it comes in."""
        made = copy.deepcopy(document)
        addresses = [
            *self.ours,
            self.ken.id,
            self.board.id,
            self.served,
            document["id"],
            document.get("actor"),
        ]
        for place, how, name, value in bends:
            where = _places(made)
            holder, key = where[place % len(where)]
            if how == "drop":
                del holder[key]
            elif how == "list":
                holder[key] = [holder[key], value]
            elif how == "deep":
                holder[key] = {name: holder[key], "id": value}
            else:
                holder[key] = value if how == "value" else addresses[place % len(addresses)]
        return made | {key: document[key] for key in ("id", "actor") if key in document}


def _places(document: Any) -> list[tuple[Any, Any]]:
    """Every place in `document` where a value stands."""
    keys = list(document) if isinstance(document, dict) else range(len(document))
    below = [(document, key) for key in keys]
    for key in keys:
        if isinstance(document[key], dict | list):
            below += _places(document[key])
    return below or [({"": 0}, "")]


@pytest.fixture
async def world(door: Door, peer: Peer, database: Database) -> World:
    made = World(door, peer)
    await made.begin()
    return made


async def send(world: World, clock: FixedClock, sender: PeerActor, document: Any) -> None:
    """Deliver it and work it off: no answer of 5xx, and nothing that the worker did not foresee."""
    with capture_logs() as logs:
        reply = await sender.post(world.door.inbox, json.dumps(document).encode())
        assert reply.status < 500
        await world.door.worker.run_once()
    assert [each for each in logs if each["log_level"] in ("error", "critical")] == []
    clock.advance(minutes=2)


@ROUNDS
@given(number=st.integers(0, 1_000), bends=_BENDS)
async def test_bent_activities(world: World, clock: FixedClock, number: int, bends: list[Any]) -> None:
    letters = world.letters()
    sender, document = letters[number % len(letters)]
    await send(world, clock, sender, world.bent(document, bends))


@ROUNDS
@given(number=st.integers(0, 1_000), bends=_BENDS)
async def test_bent_activities_that_are_worked_on_at_the_door(
    world: World, clock: FixedClock, number: int, bends: list[Any]
) -> None:
    """What fails there for a reason nobody foresaw is tried by the worker, which says so."""
    world.door.ctx.doorstep.is_open = True
    letters = world.letters()
    sender, document = letters[number % len(letters)]
    await send(world, clock, sender, world.bent(document, bends))


_HEADER = st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"), max_size=60)


@ROUNDS
@given(
    name=st.sampled_from(["Signature", "Digest", "Date", "Content-Type", "Signature-Input", "Content-Digest", "X-Forwarded-For",
                          "Collection-Synchronization", "Content-Encoding"]),
    how=st.tuples(st.sampled_from(["instead", "before", "behind", "within"]), _HEADER, st.integers(0, 400)),
)
async def test_bent_headers(world: World, clock: FixedClock, name: str, how: tuple[str, str, int]) -> None:
    """Whatever stands in a header: an answer, and never one of 5xx."""
    body = json.dumps(world.ken.does("Like", world.ours[0])).encode()
    headers = {key.title(): value for key, value in world.ken.signed("POST", world.door.inbox, body).items()}
    was = headers.get(name, "")
    where, text, place = how
    made = {"instead": text, "before": text + was, "behind": was + text, "within": was[:place] + text + was[place:]}[where]
    reply = await raw(world.door, {**headers, name: made}, body)
    assert reply < b"500"
    clock.advance(minutes=2)


@ROUNDS
@given(number=st.integers(0, 1_000), bends=_BENDS, reply=st.booleans())
async def test_bent_documents_that_are_fetched(
    world: World, clock: FixedClock, number: int, bends: list[Any], reply: bool
) -> None:
    documents = [
        world.note(world.ken, world.ours[number % 3]),
        world.ken.document,
        *(each for _, each in world.letters()),
    ]
    path = f"/served/{next(_numbers)}"
    served = documents[number % len(documents)] | {"id": world.ken.peer.origin + path}
    address = world.ken.peer.answer(path, body=world.bent(served, bends))
    letter = world.board.does("Announce", address)
    if reply:
        letter = world.ken.does("Create", world.note(world.ken, address))
    await send(world, clock, world.ken if reply else world.board, letter)


@ROUNDS
@given(
    kind=st.sampled_from(["Create", "Update", "Undo", "Announce", "Like", "Delete", "Accept"]),
    of=st.sampled_from(["Note", "Article", "Question", "Person", "Follow", "Create", "Tombstone"]),
    document=st.dictionaries(_NAMES, _VALUES, max_size=6),
)
async def test_anything_at_all(
    world: World, clock: FixedClock, kind: str, of: str, document: dict[str, Any]
) -> None:
    identity = f"{world.ken.peer.origin}/any/{next(_numbers)}"
    letter = {"id": f"{identity}/activity", "type": kind, "actor": world.ken.id}
    await send(world, clock, world.ken, letter | {"object": document | {"id": identity, "type": of}})
    await send(world, clock, world.ken, letter | document)
