"""Replies from outside to what we wrote, sent on to whoever follows the author here (ActivityPub §7.1.2)."""

import json
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, follows, posts
from community.models import Account, Post
from federation import actors, documents
from federation.documents import Asker
from federation.keys import ensure_key
from federation.models import Delivery, OutboxItem, RemoteHost
from federation.outbox import publish, sayings
from federation.outbox.deliver import DeliveryWorker
from tests import factories
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


@pytest.fixture
async def question(door: Door, bus: events.Bus, other: Peer) -> str:
    """A question of Hanako's, whom somebody on the other server follows."""
    publish.subscribe(bus, door.ctx)

    def unit(session: Session) -> tuple[str, int]:
        hanako = factories.member(session, "hanako")
        fan = actors.upsert(session, other.actor("fan").document)
        request = follows.request(session, follower=fan, followee=hanako, uri=f"{other.origin}/follows/1")
        if request.state != "accepted":
            follows.accept(session, follow=request)
        return factories.question(session, hanako).uri, hanako.id

    uri, hanako = await door.do(unit)
    key = await ensure_key(door.ctx, hanako)
    other.trust(key.key_id, key.private_key)
    await deliver(door)
    other.received.clear()
    return uri


@pytest.fixture
def ken(peer: Peer) -> PeerActor:
    return peer.actor("ken").lists_proof_key()


async def deliver(door: Door) -> None:
    await DeliveryWorker(door.ctx).run_once()


def reply(door: Door, ken: PeerActor, question: str, **more: Any) -> dict[str, Any]:
    cc = [f"{door.origin}/users/hanako/followers"]
    return ken.create(ken.note("<p>市役所です</p>", reply_to=question, **({"to": [PUBLIC], "cc": cc} | more)))


async def bring(door: Door, ken: PeerActor, letter: dict[str, Any]) -> bytes:
    """Post `letter` and let it have its effect; gives the bytes that were posted."""
    body = json.dumps(letter, indent=1, ensure_ascii=False).encode()
    assert (await ken.post(door.inbox, body)).status == 202
    await door.worker.run_once()
    await deliver(door)
    return body


async def sent_on(door: Door) -> list[OutboxItem]:
    query = select(OutboxItem).where(OutboxItem.type == sayings.SENT_ON).order_by(OutboxItem.id)
    return await door.do(lambda session: list(session.scalars(query)))


async def test_a_reply_is_sent_on_byte_for_byte_once(door, question, ken, other):
    body = await bring(door, ken, ken.proves(reply(door, ken, question)))
    received = await other.next("Create")
    assert received.body == body
    assert received.key_id == f"{door.origin}/users/hanako#main-key"
    await ken.post(door.inbox, body)
    await door.worker.run_once()
    await deliver(door)
    assert len(other.received) == 1


async def test_what_its_author_does_to_it_follows(door, question, ken, other, clock):
    letter = ken.proves(reply(door, ken, question))
    await bring(door, ken, letter)
    clock.advance(minutes=1)
    edited = letter["object"] | {"content": "<p>区役所です</p>", "updated": ken.peer.moment()}
    update = await bring(door, ken, ken.proves(ken.does("Update", edited)))
    assert (await other.next("Update")).body == update
    delete = await bring(door, ken, ken.proves(ken.does("Delete", edited["id"])))
    assert (await other.next("Delete")).body == delete
    assert [item.body for item in await sent_on(door)] == [b"", b"", delete]  # its words are nowhere any more


@pytest.mark.parametrize("where", ["activity", "object"])
async def test_what_names_blind_receivers_is_not_sent_on(door, question, ken, other, where):
    """Their server should have left them out; we cannot, for it would be another document."""
    letter = reply(door, ken, question)
    (letter if where == "activity" else letter["object"])["bcc"] = ["https://secret.example/users/aki"]
    await bring(door, ken, ken.proves(letter))
    assert await door.do(lambda session: posts.by_uri(session, letter["object"]["id"])) is not None
    assert await sent_on(door) == []


async def test_nobody_can_get_it_here(door, question, ken, other):
    await bring(door, ken, ken.proves(reply(door, ken, question)))
    (item,) = await sent_on(door)
    assert not item.public

    def found(session: Session):
        asked = Asker(host=other.domain)
        reached = session.scalar(select(Delivery.host).where(Delivery.outbox_item_id == item.id))
        return (
            reached,
            documents.activity(session, item.id, asked),
            documents.activity(session, item.id, documents.NOBODY),
        )

    assert await door.do(found) == (other.domain, None, None)
    listed = await other.actor("fan").get(f"{door.origin}/users/hanako/outbox?page=1")
    assert all(each["actor"] == f"{door.origin}/users/hanako" for each in listed.json["orderedItems"])


