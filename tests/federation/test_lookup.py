"""What a member typed leads to what is stored here."""

import pytest
from sqlalchemy import func, select

from community import towns
from community.errors import NotAllowed, NotFound
from community.models import Account, Post
from federation import lookup
from federation.keys import instance_key
from federation.models import RemoteHost
from tests import factories
from tests.federation.asides import settled
from tests.peer import Peer
from tests.peer_shapes import SHAPES

FINGER = "/.well-known/webfinger"


async def stored(ctx, account_id: int) -> Account:
    return await ctx.database.read(lambda session: session.get_one(Account, account_id))


class TestPeopleElsewhere:
    @pytest.mark.parametrize("software", sorted(SHAPES))
    async def test_of_every_software(self, ctx, clock, software):
        async with Peer(software, clock=clock) as peer:
            key = await instance_key(ctx)
            peer.trust(key.key_id, key.private_key)
            alice = peer.actor("alice")
            found = await stored(ctx, await lookup.account(ctx, alice.handle))
            assert (found.uri, found.handle, found.kind) == (alice.id, alice.handle[1:], "person")
            board = peer.group("hiroba")
            found = await stored(ctx, await lookup.account(ctx, board.handle[1:]))
            assert (found.uri, found.kind) == (board.id, "board")

    @pytest.mark.parametrize("form", ["@alice@{}", "alice@{}", "acct:alice@{}", " ＠Alice＠{} "])
    async def test_every_way_to_write_a_handle(self, ctx, peer, form):
        alice = peer.actor("alice")
        links = [{"rel": "self", "type": "application/activity+json", "href": alice.id}]
        jrd = {"subject": f"acct:alice@{peer.domain}", "links": links}
        peer.answer(FINGER, body=jrd, content_type="application/jrd+json")
        found = await lookup.account(ctx, form.format(peer.domain))
        assert (await stored(ctx, found)).uri == alice.id

    async def test_twice_asks_once_a_day(self, ctx, peer, clock):
        alice = peer.actor("alice")
        first = await lookup.account(ctx, alice.handle)
        assert await lookup.account(ctx, alice.handle) == first
        assert await lookup.account(ctx, alice.id) == first
        assert peer.asked("/users/alice") == 1
        clock.advance(days=1)
        alice.document["name"] = "アリス"
        assert await lookup.account(ctx, alice.handle) == first
        assert (await stored(ctx, first)).display_name == "アリス"

    async def test_what_is_known_is_better_than_nothing(self, ctx, peer, clock):
        alice = peer.actor("alice")
        first = await lookup.account(ctx, alice.handle)
        clock.advance(days=2)
        peer.answer("/users/alice", status=503)
        assert await lookup.account(ctx, alice.handle) == first
        assert await lookup.account(ctx, alice.id) == first
        peer.answer(FINGER, status=404)
        assert await lookup.account(ctx, alice.handle) == first

    async def test_the_software_of_the_host_is_learnt_on_the_way(self, ctx, peer):
        await lookup.account(ctx, peer.actor("alice").handle)
        await settled(ctx)
        row = await ctx.database.read(lambda session: session.get(RemoteHost, peer.domain))
        assert row.software == "mastodon"

    async def test_a_handle_on_a_shorter_domain(self, ctx, peer, clock):
        async with Peer("mastodon", clock=clock) as short:
            alice = peer.actor("alice")
            links = [{"rel": "self", "type": "application/activity+json", "href": alice.id}]
            jrd = {"subject": f"acct:alice@{short.domain}", "links": links}
            for host in (peer, short):
                host.answer(FINGER, body=jrd, content_type="application/jrd+json")
            for typed in (alice.handle, f"@alice@{short.domain}", alice.id):
                found = await stored(ctx, await lookup.account(ctx, typed))
                assert (found.uri, found.domain) == (alice.id, short.domain)


