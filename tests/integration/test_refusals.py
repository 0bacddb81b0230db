"""What comes to a real inbox and may not come in: each with its status, and without any effect."""

import asyncio
import hashlib
import hmac
import io
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key

from community import towns
from community.models import Account, Follow, Like, Notification, Post
from federation.models import InboxItem
from tests import peer_signing
from tests.integration.people import Person
from tests.integration.served import Town, found, quiet
from tests.peer import Peer, PeerActor
from tests.peer_actor import Reply, public_pem
from tests.peer_shapes import Document

HOUR = 3_600_000


@dataclass
class Door:
    """みなと with an open question, and あり of a Mastodon, whom it knows, at its inbox."""

    town: Town
    hanako: Person
    question: str
    ari: PeerActor

    @property
    def inbox(self) -> str:
        return f"{self.town.origin}/users/hanako/inbox"

    def reply(self, content: str = "これは入らないはずです。") -> Document:
        return self.ari.create(self.ari.note(f"<p>{content}</p>", reply_to=self.question))

    async def send(self, body: Document | bytes, **headers: str) -> Reply:
        return await self.ari.post(self.inbox, body, headers=headers)

    async def raw(self, body: bytes, headers: dict[str, str]) -> Reply:
        return await self.ari.peer.send("POST", self.inbox, headers, body)

    async def effects(self) -> dict[str, Any]:
        """All that something which came in could have changed."""
        await quiet(self.town)
        return {
            "posts": await self.town.rows(
                Post.uri, Post.body_text, Post.deleted_at, Post.answers_count, Post.likes_count
            ),
            "follows": await self.town.rows(Follow.id),
            "likes": await self.town.rows(Like.id),
            "notices": await self.town.rows(Notification.id),
            "inbox": await self.town.rows(InboxItem.activity_uri),
            "people": await self.town.rows(Account.uri, Account.display_name, Account.deleted_at),
        }


@pytest.fixture
async def door(minato: Town, mastodon: Peer) -> AsyncIterator[Door]:
    hanako = await minato.enter("hanako")
    question = await hanako.ask("受け取ってはいけないものは？")
    ari = mastodon.actor("ari")
    made = Door(minato, hanako, question, ari)
    assert (await made.send(ari.does("Like", question))).status == 202
    await quiet(minato)
    yield made
    # It was never the sender: the same actor is heard, once it does as it should.
    await quiet(minato)


@pytest.fixture
def unchanged(door: Door) -> Callable[[], Any]:
    """Call it before and after: gives a checker that nothing changed between."""

    async def begin() -> Callable[[], Any]:
        before = await door.effects()

        async def end() -> None:
            assert await door.effects() == before

        return end

    return begin


def said(reply: Reply, status: int) -> None:
    """The refusal has this status, says so in JSON, and tells nothing of what is inside."""
    assert reply.status == status, reply.body
    assert set(reply.json) == {"error"}
    assert "Traceback" not in reply.body.decode()


async def test_without_a_signature(door: Door, unchanged) -> None:
    check = await unchanged()
    body = json.dumps(door.reply()).encode()
    kept = {"content-type": "application/activity+json"}
    said(await door.raw(body, kept), 401)
    said(await door.raw(body, kept | {"signature": 'keyId="x",headers="date",signature="AA=="'}), 401)
    said(await door.raw(body, kept | {"signature": "nonsense"}), 401)
    await check()


async def test_with_another_body_than_was_signed(door: Door, unchanged) -> None:
    check = await unchanged()
    body = json.dumps(door.reply()).encode()
    signed = door.ari.signed("POST", door.inbox, body)
    other = json.dumps(door.reply("すりかえました。")).encode()
    said(await door.raw(other, signed), 401)
    # With the digest of what is sent the signature no longer holds.
    said(await door.raw(other, signed | {"digest": peer_signing.digest(other)}), 401)
    said(await door.raw(body, {k: v for k, v in signed.items() if k != "digest"}), 401)
    await check()


@pytest.mark.parametrize("late", [-2 * HOUR, 2 * HOUR], ids=["stale", "from the future"])
async def test_with_a_date_that_is_not_now(door: Door, unchanged, late: int) -> None:
    check = await unchanged()
    ours, peer = door.ari.peer.clock, door.ari.peer
    activity = door.reply()
    peer.clock = lambda: ours() + late
    said(await door.send(activity), 401)
    peer.clock = ours
    await check()
    assert (await door.send(activity)).status == 202


