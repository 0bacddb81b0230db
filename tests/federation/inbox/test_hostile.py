"""What somebody who means harm sends, with a server and valid keys of their own: it has no effect, and stops nothing."""

import asyncio
import contextlib
import gzip
import json
import zlib
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import follows, posts
from community.errors import NotFound
from community.models import Account, Notification, Post
from federation import actors, lookup, resolver
from federation.inbox import process, queue, receive
from federation.models import InboxItem
from tests import factories
from tests.federation.inbox import mail
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor

ACTIVITY = {"Content-Type": "application/activity+json"}


@pytest.fixture
async def victim(door: Door, other: Peer) -> PeerActor:
    """Somebody on a third server, known here, whose word others would like to have."""
    mika = other.actor("mika")
    await door.do(lambda session: actors.upsert(session, mika.document).id)
    return mika


@pytest.fixture
def mallory(peer: Peer) -> PeerActor:
    return peer.actor("mallory")


def forged(mallory: PeerActor, victim: PeerActor, parent: str, *, by: str) -> dict[str, Any]:
    """A note on Mallory's server that names the victim as its author, in the property `by`."""
    note = mallory.note("<p>言っていないこと</p>", reply_to=parent)
    del note["attributedTo"]
    note[by] = victim.id
    return note


async def known(door: Door, uri: str) -> Post | None:
    return await door.do(lambda session: posts.by_uri(session, uri))


@pytest.mark.parametrize("by", ["attributedTo", "actor"])
async def test_a_fetched_post_speaks_for_nobody_of_another_host(
    door: Door, mallory: PeerActor, victim: PeerActor, question: str, by: str
) -> None:
    note = forged(mallory, victim, question, by=by)
    await mallory.post(door.inbox, mallory.create(mallory.note("<p>ほんと？</p>", reply_to=note["id"])))
    assert await door.worker.run_once() == 1
    assert await known(door, note["id"]) is None


@pytest.mark.parametrize("by", ["attributedTo", "actor"])
async def test_nor_does_one_that_was_looked_up(
    door: Door, mallory: PeerActor, victim: PeerActor, question: str, by: str
) -> None:
    note = forged(mallory, victim, question, by=by)
    with pytest.raises(NotFound):
        await lookup.post(door.ctx, note["id"])
    assert await known(door, note["id"]) is None


async def test_a_key_on_another_host_than_the_actor_is_not_even_fetched(
    door: Door, mallory: PeerActor, victim: PeerActor, question: str
) -> None:
    letter = mallory.does("Like", question) | {
        "actor": victim.id,
        "id": f"{victim.peer.origin}/likes/1",
    }
    reply = await mallory.post(door.inbox, letter)
    assert reply.status == 403
    assert mallory.peer.requests == []


@pytest.mark.parametrize("key_id", [b"https://m.example/\xff", b"\xe3\x81\x82", b"https://[/", b"x" * 3000])
async def test_a_key_id_that_is_no_address_is_401(door: Door, mallory: PeerActor, key_id: bytes) -> None:
    body = json.dumps(mallory.does("Follow", f"{door.origin}/users/hanako")).encode()
    headers = mallory.signed("POST", door.inbox, body)
    name = next(each for each in headers if each.lower() == "signature")
    spoilt = headers[name].replace(mallory.key_id, key_id.decode("utf-8", "surrogateescape"))
    reply = await raw(door, {**headers, name: spoilt}, body)
    assert reply in (b"401", b"403")


async def test_a_content_type_of_strange_bytes_is_415(door: Door) -> None:
    assert await raw(door, {"Content-Type": "application/\udcff"}, b"{}") == b"415"


async def test_a_body_that_never_ends_is_408(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receive, "BODY_SECONDS", 0.05)
    reader, writer = await begun(door, {**ACTIVITY, "Content-Length": "100"}, b"{")
    async with asyncio.timeout(10):
        assert (await reader.readline()).split()[1] == b"408"
    writer.close()


