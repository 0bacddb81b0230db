"""The first follow of somebody elsewhere fills their page here, in the form of every software."""

import pytest
from sqlalchemy import select

from community.models import Account, Post
from federation import errands
from federation.catching_up import outboxes
from federation.keys import instance_key
from federation.models import RemoteActor
from tests.federation.catching_up.conftest import collection
from tests.peer import Peer

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def path(actor) -> str:
    return actor.document["outbox"].removeprefix(actor.peer.origin)


def notes(actor, clock, number: int, **more) -> list[dict]:
    """Notes of an actor, one a minute, the newest last."""
    made = []
    for _ in range(number):
        clock.advance(minutes=1)
        made.append(actor.note(f"<p>その{len(made)}</p>", **more))
    return made


class TestPersons:
    async def test_the_last_posts_of_a_person_fill_the_profile(self, desk, peer, clock):
        alice = peer.actor("alice")
        said = notes(alice, clock, 25)
        collection(peer, path(alice), [alice.create(note) for note in reversed(said)], per=20)
        member = await desk.follow("hanako", alice)
        assert [kind for kind, _ in await desk.waiting()] == ["outbox"]
        clock.advance(seconds=10)
        await desk.run()
        wanted = [note["id"] for note in said[-outboxes.OF_A_PERSON :]]
        assert await desk.uris() == wanted
        assert await desk.home(member) == wanted
        assert await desk.notices(member) == []
        assert await desk.waiting() == []

    async def test_what_was_said_just_now_is_news(self, desk, peer, clock):
        """Its delivery is still under way, and will find it here already: whom it mentions would never hear of it."""
        alice = peer.actor("alice")
        member = await desk.follow("hanako", alice)
        here = await desk.do(lambda session: session.get_one(Account, member).uri)
        told = {here: "@hanako@minato.example"}
        earlier = alice.note("<p>むかし</p>", mentions=told)
        clock.advance(minutes=16)
        now = alice.note("<p>いま</p>", mentions=told)
        collection(peer, path(alice), [alice.create(now), alice.create(earlier)])
        clock.advance(seconds=10)
        await desk.run()
        assert await desk.uris() == [earlier["id"], now["id"]]
        assert await desk.notices(member) == ["mention"]

    async def test_of_many_only_the_newest_come_home(self, desk, peer, clock):
        board = peer.group("hiroba")
        said = notes(peer.actor("alice"), clock, 30, to=[PUBLIC, board.id], audience=board.id, name="どこ？")
        collection(peer, path(board), [board.does("Announce", each) for each in reversed(said)])
        member = await desk.follow("hanako", board)
        clock.advance(seconds=10)
        await desk.run(rounds=4)
        assert len(await desk.uris()) == 30
        assert await desk.home(member) == [note["id"] for note in said[-20:]]
        assert await desk.notices(member) == []

    async def test_once_for_all_who_follow(self, desk, peer, clock):
        alice = peer.actor("alice")
        collection(peer, path(alice), [alice.create(alice.note("<p>やあ</p>"))])
        await desk.follow("hanako", alice)
        clock.advance(seconds=10)
        await desk.run()
        asked = peer.asked(path(alice))
        jiro = await desk.follow("jiro", alice)
        assert await desk.waiting() == []
        assert peer.asked(path(alice)) == asked
        assert len(await desk.home(jiro)) == 1
        row = await desk.do(lambda session: session.scalars(select(RemoteActor.backfilled_at)).all())
        assert row[0] is not None

    async def test_boosts_and_likes_and_replies_to_strangers_are_left_out(self, desk, peer, other, clock):
        alice, bob = peer.actor("alice"), other.actor("bob")
        note = bob.note("<p>よそ</p>")
        reply = alice.note("<p>はい</p>", reply_to=note["id"])
        own = alice.note("<p>自分</p>")
        listed = [
            alice.does("Announce", note["id"]),
            alice.does("Like", note["id"]),
            alice.create(reply),
            alice.create(own),
        ]
        collection(peer, path(alice), listed)
        await desk.know(alice)
        await desk.run("outbox", alice.id)
        assert await desk.uris() == [own["id"]]
        assert other.requests == []

    async def test_what_is_not_for_everybody_is_left_out(self, desk, peer):
        alice = peer.actor("alice")
        note = alice.note("<p>内緒</p>", to=[alice.followers], cc=[])
        collection(peer, path(alice), [alice.create(note)])
        await desk.know(alice)
        await desk.run("outbox", alice.id)
        assert await desk.uris() == []

    async def test_gotosocial_lists_ids_and_answers_only_who_signs(self, desk, ctx, clock):
        async with Peer("gotosocial", clock=clock) as gts:
            key = await instance_key(ctx)
            gts.trust(key.key_id, key.private_key)
            alice = gts.actor("alice")
            said = notes(alice, clock, 3)
            entries = [{**alice.create(note), "object": note["id"]} for note in reversed(said)]
            collection(gts, path(alice), entries, per=2)
            await desk.know(alice)
            await desk.run("outbox", alice.id)
            assert await desk.uris() == [note["id"] for note in said]
            assert gts.refused == []

    async def test_misskey_lists_creates(self, desk, ctx, clock):
        async with Peer("misskey", clock=clock) as misskey:
            key = await instance_key(ctx)
            misskey.trust(key.key_id, key.private_key)
            alice = misskey.actor("alice")
            note = alice.note("<p>やあ</p>", _misskey_content="やあ")
            collection(misskey, path(alice), [alice.create(note)], per=5)
            await desk.know(alice)
            await desk.run("outbox", alice.id)
            assert await desk.uris() == [note["id"]]


