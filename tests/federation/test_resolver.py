"""Documents fetched from their origin: what is believed, and who is not even asked."""

import pytest

from community import towns
from federation import resolver
from federation.context import Federation
from federation.keys import instance_key
from tests.peer import Peer
from tests.towns import FixedClock


async def test_what_its_own_host_serves(ctx: Federation, peer: Peer) -> None:
    note = peer.actor("ken").note("<p>はい</p>")
    found = await resolver.dereference(ctx, [note["id"], peer.actor("rei").id])
    assert set(found.documents) == {note["id"], f"{peer.origin}/users/rei"}
    assert peer.refused == []  # signed by the instance actor


@pytest.mark.parametrize("by", ["attributedTo", "actor"])
async def test_nobody_speaks_for_another_host(ctx: Federation, peer: Peer, clock: FixedClock, by: str) -> None:
    async with Peer("mastodon", clock=clock) as other:
        victim = other.actor("mika")
        note = peer.actor("mallory").note("<p>言っていないこと</p>")
        del note["attributedTo"]
        note[by] = victim.id
        assert (await resolver.dereference(ctx, [note["id"]])).documents == {}


async def test_what_it_says_of_itself_has_to_be_where_it_is(ctx: Federation, peer: Peer, clock: FixedClock) -> None:
    async with Peer("mastodon", clock=clock) as other:
        victim = other.actor("mika")
        address = peer.answer("/users/mika", body=victim.document)
        assert (await resolver.dereference(ctx, [address])).documents == {}


async def test_what_cannot_be_had(ctx: Federation, peer: Peer) -> None:
    told = {status: peer.answer(f"/{status}", status=status) for status in (404, 410, 503)}
    found = await resolver.dereference(ctx, told.values())
    assert (found.documents, found.buried, found.later) == ({}, {told[410]}, {told[503]})


async def test_nobody_of_ours_and_nobody_refused_is_asked(ctx: Federation, peer: Peer) -> None:
    note = peer.actor("ken").note("<p>はい</p>")
    await ctx.database.write(lambda session: towns.suspend(session, peer.domain))
    found = await resolver.dereference(ctx, [note["id"], f"{ctx.town.uris.origin}/users/hanako", "urn:x", ""])
    assert found == resolver.Dereferenced()
    assert peer.requests == []


async def test_a_refused_host_does_not_come_in_by_the_redirects_of_another(ctx, peer, clock):
    """Its people would stand here again, as accounts that nobody has shut out."""
    async with Peer("mastodon", clock=clock, host="127.0.0.2") as refused:
        key = await instance_key(ctx)
        refused.trust(key.key_id, key.private_key)
        actor, note = refused.actor("mallory"), refused.actor("mallory").note("<p>また来ました</p>")
        doors = [
            peer.answer(f"/{number}", status=302, headers={"Location": to})
            for number, to in enumerate((actor.id, note["id"]))
        ]
        assert len((await resolver.dereference(ctx, doors)).documents) == 2
        await ctx.database.write(lambda session: towns.suspend(session, "127.0.0.2"))
        assert (await resolver.dereference(ctx, doors)).documents == {}
