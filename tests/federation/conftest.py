"""For tests that go out: a town's federation, and other servers on loopback."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.orm import Session

from community import founding
from community.db import Database
from community.events import Bus
from community.town import Town
from federation import routes
from federation.context import FEDERATION, Federation, make_federation
from federation.http import Limits
from federation.keys import instance_key
from federation.outbox import publish
from tests import factories
from tests.federation.asking import KEY_ID, Wire
from tests.federation.outbox.said import Bell, follow
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
    made = make_federation(town, database, limits=Limits(connect=5, idle=3, total=10))
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


@pytest.fixture
def speaking(bus: Bus) -> None:
    """What happens is said: it stands in the outbox, and nobody is woken to deliver it."""
    publish.subscribe(bus, Bell())


@pytest.fixture(scope="session")
def sister_key() -> rsa.RSAPrivateKey:
    """The key of やまて, a sister of みなと."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
async def wire(
    town: Town, database: Database, sister_key: rsa.RSAPrivateKey, clock: FixedClock
) -> AsyncIterator[Wire]:
    app = web.Application()
    app[FEDERATION] = make_federation(town, database)
    routes.add_routes(app)
    pem = sister_key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    def settle_in(session: Session) -> None:
        hanako = factories.member(session, "hanako", strengths=("36協定",))
        factories.sister(session, "yamate.example")
        actor = factories.remote(session, "yamate", "yamate.example", key_id=KEY_ID, public_key_pem=pem)
        follow(session, actor, hanako)

    await database.write(settle_in)
    async with TestClient(TestServer(app)) as client:
        yield Wire(client, sister_key, clock)