class TestBoards:
    @pytest.mark.parametrize("form", ["activity", "post", "id", "activity id"])
    async def test_every_form_of_passing_on(self, desk, peer, clock, form):
        board, alice = peer.group("hiroba"), peer.actor("alice")
        note = alice.note("<p>はい</p>", name="粗大ごみは？", to=[PUBLIC, board.id], audience=board.id)
        create = alice.create(note)
        told = {"activity": create, "post": note, "id": note["id"], "activity id": create["id"]}[form]
        collection(peer, path(board), [board.does("Announce", told)])
        await desk.know(board)
        await desk.run("outbox", board.id)
        post = await desk.post(note["id"])
        assert (post.kind, post.title) == ("question", "粗大ごみは？")
        assert await desk.do(lambda session: session.get_one(Account, post.board_id).uri) == board.id

    async def test_lemmy_lists_everything_at_once(self, desk, ctx, clock):
        async with Peer("lemmy", clock=clock) as lemmy:
            key = await instance_key(ctx)
            lemmy.trust(key.key_id, key.private_key)
            board, alice = lemmy.group("hiroba"), lemmy.actor("alice")
            pages = notes(alice, clock, 4, to=[PUBLIC, board.id], audience=board.id, name="題", type="Page")
            collection(
                lemmy, path(board), [board.does("Announce", alice.create(page)) for page in reversed(pages)]
            )
            await desk.know(board)
            await desk.run("outbox", board.id)
            assert await desk.uris() == [page["id"] for page in pages]
            assert lemmy.asked(path(board)) == 1

    async def test_a_question_and_its_answer_find_each_other(self, desk, peer, clock):
        board, alice, bob = peer.group("hiroba"), peer.actor("alice"), peer.actor("bob")
        question = alice.note("<p>はい</p>", name="どこ？", to=[PUBLIC, board.id], audience=board.id)
        clock.advance(minutes=1)
        answer = bob.note("<p>あそこ</p>", reply_to=question["id"], audience=board.id)
        said = [board.does("Announce", bob.create(answer)), board.does("Announce", alice.create(question))]
        collection(peer, path(board), said)
        await desk.know(board)
        await desk.run("outbox", board.id)
        post = await desk.post(answer["id"])
        assert post.kind == "answer"
        assert (await desk.post(question["id"])).answers_count == 1

    async def test_posts_of_a_third_host_are_fetched_from_there(self, desk, peer, other, clock):
        board, bob = peer.group("hiroba"), other.actor("bob")
        note = bob.note("<p>ほんとう</p>", name="題", to=[PUBLIC, board.id])
        forged = {**note, "content": "<p>うそ</p>"}
        collection(peer, path(board), [board.does("Announce", bob.create(forged))])
        await desk.know(board)
        await desk.run("outbox", board.id)
        assert "ほんとう" in (await desk.post(note["id"])).body_html

    async def test_fifty_and_no_more(self, desk, peer, clock):
        board = peer.group("hiroba")
        said = notes(peer.actor("alice"), clock, 60, to=[PUBLIC, board.id], name="題")
        collection(peer, path(board), [board.does("Announce", each) for each in reversed(said)])
        await desk.know(board)
        await desk.run("outbox", board.id, rounds=8)
        assert await desk.uris() == [note["id"] for note in said[-50:]]

    async def test_what_needs_more_requests_than_one_run_may_make_comes_in_rounds(self, desk, peer, clock):
        board = peer.group("hiroba")
        said = notes(peer.actor("alice"), clock, 30, to=[PUBLIC, board.id], name="題")
        collection(peer, path(board), [board.does("Announce", each["id"]) for each in reversed(said)])
        await desk.know(board)
        peer.requests.clear()
        await desk.run("outbox", board.id)
        assert len(peer.requests) <= 20
        assert 10 < len(await desk.uris()) < 30
        await desk.run(rounds=5)
        assert len(await desk.uris()) == 30
        assert await desk.waiting() == []


