"""Every sample of fediverse-pasture-inputs, sent as a signed Create by somebody whom a member follows, shows as it should."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from community.models import Post
from federation.models import InboxItem
from tests.integration.served import Town, quiet
from tests.interop.app import App
from tests.interop.conftest import Enter
from tests.interop.expected import EXPECTED
from tests.interop.samples import HOST, Refused, Seen, available, examples, seen
from tests.peer import Peer, PeerActor
from tests.peer_shapes import AS2, PUBLIC, Document

CONTEXT = [AS2, {"Hashtag": "as:Hashtag", "sensitive": "as:sensitive"}]


def test_something_is_expected_of_every_sample():
    assert {name: len(each) for name, each in EXPECTED.items()} == {
        name: len(each.examples) for name, each in available.items()
    }


@pytest.fixture
async def cow(minato: Town, make_peer: Callable[[str], Awaitable[Peer]], app: Enter) -> PeerActor:
    """The actor of the samples, whom はなこ follows, and the two posts that samples speak of."""
    peer = await make_peer("mastodon")
    actor, hanako = peer.actor("cow"), await app("hanako")
    account = await hanako.account(actor.handle)
    await hanako.post(f"/api/v1/accounts/{account['id']}/follow")
    asked = await peer.next("Follow")
    await actor.post(f"{minato.origin}/inbox", actor.does("Accept", asked.activity))
    for number, words in ((1, "One"), (2, "Two")):
        peer.put(
            {
                "@context": AS2, "id": f"{peer.origin}/assets/note{number}.jsonap", "type": "Note", "attributedTo": actor.id,
                "to": ["as:Public"], "content": words, "published": "2024-01-06T13:11:45Z",
            }
        )  # fmt: skip
    await quiet(minato)
    return actor


def create(cow: PeerActor, name: str, number: int, example: Document, hanako: str) -> Document:
    """The Create as the package's runner makes it: what the example does not say is filled in."""
    base = f"{cow.id}/{name}-{number}"
    told: Document = {
        "type": "Note", "id": base, "attributedTo": cow.id, "to": [PUBLIC, hanako], "cc": [cow.followers],
        "published": cow.peer.moment(),
    } | example  # fmt: skip
    context = told.pop("@context", CONTEXT)
    told = {key: value for key, value in told.items() if value is not None}
    activity = {
        "id": f"{base}/create", "type": "Create", "actor": cow.id, "to": told["to"], "cc": [cow.followers],
        "published": cow.peer.moment(), "object": told,
    }  # fmt: skip
    return activity if context is None else {"@context": context} | activity


@pytest.mark.parametrize("name", sorted(available))
async def test_samples(minato: Town, cow: PeerActor, app: Enter, name: str):
    me = f"{minato.origin}/users/hanako"
    mentioned = me if name == "mentions" else cow.id
    told = [
        create(cow, name, number, example, me)
        for number, example in enumerate(examples(name, cow.peer.origin, mentioned, cow.peer.actor("second").id))
    ]
    assert HOST not in str(told)
    for activity in told:
        assert (await cow.post(f"{minato.origin}/inbox", activity)).status == 202
    await quiet(minato)
    outcomes = dict(await minato.rows(InboxItem.activity_uri, InboxItem.state))
    reasons = dict(await minato.rows(InboxItem.activity_uri, InboxItem.error))
    assert "failed" not in outcomes.values(), reasons
    hanako = await app("hanako")
    for activity, expected in zip(told, EXPECTED[name], strict=True):
        found = await shown(minato, hanako, activity["object"], cow.peer.origin)
        if isinstance(expected, Refused):
            assert (found, reasons[activity["id"]]) == (None, expected.reason)
        else:
            wanted = Seen(expected) if isinstance(expected, str) else expected
            assert found == as_lists(wanted), activity["object"]


async def shown(town: Town, app: App, told: Document, origin: str) -> dict[str, Any] | None:
    """The status that stands for the object; None if there is none."""
    rows = await town.rows(Post.id, uri=told.get("id", ""))
    return as_lists(seen(await app.get(f"/api/v1/statuses/{rows[0][0]}"), origin)) if rows else None


def as_lists(status: Seen) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, list | tuple) else value for key, value in vars(status).items()}