async def test_a_linked_data_signature_is_as_good_for_those_who_believe_in_it(door, question, ken, other):
    signed = reply(door, ken, question) | {
        "signature": {"type": "RsaSignature2017", "signatureValue": "eA=="}
    }
    body = await bring(door, ken, signed)
    assert (await other.next("Create")).body == body


async def test_without_any_proof_only_to_those_who_ask_the_origin(door, question, ken, other):
    await bring(door, ken, reply(door, ken, question))
    assert await sent_on(door) == []
    await door.do(
        lambda session: (
            session.merge(RemoteHost(host=other.domain, software="machi", asked_at=door.ctx.town.clock()))
            and None
        )
    )
    await bring(door, ken, reply(door, ken, question))
    assert (await other.next("Create")).activity["actor"] == ken.id


class TestNot:
    @pytest.fixture(autouse=True)
    async def nothing_is_sent_on(self, door: Door, question: str, other: Peer):
        yield
        assert await sent_on(door) == []
        assert other.received == []

    async def test_what_does_not_name_the_followers(self, door, question, ken):
        await bring(door, ken, ken.proves(reply(door, ken, question, cc=[ken.followers])))

    async def test_what_names_the_followers_of_somebody_else(self, door, question, ken):
        await door.do(lambda session: factories.member(session, "taro").id)
        await bring(
            door, ken, ken.proves(reply(door, ken, question, cc=[f"{door.origin}/users/taro/followers"]))
        )

    async def test_what_answers_nothing_of_ours(self, door, question, ken):
        note = ken.note("<p>始まり</p>", cc=[f"{door.origin}/users/hanako"])
        await bring(door, ken, ken.create(note))
        await bring(
            door,
            ken,
            ken.proves(
                reply(
                    door,
                    ken,
                    note["id"],
                    cc=[f"{door.origin}/users/hanako", f"{door.origin}/users/hanako/followers"],
                )
            ),
        )
        assert await door.do(
            lambda session: len(
                session.scalars(
                    select(Post).where(Post.in_reply_to_uri.is_not(None) | Post.parent_id.is_not(None))
                ).all()
            )
        )

    async def test_to_where_it_came_from(self, door, question, other):
        fan = other.actor("fan2").lists_proof_key()
        await bring(door, fan, fan.proves(reply(door, fan, question)))

    async def test_what_a_silenced_one_says(self, door, question, ken):
        def silence(session: Session) -> None:
            actors.upsert(session, ken.document).silenced_at = 1

        await door.do(silence)
        await bring(door, ken, ken.proves(reply(door, ken, question)))

    async def test_what_was_sent_on_to_us(self, door, question, ken, clock):
        async with Peer("mastodon", clock=clock) as third:
            letter = ken.proves(reply(door, ken, question))
            await third.actor("neighbour").post(door.inbox, letter)
            await door.worker.run_once()
            await deliver(door)
        assert await door.do(lambda session: posts.by_uri(session, letter["object"]["id"]) is not None)


async def test_whom_a_board_of_ours_tells_is_not_told_twice(door, question, ken, other):
    def board(session: Session) -> str:
        hanako = session.scalar(select(Account).where(Account.name == "hanako"))
        made = factories.board(session, "roumu")
        fan = actors.upsert(session, other.actor("fan").document)
        session.merge(RemoteHost(host=other.domain, software="lemmy", asked_at=door.ctx.town.clock()))
        request = follows.request(session, follower=fan, followee=made, uri=f"{other.origin}/follows/2")
        if request.state != "accepted":
            follows.accept(session, follow=request)
        return factories.question(session, hanako).uri

    asked = await door.do(board)
    key = await ensure_key(
        door.ctx,
        await door.do(lambda session: session.scalar(select(Account.id).where(Account.name == "roumu"))),
    )
    other.trust(key.key_id, key.private_key)
    await deliver(door)
    other.received.clear()
    letter = ken.proves(reply(door, ken, asked))
    await bring(door, ken, letter)
    assert [each.type for each in other.received] == ["Announce"]
    assert other.received[0].activity["object"] == letter  # unchanged, so that its proof holds
    assert await sent_on(door) == []