class TestHostile:
    async def test_an_entry_by_somebody_else_is_not_believed(self, desk, peer, other):
        alice, bob = peer.actor("alice"), other.actor("bob")
        note = bob.note("<p>うそ</p>")
        claimed = {**note, "id": f"{peer.origin}/x/1"}
        create = {**alice.create(claimed), "actor": bob.id}
        collection(peer, path(alice), [create, alice.create(claimed), claimed])
        await desk.know(alice)
        await desk.run("outbox", alice.id)
        assert await desk.uris() == []
        assert other.requests == []

    async def test_a_host_in_trouble_is_asked_again_later(self, desk, peer, clock):
        alice = peer.actor("alice")
        peer.answer(path(alice), status=503)
        await desk.know(alice)
        await desk.run("outbox", alice.id)
        assert len(await desk.waiting()) == 1
        assert await desk.run() == 0
        peer.restore(path(alice))
        note = alice.note("<p>やあ</p>")
        collection(peer, path(alice), [alice.create(note)])
        clock.advance(minutes=2)
        await desk.run()
        assert await desk.uris() == [note["id"]]

    async def test_a_host_in_trouble_is_given_up_in_the_end(self, desk, peer, clock):
        alice = peer.actor("alice")
        peer.answer(path(alice), status=503)
        await desk.know(alice)
        await desk.run("outbox", alice.id)
        for _ in range(10):
            clock.advance(days=1)
            await desk.run()
        assert await desk.waiting() == []
        assert peer.asked(path(alice)) == 5

    async def test_an_endless_outbox_ends(self, desk, peer):
        alice = peer.actor("alice")
        where = path(alice)
        collection(peer, where, [alice.does("Like", "https://x.example/1")], per=1)
        for number in range(1, 200):
            page = {
                "id": f"{peer.origin}{where}?page={number}",
                "type": "OrderedCollectionPage",
                "orderedItems": [],
            }
            peer.answer(
                f"{where}?page={number}", body=page | {"next": f"{peer.origin}{where}?page={number + 1}"}
            )
        await desk.know(alice)
        peer.requests.clear()
        await desk.run("outbox", alice.id, rounds=3)
        assert len(peer.requests) == 4  # the outbox itself and three pages

    async def test_nobody_who_is_unknown_is_asked(self, desk, peer):
        alice = peer.actor("alice")
        await desk.run(errands.OUTBOX, alice.id)
        assert peer.requests == [] and await desk.waiting() == []
        assert (await desk.do(lambda session: session.scalars(select(Post)).all())) == []
