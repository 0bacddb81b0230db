"""New keys for our actors: whoever never asks for a key again can follow, and nothing that waited is lost."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, follows
from community.models import Account
from federation import actors, rotation
from federation.context import Federation, make_federation
from federation.inbox.process import InboxWorker
from federation.keys import SealBroken, ensure_key, instance_key
from federation.models import ActorKey
from federation.outbox import publish
from federation.outbox.deliver import DeliveryWorker
from federation.own_keys import FORMER_MS
from federation.rotation import NewKeys
from tests import factories, peer_proofs
from tests.peer import Peer


@pytest.fixture
async def hanako(ctx: Federation, peer: Peer, bus: events.Bus) -> int:
    """Followed by Ken, whose server knows her key and asks for none again."""
    publish.subscribe(bus, ctx)

    def unit(session: Session) -> int:
        account = factories.member(session, "hanako")
        ken = actors.upsert(session, peer.actor("ken").document)
        request = follows.request(session, follower=ken, followee=account, uri=f"{peer.origin}/follows/1")
        if request.state != "accepted":
            follows.accept(session, follow=request)
        return account.id

    number = await ctx.database.write(unit)
    key = await ensure_key(ctx, number)
    peer.trust(key.key_id, key.private_key)
    await deliver(ctx)
    peer.received.clear()
    return number


async def deliver(ctx: Federation) -> None:
    await DeliveryWorker(ctx, chance=lambda: 0.0).run_once()


async def ask(ctx: Federation, number: int) -> None:
    await ctx.database.write(lambda session: factories.question(session, session.get_one(Account, number)).id)


async def rotate(ctx: Federation, number: int) -> NewKeys:
    new = NewKeys.make()
    await ctx.database.write(lambda session: rotation.rotate(session, number, new))
    return new


async def row(ctx: Federation, number: int) -> ActorKey:
    return await ctx.database.read(lambda session: session.get_one(ActorKey, number, populate_existing=True))


async def test_the_old_key_says_the_new_one_and_what_waited(ctx, peer, hanako, clock):
    await ask(ctx, hanako)
    clock.advance(seconds=1)
    new = await rotate(ctx, hanako)
    clock.advance(seconds=1)
    await ask(ctx, hanako)
    await deliver(ctx)
    assert [each.type for each in peer.received] == [
        "Create",
        "Update",
        "Create",
    ]  # each with the key known by then
    assert peer.refused == []
    before, update, after = (each.activity for each in peer.received)
    assert update["object"]["publicKey"]["publicKeyPem"] == new.public_pem
    assert update["object"]["assertionMethod"][0]["publicKeyMultibase"] == peer_proofs.multikey(
        new.proof.public_key()
    )
    assert "proof" not in before
    assert "proof" not in update  # the key that would prove it is the one it tells of
    assert peer_proofs.holds(after, new.proof.public_key())


async def test_what_waits_longer_than_two_days_goes_with_the_new_key(ctx, peer, hanako, clock):
    peer.inbox_status = 500
    await ask(ctx, hanako)
    clock.advance(seconds=1)
    new = await rotate(ctx, hanako)
    await deliver(ctx)
    clock.advance(ms=FORMER_MS + 1000)
    peer.inbox_status = 202
    await deliver(ctx)
    assert [each.type for each in peer.received] == []
    assert peer.refused  # by a server that never asks again; others do
    peer.trust((await ensure_key(ctx, hanako)).key_id, (await ensure_key(ctx, hanako)).private_key)
    clock.advance(hours=13)
    await deliver(ctx)
    assert [each.type for each in peer.received] == ["Create", "Update"]
    assert peer.received[1].activity["object"]["publicKey"]["publicKeyPem"] == new.public_pem


async def test_another_process_hears_of_it_without_a_restart(ctx, peer, hanako, clock):
    other = make_federation(ctx.town, ctx.database)
    await other.start()
    known = await ensure_key(other, hanako)
    clock.advance(seconds=1)
    await rotate(ctx, hanako)
    clock.advance(seconds=1)
    await ask(ctx, hanako)
    await deliver(other)
    assert [each.type for each in peer.received] == ["Update", "Create"]
    clock.advance(minutes=1)
    assert (await ensure_key(other, hanako)).private_key is not known.private_key
    await other.close()


async def test_the_town_itself_signs_its_requests_with_the_new_key_within_a_minute(ctx, clock):
    before = await instance_key(ctx)
    town = await ctx.database.read(lambda session: rotation.whose(session, "actor"))
    await rotate(ctx, town[0][0])
    clock.advance(minutes=1)
    after = await instance_key(ctx)
    assert after.key_id == before.key_id
    assert after.private_key.private_numbers() != before.private_key.private_numbers()


async def test_the_former_key_is_forgotten_after_two_days(ctx, hanako, clock):
    first = (await row(ctx, hanako)).public_pem
    await rotate(ctx, hanako)
    worker = InboxWorker(ctx)
    await worker._purge()
    assert (await row(ctx, hanako)).old_public_pem == first
    clock.advance(ms=FORMER_MS)
    await worker._purge()
    kept = await row(ctx, hanako)
    assert (kept.old_public_pem, kept.old_sealed) == (None, None)


async def test_a_sealed_former_key_opens_in_its_own_row_alone(ctx, hanako, clock):
    taro = await ctx.database.write(lambda session: factories.member(session, "taro").id)
    await ensure_key(ctx, taro)
    await rotate(ctx, hanako)
    await rotate(ctx, taro)

    def swap(session: Session) -> None:
        session.get_one(ActorKey, taro).old_sealed = session.get_one(ActorKey, hanako).old_sealed

    await ctx.database.write(swap)
    with pytest.raises(SealBroken):
        await ensure_key(make_federation(ctx.town, ctx.database), taro)


async def test_whose_keys_there_are(ctx, hanako):
    await instance_key(ctx)
    await ctx.database.write(
        lambda session: factories.member(session, "taro").id
    )  # nobody asked for a key yet

    def units(session: Session):
        return rotation.whose(session), rotation.whose(session, "hanako"), rotation.whose(session, "taro")

    everybody, one, none = await ctx.database.read(units)
    assert {name for _, name in everybody} == {"hanako", "actor"}
    assert (one, none) == ([(hanako, "hanako")], [])


async def test_a_town_of_an_earlier_version_gets_the_second_pair_when_it_is_needed(ctx, hanako):
    def forget(session: Session) -> str:
        kept = session.get_one(ActorKey, hanako)
        kept.proof_multikey = kept.proof_sealed = None
        return kept.public_pem

    pem = await ctx.database.write(forget)
    key = await ensure_key(make_federation(ctx.town, ctx.database), hanako)
    kept = await row(ctx, hanako)
    assert kept.public_pem == pem
    assert kept.proof_multikey == peer_proofs.multikey(key.proof_key.public_key())
    assert await ctx.database.read(
        lambda session: session.scalar(select(Account.updated_at).where(Account.id == hanako))
    )