class TestAddresses:
    async def test_an_actor(self, ctx, peer):
        alice = peer.actor("alice")
        found = await stored(ctx, await lookup.account(ctx, f" {alice.id} "))
        assert (found.uri, found.domain) == (alice.id, peer.domain)

    async def test_a_profile_that_answers_with_the_document(self, ctx, peer):
        alice = peer.actor("alice")
        peer.answer("/@alice", body=alice.document)
        assert (await stored(ctx, await lookup.account(ctx, alice.document["url"]))).uri == alice.id
        assert peer.asked("/users/alice") == 1  # believed only from its own place

    async def test_a_profile_that_sends_us_there(self, ctx, peer):
        alice = peer.actor("alice")
        peer.answer("/@alice", status=302, headers={"Location": "/users/alice"})
        assert (await stored(ctx, await lookup.account(ctx, alice.document["url"]))).uri == alice.id

    async def test_a_page_that_names_the_document(self, ctx, peer):
        alice = peer.actor("alice")
        html = '<link rel="alternate" type="application/activity+json" href="/users/alice">'
        peer.answer("/@alice", body=html, content_type="text/html")
        assert (await stored(ctx, await lookup.account(ctx, alice.document["url"]))).uri == alice.id

    async def test_a_page_that_names_nothing_is_looked_up_by_finger(self, ctx, peer):
        alice = peer.actor("alice")
        peer.answer("/@alice", body="<p>alice", content_type="text/html")
        assert (await stored(ctx, await lookup.account(ctx, alice.document["url"]))).uri == alice.id

    async def test_a_page_about_somebody_of_another_host(self, ctx, peer, clock):
        async with Peer("mastodon", clock=clock) as other:
            bob = other.actor("bob")
            html = f'<link rel="alternate" type="application/activity+json" href="{bob.id}">'
            peer.answer("/about", body=html, content_type="text/html")
            found = await stored(ctx, await lookup.account(ctx, f"{peer.origin}/about"))
            assert (found.uri, found.domain) == (bob.id, other.domain)


class TestOurOwn:
    @pytest.mark.parametrize(
        "form",
        ["@hanako", "hanako", "@Hanako", "@hanako@minato.example", "acct:hanako@Minato.Example",
         "http://minato.example/@hanako", "http://minato.example/users/hanako", "http://minato.example/@hanako/"],
    )  # fmt: skip
    async def test_people(self, ctx, form):
        hanako = await ctx.database.write(lambda session: factories.member(session, "hanako").id)
        assert await lookup.account(ctx, form) == hanako

    @pytest.mark.parametrize(
        ("form", "kind"),
        [("@roumu", "board"), ("http://minato.example/boards/roumu", "board"), ("@dareka", "relay"),
         ("http://minato.example/actor", "instance"), ("@machi@minato.example", "board")],
    )  # fmt: skip
    async def test_boards_and_the_rest(self, ctx, form, kind):
        assert (await stored(ctx, await lookup.account(ctx, form))).kind == kind

    @pytest.mark.parametrize(
        "form",
        ["@nobody", "http://minato.example/@nobody", "http://minato.example/", "http://minato.example/x/y"],
    )
    async def test_nobody(self, ctx, form):
        with pytest.raises(NotFound):
            await lookup.account(ctx, form)


