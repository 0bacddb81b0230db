"""What stands under a post elsewhere comes here: so much and no more, and only what belongs there."""

import pytest

from community import towns
from community.models import Account
from federation import errands
from federation.catching_up import trip
from federation.keys import instance_key
from tests.federation.catching_up.conftest import collection
from tests.peer import Peer

NOBODY = "https://www.w3.org/ns/activitystreams#Public"


def path(note) -> str:
    return note["id"].partition("://")[2].partition("/")[2].join(("/", ""))


def under(peer, note, entries, **shape) -> None:
    """Give `note` a collection of replies behind an address."""
    note["replies"] = collection(peer, f"{path(note)}/replies", entries, kind="Collection", **shape)


class TestForms:
    async def test_the_first_page_stands_in_the_post(self, desk, peer, clock):
        """Mastodon: replies of the author inside, those of others behind `next`, all by id."""
        alice, bob = peer.actor("alice"), peer.actor("bob")
        note = alice.note("<p>だれか</p>")
        first, second = (who.note("<p>はい</p>", reply_to=note["id"]) for who in (alice, bob))
        where = f"{peer.origin}{path(note)}/replies"
        page = {
            "type": "CollectionPage",
            "next": f"{where}?page=true",
            "partOf": where,
            "items": [first["id"]],
        }
        note["replies"] = {"id": where, "type": "Collection", "first": page}
        rest = {
            "id": f"{where}?page=true",
            "type": "CollectionPage",
            "partOf": where,
            "items": [second["id"]],
        }
        peer.answer(f"{path(note)}/replies?page=true", body=rest)
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert await desk.uris() == [note["id"], first["id"], second["id"]]
        assert (await desk.post(note["id"])).replies_count == 2

    @pytest.mark.parametrize("per", [0, 2])
    async def test_behind_an_address(self, desk, peer, per):
        note = peer.actor("alice").note("<p>だれか</p>")
        found = [peer.actor("bob").note("<p>はい</p>", reply_to=note["id"]) for _ in range(3)]
        under(peer, note, [each["id"] for each in found], per=per)
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert await desk.uris() == [note["id"], *(each["id"] for each in found)]

    async def test_gotosocial_answers_only_who_signs(self, desk, ctx, clock):
        async with Peer("gotosocial", clock=clock) as gts:
            key = await instance_key(ctx)
            gts.trust(key.key_id, key.private_key)
            note = gts.actor("alice").note("<p>だれか</p>")
            reply = gts.actor("bob").note("<p>はい</p>", reply_to=note["id"])
            under(gts, note, [reply["id"]], per=1)
            await desk.look_up(note["id"])
            await desk.run("replies", note["id"])
            assert await desk.uris() == [note["id"], reply["id"]] and gts.refused == []

    async def test_a_thread_is_listed_as_a_whole(self, desk, peer):
        """FEP-7888: NodeBB, Discourse, other towns. One list brings every depth, and `replies` are not asked."""
        alice, bob = peer.actor("alice"), peer.actor("bob")
        note = alice.note("<p>だれか</p>", name="題")
        answer = bob.note("<p>はい</p>", reply_to=note["id"])
        comment = alice.note("<p>どうも</p>", reply_to=answer["id"])
        note["context"] = collection(
            peer, f"{path(note)}/context", [note["id"], answer["id"], comment["id"]], per=2
        )
        under(peer, note, [answer["id"]])
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert await desk.uris() == [note["id"], answer["id"], comment["id"]]
        assert peer.asked(f"{path(note)}/replies") == 0

    async def test_replies_of_replies(self, desk, peer):
        note = peer.actor("alice").note("<p>だれか</p>")
        reply = peer.actor("bob").note("<p>はい</p>", reply_to=note["id"])
        deeper = peer.actor("alice").note("<p>ええ</p>", reply_to=reply["id"])
        under(peer, reply, [deeper["id"]])
        under(peer, note, [reply["id"]])
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert await desk.uris() == [note["id"], reply["id"], deeper["id"]]

    async def test_misskey_has_none(self, desk, ctx, clock):
        async with Peer("misskey", clock=clock) as misskey:
            note = misskey.actor("alice").note("<p>だれか</p>")
            await desk.look_up(note["id"])
            await desk.run("replies", note["id"])
            assert await desk.uris() == [note["id"]] and await desk.waiting() == []

    async def test_an_answer_to_a_question_tells_nobody_again(self, desk, peer, clock):
        """What is found late is no news: not even to those who follow the thread."""
        alice = peer.actor("alice")
        member = await desk.follow("hanako", alice)
        note = alice.note("<p>はい</p>", name="どこ？")
        here = await desk.do(lambda session: session.get_one(Account, member).uri)
        reply = peer.actor("bob").note(
            "<p>あそこ</p>", reply_to=note["id"], mentions={here: "@hanako@minato.example"}
        )
        under(peer, note, [reply["id"]])
        clock.advance(minutes=16)
        await desk.look_up(note["id"])
        before = await desk.notices(member), await desk.home(member)
        await desk.run("replies", note["id"])
        assert reply["id"] in await desk.uris()
        assert (await desk.notices(member), await desk.home(member)) == before


