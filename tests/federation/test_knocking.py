"""Two forms of signature, one host: which one is said first, when the other one follows, and what is remembered."""

import pytest
from sqlalchemy import select

from federation.context import Federation, make_federation
from federation.http import Outbound, PermanentFailure
from federation.keys import instance_key
from federation.knocking import IN_VAIN_MS, Knocks, kept_forms
from federation.models import RemoteHost
from federation.signed import CAVAGE, RFC9421
from tests.federation.asides import settled
from tests.peer import Peer
from tests.towns import FixedClock

NEW, OLD = ("rfc9421",), ("cavage",)


@pytest.fixture
async def modern(ctx: Federation, clock: FixedClock):
    """A server that knows RFC 9421 alone, and lets nobody read unsigned."""
    async with Peer("mastodon", clock=clock, secure=True, takes=NEW) as made:
        key = await instance_key(ctx)
        made.trust(key.key_id, key.private_key)
        yield made


async def deliver(ctx: Federation, peer: Peer) -> int:
    signer = await instance_key(ctx)
    return (await ctx.http.post(f"{peer.origin}/inbox", b'{"type":"Create"}', signer=signer)).status


def forms(peer: Peer) -> list[str]:
    return ["rfc9421" if "Signature-Input" in each.headers else "cavage" for each in peer.requests]


async def kept(ctx: Federation, peer: Peer) -> str | None:
    query = select(RemoteHost.signature).where(RemoteHost.host == peer.domain)
    return await ctx.database.read(lambda session: session.scalar(query))


async def test_the_older_form_comes_first_and_is_enough(ctx, peer):
    assert await deliver(ctx, peer) == 202
    assert forms(peer) == ["cavage"]
    assert await kept(ctx, peer) is None


async def test_a_401_is_answered_in_the_other_form_which_is_remembered(ctx, modern):
    assert await deliver(ctx, modern) == 202
    assert await deliver(ctx, modern) == 202
    assert forms(modern) == ["cavage", "rfc9421", "rfc9421"]
    await settled(ctx)
    assert await kept(ctx, modern) == "rfc9421"


async def test_a_restart_forgets_nothing(ctx, modern):
    await deliver(ctx, modern)
    await settled(ctx)
    other = make_federation(ctx.town, ctx.database)
    await other.start()
    modern.requests.clear()
    assert await deliver(other, modern) == 202
    assert forms(modern) == ["rfc9421"]
    await other.close()


async def test_back_again_when_the_host_takes_the_older_form_only(ctx, modern):
    await deliver(ctx, modern)
    modern.takes = OLD
    modern.requests.clear()
    assert await deliver(ctx, modern) == 202
    assert await deliver(ctx, modern) == 202
    assert forms(modern) == ["rfc9421", "cavage", "cavage"]
    await settled(ctx)
    assert await kept(ctx, modern) == "cavage"


async def test_what_holds_last_is_kept_however_soon_it_follows(ctx):
    hosts = [f"h{number}.example" for number in range(30)]
    for host in hosts:
        ctx.http.knocks.took(host, RFC9421)
        ctx.http.knocks.took(host, CAVAGE)
    await settled(ctx)
    assert await ctx.database.read(kept_forms) == {}
    assert await ctx.database.read(lambda session: set(session.scalars(select(RemoteHost.host)))) == set(hosts)


async def test_gets_knock_as_well(ctx, modern):
    alice = modern.actor("alice")
    signer = await instance_key(ctx)
    assert (await ctx.http.get_json(alice.id, signer=signer)).id == alice.id
    assert (await ctx.http.get_json(alice.id, signer=signer)).id == alice.id
    assert forms(modern) == ["cavage", "rfc9421", "rfc9421"]


async def test_a_get_with_a_query_in_the_newer_form(ctx, modern):
    page = modern.put({"id": f"{modern.origin}/users/alice/outbox", "type": "OrderedCollectionPage"})
    found = await ctx.http.get_json(f"{page}?page=1", signer=await instance_key(ctx))
    assert found.body["type"] == "OrderedCollectionPage"
    assert forms(modern) == ["cavage", "cavage", "rfc9421"]  # the second one without the query


async def test_who_refuses_both_is_not_knocked_at_twice_every_time(ctx, peer, clock):
    peer.takes = ()
    for _ in range(3):
        assert await deliver(ctx, peer) == 401
    assert forms(peer) == ["cavage", "rfc9421", "cavage", "cavage"]
    clock.advance(ms=IN_VAIN_MS)
    await deliver(ctx, peer)
    assert forms(peer)[4:] == ["cavage", "rfc9421"]


async def test_a_400_of_a_host_that_knows_our_signature_is_about_what_was_said(ctx, peer):
    await deliver(ctx, peer)
    peer.inbox_status = 400
    assert await deliver(ctx, peer) == 400
    assert forms(peer) == ["cavage", "cavage"]


async def test_a_400_of_a_stranger_may_be_about_the_form(ctx, peer):
    peer.inbox_status = 400
    assert await deliver(ctx, peer) == 400
    assert forms(peer) == ["cavage", "rfc9421"]


@pytest.mark.parametrize("status", [403, 404, 410, 429, 500, 503])
async def test_other_refusals_are_not_about_signatures(ctx, peer, status):
    peer.answer("/inbox", status=status)
    assert await deliver(ctx, peer) == status
    assert len(peer.requests) == 1


async def test_unsigned_gets_never_knock(ctx, modern):
    with pytest.raises(PermanentFailure):
        await ctx.http.get_json(modern.actor("alice").id)
    assert len(modern.requests) == 1


async def test_a_delivery_asks_no_database(ctx, peer, monkeypatch):
    signer = await instance_key(ctx)

    async def refuse(_unit):
        raise AssertionError

    monkeypatch.setattr(ctx.database, "read", refuse)
    monkeypatch.setattr(ctx.database, "write", refuse)
    assert (await ctx.http.post(f"{peer.origin}/inbox", b'{"type":"Create"}', signer=signer)).status == 202


def test_what_is_remembered_is_bounded(clock):
    knocks = Knocks(clock)
    for number in range(20_000):
        knocks.took(f"h{number}.example", CAVAGE)
    assert len(knocks._took._rows) == 10_000


def test_only_changes_are_told(clock):
    told = []
    knocks = Knocks(clock, lambda host, form: told.append((host, form)))
    knocks.know({"a.example": RFC9421, "b.example": CAVAGE})
    for host, form in (("a.example", RFC9421), ("b.example", CAVAGE), ("c.example", CAVAGE), ("b.example", RFC9421)):
        knocks.took(host, form)
    assert told == [("b.example", RFC9421)]
    assert Outbound(allow_private=True, user_agent="x", clock=clock).knocks.form("a.example") == CAVAGE
