"""What others send on: believed for its own proof or as its origin tells it, never on the word of who sent it (§2.3)."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import func, select

from community import follows, posts, towns
from community.models import Account, Like, Post
from federation import actors
from federation.inbox import forwarded, registry
from tests import factories
from tests.federation.inbox import mail
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor


@pytest.fixture
async def question(door: Door) -> str:
    """A question of Hanako's."""
    return await door.do(lambda session: factories.question(session, factories.member(session, "hanako")).uri)


@pytest.fixture
def ken(peer: Peer) -> PeerActor:
    return peer.actor("ken").lists_proof_key()


@pytest.fixture
def neighbour(other: Peer) -> PeerActor:
    """Somebody on another server, who sends on what came there."""
    return other.actor("neighbour")


async def text(door: Door, uri: str) -> str | None:
    return await door.do(lambda session: getattr(posts.by_uri(session, uri), "body_text", None))


def unfetchable(actor: PeerActor, *documents: dict[str, Any]) -> None:
    for each in documents:
        actor.peer.answer(each["id"].removeprefix(actor.peer.origin), status=404)


async def sent_on(door: Door, by: PeerActor, activity: dict[str, Any]) -> str:
    """What became of `activity` after `by` sent it on: done, or why not."""
    reply = await by.post(door.inbox, activity)
    assert reply.status == 202
    await door.worker.run_once()
    _, state, error = (await door.items())[-1]
    return error or state


class TestProofs:
    async def test_a_reply_with_a_proof_is_taken_as_it_stands(self, door, question, ken, neighbour):
        note = ken.note("<p>市役所です</p>", reply_to=question)
        letter = ken.proves(ken.create(note))
        unfetchable(ken, note, letter)
        assert await sent_on(door, neighbour, letter) == "done"
        assert await text(door, note["id"]) == "市役所です"
        assert ken.peer.asked("/users/ken") == 1

    async def test_the_same_one_has_no_second_effect_when_it_comes_itself(
        self, door, question, ken, neighbour
    ):
        letter = ken.proves(ken.create(ken.note("<p>市役所です</p>", reply_to=question)))
        await sent_on(door, neighbour, letter)
        assert (await ken.post(door.inbox, letter)).status == 202
        await door.worker.run_once()
        count = await door.do(lambda session: session.scalar(select(func.count()).select_from(Post)))
        assert count == 2

    async def test_a_linked_data_signature_beside_it_does_no_harm(self, door, question, ken, neighbour):
        note = ken.note("<p>市役所です</p>", reply_to=question)
        letter = ken.proves(ken.create(note)) | {
            "signature": {"type": "RsaSignature2017", "signatureValue": "eA=="}
        }
        unfetchable(ken, note, letter)
        assert await sent_on(door, neighbour, letter) == "done"

    async def test_a_like_with_a_proof(self, door, question, ken, neighbour):
        letter = ken.proves(ken.does("Like", question))
        unfetchable(ken, letter)
        assert await sent_on(door, neighbour, letter) == "done"
        assert await door.do(lambda session: session.scalar(select(func.count()).select_from(Like))) == 1

    async def test_an_edit_and_a_delete_with_a_proof(self, door, question, ken, neighbour, clock):
        note = ken.note("<p>市役所です</p>", reply_to=question)
        await sent_on(door, neighbour, ken.proves(ken.create(note)))
        clock.advance(minutes=1)
        edited = {**note, "content": "<p>区役所です</p>", "updated": ken.peer.moment()}
        edited.pop("@context")
        assert await sent_on(door, neighbour, ken.proves(ken.does("Update", edited))) == "done"
        assert await text(door, note["id"]) == "区役所です"
        assert await sent_on(door, neighbour, ken.proves(ken.does("Delete", note["id"]))) == "done"
        assert await text(door, note["id"]) == ""


async def test_a_key_that_the_actor_took_since_we_last_looked(door, question, ken, neighbour):
    """Also of actors that were met before this town knew of proofs."""
    ken.document.pop("assertionMethod")
    await ken.post(door.inbox, ken.does("Like", question))
    await door.worker.run_once()
    ken.lists_proof_key()
    note = ken.note("<p>市役所です</p>", reply_to=question)
    letter = ken.proves(ken.create(note))
    unfetchable(ken, note, letter)
    assert await sent_on(door, neighbour, letter) == "done"
    assert await text(door, note["id"]) == "市役所です"