class TestOtherHosts:
    async def test_an_entry_of_another_host_counts_by_its_id_alone(self, desk, peer, other):
        note = peer.actor("alice").note("<p>だれか</p>")
        reply = other.actor("bob").note("<p>ほんとう</p>", reply_to=note["id"])
        under(peer, note, [{**reply, "content": "<p>うそ</p>"}])
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert "ほんとう" in (await desk.post(reply["id"])).body_html

    async def test_a_few_requests_to_a_third_host_and_no_more(self, desk, peer, other):
        note = peer.actor("alice").note("<p>だれか</p>")
        listed = [f"{other.origin}/victim/{number}" for number in range(40)]
        under(peer, note, listed)
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"], rounds=8)
        assert len(other.requests) == trip.ELSEWHERE_MOST

    async def test_a_page_of_another_host_is_not_asked_for(self, desk, peer, other):
        note = peer.actor("alice").note("<p>だれか</p>")
        note["replies"] = {"type": "Collection", "first": f"{other.origin}/page"}
        note["context"] = f"{other.origin}/context"
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert other.requests == []

    async def test_an_entry_of_a_refused_host_is_not_asked_for(self, desk, peer, other):
        note = peer.actor("alice").note("<p>だれか</p>")
        under(peer, note, [other.actor("bob").id.replace("127.0.0.1", "localhost")])
        await desk.look_up(note["id"])
        await desk.do(lambda session: towns.suspend(session, "localhost"))
        await desk.run("replies", note["id"])
        assert peer.asked(f"{path(note)}/replies") == 1
        assert other.requests == []

    async def test_a_host_that_is_refused_meanwhile_is_asked_nothing(self, desk, peer):
        note = peer.actor("alice").note("<p>だれか</p>")
        under(peer, note, [])
        await desk.look_up(note["id"])
        for kind in ("replies", "outbox", "profile", "post", "missed"):
            await desk.do(lambda session, kind=kind: errands.enqueue(session, kind, note["id"]))
        await desk.do(lambda session: towns.suspend(session, peer.domain))
        peer.requests.clear()
        assert await desk.run() == 5
        assert peer.requests == []


