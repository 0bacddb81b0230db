"""What sends errands out, and that nobody waits for them."""

import pytest

from community.models import Post
from federation import errands, freshness, lookup
from federation.models import RemoteActor
from tests import factories
from tests.federation.asides import settled
from tests.federation.catching_up.test_outage import _deliver, desk_create
from tests.federation.catching_up.test_replies import path, under


class TestComing:
    async def test_a_reply_from_elsewhere_asks_for_the_others(self, desk, peer, clock):
        note = peer.actor("alice").note("<p>だれか</p>")
        await desk.look_up(note["id"])
        clock.advance(minutes=15)
        for _ in range(2):
            await _deliver(
                desk, desk.ctx, desk_create(peer.actor("bob").note("<p>はい</p>", reply_to=note["id"]))
            )
        assert await desk.waiting() == [("replies", note["id"])]

    async def test_not_while_the_thread_is_fresh(self, desk, peer, clock):
        note = peer.actor("alice").note("<p>だれか</p>")
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        clock.advance(minutes=14)
        await _deliver(
            desk, desk.ctx, desk_create(peer.actor("bob").note("<p>はい</p>", reply_to=note["id"]))
        )
        assert await desk.waiting() == []

    async def test_a_thread_of_ours_is_nobodys_to_ask(self, desk, peer):
        question = await desk.do(lambda session: factories.question(session, factories.member(session)).uri)
        await _deliver(desk, desk.ctx, desk_create(peer.actor("bob").note("<p>はい</p>", reply_to=question)))
        assert await desk.waiting() == []

    async def test_a_new_post_of_somebody_followed_has_no_replies_yet(self, desk, peer):
        alice = peer.actor("alice")
        await desk.follow("hanako", alice)
        await _deliver(desk, desk.ctx, desk_create(alice.note("<p>いま</p>")))
        assert [kind for kind, _ in await desk.waiting()] == ["outbox"]

    async def test_an_old_post_that_somebody_followed_passes_on_has(self, desk, peer, clock):
        alice, note = peer.actor("alice"), peer.actor("bob").note("<p>よいもの</p>")
        await desk.follow("hanako", alice)
        clock.advance(hours=1)
        await _deliver(desk, desk.ctx, alice.does("Announce", note["id"]))
        assert ("replies", note["id"]) in await desk.waiting()

    async def test_what_a_member_looked_up_has(self, desk, peer):
        note = peer.actor("alice").note("<p>だれか</p>")
        await lookup.post(desk.ctx, note["id"])
        assert await desk.waiting() == [("replies", note["id"])]

    async def test_what_catching_up_brings_sends_nothing_out(self, desk, peer, clock):
        """Else one thread would lead to the next, without an end."""
        note = peer.actor("alice").note("<p>だれか</p>")
        replies = [peer.actor("bob").note("<p>はい</p>", reply_to=note["id"]) for _ in range(5)]
        under(peer, note, replies)
        clock.advance(hours=1)
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert len(await desk.uris()) == 6
        assert await desk.waiting() == []


class TestSpeaking:
    async def test_a_profile_of_yesterday_is_asked_for_when_it_speaks(self, desk, peer, clock):
        alice = peer.actor("alice")
        await desk.follow("hanako", alice)
        await desk.do(lambda session: session.query(errands.Errand).delete())
        clock.advance(ms=freshness.PROFILE_OLD_MS - 1)
        await _deliver(desk, desk.ctx, desk_create(alice.note("<p>いま</p>")))
        assert await desk.waiting() == []
        clock.advance(ms=1)
        for _ in range(3):
            await _deliver(desk, desk.ctx, desk_create(alice.note("<p>また</p>")))
        assert await desk.waiting() == [("profile", alice.id)]
        clock.advance(minutes=1)
        await desk.run()
        fetched = await desk.do(lambda session: [row.fetched_at for row in session.query(RemoteActor)])
        assert fetched == [clock() - 30_000]


class TestLooking:
    @pytest.fixture
    async def old(self, desk, peer, clock) -> tuple[str, int]:
        """A post that was stored some hours ago."""
        note = peer.actor("alice").note("<p>だれか</p>")
        post_id = await desk.look_up(note["id"])
        clock.advance(hours=3)
        return note["id"], post_id

    async def test_a_thread_is_asked_for_once_in_a_quarter_of_an_hour(self, desk, old, peer, clock):
        uri, post_id = old
        for _ in range(5):
            lookup.thread_opened(desk.ctx, post_id)
            await settled(desk.ctx)
            await desk.run()
        assert peer.asked(path({"id": uri})) == 1 + 1  # when it was looked up, and once now
        clock.advance(minutes=15)
        lookup.thread_opened(desk.ctx, post_id)
        await settled(desk.ctx)
        assert await desk.waiting() == [("replies", uri)]

    async def test_a_post_and_a_profile(self, desk, old, peer, clock):
        uri, post_id = old
        lookup.post_opened(desk.ctx, post_id)
        author = await desk.do(lambda session: session.get_one(Post, post_id).author_id)
        lookup.profile_opened(desk.ctx, author)
        await settled(desk.ctx)
        assert await desk.waiting() == [("post", uri)]
        clock.advance(days=1)
        lookup.profile_opened(desk.ctx, author)
        await settled(desk.ctx)
        assert ("profile", peer.actor("alice").id) in await desk.waiting()

    async def test_nothing_of_ours_and_nothing_that_is_gone(self, desk, old):
        def unit(session):
            mine = factories.question(session, factories.member(session, "jiro"))
            session.get_one(Post, old[1]).deleted_at = 1
            return mine.id, mine.author_id

        post_id, account_id = await desk.do(unit)
        desk.clock.advance(days=2)
        for each in (post_id, old[1], 1):
            lookup.thread_opened(desk.ctx, each)
            lookup.post_opened(desk.ctx, each)
        for each in (account_id, 1):
            lookup.profile_opened(desk.ctx, each)
        await settled(desk.ctx)
        assert await desk.waiting() == []

    async def test_a_reply_further_down_asks_for_the_whole_thread(self, desk, peer, clock):
        note = peer.actor("alice").note("<p>だれか</p>")
        reply = peer.actor("bob").note("<p>はい</p>", reply_to=note["id"])
        reply_id = await desk.look_up(reply["id"])
        clock.advance(hours=1)
        lookup.thread_opened(desk.ctx, reply_id)
        await settled(desk.ctx)
        assert await desk.waiting() == [("replies", note["id"]), ("replies", reply["id"])]

    @pytest.mark.parametrize("narrow", ["followers", "direct"])
    async def test_what_is_for_a_few_is_not_asked_for(self, desk, old, narrow):
        """The town itself may not read it there: 404 would say nothing."""
        await desk.do(lambda session: setattr(session.get_one(Post, old[1]), "visibility", narrow))
        lookup.thread_opened(desk.ctx, old[1])
        lookup.post_opened(desk.ctx, old[1])
        await settled(desk.ctx)
        assert await desk.waiting() == []
