"""Block and its Undo, in both directions, and a Follow by somebody who is blocked."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import blocks, events, follows
from community.db import Database
from community.events import Bus
from community.models import Account, Block
from federation import actors
from federation.outbox import publish
from tests import factories
from tests.federation.inbox import mail
from tests.federation.outbox.said import Bell, everything

KEN = "https://m.example/users/ken"
BLOCK = {
    "id": f"{KEN}#blocks/1",
    "type": "Block",
    "actor": KEN,
    "object": f"{mail.HERE}/users/hanako",
}


def undo(told: object) -> dict[str, object]:
    return {"id": f"{KEN}#undo/1", "type": "Undo", "actor": KEN, "object": told}


def test_a_block_is_kept_and_ends_follows(session: Session) -> None:
    mail.know(session, "mastodon/actor")
    ken, hanako = actors.by_uri(session, KEN), factories.member(session, "hanako")
    assert ken is not None
    follows.accept(session, follow=follows.request(session, follower=hanako, followee=ken))
    follows.request(session, follower=ken, followee=hanako, uri=f"{KEN}#follows/1")
    mail.deliver(session, BLOCK)
    mail.deliver(session, BLOCK)
    row = blocks.between(session, ken.id, hanako.id)
    assert row is not None
    assert row.uri == BLOCK["id"]
    assert follows.between(session, hanako.id, ken.id) is follows.between(session, ken.id, hanako.id) is None


@pytest.mark.parametrize(
    "told", [BLOCK["id"], BLOCK, {"type": "Block", "actor": KEN, "object": BLOCK["object"]}, BLOCK | {"id": f"{KEN}#b/2"}]
)  # fmt: skip
def test_an_undo_takes_it_back(session: Session, told: object) -> None:
    factories.member(session, "hanako")
    mail.deliver(session, BLOCK)
    mail.deliver(session, undo(told))
    assert session.scalars(select(Block)).all() == []


def test_only_who_blocked_takes_it_back(session: Session) -> None:
    mail.know(session, "mastodon/actor")
    ken, hanako = actors.by_uri(session, KEN), factories.member(session, "hanako")
    assert ken is not None
    row = blocks.block(session, account=hanako, target=ken)
    assert "somebody else" in mail.refusal(session, undo(row.uri))
    assert blocks.between(session, hanako.id, ken.id) is not None


def test_a_block_of_nobody_here_is_ignored(session: Session) -> None:
    assert "nobody of this town" in mail.refusal(session, BLOCK | {"object": "https://o.example/users/x"})


def test_a_follow_by_the_blocked_is_refused_and_said_so(session: Session, told) -> None:
    mail.know(session, "mastodon/actor")
    ken, hanako = actors.by_uri(session, KEN), factories.member(session, "hanako")
    assert ken is not None
    blocks.block(session, account=hanako, target=ken)
    told()
    letter = mail.load("mastodon/follow")
    assert "nothing to do with each other" in mail.refusal(session, letter)
    assert told() == [events.FollowRejected(letter["id"], ken.id, hanako.id)]
    assert follows.between(session, ken.id, hanako.id) is None


async def test_a_members_block_is_told_to_the_one_server(database: Database, bus: Bus) -> None:
    publish.subscribe(bus, Bell())

    def unit(session: Session) -> tuple[int, int, str]:
        hanako, ken = factories.member(session, "hanako"), factories.remote(session, "ken", "mast.example")
        follows.request(session, follower=ken, followee=hanako, uri="https://mast.example/f/1")
        row = blocks.block(session, account=hanako, target=ken)
        return hanako.id, ken.id, row.uri

    hanako_id, ken_id, uri = await database.write(unit)
    await database.write(
        lambda session: blocks.unblock(
            session, account=session.get_one(Account, hanako_id), target=session.get_one(Account, ken_id)
        )
    )
    said = await database.read(lambda session: everything(session, "Reject", "Block", "Undo{Block}"))
    by_type = {each.type: each.document for each in said}
    assert by_type.keys() == {"Reject", "Block", "Undo{Block}"}
    assert all(each.inboxes == ["https://mast.example/users/ken/inbox"] for each in said)
    block, undone = by_type["Block"], by_type["Undo{Block}"]
    assert block["id"] == uri
    assert block["object"] == block["to"][0] == "https://mast.example/users/ken"
    assert "cc" not in block or block["cc"] == []
    assert undone["object"] == {key: block[key] for key in ("type", "id", "actor", "object")}


async def test_between_members_nothing_is_said(database: Database, bus: Bus) -> None:
    publish.subscribe(bus, Bell())

    def unit(session: Session) -> None:
        hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
        blocks.block(session, account=hanako, target=taro)
        blocks.unblock(session, account=hanako, target=taro)

    await database.write(unit)
    assert await database.read(lambda session: everything(session, "Block", "Undo{Block}")) == []