class TestForgeries:
    """Nothing that is passed on in these is to be had from its origin: only a proof could make it believed."""

    @pytest.fixture
    def letter(self, question, ken) -> dict[str, Any]:
        note = ken.note("<p>言っていないこと</p>", reply_to=question)
        letter = ken.create(note)
        unfetchable(ken, note, letter)
        return letter

    @pytest.fixture(autouse=True)
    async def nothing_comes_of_it(self, door, question):
        yield
        assert await door.do(lambda session: session.scalar(select(func.count()).select_from(Post))) == 1

    async def test_no_proof_at_all(self, door, ken, neighbour, letter):
        assert "from its origin" in await sent_on(door, neighbour, letter)

    async def test_a_proof_by_the_key_of_who_sends_it_on(self, door, ken, neighbour, letter):
        neighbour.lists_proof_key()
        forged = neighbour.proves(letter)
        assert "from its origin" in await sent_on(door, neighbour, forged)

    async def test_a_proof_by_another_key_in_the_name_of_the_right_one(self, door, ken, neighbour, letter):
        forged = ken.proves(letter, key=neighbour.proof_key)
        assert "from its origin" in await sent_on(door, neighbour, forged)

    async def test_a_proof_by_somebody_else_on_the_actors_own_host(self, door, ken, neighbour, letter, peer):
        mallory = peer.actor("mallory").lists_proof_key()
        await ken.post(door.inbox, ken.does("Like", "https://x.example/1"))
        await mallory.post(
            door.inbox, mallory.does("Like", "https://x.example/1")
        )  # so that the key is known here
        assert "from its origin" in await sent_on(door, neighbour, mallory.proves(letter))

    async def test_a_key_that_the_actor_claims_and_another_host_holds(self, door, ken, neighbour, letter):
        neighbour.lists_proof_key()
        ken.document["assertionMethod"] = neighbour.document["assertionMethod"]
        assert "from its origin" in await sent_on(door, neighbour, neighbour.proves(letter))

    async def test_a_proof_of_other_words(self, door, ken, neighbour, letter):
        proved = ken.proves(letter)
        forged = proved | {"object": proved["object"] | {"content": "<p>もっと別のこと</p>"}}
        assert "from its origin" in await sent_on(door, neighbour, forged)

    async def test_an_old_proof(self, door, ken, neighbour, letter):
        assert "from its origin" in await sent_on(
            door, neighbour, ken.proves(letter, created="2026-03-01T00:00:00Z")
        )

    async def test_a_linked_data_signature(self, door, ken, neighbour, letter):
        """Obsolete and bypassed again and again: it is not even looked at."""
        signature = {
            "type": "RsaSignature2017",
            "creator": ken.key_id,
            "created": "2026-04-01T00:00:00Z",
            "signatureValue": "eA==",
        }
        assert "from its origin" in await sent_on(door, neighbour, letter | {"signature": signature})

    async def test_a_sender_that_is_refused_here(self, door, ken, neighbour, letter):
        await door.do(lambda session: towns.suspend(session, neighbour.peer.domain))
        assert (await neighbour.post(door.inbox, ken.proves(letter))).status == 403

    async def test_what_nothing_here_has_to_do_with(self, door, ken, neighbour, peer):
        letter = ken.proves(ken.create(ken.note("<p>よそごと</p>")))
        assert "nothing here has to do" in await sent_on(door, neighbour, letter)
        assert peer.requests == []

    async def test_what_was_said_here(self, door, question, neighbour, ken):
        ours = {
            "id": f"{door.origin}/activities/1",
            "type": "Delete",
            "actor": f"{door.origin}/users/hanako",
            "object": question,
        }
        assert (await neighbour.post(door.inbox, ours)).status == 403
        inner = {
            "id": f"{neighbour.id}/x",
            "type": forwarded.FORWARDED,
            "actor": neighbour.id,
            "object": ours,
        }
        assert "was said here" in await sent_on(door, neighbour, inner)


def test_what_a_refused_host_says_is_not_taken_from_others_either(session):
    """Here by names: on loopback all servers are one host to the rules."""
    question = factories.question(session, factories.member(session, "hanako"))
    inner = mail.load("mastodon/create_reply", {1: question.uri})
    sender = mail.load("machi/member")["id"]
    letter = {"id": f"{sender}#1", "type": forwarded.FORWARDED, "actor": sender, "object": inner}
    towns.suspend(session, urlsplit(inner["actor"]).hostname)
    assert "refuses" in mail.refusal(session, letter, inner)
    towns.allow(session, urlsplit(inner["actor"]).hostname)
    assert mail.refusal(session, letter, inner) == ""


