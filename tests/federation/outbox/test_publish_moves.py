"""引っ越し as we say it: the actor anew, then Move, to those who understand it."""

from sqlalchemy.orm import Session

from community import blocks, founding, moves
from community.db import Database
from community.events import Bus
from community.models import Account
from federation.models import ActorKey
from federation.outbox import publish, understanding
from federation.vocabulary import render
from federation.vocabulary.parse import read_actor
from tests import factories
from tests.federation.outbox import rules
from tests.federation.outbox.said import Bell, everything, follow, software

HERE = "https://minato.example"


def scene(session: Session) -> tuple[Account, Account]:
    """はなこ, known to others by her key, with a follower on each kind of software; and who she will be."""
    hanako = factories.member(session, "hanako")
    session.add(ActorKey(account_id=hanako.id, public_pem="PEM", private_sealed=b"", created_at=0))
    for name in sorted(understanding.PLAIN | understanding.TAKES_MOVE_FOR_ANOTHER | {"machi"}):
        host = f"{name}.example"
        software(session, host, name)
        follow(session, factories.remote(session, "f", host), hanako)
    target = factories.remote(session, "hana", "aoba.example")
    target.also_known_as = [hanako.uri]
    session.flush()
    return hanako, target


async def test_the_actor_is_told_first_and_the_move_to_those_who_understand(database: Database, bus: Bus) -> None:
    publish.subscribe(bus, Bell())
    await database.write(lambda session: moves.leave_for(session, **dict(zip(("account", "target"), scene(session), strict=True))))
    update, move = await database.read(lambda session: everything(session, "Update", "Move"))
    assert (update.type, move.type) == ("Update", "Move")
    assert update.document["object"]["movedTo"] == "https://aoba.example/users/hana"
    assert move.document["object"] == move.document["actor"] == f"{HERE}/users/hanako"
    assert move.document["target"] == "https://aoba.example/users/hana"
    assert move.document["to"] == [f"{HERE}/users/hanako/followers"]
    told = {inbox.removeprefix("https://").partition(".")[0] for inbox in move.inboxes}
    assert told == understanding.PLAIN | {"machi"}
    assert set(move.inboxes) <= set(update.inboxes)
    for each in (update, move):
        rules.check(each.document, "minato.example")


async def test_aliases_stand_on_the_actor(database: Database, bus: Bus) -> None:
    publish.subscribe(bus, Bell())

    def unit(session: Session) -> None:
        hanako, old = scene(session)
        moves.add_alias(session, account=hanako, other=old)
        assert read_actor(render.actor(session, hanako, "PEM")).also_known_as == (old.uri,)
        relay = founding.relay(session)
        assert {"movedTo", "alsoKnownAs"}.isdisjoint(render.actor(session, relay, "PEM"))

    await database.write(unit)
    (update,) = await database.read(lambda session: everything(session, "Update"))
    assert update.document["object"]["alsoKnownAs"] == ["https://aoba.example/users/hana"]


async def test_a_block_is_not_told_to_those_who_take_it_for_a_ban(database: Database, bus: Bus) -> None:
    publish.subscribe(bus, Bell())

    def unit(session: Session) -> None:
        hanako = factories.member(session, "hanako")
        for name in ("lemmy", "mastodon", "piefed"):
            software(session, f"{name}.example", name)
            other = factories.remote(session, "x", f"{name}.example")
            blocks.block(session, account=hanako, target=other)
            blocks.unblock(session, account=hanako, target=other)

    await database.write(unit)
    said = await database.read(lambda session: everything(session, "Block", "Undo{Block}"))
    assert {inbox for each in said for inbox in each.inboxes} == {"https://mastodon.example/users/x/inbox"}