class TestHostile:
    async def test_an_entry_that_claims_another_author_is_dropped(self, desk, peer, other):
        note, bob = peer.actor("alice").note("<p>だれか</p>"), other.actor("bob")
        forged = peer.actor("mallory").note("<p>うそ</p>", reply_to=note["id"], attributedTo=bob.id)
        under(peer, note, [forged, forged["id"]])
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert await desk.uris() == [note["id"]]
        assert other.requests == []

    async def test_an_entry_of_another_thread_is_dropped(self, desk, peer):
        alice = peer.actor("alice")
        note, unrelated = alice.note("<p>だれか</p>"), alice.note("<p>別</p>")
        elsewhere = alice.note("<p>別の返事</p>", reply_to=unrelated["id"])
        under(peer, note, [unrelated["id"], elsewhere["id"], {**elsewhere}])
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert await desk.uris() == [note["id"]]

    async def test_documents_that_list_each_other_end(self, desk, peer):
        alice = peer.actor("alice")
        note = alice.note("<p>だれか</p>")
        reply = alice.note("<p>はい</p>", reply_to=note["id"])
        under(peer, note, [reply["id"], note["id"]])
        under(peer, reply, [note["id"], reply["id"]])
        await desk.look_up(note["id"])
        peer.requests.clear()
        await desk.run("replies", note["id"])
        assert await desk.uris() == [note["id"], reply["id"]]
        assert len(peer.requests) == 4  # each once

    async def test_a_page_that_leads_to_itself_is_asked_once(self, desk, peer):
        note = peer.actor("alice").note("<p>だれか</p>")
        where = f"{path(note)}/replies"
        page = {"id": peer.origin + where, "type": "CollectionPage", "items": [], "next": peer.origin + where}
        note["replies"] = peer.put(page)
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert peer.asked(where) == 1

    async def test_an_endless_collection_ends_after_three_pages(self, desk, peer):
        note = peer.actor("alice").note("<p>だれか</p>")
        where = f"{path(note)}/replies"
        for number in range(100):
            page = {
                "id": f"{peer.origin}{where}?page={number}",
                "type": "CollectionPage",
                "items": [f"{peer.origin}/{number}"],
            }
            peer.answer(
                f"{where}?page={number}", body=page | {"next": f"{peer.origin}{where}?page={number + 1}"}
            )
        note["replies"] = {"type": "Collection", "first": f"{peer.origin}{where}?page=0"}
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"], rounds=5)
        assert peer.asked(where) == trip.PAGES_MOST

    async def test_a_chain_of_replies_without_end_costs_twenty_requests(self, desk, peer):
        alice = peer.actor("alice")
        chain = [alice.note("<p>0</p>")]
        for number in range(1, 60):
            chain.append(alice.note(f"<p>{number}</p>", reply_to=chain[-1]["id"]))
            under(peer, chain[-2], [chain[-1]["id"]])
        await desk.look_up(chain[0]["id"])
        peer.requests.clear()
        await desk.worker.run_once()
        await desk.do(lambda session: errands.enqueue(session, "replies", chain[0]["id"]))
        await desk.worker.run_once()
        assert len(peer.requests) == trip.FETCHES_MOST

    async def test_ten_parents_up_and_no_more(self, desk, peer):
        """An entry deep down an unknown branch does not make us climb without end."""
        alice = peer.actor("alice")
        note = alice.note("<p>根</p>")
        chain = [note]
        for number in range(30):
            chain.append(alice.note(f"<p>{number}</p>", reply_to=chain[-1]["id"]))
        under(peer, note, [chain[-1]["id"]])
        await desk.look_up(note["id"])
        peer.requests.clear()
        await desk.run("replies", note["id"])
        assert len(peer.requests) <= 2 + 1 + 10
        assert await desk.uris() == [note["id"]]

    async def test_a_thousand_entries_cost_twenty_requests(self, desk, peer):
        note = peer.actor("alice").note("<p>だれか</p>")
        under(peer, note, [f"{peer.origin}/none/{number}" for number in range(1_000)])
        await desk.look_up(note["id"])
        peer.requests.clear()
        await desk.run("replies", note["id"], rounds=5)
        assert len(peer.requests) == trip.FETCHES_MOST

    async def test_fifty_entries_are_looked_at(self, desk, peer):
        """Also of those that cost no request, for they stand in the page."""
        bob = peer.actor("bob")
        note = bob.note("<p>だれか</p>")
        under(peer, note, [bob.note("<p>はい</p>", reply_to=note["id"]) for _ in range(80)])
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert len(await desk.uris()) == 1 + trip.ITEMS_MOST

    async def test_a_huge_page_is_left(self, desk, peer):
        note = peer.actor("alice").note("<p>だれか</p>")
        under(peer, note, ["x" * 2_000_000])
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert await desk.uris() == [note["id"]] and await desk.waiting() == []

    @pytest.mark.parametrize(
        "replies", [None, 7, "x", [], {}, {"first": {"first": {"first": {}}}}, {"items": [None, 7, [], {}]}]
    )
    async def test_what_is_no_collection(self, desk, peer, replies):
        note = peer.actor("alice").note("<p>だれか</p>", replies=replies)
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert await desk.uris() == [note["id"]] and await desk.waiting() == []

    @pytest.mark.parametrize("as_a_page", [False, True], ids=["an entry", "a page"])
    async def test_what_was_asked_in_vain_is_not_asked_again_at_once(self, desk, peer, clock, as_a_page):
        none = f"{peer.origin}/none"
        note = peer.actor("alice").note("<p>だれか</p>", **({"replies": none} if as_a_page else {}))
        if not as_a_page:
            under(peer, note, [none])
        await desk.look_up(note["id"])
        for _ in range(3):
            await desk.run("replies", note["id"])
        assert peer.asked("/none") == 1
        clock.advance(minutes=5)
        await desk.run("replies", note["id"])
        assert peer.asked("/none") == 2

    async def test_a_collection_that_sends_us_to_another_host_is_not_believed(self, desk, peer, other):
        """What stands there would count as the word of the first one."""
        alice = peer.actor("alice")
        note = alice.note("<p>だれか</p>")
        forged = alice.note("<p>うそ</p>", reply_to=note["id"])
        listed = collection(other, "/replies", [forged])
        where = f"{path(note)}/replies"
        note["replies"] = peer.origin + where
        peer.answer(where, status=302, headers={"Location": listed})
        await desk.look_up(note["id"])
        await desk.run("replies", note["id"])
        assert peer.asked(where) == 1
        assert await desk.uris() == [note["id"]]

    async def test_a_collection_of_a_refused_host_is_not_asked_for(self, desk, peer, ctx):
        await desk.do(lambda session: towns.suspend(session, peer.domain))
        run = trip.Trip(ctx, peer.domain)
        assert await run.collection(f"{peer.origin}/replies", page=False) is None
        assert peer.requests == []