async def test_signed_by_somebody_else(door: Door, unchanged) -> None:
    peer = door.ari.peer
    neighbour = peer.actor("warui")
    assert (await neighbour.post(door.inbox, neighbour.does("Like", door.question))).status == 202
    check = await unchanged()
    body = json.dumps(door.reply()).encode()
    forged = generate_private_key(public_exponent=65537, key_size=2048)
    said(await door.raw(body, door.ari.signed("POST", door.inbox, body, key=forged)), 401)
    await check()


async def test_signed_with_the_public_key_as_a_shared_secret(door: Door, unchanged) -> None:
    check = await unchanged()
    body = json.dumps(door.reply()).encode()
    names = "host date digest content-type (request-target)"
    for algorithm in ("hmac-sha256", "hs2019", "rsa-sha256"):
        signed = door.ari.signed("POST", door.inbox, body)
        text = peer_signing.message(names, signed, {}, "POST", "/users/hanako/inbox")
        proof = b64encode(
            hmac.digest(public_pem(door.ari.key).encode(), text.encode(), hashlib.sha256)
        ).decode()
        signed["signature"] = (
            f'keyId="{door.ari.key_id}",algorithm="{algorithm}",headers="{names}",signature="{proof}"'
        )
        said(await door.raw(body, signed), 401)
    await check()


async def test_the_same_again_has_one_effect(door: Door) -> None:
    activity = door.reply("一度だけ数えてください。")
    body = json.dumps(activity, ensure_ascii=False).encode()
    signed = door.ari.signed("POST", door.inbox, body)
    replies = await asyncio.gather(*(door.raw(body, signed) for _ in range(5)))
    assert {reply.status for reply in replies} == {202}
    await quiet(door.town)
    replayed = await door.raw(body, signed)
    again = await door.send(activity)  # signed anew
    elsewhere = await door.ari.post(f"{door.town.origin}/inbox", activity)
    assert {replayed.status, again.status, elsewhere.status} == {202}
    await quiet(door.town)
    assert await door.town.rows(InboxItem.id, activity_uri=activity["id"]) != []
    assert await door.town.rows(Post.answers_count, uri=door.question) == [(1,)]
    assert (await door.hanako.thread(door.question)).text.count("一度だけ数えてください。") == 1
    assert (await door.hanako.notices()).count("回答が届きました") == 1


async def test_an_id_of_another_host(door: Door, unchanged, make_peer) -> None:
    victim = await make_peer("mastodon")
    kei = victim.actor("kei")
    check = await unchanged()
    said(await door.send(door.reply() | {"id": f"{victim.origin}/activities/1"}), 403)
    said(await door.send(door.reply() | {"id": f"{door.town.origin}/activities/1"}), 403)
    said(await door.send(door.reply() | {"actor": kei.id}), 403)
    said(await door.send(door.reply() | {"actor": f"{door.town.origin}/users/hanako"}), 403)
    await check()


async def test_a_post_that_is_another_hosts_or_another_persons(door: Door, make_peer) -> None:
    """These are proved and taken in, and then have no effect."""
    victim = await make_peer("mastodon")
    theirs = victim.actor("kei").note("<p>わたしは言っていません。</p>", reply_to=door.question)
    before = await door.effects()
    own = door.ari.note("<p>なりすまし。</p>", reply_to=door.question)
    tricks = [
        door.ari.does("Create", theirs),
        door.ari.does("Create", theirs | {"attributedTo": door.ari.id}),
        door.ari.does("Create", own | {"attributedTo": victim.actor("kei").id}),
        door.ari.does("Create", own | {"id": door.question}),
        door.ari.does("Update", own | {"id": door.question, "content": "<p>書きかえました。</p>"}),
        door.ari.does("Delete", {"id": door.question, "type": "Tombstone"}),
        door.ari.does("Delete", f"{door.town.origin}/users/hanako"),
        door.ari.does("Update", victim.actor("kei").document | {"name": "のっとり"}),
    ]
    for trick in tricks:
        assert (await door.send(trick)).status == 202
    after = await door.effects()
    assert len(after.pop("inbox")) == len(before.pop("inbox")) + len(tricks)
    assert after == before
    assert (await door.hanako.thread(door.question)).status == 200


