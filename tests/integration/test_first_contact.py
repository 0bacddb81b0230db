"""First contact with a real Mastodon: what has to be right at once, and each usual failure that would be ours.

The numbers are those of the federation reference, §4. Numbers 1, 8, 11 and 12 are the network's or the other side's doing
(docs/operations.md tells what to look for); a follower that nobody has (10) is no failure.
"""

import base64
import hashlib
import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from community import members
from community.errors import Invalid
from community.models import Account
from tests import factories
from tests.integration.served import Town, quiet
from tests.peer import Peer, PeerActor, Reply
from tests.peer_shapes import PUBLIC

WANTED = "application/activity+json, application/ld+json"  # what Mastodon sends


@pytest.fixture
def ari(mastodon: Peer) -> PeerActor:
    return mastodon.actor("ari")


async def fetched(ari: PeerActor, url: str, accept: str = WANTED) -> Reply:
    """A GET as Mastodon's, signed."""
    return await ari.peer.send("GET", url, ari.signed("GET", url, None) | {"accept": accept}, None)


async def fingered(town: Town, ari: PeerActor, resource: str) -> Any:
    url = f"{town.origin}/.well-known/webfinger?resource={resource}"
    reply = await ari.peer.send("GET", url, {"Accept": "application/jrd+json"}, None)
    assert reply.status == 200, resource
    assert reply.headers["Content-Type"].startswith("application/jrd+json")
    return reply.json


async def follow(town: Town, ari: PeerActor, uri: str) -> Any:
    activity = ari.does("Follow", uri)
    assert (await ari.post(f"{uri}/inbox", activity)).status == 202
    accept = await ari.peer.next("Accept")
    await quiet(town)
    return activity, accept


@pytest.mark.parametrize("path", ["/users/hanako", "/boards/roumu", "/users/dareka"])
async def test_from_a_handle_to_an_actor_and_back(minato: Town, ari: PeerActor, path: str) -> None:
    """3, 4: WebFinger closes the loop, whoever's capitals; the actor is one for combined Accept headers."""
    name = path.rpartition("/")[2]
    jrd = await fingered(minato, ari, f"acct:{name.upper()}@{minato.domain}")
    (link,) = [each for each in jrd["links"] if each["rel"] == "self"]
    assert link == {"rel": "self", "type": "application/activity+json", "href": f"{minato.origin}{path}"}
    reply = await fetched(ari, link["href"])
    assert (reply.status, reply.headers["Content-Type"].partition(";")[0]) == (
        200,
        "application/activity+json",
    )
    actor = reply.json
    assert actor["id"] == link["href"]
    again = await fingered(minato, ari, f"acct:{actor['preferredUsername']}@{minato.domain}")
    assert again["subject"] == jrd["subject"] == f"acct:{name}@{minato.domain}"
    for needed in ("inbox", "outbox", "followers"):
        assert actor[needed].startswith(f"{minato.origin}/")


@pytest.mark.parametrize("path", ["/users/hanako", "/boards/roumu", "/users/dareka", "/actor"])
async def test_the_key_is_the_one_that_mastodon_looks_for(minato: Town, ari: PeerActor, path: str) -> None:
    """5, 14: the key names its actor and the actor its key; SPKI in real lines; RSA of 2,048 bits, and first of all."""
    actor = (await fetched(ari, f"{minato.origin}{path}")).json
    key = actor["publicKey"]
    assert isinstance(key, dict)
    assert (key["id"], key["owner"]) == (f"{actor['id']}#main-key", actor["id"])
    pem = key["publicKeyPem"]
    assert pem.startswith("-----BEGIN PUBLIC KEY-----\n")
    assert pem.endswith("-----END PUBLIC KEY-----\n")
    assert "\\n" not in pem
    loaded = load_pem_public_key(pem.encode())
    assert isinstance(loaded, RSAPublicKey)
    assert loaded.key_size >= 2048
    assert (await fetched(ari, key["id"].partition("#")[0])).json["publicKey"] == key


