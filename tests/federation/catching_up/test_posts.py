"""Posts that grew old are read anew from their origin, and what is gone there goes here."""

import pytest
from sqlalchemy import select

from community import likes
from community.models import Account, Poll, Post
from federation import errands
from federation.catching_up import counts
from tests import factories


async def fresh(desk, note) -> Post:
    """Have `note` read anew, an hour later."""
    desk.clock.advance(hours=1)
    await desk.run("post", note["id"])
    return await desk.post(note["id"])


class TestAnew:
    async def test_an_edit_that_never_came(self, desk, peer, clock):
        note = peer.actor("alice").note("<p>まえ</p>")
        await desk.look_up(note["id"])
        clock.advance(minutes=30)
        note |= {"content": "<p>あと</p>", "updated": peer.moment()}
        post = await fresh(desk, note)
        assert post.body_text == "あと"
        assert post.edited_at is not None and post.refreshed_at is not None

    async def test_an_older_version_changes_nothing(self, desk, peer, clock):
        note = peer.actor("alice").note("<p>まえ</p>")
        await desk.look_up(note["id"])
        note["content"] = "<p>勝手に</p>"
        post = await fresh(desk, note)
        assert post.body_text == "まえ" and post.refreshed_at is not None

    async def test_a_question_that_was_solved(self, desk, other, peer, clock):
        asker, helper = other.actor("asker"), peer.actor("helper")
        question = asker.note(
            "<p>はい</p>", name="どこ？", **{"machi:kind": "question", "machi:state": "open"}
        )
        answer = helper.note("<p>あそこ</p>", reply_to=question["id"])
        await desk.look_up(question["id"])
        clock.advance(minutes=30)
        solved = {"machi:state": "solved", "machi:acceptedAnswer": answer["id"], "updated": other.moment()}
        question |= solved
        post = await fresh(desk, question)
        assert post.accepted_answer_id == (await desk.post(answer["id"])).id

    async def test_new_counts_of_a_poll(self, desk, peer):
        options = [
            {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": 0}}
            for name in "AB"
        ]
        note = peer.actor("alice").note("<p>どっち</p>", type="Question", oneOf=options, votersCount=0)
        await desk.look_up(note["id"])
        options[1]["replies"]["totalItems"] = 7
        note["votersCount"] = 7
        post = await fresh(desk, note)
        poll = await desk.do(lambda session: session.get_one(Poll, post.id))
        assert (poll.votes_count, poll.voters_count) == (7, 7)

    async def test_likes_and_boosts_as_the_origin_counts_them(self, desk, peer):
        note = peer.actor("alice").note("<p>やあ</p>", likes={"type": "Collection", "totalItems": 12})
        note["shares"] = {"type": "Collection", "totalItems": 10**15}
        await desk.look_up(note["id"])
        post = await fresh(desk, note)
        assert (post.likes_count, post.boosts_count) == (12, counts._MOST)

    async def test_never_fewer_than_are_known_here(self, desk, peer):
        note = peer.actor("alice").note("<p>やあ</p>", likes={"totalItems": 0}, shares={"totalItems": -3})
        post_id = await desk.look_up(note["id"])
        await desk.do(
            lambda session: likes.like(
                session, account=factories.member(session), post=session.get_one(Post, post_id)
            )
        )
        post = await fresh(desk, note)
        assert (post.likes_count, post.boosts_count) == (1, 0)

    async def test_one_that_is_not_known_comes_here(self, desk, peer):
        note = peer.actor("alice").note("<p>やあ</p>")
        await desk.run("post", note["id"])
        assert await desk.uris() == [note["id"]]

    @pytest.mark.parametrize(
        "spoil",
        [
            {"id": "http://127.0.0.1:1/x"},
            {"attributedTo": "https://kawabe.example/u/x"},
            {"type": "Collection"},
        ],
    )
    async def test_what_its_origin_cannot_say(self, desk, peer, clock, spoil):
        note = peer.actor("alice").note("<p>まえ</p>")
        await desk.look_up(note["id"])
        clock.advance(minutes=30)
        where = note["id"].removeprefix(peer.origin)
        peer.answer(where, body={**note, "content": "<p>あと</p>", "updated": peer.moment(), **spoil})
        assert (await fresh(desk, note)).body_text == "まえ"

    async def test_another_post_than_was_asked_for(self, desk, peer):
        alice = peer.actor("alice")
        note = alice.note("<p>これ</p>")
        another = alice.note("<p>あれ</p>", likes={"type": "Collection", "totalItems": 99})
        await desk.look_up(note["id"])
        peer.answer(note["id"].removeprefix(peer.origin), body=another)
        assert (await fresh(desk, note)).likes_count == 0

    async def test_a_post_by_somebody_of_another_host_sends_nobody_there(self, desk, peer, other):
        note = peer.actor("alice").note("<p>これ</p>")
        await desk.look_up(note["id"])
        note["attributedTo"] = other.actor("bob").id
        await fresh(desk, note)
        assert other.requests == []

    async def test_what_is_not_for_everybody_is_not_asked_for(self, desk, peer, clock):
        alice = peer.actor("alice")
        post_id = await desk.look_up(alice.note("<p>やあ</p>")["id"])
        for narrow in ("followers", "direct"):
            await desk.do(
                lambda session, to=narrow: setattr(session.get_one(Post, post_id), "visibility", to)
            )
            peer.requests.clear()
            post = await desk.do(lambda session: session.get_one(Post, post_id))
            await desk.run("post", post.uri)
            assert peer.requests == []


class TestGone:
    async def test_410_is_believed_at_once(self, desk, peer):
        note = peer.actor("alice").note("<p>やあ</p>")
        await desk.look_up(note["id"])
        peer.answer(note["id"].removeprefix(peer.origin), status=410)
        assert (await fresh(desk, note)).deleted_at is not None

    async def test_a_tombstone_is_believed_at_once(self, desk, peer):
        note = peer.actor("alice").note("<p>やあ</p>")
        await desk.look_up(note["id"])
        peer.put({"id": note["id"], "type": "Tombstone"})
        assert (await fresh(desk, note)).deleted_at is not None

    async def test_404_has_to_be_said_twice_over_a_day(self, desk, peer, clock):
        note = peer.actor("alice").note("<p>やあ</p>")
        await desk.look_up(note["id"])
        peer.answer(note["id"].removeprefix(peer.origin), status=404)
        assert (await fresh(desk, note)).deleted_at is None
        assert await desk.waiting() == [("absent", note["id"])]
        clock.advance(hours=23)
        await desk.run()
        assert (await desk.post(note["id"])).deleted_at is None
        clock.advance(hours=2)
        await desk.run()
        assert (await desk.post(note["id"])).deleted_at is not None
        assert await desk.waiting() == []

    async def test_404_that_was_a_mistake(self, desk, peer, clock):
        note = peer.actor("alice").note("<p>やあ</p>")
        await desk.look_up(note["id"])
        where = note["id"].removeprefix(peer.origin)
        peer.answer(where, status=404)
        await fresh(desk, note)
        peer.restore(where)
        clock.advance(days=2)
        await desk.run()
        assert (await desk.post(note["id"])).deleted_at is None and await desk.waiting() == []

    @pytest.mark.parametrize("status", [403, 500, 503])
    async def test_a_failure_deletes_nothing_however_long_it_lasts(self, desk, peer, clock, status):
        note = peer.actor("alice").note("<p>やあ</p>")
        await desk.look_up(note["id"])
        peer.answer(note["id"].removeprefix(peer.origin), status=status)
        for _ in range(8):
            await desk.do(lambda session: errands.enqueue(session, "absent", note["id"]))
            await fresh(desk, note)
            clock.advance(days=1)
        assert (await desk.post(note["id"])).deleted_at is None

    async def test_404_of_what_only_sisters_read_says_nothing(self, desk, peer, clock):
        """It is also what a town answers that is no sister any more."""
        note = peer.actor("alice").note("<p>やあ</p>")
        post_id = await desk.look_up(note["id"])
        await desk.do(lambda session: setattr(session.get_one(Post, post_id), "visibility", "sister"))
        peer.answer(note["id"].removeprefix(peer.origin), status=404)
        assert (await fresh(desk, note)).deleted_at is None
        assert await desk.waiting() == []


class TestProfiles:
    async def test_anew(self, desk, peer, clock):
        alice = peer.actor("alice")
        account_id = await desk.know(alice)
        alice.document["name"] = "アリス"
        clock.advance(days=2)
        await desk.run("profile", alice.id)
        assert (await desk.do(lambda session: session.get_one(Account, account_id))).display_name == "アリス"

    async def test_an_actor_that_is_gone_goes_with_all_it_said(self, desk, peer):
        alice = peer.actor("alice")
        for _ in range(3):
            await desk.look_up(alice.note("<p>やあ</p>")["id"])
        peer.answer("/users/alice", status=410)
        await desk.run("profile", alice.id)
        assert await desk.uris() == []
        gone = await desk.do(
            lambda session: session.scalars(select(Account).where(Account.uri == alice.id)).one()
        )
        assert gone.deleted_at is not None

    @pytest.mark.parametrize("status", [401, 403, 404, 429, 500, 503])
    async def test_whatever_else_is_said_removes_nobody(self, desk, peer, status):
        alice = peer.actor("alice")
        note = alice.note("<p>やあ</p>")
        await desk.look_up(note["id"])
        peer.answer("/users/alice", status=status)
        await desk.run("profile", alice.id)
        assert await desk.uris() == [note["id"]]

    async def test_404_twice_over_a_day_removes(self, desk, peer, clock):
        alice = peer.actor("alice")
        await desk.look_up(alice.note("<p>やあ</p>")["id"])
        peer.answer("/users/alice", status=404)
        await desk.run("profile", alice.id)
        assert await desk.waiting() == [("absent", alice.id)]
        clock.advance(days=1)
        await desk.run()
        assert await desk.uris() == []

    async def test_somebody_else_than_was_asked_for(self, desk, peer):
        alice = peer.actor("alice")
        account_id = await desk.know(alice)
        peer.answer("/users/alice", body={**peer.actor("bob").document, "name": "ボブ"})
        await desk.run("profile", alice.id)
        assert (await desk.do(lambda session: session.get_one(Account, account_id))).display_name == "Alice"

    async def test_what_told_nothing_usable_is_asked_again_after_a_day(self, desk, peer, clock):
        alice = peer.actor("alice")
        await desk.know(alice)
        peer.answer("/users/alice", body="<p>", content_type="text/html")
        await desk.run("profile", alice.id)
        await desk.do(lambda session: errands.enqueue(session, "profile", alice.id))
        await desk.run()
        assert peer.asked("/users/alice") == 1
        clock.advance(days=1)
        await desk.run()
        assert peer.asked("/users/alice") == 2 and await desk.waiting() == []