async def test_a_body_that_drips_is_408(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the whole body that has a time, not each byte of it."""
    monkeypatch.setattr(receive, "BODY_SECONDS", 0.2)
    reader, writer = await begun(door, {**ACTIVITY, "Content-Length": "100000"}, b"{")
    answer = asyncio.create_task(reader.readline())
    async with asyncio.timeout(10):
        while not answer.done():
            writer.write(b" ")
            await asyncio.sleep(0.01)
    assert answer.result().split()[1] == b"408"
    writer.close()


async def test_a_body_without_end_is_413(door: Door) -> None:
    """In chunks, so that no length is told beforehand."""
    reader, writer = await begun(door, {**ACTIVITY, "Transfer-Encoding": "chunked"}, b"")
    answer = asyncio.create_task(reader.readline())
    sent = 0
    while not answer.done() and sent < 3 * receive.BODY_LIMIT:
        writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        sent += 0x10000
        await asyncio.sleep(0)
        with contextlib.suppress(ConnectionError):
            await writer.drain()
    assert (await answer).split()[1] == b"413"
    assert sent < 3 * receive.BODY_LIMIT
    writer.close()


async def test_a_body_that_says_to_be_too_large_is_not_waited_for(door: Door) -> None:
    reader, writer = await begun(door, {**ACTIVITY, "Content-Length": str(receive.BODY_LIMIT + 1)}, b"")
    async with asyncio.timeout(5):
        assert (await reader.readline()).split()[1] == b"413"
    writer.close()


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "x"])
async def test_an_encoded_body_is_415(door: Door, mallory: PeerActor, encoding: str) -> None:
    """Whatever the digest is over: a small body could swell, and what is read would not be what was signed."""
    body = json.dumps(mallory.does("Follow", f"{door.origin}/users/hanako")).encode()
    packed = {"gzip": gzip.compress, "deflate": zlib.compress}.get(encoding, bytes)(body)
    for signed in (body, packed):
        headers = mallory.signed("POST", door.inbox, signed) | {"Content-Encoding": encoding}
        assert await raw(door, headers, packed) in (b"415", b"400")
    assert await door.items() == []


async def test_no_context_is_loaded(door: Door, mallory: PeerActor, question: str) -> None:
    """What is plain JSON stays what it says: nobody else's file turns `content` into `actor`."""
    place = mallory.peer.answer("/context.jsonld", body={"@context": {"object": "https://x.example/#nothing"}})
    letter = mallory.does("Like", question) | {"@context": ["https://www.w3.org/ns/activitystreams", place]}
    assert (await mallory.post(door.inbox, letter)).status == 202
    await door.worker.run_once()
    assert await door.states() == ["done"]
    assert mallory.peer.asked("/context.jsonld") == 0


async def test_a_redirect_to_nowhere_is_401(door: Door, mallory: PeerActor) -> None:
    mallory.peer.answer(f"/users/{mallory.name}", status=302, headers={"Location": "http://[x"})
    reply = await mallory.post(door.inbox, mallory.does("Follow", f"{door.origin}/users/hanako"))
    assert reply.status == 401


@pytest.mark.parametrize(
    "spoilt",
    [
        {"id": "{origin}/activities/\\ud800"},
        {"id": "{origin}/activities/\\u0000"},
        {"type": "\\u0000Follow"},
        {"type": "Follow\\ud800"},
        {"object": "\\udfff"},
        {"object": {"id": "\\u0000", "type": "Note"}},
    ],
)
async def test_characters_that_no_database_keeps(
    door: Door, mallory: PeerActor, spoilt: dict[str, Any]
) -> None:
    letter = mallory.does("Follow", f"{door.origin}/users/hanako")
    text = json.dumps(letter | json.loads(json.dumps(spoilt).replace("{origin}", mallory.peer.origin)))
    reply = await mallory.post(door.inbox, text.replace("\\\\u", "\\u").encode())
    assert reply.status in (202, 400)
    await door.worker.run_once()
    assert set(await door.states()) <= {"done", "ignored"}


class TestBoards:
    """A board that somebody here follows, and that is not honest."""

    SOUMU = "https://l.example/c/soumu"

    @pytest.fixture
    def board(self, session: Session) -> Account:
        hanako = factories.member(session, "hanako")
        made = actors.upsert(session, mail.load("lemmy/group"))
        follows.accept(session, follow=follows.request(session, follower=hanako, followee=made))
        return made

    def announces(self, inner: object) -> dict[str, Any]:
        return mail.load("lemmy/announce_create_page") | {
            "id": "https://l.example/activities/announce/x1",
            "object": inner,
        }

    def test_it_cannot_use_up_the_ids_of_others(self, session: Session, board: Account) -> None:
        """Mastodon's Delete of a post has an id that everybody can guess."""
        letter = mail.load("mastodon/create_reply")
        note = letter["object"] | {"inReplyTo": None, "cc": [self.SOUMU]}
        claimed = letter | {"id": f"{note['id']}#delete", "object": note}
        mail.deliver(session, self.announces(claimed), note)
        assert posts.by_uri(session, note["id"]) is not None
        rows = session.scalars(select(InboxItem).where(InboxItem.activity_uri == claimed["id"])).all()
        assert rows == []

    def test_it_does_not_moderate_what_was_never_said_to_it(self, session: Session, board: Account) -> None:
        letter = mail.load("mastodon/create_reply")
        note = letter["object"] | {"inReplyTo": None, "name": "おしえてください"}
        mail.deliver(session, self.announces(note["id"]), note)
        post = posts.by_uri(session, note["id"])
        assert post is not None
        removal = mail.load("lemmy/announce_delete_by_moderator")
        removal["object"]["object"] = note["id"]
        assert mail.refusal(session, removal)
        assert post.deleted_at is None


async def test_a_post_that_its_host_hides_from_us_is_not_a_deleted_one(door: Door, peer: Peer) -> None:
    """Mastodon answers 404 for what is for followers: a board must not have it deleted here by that."""
    peer.answer("/hidden", status=404)
    peer.answer("/buried", status=410)
    found = await resolver.dereference(door.ctx, [f"{peer.origin}/hidden", f"{peer.origin}/buried"])
    assert found.buried == {f"{peer.origin}/buried"}


class TestNames:
    def named(self, number: int, kind: str) -> dict[str, Any]:
        uri = f"https://many.example/{kind}/{number}"
        return {"id": uri, "type": kind, "preferredUsername": "soumu", "inbox": f"{uri}/inbox"}

    def test_many_actors_may_claim_one_handle(self, session: Session) -> None:
        claims = [self.named(number, kind) for number in range(3) for kind in ("Group", "Person", "Service")]
        rows = [actors.upsert(session, each) for each in (*claims, *claims)]
        assert len({row.name for row in rows}) == len(claims)
        assert [row.uri for row in rows] == [each["id"] for each in (*claims, *claims)]


def test_the_host_that_waits_the_longest_comes_first(session: Session) -> None:
    """Nobody is overtaken for ever by hosts whose names come earlier."""
    for number, host in enumerate(["z.example", "a.example", "b.example"]):
        session.add(
            InboxItem(
                id=number + 1, activity_uri=f"https://{host}/1", host=host, actor_uri=f"https://{host}/u",
                type="Like", body=b"{}", next_attempt_at=0, received_at=0,
            )
        )  # fmt: skip
    session.flush()
    assert [item.host for item in queue.claim(session, 1, hosts=2)] == ["z.example", "a.example"]


async def test_a_host_that_never_stops_talking_does_not_keep_its_lane(
    door: Door, mallory: PeerActor, victim: PeerActor, question: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "TURN", 2)
    for sender in (mallory, victim, mallory, mallory, mallory):
        letter = sender.create(sender.note("<p>はい</p>", reply_to=question))
        assert (await sender.post(door.inbox, letter)).status == 202
    assert await process.InboxWorker(door.ctx, lanes=1).run_once() == 5

    def speakers(session: Session) -> list[str]:
        told = select(Account.name).join(Notification, Notification.actor_id == Account.id)
        return list(session.scalars(told.order_by(Notification.id)))

    assert await door.do(speakers) == ["mallory", "mallory", "mika", "mallory", "mallory"]


@pytest.mark.parametrize(
    "path",
    [
        "/users/a%00b", "/users/%ED%A0%80", "/boards/%00", "/users/%FF/outbox", "/tags/%00", "/tags/%ED%A0%80?page=1",
        "/posts/9999999999999999999", "/posts/%D9%A3", "/activities/9999999999999999999",
        "/posts/1/replies?page=1&after=9999999999999999999", "/users/hanako/outbox?page=1&after=9999999999999999999",
        "/users/hanako/outbox?page=%D9%A3&after=%D9%A3", "/nodeinfo/%00", "/.well-known/webfinger?resource=acct:a%00@{host}",
        "/.well-known/webfinger?resource=%ED%A0%80:", "/.well-known/webfinger?resource=https://%5B",
        "/.well-known/webfinger?resource={origin}/users/%00",
    ],
)  # fmt: skip
@pytest.mark.parametrize("key_id", ["", "https://[/", "https://a:b/", "https://m.example/\udcff", "あ"])
async def test_a_get_that_no_one_could_mean(door: Door, question: str, path: str, key_id: str) -> None:
    target = path.format(host=door.origin.removeprefix("http://"), origin=door.origin)
    signature = f'keyId="{key_id}",headers="(request-target) host date",signature="AAAA"'
    headers = {"Accept": "application/activity+json"} | ({"Signature": signature} if key_id else {})
    assert (await raw(door, headers, b"", f"GET {target}"))[:1] in (b"2", b"4")


async def begun(
    door: Door, headers: dict[str, str], body: bytes, target: str = "POST /inbox"
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request written by hand: no client would send some of these bytes."""
    host, _, port = door.origin.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [f"{name}: {value}" for name, value in ({"Host": f"{host}:{port}"} | headers).items()]
    head = "\r\n".join([f"{target} HTTP/1.1", *lines, "", ""])
    writer.write(head.encode("utf-8", "surrogateescape") + body)
    return reader, writer


async def raw(door: Door, headers: dict[str, str], body: bytes, target: str = "POST /inbox") -> bytes:
    """The status that such a request is answered with."""
    kept = {name: value for name, value in headers.items() if name.lower() not in ("host", "content-length")}
    sent = {**kept, "Content-Length": str(len(body)), "Host": door.origin.removeprefix("http://")}
    reader, writer = await begun(door, sent, body, target)
    status = (await reader.readline()).split()[1]
    writer.close()
    return status