async def test_no_address_of_ours_sends_one_elsewhere(minato: Town, ari: PeerActor) -> None:
    """2: an actor and its inbox answer where they are asked, with a slash too many as well."""
    for path in (
        "/users/hanako",
        "/users/hanako/",
        "/users/Hanako",
        "/boards/roumu/",
        "/actor/",
        "/users/hanako/outbox/",
    ):
        assert (path, (await fetched(ari, f"{minato.origin}{path}")).status) == (path, 200)
    for inbox in ("/users/hanako/inbox", "/users/hanako/inbox/", "/inbox", "/inbox/"):
        activity = ari.does("Follow", f"{minato.origin}/users/hanako")
        assert (inbox, (await ari.post(f"{minato.origin}{inbox}", activity)).status) == (inbox, 202)
    await quiet(minato)


async def test_a_follow_is_accepted_at_once_by_who_was_followed(minato: Town, ari: PeerActor) -> None:
    """6, 7: the Accept embeds the whole Follow, goes to the follower's inbox, has an id, and is signed as Mastodon demands."""
    hanako = f"{minato.origin}/users/hanako"
    activity, accept = await follow(minato, ari, hanako)
    assert accept.path == ari.inbox.removeprefix(ari.peer.origin)
    assert accept.key_id == f"{hanako}#main-key"
    assert accept.activity["actor"] == hanako
    assert accept.activity["id"].startswith(f"{minato.origin}/activities/")
    embedded = accept.activity["object"]
    assert {name: embedded[name] for name in ("id", "type", "actor", "object")} == {
        "id": activity["id"], "type": "Follow", "actor": ari.id, "object": hanako,
    }  # fmt: skip
    headers = accept.headers
    assert re.fullmatch(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT", headers["Date"])
    said = parsedate_to_datetime(headers["Date"])
    assert abs(said.timestamp() - minato.clock() / 1000) < 30
    assert said.tzinfo == UTC
    digest = base64.b64encode(hashlib.sha256(accept.body).digest()).decode()
    assert headers["Digest"] == f"SHA-256={digest}"
    assert ari.peer.refused == []


async def test_a_post_is_there_before_it_is_told_of(minato: Town, ari: PeerActor) -> None:
    """9: to Public, or it would arrive as a letter; and whoever fetches it the moment it comes, finds it."""
    await follow(minato, ari, f"{minato.origin}/users/hanako")
    member = await minato.enter("hanako")
    question = await member.ask("有休は何日からですか？")
    create = await ari.peer.next("Create")
    note = create.activity["object"]
    reply = await fetched(ari, note["id"])
    assert (reply.status, reply.json["id"]) == (200, question)
    for each in (create.activity, note, reply.json):
        assert PUBLIC in each["to"]
    activity = await fetched(ari, create.activity["id"])
    assert (activity.status, activity.json["object"]["id"]) == (200, question)
    assert datetime.fromisoformat(note["published"]).timestamp() <= minato.clock() / 1000


async def test_who_is_answered_is_named_and_addressed(minato: Town, ari: PeerActor) -> None:
    """A reply names in tag and in to or cc whom it answers: Mastodon would tell nobody otherwise."""
    hanako = f"{minato.origin}/users/hanako"
    await follow(minato, ari, hanako)
    member = await minato.enter("hanako")
    question = await member.ask("有休は何日からですか？")
    await ari.peer.next("Create")
    answer = ari.note(
        "<p>半年で十日です。</p>", reply_to=question, mentions={hanako: f"@hanako@{minato.domain}"}
    )
    assert (await ari.post(f"{hanako}/inbox", ari.create(answer))).status == 202
    await quiet(minato)
    await member.comment(answer["id"], "ありがとうございます。")
    reply = (
        await ari.peer.next("Create", where=lambda each: "inReplyTo" in each.activity["object"])
    ).activity["object"]
    assert {"type": "Mention", "href": ari.id, "name": ari.handle} in reply["tag"]
    assert ari.id in [*reply["to"], *reply["cc"]]
    assert "name" not in reply


async def test_a_name_is_never_given_again(minato: Town, ari: PeerActor) -> None:
    """13: Mastodon keeps a tombstone for every id that was deleted, and refuses it for ever."""
    uri = f"{minato.origin}/users/ken"
    await minato.do(lambda session: members.leave(session, account_id=factories.local(session, "ken").id))
    assert (await fetched(ari, uri)).status == 410
    with pytest.raises(Invalid):
        await minato.do(lambda session: factories.member(session, "ken"))
    assert await minato.rows(Account.uri, name="ken") == [(uri,)]
