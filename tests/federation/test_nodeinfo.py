"""What software a host runs."""

import asyncio

import pytest

from community import towns
from federation.models import RemoteHost
from federation.nodeinfo import software
from tests.peer import Peer
from tests.peer_shapes import SHAPES

SCHEMA = "http://nodeinfo.diaspora.software/ns/schema/"
LINKS = "/.well-known/nodeinfo"


@pytest.mark.parametrize("name", sorted(SHAPES))
async def test_software(ctx, clock, name):
    async with Peer(name, clock=clock) as peer:
        assert await software(ctx, peer.domain) == name
        row = await ctx.database.read(lambda session: session.get(RemoteHost, peer.domain))
        assert (row.software, row.version, row.asked_at) == (name, SHAPES[name].version, clock.now)


async def test_asked_once_a_week(ctx, peer, clock):
    assert await asyncio.gather(*(software(ctx, peer.domain) for _ in range(5))) == ["mastodon"] * 5
    clock.advance(days=6)
    assert await software(ctx, peer.domain) == "mastodon"
    assert peer.asked(LINKS) == 1
    peer.software = "gotosocial"
    clock.advance(days=2)
    assert await software(ctx, peer.domain) == "gotosocial"
    assert peer.asked(LINKS) == 2


async def test_a_host_that_does_not_tell_is_asked_once_a_day(ctx, peer, clock):
    peer.answer(LINKS, status=404)
    assert await software(ctx, peer.domain) is None
    assert await software(ctx, peer.domain) is None
    assert peer.asked(LINKS) == 1
    peer.restore(LINKS)
    clock.advance(days=1)
    assert await software(ctx, peer.domain) == "mastodon"


async def test_a_refused_host_is_not_asked(ctx, peer):
    await ctx.database.write(lambda session: towns.suspend(session, peer.domain))
    assert await software(ctx, peer.domain) is None
    assert peer.requests == []


async def test_the_newest_schema_that_the_host_itself_serves(ctx, peer):
    links = [
        {"rel": SCHEMA + "2.0", "href": f"{peer.origin}/old"},
        {"rel": SCHEMA + "2.1", "href": f"{peer.origin}/new"},
        {"rel": SCHEMA + "9.9", "href": "http://169.254.169.254/latest"},
        {"rel": "other", "href": f"{peer.origin}/other"},
        None,
    ]
    peer.answer(LINKS, body={"links": links}, content_type="application/json")
    peer.answer("/new", body={"software": {"name": " Machi "}}, content_type="application/json")
    assert await software(ctx, peer.domain) == "machi"
    assert peer.asked("/old") == 0


@pytest.mark.parametrize(
    "document",
    [{}, {"software": None}, {"software": "x"}, {"software": {"name": 5}}, {"software": {"name": "<b>"}}],
)
async def test_documents_that_do_not_tell(ctx, peer, document):
    peer.answer("/nodeinfo/2.0", body=document, content_type="application/json")
    assert await software(ctx, peer.domain) is None


@pytest.mark.parametrize("status", [302, 401, 500])
async def test_trouble(ctx, peer, status):
    peer.answer("/nodeinfo/2.0", status=status, headers={"Location": "ftp://x/"})
    assert await software(ctx, peer.domain) is None