class TestNobody:
    @pytest.mark.parametrize(
        "text", ["", " ", "@", "はな こ", "a@b@c", "<script>", "@nobody@{}", "{}/@nobody", "http://"]
    )
    async def test_what_names_nobody(self, ctx, peer, text):
        with pytest.raises(NotFound) as caught:
            await lookup.account(ctx, text.format(peer.domain))
        assert "見つかりませんでした" in caught.value.message

    @pytest.mark.parametrize(
        "address", ["https://127.1/x", "ftp://x/", "http://a:b@x.example/", "http://" + "x" * 3_000]
    )
    async def test_addresses_that_are_none(self, ctx, address):
        with pytest.raises(NotFound) as caught:
            await lookup.account(ctx, address)
        assert len(caught.value.facts["wanted"]) <= 100

    async def test_a_host_that_does_not_answer(self, ctx, peer):
        peer.answer(FINGER, status=503)
        with pytest.raises(NotFound) as caught:
            await lookup.account(ctx, peer.actor("alice").handle)
        assert "いま返事がありません" in caught.value.message

    @pytest.mark.parametrize(
        "spoil",
        [{"type": "Note"}, {"inbox": None}, {"preferredUsername": ""}, {"preferredUsername": "bob"},
         {"id": "http://minato.example/users/hanako"}, {"id": "https://kawabe.example/users/alice"}],
    )  # fmt: skip
    async def test_documents_that_are_not_who_was_looked_for(self, ctx, peer, spoil):
        alice = peer.actor("alice")
        peer.answer("/users/alice", body=alice.document | spoil)
        with pytest.raises(NotFound):
            await lookup.account(ctx, alice.handle)
        assert (
            await ctx.database.read(lambda s: s.scalar(select(func.count()).where(Account.domain != ""))) == 0
        )

    async def test_a_host_that_this_town_has_nothing_to_do_with(self, ctx, peer):
        alice = peer.actor("alice")
        await ctx.database.write(lambda session: towns.suspend(session, peer.domain))
        for typed in (alice.handle, alice.id):
            with pytest.raises(NotAllowed) as caught:
                await lookup.account(ctx, typed)
            assert caught.value.facts == {"domain": peer.domain}
        with pytest.raises(NotAllowed):
            await lookup.post(ctx, f"{peer.origin}/users/alice/statuses/1")
        assert peer.requests == []

    async def test_a_good_host_that_leads_to_a_refused_one(self, ctx, peer, clock):
        async with Peer("mastodon", clock=clock) as other:
            await ctx.database.write(lambda session: towns.allow(session, peer.domain))
            bob = other.actor("bob")
            html = f'<link rel="alternate" type="application/activity+json" href="{bob.id}">'
            peer.answer("/about", body=html, content_type="text/html")
            await ctx.database.write(lambda session: towns.suspend(session, other.domain))
            with pytest.raises(NotAllowed):
                await lookup.account(ctx, f"{peer.origin}/about")
            assert other.requests == []


class TestPosts:
    async def test_a_note(self, ctx, peer):
        alice = peer.actor("alice")
        note = alice.note("<p>こんにちは</p>")
        post_id = await lookup.post(ctx, note["id"])

        def unit(session):
            post = session.get_one(Post, post_id)
            return post.uri, post.kind, session.get_one(Account, post.author_id).uri

        assert await ctx.database.read(unit) == (note["id"], "note", alice.id)
        before = len(peer.requests)
        assert await lookup.post(ctx, f" {note['id']}") == post_id
        assert len(peer.requests) == before

    async def test_a_reply_brings_what_it_answers(self, ctx, peer, clock):
        async with Peer("machi", clock=clock) as yamate:
            asker, helper = yamate.actor("asker"), peer.actor("helper")
            question = asker.note(
                "<p>はい</p>", name="社印の押し方は？", **{"machi:kind": "question", "machi:state": "open"}
            )
            answer = helper.note(
                "<p>こうです</p>", reply_to=question["id"], mentions={asker.id: asker.handle}
            )
            post_id = await lookup.post(ctx, answer["id"])

        def unit(session):
            post = session.get_one(Post, post_id)
            return post.kind, session.get_one(Post, post.root_id).title

        assert await ctx.database.read(unit) == ("answer", "社印の押し方は？")

    async def test_its_page_is_as_good(self, ctx, peer):
        note = peer.actor("alice").note("<p>こんにちは</p>")
        html = f'<link rel="alternate" type="application/activity+json" href="{note["id"]}">'
        page = peer.answer("/@alice/1", body=html, content_type="text/html")
        assert await lookup.post(ctx, page) == await lookup.post(ctx, note["id"])

    async def test_our_own(self, ctx):
        def unit(session):
            question = factories.question(session, factories.member(session, "hanako"))
            return question.id, question.uri

        post_id, uri = await ctx.database.write(unit)
        assert await lookup.post(ctx, uri) == post_id

    async def test_none(self, ctx, peer):
        alice = peer.actor("alice")
        for address in (
            alice.id,
            f"{peer.origin}/nothing",
            "http://minato.example/posts/1",
            "x",
            "",
            "@alice@x",
        ):
            with pytest.raises(NotFound):
                await lookup.post(ctx, address)

    async def test_one_whose_author_lives_elsewhere(self, ctx, peer):
        note = peer.actor("alice").note("<p>うそ</p>", attributedTo="https://kawabe.example/users/taro")
        with pytest.raises(NotFound):
            await lookup.post(ctx, note["id"])