def test_what_is_sent_on_has_an_id_on_its_actors_host(session):
    """The door says the same of what comes as it is; in a wrapping that somebody else made, this is where it is seen."""
    question = factories.question(session, factories.member(session, "hanako"))
    inner = mail.load("mastodon/create_reply", {1: question.uri}) | {"id": "https://yamate.example/activities/forged"}
    sender = mail.load("machi/member")["id"]
    letter = {"id": f"{sender}#1", "type": forwarded.FORWARDED, "actor": sender, "object": inner}
    assert "not of its actor's host" in mail.refusal(session, letter, inner)


class TestFromTheOrigin:
    async def test_a_create_is_fetched(self, door, question, ken, neighbour):
        note = ken.note("<p>市役所です</p>", reply_to=question)
        letter = ken.create(note)
        told = letter | {"object": letter["object"] | {"content": "<p>言っていないこと</p>"}}
        assert await sent_on(door, neighbour, told) == "done"
        assert await text(door, note["id"]) == "市役所です"

    async def test_the_post_is_fetched_where_the_activity_cannot_be(self, door, question, ken, neighbour):
        note = ken.note("<p>市役所です</p>", reply_to=question)
        letter = ken.create(note)
        unfetchable(ken, letter)
        told = letter | {"object": letter["object"] | {"content": "<p>言っていないこと</p>"}}
        assert await sent_on(door, neighbour, told) == "done"
        assert await text(door, note["id"]) == "市役所です"

    async def test_an_update_on_the_word_of_another_changes_nothing(
        self, door, question, ken, neighbour, clock
    ):
        note = ken.note("<p>市役所です</p>", reply_to=question)
        await ken.post(door.inbox, ken.create(note))
        await door.worker.run_once()
        clock.advance(minutes=1)
        edit = ken.does("Update", note | {"content": "<p>言っていないこと</p>", "updated": ken.peer.moment()})
        unfetchable(ken, edit)
        await sent_on(door, neighbour, edit)
        assert await text(door, note["id"]) == "市役所です"

    async def test_a_delete_on_the_word_of_another_deletes_nothing(self, door, question, ken, neighbour):
        note = ken.note("<p>市役所です</p>", reply_to=question)
        await ken.post(door.inbox, ken.create(note))
        await door.worker.run_once()
        farewell = ken.does("Delete", note["id"])
        unfetchable(ken, farewell)
        assert "still stands" in await sent_on(door, neighbour, farewell)
        assert await text(door, note["id"]) == "市役所です"

    async def test_what_its_origin_has_buried_is_deleted(self, door, question, ken, neighbour):
        note = ken.note("<p>市役所です</p>", reply_to=question)
        await ken.post(door.inbox, ken.create(note))
        await door.worker.run_once()
        farewell = ken.does("Delete", note["id"])
        unfetchable(ken, farewell)
        ken.peer.answer(note["id"].removeprefix(ken.peer.origin), status=410)
        assert await sent_on(door, neighbour, farewell) == "done"
        assert await text(door, note["id"]) == ""

    async def test_the_requests_are_bounded(self, door, question, ken, neighbour, peer):
        note = ken.note("<p>市役所です</p>", reply_to=question)
        letter = ken.create(note)
        unfetchable(ken, letter, note)
        await sent_on(door, neighbour, letter)
        assert len(peer.requests) <= 4


@pytest.mark.parametrize(
    "kind", ["Follow", "Accept", "Reject", "Block", "Flag", "Like", "Undo", "Announce", "Move"]
)
async def test_what_nobody_else_may_bring_without_a_proof(door, question, ken, neighbour, kind):
    assert (await neighbour.post(door.inbox, ken.does(kind, question))).status == 403
    assert ken.peer.requests == neighbour.peer.requests == []
    assert await door.items() == []


async def test_a_proof_lets_nobody_follow_for_another(door, question, ken, neighbour):
    letter = ken.proves(ken.does("Follow", f"{door.origin}/users/hanako"))
    assert (await neighbour.post(door.inbox, letter)).status == 403


def test_whatever_may_be_sent_on_has_a_handler():
    assert set(registry._ABOUT_POSTS) == forwarded.TYPES


async def test_a_board_elsewhere_spares_us_the_request_for_what_is_proved(door, ken, other):
    board = other.group("soumu")

    def followed(session) -> Account:
        stored = actors.upsert(session, board.document)
        follows.accept(
            session,
            follow=follows.request(session, follower=factories.member(session, "taro"), followee=stored),
        )
        return stored

    await door.do(followed)
    note = ken.note(
        "<p>質問です</p>", name="鍵の置き場", to=["https://www.w3.org/ns/activitystreams#Public", board.id]
    )
    letter = ken.proves(ken.create(note))
    unfetchable(ken, note, letter)
    assert (await board.post(door.inbox, board.does("Announce", letter))).status == 202
    await door.worker.run_once()
    assert await text(door, note["id"]) == "質問です"
