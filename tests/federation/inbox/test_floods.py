"""Too much at once: what speaks too fast is told to wait, and whoever else speaks meanwhile is served."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, follows, posts
from community.events import Bus
from community.models import Account, Notification, Post
from community.town import Town
from federation.inbox.process import TURN, InboxWorker
from federation.rates import BURST_SECONDS, NETWORK_TIMES, NEW_HOSTS
from tests import factories
from tests.federation.inbox.conftest import Door
from tests.peer import Peer, PeerActor
from tests.towns import FixedClock, make_town

_LIMITS: dict[str, Any] = {"inbox_per_second": 1, "strangers_mentions": 3, "strangers_notices": 2}
_ELSEWHERE = {"X-Forwarded-For": "93.184.216.34"}


@pytest.fixture
def limits() -> dict[str, Any]:
    """What a test sets of `[limits]`, by parametrisation."""
    return {}


@pytest.fixture
def town(database_url: str, clock: FixedClock, listener: socket.socket, limits: dict[str, Any]) -> Town:
    """A town with small limits, behind a proxy on this machine."""
    return make_town(
        database_url,
        clock=clock,
        domain=f"localhost:{listener.getsockname()[1]}",
        instance={"scheme": "http"},
        federation={"allow_private_addresses": True},
        server={"trusted_proxies": ["127.0.0.0/8"]},
        limits=_LIMITS | limits,
    )


@pytest.fixture
async def crowd(clock: FixedClock) -> AsyncIterator[list[PeerActor]]:
    """Somebody on each of six hosts; the first one floods."""
    async with AsyncExitStack() as stack:
        hosts = [await stack.enter_async_context(Peer(clock=clock, host=f"127.9.0.{number}")) for number in range(1, 7)]
        yield [host.actor(f"p{number}") for number, host in enumerate(hosts)]


def reply(actor: PeerActor, parent: str, **more: Any) -> dict[str, Any]:
    return actor.create(actor.note("<p>こうするとよいですよ。</p>", reply_to=parent, **more))


async def notices(door: Door) -> int:
    return await door.do(lambda session: len(session.scalars(select(Notification.id)).all()))


class TestTooFast:
    async def test_a_host_is_told_when_to_go_on_and_others_are_not_held(
        self, door: Door, crowd: list[PeerActor], question: str, clock: FixedClock
    ) -> None:
        flood, quiet = crowd[:2]
        answers = [await flood.post(door.inbox, flood.does("Like", question)) for _ in range(BURST_SECONDS + 1)]
        assert [answer.status for answer in answers] == [202] * BURST_SECONDS + [429]
        assert answers[-1].headers["Retry-After"] == "1"
        assert "error" in answers[-1].json
        assert (await quiet.post(door.inbox, quiet.does("Like", question))).status == 202
        clock.advance(ms=1_000)
        assert (await flood.post(door.inbox, flood.does("Like", question))).status == 202

    async def test_whoever_only_names_a_host_uses_up_nothing_of_it(
        self, door: Door, crowd: list[PeerActor], question: str
    ) -> None:
        victim = crowd[0]
        body = json.dumps(victim.does("Like", question)).encode()
        headers = victim.signed("POST", door.inbox, body, key=crowd[1].key)
        for _ in range(2 * BURST_SECONDS):
            assert (await victim.peer.send("POST", door.inbox, headers, body)).status == 401
        assert (await victim.post(door.inbox, body)).status == 202

    async def test_a_network_is_stopped_before_anything_is_read(
        self, door: Door, crowd: list[PeerActor], question: str
    ) -> None:
        sender = crowd[0]
        statuses = [
            (await sender.peer.send("POST", door.inbox, _ELSEWHERE, b"junk")).status
            for _ in range(NETWORK_TIMES * BURST_SECONDS + 1)
        ]
        assert statuses == [415] * NETWORK_TIMES * BURST_SECONDS + [429]
        like = sender.does("Like", question)
        assert (await sender.post(door.inbox, like, headers=_ELSEWHERE)).status == 429
        assert (await sender.post(door.inbox, like, headers={"X-Forwarded-For": "93.184.216.35"})).status == 202

    async def test_hosts_that_a_domain_brings_forth_are_not_asked_for_keys(
        self, door: Door, crowd: list[PeerActor], question: str, clock: FixedClock
    ) -> None:
        async with AsyncExitStack() as stack:
            hosts = [await stack.enter_async_context(Peer(clock=clock)) for _ in range(NEW_HOSTS + 1)]
            for host in hosts[:-1]:
                actor = host.actor("new")
                assert (await actor.post(door.inbox, actor.does("Like", question))).status == 202
            last = hosts[-1].actor("new")
            like = last.does("Like", question)
            assert (await last.post(door.inbox, like)).status == 429
            assert hosts[-1].requests == []
            again = hosts[0].actor("second")
            assert (await again.post(door.inbox, again.does("Like", question))).status == 202
            clock.advance(minutes=1)
            assert (await last.post(door.inbox, like)).status == 202


@pytest.mark.parametrize("limits", [{"enabled": False}])
async def test_without_limits_nothing_of_this_holds(door: Door, crowd: list[PeerActor], question: str) -> None:
    flood = crowd[0]
    for _ in range(BURST_SECONDS + 5):
        assert (await flood.post(door.inbox, flood.does("Like", question), headers=_ELSEWHERE)).status == 202
    many = {f"{door.origin}/users/p{number}": f"@p{number}" for number in range(30)}
    letter = reply(flood, question, mentions=many)
    assert (await flood.post(door.inbox, letter)).status == 202
    await door.worker.run_once()
    assert await door.do(lambda session: posts.by_uri(session, letter["object"]["id"])) is not None


class TestFairness:
    """Counted in turns, not in seconds: what was done for others between two things."""

    @pytest.fixture
    def done(self, bus: Bus) -> list[int]:
        """The authors of what came to stand, in order."""
        order: list[int] = []

        def note(session: Session, event: events.PostCreated) -> None:
            post = session.get_one(Post, event.post_id)
            if not post.local:
                order.append(post.author_id)

        bus.subscribe(events.PostCreated, note)
        return order

    async def flooded(self, door: Door, crowd: list[PeerActor], question: str, much: int) -> None:
        """`much` of the first host waits, and behind it one activity of each other."""
        for _ in range(much):
            assert (await crowd[0].post(door.inbox, reply(crowd[0], question))).status == 202
        for quiet in crowd[1:]:  # each to a question of its own: on PostgreSQL two that meet in one row make each other wait
            own = await door.do(lambda session: factories.question(session, factories.local(session, "hanako")).uri)
            assert (await quiet.post(door.inbox, reply(quiet, own))).status == 202

    @pytest.mark.parametrize("limits", [{"enabled": False}])
    async def test_who_sends_one_thing_waits_for_one_round_of_hosts(
        self, door: Door, crowd: list[PeerActor], question: str, done: list[int]
    ) -> None:
        await self.flooded(door, crowd, question, 100)
        while set(await door.states()) != {"done"}:
            await door.worker.run_once()
        flooder = max(done, key=done.count)
        last = max(place for place, author in enumerate(done) if author != flooder)
        # PostgreSQL really works side by side, and may be quicker with the one than with the others.
        most = 2 * len(crowd) if door.database.dialect == "sqlite" else TURN
        assert done[: last + 1].count(flooder) <= most
        assert len(done) >= 105  # what PostgreSQL undid, since two met in one row, was done again

    @pytest.mark.parametrize("limits", [{"enabled": False}])
    async def test_with_one_lane_for_all_a_flood_has_its_turn_and_no_more(
        self, door: Door, crowd: list[PeerActor], question: str, done: list[int]
    ) -> None:
        await self.flooded(door, crowd, question, 100)
        await InboxWorker(door.ctx, lanes=1).run_once()
        flooder = done[0]
        first = next(place for place, author in enumerate(done) if author != flooder)
        assert first == TURN
        assert [author != flooder for author in done[TURN : TURN + 5]] == [True] * 5

    @pytest.mark.parametrize("limits", [{"enabled": False}])
    async def test_a_flood_at_the_door_takes_few_of_its_places(
        self, door: Door, crowd: list[PeerActor], question: str, done: list[int]
    ) -> None:
        for each in crowd:  # so that all keys are known
            await each.post(door.inbox, each.does("Like", question))
        await door.worker.run_once()
        door.ctx.doorstep.is_open = True
        flood = [crowd[0].post(door.inbox, reply(crowd[0], question)) for _ in range(60)]
        others = [quiet.post(door.inbox, reply(quiet, question)) for quiet in crowd[1:]]
        assert {answer.status for answer in await asyncio.gather(*flood, *others)} == {202}
        people = await door.do(lambda session: {row.uri: row.id for row in session.scalars(select(Account))})
        at_the_door = [author == people[crowd[0].id] for author in done]
        assert at_the_door.count(False) == 5  # everybody else was served at once
        if door.database.dialect == "sqlite":
            assert at_the_door.count(True) <= 60
        await door.worker.run_once()
        assert len(done) == 65


class TestCrowdsOfMentions:
    def many(self, door: Door, count: int) -> dict[str, str]:
        return {f"{door.origin}/users/hanako": "@hanako"} | {
            f"https://elsewhere.example/users/p{number}": f"@p{number}" for number in range(count - 1)
        }

    async def test_of_a_stranger_are_not_taken_in(self, door: Door, crowd: list[PeerActor], question: str) -> None:
        for count in (_LIMITS["strangers_mentions"], _LIMITS["strangers_mentions"] + 1):
            letter = crowd[0].create(crowd[0].note("<p>見て</p>", mentions=self.many(door, count)))
            await crowd[0].post(door.inbox, letter)
        await door.worker.run_once()
        (_, few, _), (_, many, why) = await door.items()
        assert (few, many) == ("done", "ignored")
        assert "mentions more people" in why
        assert await notices(door) == 1

    async def test_do_not_come_in_above_or_beside_a_post_of_few_words(
        self, door: Door, crowd: list[PeerActor], question: str
    ) -> None:
        """As what it answers, which is fetched, or enclosed in the request to quote one of us."""
        stranger = crowd[0]
        many = self.many(door, _LIMITS["strangers_mentions"] + 1)
        above = stranger.note("<p>見て</p>", mentions=many)
        reply_to_it = stranger.note("<p>ね</p>", reply_to=above["id"], to=[f"{door.origin}/users/hanako"], cc=[])
        await stranger.post(door.inbox, stranger.create(reply_to_it))
        quoting = stranger.note("<p>見て</p>", mentions=many, quote=question)
        await stranger.post(door.inbox, stranger.does("QuoteRequest", question, instrument=quoting))
        await door.worker.run_once()
        known = await door.do(
            lambda session: [posts.by_uri(session, each) is not None for each in (above["id"], quoting["id"])]
        )
        assert known == [False, False]

    async def test_of_somebody_who_is_followed_are(self, door: Door, crowd: list[PeerActor], question: str) -> None:
        friend = crowd[0]
        await friend.post(door.inbox, friend.does("Like", question))
        await door.worker.run_once()

        def follow(session: Session) -> None:
            account = session.scalars(select(Account).where(Account.uri == friend.id)).one()
            hanako = factories.local(session, "hanako")
            follows.accept(session, follow=follows.request(session, follower=hanako, followee=account))

        await door.do(follow)
        await friend.post(door.inbox, friend.create(friend.note("<p>見て</p>", mentions=self.many(door, 30))))
        await door.worker.run_once()
        assert await door.states() == ["done", "done"]

    async def test_a_mention_without_an_address_tells_nobody(
        self, door: Door, crowd: list[PeerActor], question: str
    ) -> None:
        note = crowd[0].note("<p>見て</p>", reply_to=question, mentions={})
        note["tag"] = [{"type": "Mention", "href": f"{door.origin}/users/jiro", "name": "@jiro"}]
        await door.do(lambda session: factories.member(session, "jiro").id)
        await crowd[0].post(door.inbox, crowd[0].create(note))
        await door.worker.run_once()
        told = await door.do(
            lambda session: session.scalars(
                select(Account.name).join(Notification, Notification.account_id == Account.id)
            ).all()
        )
        assert list(told) == ["hanako"]  # who asked, and is answered


class TestNotices:
    async def answers(self, door: Door, who: PeerActor, question: str, count: int) -> None:
        for _ in range(count):
            await who.post(door.inbox, reply(who, question))
        await door.worker.run_once()

    async def test_a_stranger_makes_few_in_an_hour(
        self, door: Door, crowd: list[PeerActor], question: str, clock: FixedClock
    ) -> None:
        await self.answers(door, crowd[0], question, 5)
        assert await door.states() == ["done"] * 5  # they all stand
        assert await notices(door) == _LIMITS["strangers_notices"]
        await self.answers(door, crowd[1], question, 1)
        assert await notices(door) == _LIMITS["strangers_notices"] + 1
        clock.advance(hours=1, ms=1)
        await self.answers(door, crowd[0], question, 1)
        assert await notices(door) == _LIMITS["strangers_notices"] + 2

    @pytest.mark.parametrize("limits", [{"quarantine_hours": 24}])
    async def test_of_a_new_server_wait_in_requests(
        self, door: Door, crowd: list[PeerActor], question: str, clock: FixedClock
    ) -> None:
        def held(session: Session) -> list[bool]:
            return list(session.scalars(select(Notification.held).order_by(Notification.id)))

        await self.answers(door, crowd[0], question, 1)
        assert await door.do(held) == [True]
        clock.advance(hours=25)
        await self.answers(door, crowd[0], question, 1)
        assert await door.do(held) == [True, False]

    @pytest.mark.parametrize("limits", [{"enabled": False, "quarantine_hours": 24}])
    async def test_without_limits_all_are_told(self, door: Door, crowd: list[PeerActor], question: str) -> None:
        await self.answers(door, crowd[0], question, 5)
        assert await notices(door) == 5


