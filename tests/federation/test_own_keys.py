"""The keys of our own actors."""

import asyncio

import pytest
from sqlalchemy import func, select, update

from community import ids, town
from community.errors import NotFound
from community.keyfiles import KeyFiles
from community.town import Town
from federation.context import make_federation
from federation.keys import SealBroken, ensure_key, instance_key
from federation.models import ActorKey
from tests import factories
from tests.peer_actor import public_pem


@pytest.fixture
async def hanako(ctx) -> int:
    return await ctx.database.write(lambda session: factories.member(session, "hanako").id)


async def test_a_key_is_made_once(ctx, hanako):
    keys = await asyncio.gather(*(ensure_key(ctx, hanako) for _ in range(5)))
    assert len({id(key) for key in keys}) == 1
    assert keys[0].key_id == "http://minato.example/users/hanako#main-key"
    assert keys[0].private_key.key_size == 2048
    assert await ctx.database.read(lambda s: s.scalar(select(func.count()).select_from(ActorKey))) == 1


async def test_another_process_reads_the_same_key(ctx, hanako):
    other = make_federation(ctx.town, ctx.database)
    both = await asyncio.gather(ensure_key(ctx, hanako), ensure_key(other, hanako))
    assert both[0].private_key.private_numbers() == both[1].private_key.private_numbers()


async def test_the_stored_halves(ctx, hanako):
    key = await ensure_key(ctx, hanako)
    row = await ctx.database.read(lambda session: session.get_one(ActorKey, hanako))
    assert row.public_pem == public_pem(key.private_key)
    assert row.public_pem.startswith("-----BEGIN PUBLIC KEY-----")  # SPKI, not PKCS#1
    assert b"PRIVATE" not in row.private_sealed
    assert row.created_at == ctx.town.clock()


async def test_the_key_file_has_to_fit(ctx, hanako):
    await ensure_key(ctx, hanako)
    stranger = Town(ctx.town.settings, KeyFiles.in_memory(), ctx.town.clock)
    other = make_federation(stranger, _Attached(ctx.database, stranger))
    with pytest.raises(SealBroken, match="another key file"):
        await ensure_key(other, hanako)


class _Attached:
    """The same database as another town sees it, with key files of its own."""

    def __init__(self, database, stranger):
        self._database = database
        self._town = stranger

    async def read(self, unit):
        def as_stranger(session):
            real = town.of(session)
            town.attach(session, self._town)
            try:
                return unit(session)
            finally:
                town.attach(session, real)

        return await self._database.read(as_stranger)


async def test_a_sealed_key_opens_for_its_own_account_alone(ctx, hanako):
    taro = await ctx.database.write(lambda session: factories.member(session, "taro").id)
    await ensure_key(ctx, hanako)
    await ensure_key(ctx, taro)

    def swap(session):
        sealed = session.get_one(ActorKey, hanako).private_sealed
        session.execute(update(ActorKey).where(ActorKey.account_id == taro).values(private_sealed=sealed))

    await ctx.database.write(swap)
    with pytest.raises(SealBroken):
        await ensure_key(make_federation(ctx.town, ctx.database), taro)


async def test_only_our_own_have_keys(ctx):
    remote = await ctx.database.write(lambda session: factories.remote(session, "ken").id)
    for account_id in (remote, ids.new(ctx.town.clock())):
        with pytest.raises(NotFound):
            await ensure_key(ctx, account_id)


async def test_the_instance_actor(ctx):
    key = await instance_key(ctx)
    assert key.key_id == "http://minato.example/actor#main-key"
    assert await instance_key(ctx) is key
