"""For tests of catching up: a town that goes out, other servers that count what they are asked, and what came of it."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import echoes, follows, posts
from community.db import Database
from community.events import Bus
from community.models import Account, HomeEntry, Notification, Post
from federation import actors, errands, lookup
from federation.catching_up import triggers
from federation.catching_up.worker import ErrandWorker
from federation.context import Federation
from federation.keys import instance_key
from federation.models import Errand
from federation.outbox import publish
from tests import factories
from tests.peer import Peer
from tests.peer_actor import PeerActor
from tests.towns import FixedClock


class Desk:
    """What a test does with the errands of its town."""

    def __init__(self, ctx: Federation, clock: FixedClock) -> None:
        self.ctx = ctx
        self.database: Database = ctx.database
        self.clock = clock
        self.worker = ErrandWorker(ctx, chance=lambda: 0.5)

    async def do(self, unit: Callable[[Session], Any]) -> Any:
        return await self.database.write(unit)

    async def run(self, kind: str | None = None, uri: str = "", *, rounds: int = 1) -> int:
        """Enqueue an errand if one is named, then run what is due; again for further `rounds`, half a minute apart."""
        if kind is not None:
            assert await self.do(lambda session: errands.enqueue(session, kind, uri))
        number = 0
        for _ in range(rounds):
            number += await self.worker.run_once()
            self.clock.advance(seconds=30)
        return number

    async def waiting(self) -> list[tuple[str, str]]:
        return await self.database.read(
            lambda session: [
                tuple(row) for row in session.execute(select(Errand.kind, Errand.uri).order_by(Errand.id))
            ]
        )

    async def uris(self) -> list[str]:
        """The ids of all posts of elsewhere that stand here, by their time."""
        query = select(Post.uri).where(Post.local.is_(False), Post.deleted_at.is_(None)).order_by(Post.id)
        return await self.database.read(lambda session: list(session.scalars(query)))

    async def post(self, uri: str) -> Post | None:
        return await self.database.read(lambda session: posts.by_uri(session, uri))

    async def know(self, actor: PeerActor) -> int:
        return await self.do(lambda session: actors.upsert(session, actor.document).id)

    async def look_up(self, uri: str) -> int:
        """Somebody opens a post of elsewhere for the first time; what that sends out is put aside."""
        post_id = await lookup.post(self.ctx, uri)
        await self.do(lambda session: session.query(Errand).delete())
        return post_id

    async def follow(self, name: str, actor: PeerActor) -> int:
        """A member of this town follows somebody elsewhere, who accepted; the id of the member."""
        followee_id = await self.know(actor)

        def unit(session: Session) -> int:
            member = session.scalar(select(Account).where(Account.name == name, Account.domain == ""))
            member = member or factories.member(session, name)
            asked = follows.request(session, follower=member, followee=session.get_one(Account, followee_id))
            follows.accept(session, follow=asked)
            return member.id

        return await self.do(unit)

    async def home(self, account_id: int) -> list[str]:
        query = (
            select(Post.uri)
            .join(HomeEntry, HomeEntry.post_id == Post.id)
            .where(HomeEntry.account_id == account_id)
        )
        return await self.database.read(lambda session: list(session.scalars(query.order_by(Post.id))))

    async def notices(self, account_id: int) -> list[str]:
        query = (
            select(Notification.kind).where(Notification.account_id == account_id).order_by(Notification.id)
        )
        return await self.database.read(lambda session: list(session.scalars(query)))


@pytest.fixture
def bus() -> Bus:
    """Everybody who listens in a serving town."""
    made = Bus()
    echoes.subscribe(made)
    triggers.subscribe(made)
    return made


@pytest.fixture
def desk(ctx: Federation, clock: FixedClock, bus: Bus) -> Desk:
    publish.subscribe(bus, ctx)
    return Desk(ctx, clock)


@pytest.fixture
async def other(ctx: Federation, clock: FixedClock):
    """A second server, of another kind."""
    async with Peer("machi", clock=clock) as made:
        key = await instance_key(ctx)
        made.trust(key.key_id, key.private_key)
        yield made


def collection(
    peer: Peer, path: str, entries: list[Any], *, per: int = 0, kind: str = "OrderedCollection"
) -> str:
    """Serve a collection at `path`: all at once, or in pages of `per`; gives its address."""
    listed = "orderedItems" if kind.startswith("Ordered") else "items"
    whole = {"id": peer.origin + path, "type": kind, "totalItems": len(entries)}
    if not per:
        return peer.put(whole | {listed: entries})
    pages = [entries[start : start + per] for start in range(0, len(entries), per)]
    for number, page in enumerate(pages, 1):
        document = {
            "id": f"{peer.origin}{path}?page={number}",
            "type": f"{kind}Page",
            "partOf": whole["id"],
            listed: page,
        }
        if number < len(pages):
            document["next"] = f"{peer.origin}{path}?page={number + 1}"
        peer.answer(f"{path}?page={number}", body=document)
    return peer.put(whole | {"first": f"{peer.origin}{path}?page=1"})
