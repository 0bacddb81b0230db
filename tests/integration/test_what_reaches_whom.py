"""What is said to each software, and what is not: everything a member does, and what of it arrives at a server where
somebody follows her and a board, by its NodeInfo. docs/federation-interop.md shows `REACHES` as a table.
"""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from tests.factories import PASSPHRASE
from tests.integration.people import Person
from tests.integration.served import Town, quiet
from tests.integration.test_other_software import MakePeer, follow, sent
from tests.interop.app import App, token_of
from tests.peer import PeerActor, Received
from tests.peer_shapes import PUBLIC

TO_ALL = frozenset(
    {
        "Follow", "Undo{Follow}", "Accept{Follow}", "Reject{Follow}", "Accept{Follow} by a board", "Create{Note}", "Update{Note}",
        "Delete{Tombstone}", "Create{Question}", "Update{Person}", "Like", "Undo{Like}", "Announce", "Undo{Announce}", "Add",
        "Remove", "Flag", "QuoteRequest",
    }
)  # fmt: skip
"""Whoever does not know one of these takes it and does nothing: so they answer (federation reference §1)."""

MICROBLOG = TO_ALL | {"Announce by a board", "Block", "Undo{Block}", "Move"}
"""A board recommends bare ids there; the activities that it passes on would be asked for one by one."""

LEMMY = TO_ALL | {f"Announce{{{each}}} by a board" for each in ("Create", "Update", "Delete", "Like", "Undo")}
"""No bare ids, no ChooseAnswer (both are errors to it), no Block of a member (a ban to it), no Move."""

COMMUNITY = LEMMY | {
    "Announce by a board", "ChooseAnswer", "Undo{ChooseAnswer}", "Announce{ChooseAnswer} by a board",
}  # fmt: skip

REACHES = {
    **dict.fromkeys(("mastodon", "misskey", "gotosocial", "akkoma"), MICROBLOG),
    "lemmy": LEMMY,
    **dict.fromkeys(("piefed", "nodebb", "discourse", "mbin"), COMMUNITY),
    "machi": COMMUNITY | {"Block", "Undo{Block}", "Move"},
}
"""Software → all that arrives there."""


@pytest.fixture
async def app(minato: Town) -> AsyncIterator[App]:
    """An app of はなこ's."""
    async with aiohttp.ClientSession() as http:
        yield App(http, minato.origin, await token_of(minato, "hanako"))


def said(entry: Received) -> str:
    """In a word: the activity, with what it is about where that makes a difference."""
    about = entry.activity["object"]
    by = " by a board" if "/boards/" in entry.activity["actor"] else ""
    return f"{entry.type}{{{about['type']}}}{by}" if isinstance(about, dict) else f"{entry.type}{by}"


@pytest.mark.parametrize("software", sorted(REACHES))
async def test_everything_said(minato: Town, make_peer: MakePeer, app: App, software: str):
    peer = await make_peer(software)
    mika = peer.actor("mika", alsoKnownAs=[f"{minato.origin}/users/hanako"])
    await follow(minato, mika, "/users/hanako")
    await follow(minato, mika, "/boards/roumu")
    hanako = await minato.enter("hanako")
    account = (await app.account(mika.handle))["id"]
    await app.post(f"/api/v1/accounts/{account}/follow")
    asked = await peer.next("Follow")
    await sent(minato, mika, "/users/hanako/inbox", mika.does("Accept", asked.activity))

    reply = await asks_and_thanks(minato, hanako, mika)
    theirs = (await app.status(reply))["id"]
    await posts(app, theirs)
    await app.patch("/api/v1/accounts/update_credentials", display_name="はな")
    await app.post("/api/v1/reports", account_id=account, status_ids=[theirs], comment="宣伝", forward=True)
    page = await hanako.get("/settings/moving")
    await hanako.browser.send(page, "/settings/moving/leave", target=mika.handle, old_passphrase=PASSPHRASE)
    await quiet(minato)
    for deed in ("unfollow", "block", "unblock"):
        await app.post(f"/api/v1/accounts/{account}/{deed}")
    await quiet(minato)
    assert {said(each) for each in peer.received} == REACHES[software]
    assert peer.refused == []


async def asks_and_thanks(town: Town, hanako: Person, mika: PeerActor) -> str:
    """A question from its beginning to its end; the id of the answer from elsewhere."""
    ken = await town.enter("ken")
    question = await hanako.ask("給湯室の当番は要りますか？")
    await ken.answer(question, "要りません。")
    reply = mika.note(
        "<p>表を貼りました</p>", reply_to=question, mentions={f"{town.origin}/users/hanako": f"@hanako@{town.domain}"},
        interactionPolicy={"canQuote": {"automaticApproval": [PUBLIC]}},
    )  # fmt: skip
    await sent(town, mika, "/users/hanako/inbox", mika.create(reply))
    uri = str(reply["id"])
    await hanako.comment(uri, "どこにですか？")
    await hanako.edit(question, "急ぎです。", title="給湯室の当番")
    await hanako.solve(question, uri)
    await hanako.thank(uri, "助かりました。")
    await hanako.take_thanks_back(uri)
    await hanako.reopen(question)
    await quiet(town)
    other = await hanako.ask("消える質問")
    await quiet(town)
    await hanako.delete(other)
    return uri


async def posts(app: App, theirs: str) -> None:
    """What an app does: likes, boosts, quotes, pins, polls."""
    for deed in ("favourite", "unfavourite", "reblog", "unreblog"):
        await app.post(f"/api/v1/statuses/{theirs}/{deed}")
    note = await app.post("/api/v1/statuses", status="ひとこと", visibility="public")
    for deed in ("pin", "unpin"):
        await app.post(f"/api/v1/statuses/{note['id']}/{deed}")
    await app.post("/api/v1/statuses", status="何時？", poll={"options": ["朝", "夜"], "expires_in": 3600})
    await app.post("/api/v1/statuses", status="これです", quoted_status_id=theirs, visibility="public")