async def test_more_than_a_mebibyte(door: Door, unchanged) -> None:
    check = await unchanged()
    body = json.dumps(door.reply("あ" * 400_000), ensure_ascii=False).encode()
    assert len(body) > 1024 * 1024
    signed = door.ari.signed("POST", door.inbox, body)

    async def unannounced() -> AsyncIterator[bytes]:
        for start in range(0, len(body), 65_536):
            yield body[start : start + 65_536]

    for data in (io.BytesIO(body), unannounced()):
        async with (
            aiohttp.ClientSession() as client,
            client.post(door.inbox, data=data, headers=signed) as answer,
        ):
            said(Reply(answer.status, answer.headers, await answer.read()), 413)
    await check()


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"type":"Like"} {}', b'{"a":NaN}', b"[" * 100_000,
        b'{"id":1,"type":[],"actor":{},"object":null}', b'{"a":' * 40 + b"1" + b"}" * 40,
    ],
)  # fmt: skip
async def test_no_activity_at_all(door: Door, unchanged, body: bytes) -> None:
    check = await unchanged()
    said(await door.send(body), 400)
    await check()


async def test_a_key_that_stands_twice(door: Door, unchanged) -> None:
    check = await unchanged()
    like = door.ari.does("Like", door.question)
    body = json.dumps(like).encode()
    twice = body[:-1] + b', "actor": "%s"}' % door.ari.id.encode()
    assert json.loads(twice) == like  # lenient readers see nothing strange
    said(await door.send(twice), 400)
    await check()


async def test_another_content_type(door: Door, unchanged) -> None:
    check = await unchanged()
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", "text/html"):
        body = json.dumps(door.reply()).encode()
        said(await door.raw(body, door.ari.signed("POST", door.inbox, body) | {"content-type": kind}), 415)
    await check()


async def test_a_host_that_the_town_suspended(door: Door, unchanged) -> None:
    peer = door.ari.peer
    await door.town.do(lambda session: towns.suspend(session, peer.domain))
    check = await unchanged()
    said(await door.send(door.reply()), 403)
    for path in (
        "/users/hanako",
        "/users/hanako/outbox",
        "/boards/roumu",
        door.question.removeprefix(door.town.origin),
    ):
        said(await door.ari.get(door.town.origin + path), 403)
    told = len(peer.received)
    await door.hanako.ask("もう何も送りません。")
    await quiet(door.town)
    assert len(peer.received) == told
    await door.town.do(lambda session: towns.allow(session, peer.domain))
    assert (await door.send(door.reply())).status == 202
    with pytest.raises(AssertionError):
        await check()  # now it was heard


async def test_a_host_outside_the_allowlist(make_town, make_peer) -> None:
    town, friend, stranger = (
        make_town("しずか", federation={"mode": "allowlist"}),
        *[(await make_peer("mastodon")) for _ in range(2)],
    )
    town.prepare(lambda session: found(session, "hanako", sisters=(friend.domain,)))
    await town.start()
    hanako = await town.enter("hanako")
    question = await hanako.ask("知らない方は入れません？")
    await quiet(town)
    inbox = f"{town.origin}/users/hanako/inbox"
    known, unknown = friend.actor("ari"), stranger.actor("warui")
    said(await unknown.post(inbox, unknown.does("Follow", f"{town.origin}/users/hanako")), 403)
    assert stranger.requests == []  # not even its key was asked for
    said(await unknown.get(question), 403)
    assert (await known.get(question)).status == 200
    assert await town.rows(InboxItem.id) == []
    assert (await known.post(inbox, known.does("Follow", f"{town.origin}/users/hanako"))).status == 202
    await friend.next("Accept")


async def test_a_farewell_of_somebody_unknown_is_taken_politely_and_forgotten(door: Door, make_peer) -> None:
    other = await make_peer("mastodon")
    gone = other.actor("gone")
    other.answer(gone.id.removeprefix(other.origin), status=410)
    before = await door.effects()
    assert (await gone.post(f"{door.town.origin}/inbox", gone.does("Delete", gone.id))).status == 202
    assert other.asked(gone.id.removeprefix(other.origin)) == 0
    assert await door.effects() == before


async def test_a_key_that_cannot_be_had_just_now(door: Door, make_peer, unchanged) -> None:
    other = await make_peer("mastodon")
    late = other.actor("osoi")
    path = late.id.removeprefix(other.origin)
    check = await unchanged()
    other.answer(path, status=503)
    reply = await late.post(door.inbox, late.does("Like", door.question))
    said(reply, 503)
    assert int(reply.headers["Retry-After"]) > 0
    other.answer(path, status=404)
    await check()
