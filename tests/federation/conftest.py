"""For tests that go out: a town's federation, and other servers on loopback."""

from collections.abc import AsyncIterator

import pytest

from community import founding
from community.db import Database
from community.town import Town
from federation.context import Federation, make_federation
from federation.http import Limits
from federation.keys import instance_key
from tests.peer import Peer
from tests.towns import FixedClock, make_town


@pytest.fixture
def town(request: pytest.FixtureRequest, database_url: str, clock: FixedClock) -> Town:
    """みなと, at https://minato.example; for a test that goes out (`ctx`) at http, with loopback allowed."""
    if "ctx" not in request.fixturenames:
        return make_town(database_url, clock=clock)
    return make_town(
        database_url, clock=clock, instance={"scheme": "http"}, federation={"allow_private_addresses": True}
    )


@pytest.fixture
async def ctx(town: Town, database: Database) -> AsyncIterator[Federation]:
    """The federation of a founded town, its outbound door open."""
    await database.write(founding.found)
    made = make_federation(town, database, limits=Limits(connect=1, idle=2, total=3))
    await made.start()
    yield made
    await made.close()


@pytest.fixture
async def peer(ctx: Federation, clock: FixedClock) -> AsyncIterator[Peer]:
    """A Mastodon that knows the key of our instance actor, for our own town does not listen."""
    async with Peer("mastodon", clock=clock) as made:
        key = await instance_key(ctx)
        made.trust(key.key_id, key.private_key)
        yield made
