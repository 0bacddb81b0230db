"""Whole towns that catch up: with a board they follow for the first time, with a thread elsewhere, after an outage."""

from community import follows
from community.models import Account, Notification, Post
from federation import actors, lookup
from federation.models import Errand, Heartbeat, InboxItem, RemoteActor
from tests import factories
from tests.integration.served import Town, quiet, until


async def posts_of(town: Town) -> list[str]:
    return [uri for (uri,) in await town.rows(Post.uri, local=False, deleted_at=None)]


async def no_errands(town: Town) -> None:
    """Whatever was to be fetched is fetched; the clock goes ahead, for errands take their time."""

    async def look() -> bool:
        town.clock.advance(seconds=2)
        return not await town.rows(Errand.id)

    await until("every errand to be run", look)


async def follow(town: Town, name: str, account_id: int) -> None:
    def unit(session) -> None:
        me = factories.local(session, name)
        follows.request(session, follower=me, followee=session.get_one(Account, account_id))

    await town.do(unit)


async def test_a_town_is_away_for_ten_minutes(minato, make_peer) -> None:
    """GoToSocial has given up by then: what was said stands here all the same, and once."""
    gts = await make_peer("gotosocial")
    alice, bob = gts.actor("alice"), gts.actor("bob")
    hanako = f"{minato.origin}/users/hanako"
    for who in (alice, bob):
        await minato.do(lambda session, who=who: actors.upsert(session, who.document))

    def follow_both(session) -> None:
        for who in (alice, bob):
            account = actors.by_uri(session, who.id)
            asked = follows.request(session, follower=factories.local(session, "hanako"), followee=account)
            follows.accept(session, follow=asked)

    await minato.do(follow_both)
    await no_errands(minato)
    minato.clock.advance(minutes=3)
    before = await minato.rows(Heartbeat.at, name="serving")
    await minato.stop()
    # The heart beat last when the town began; nobody waits a minute for it here.
    minato.prepare(lambda session: session.query(Heartbeat).update({"at": minato.clock()}))
    assert before
    minato.clock.advance(minutes=5)
    created = []
    for who in (alice, bob):
        note = who.note("<p>おるすですか</p>", mentions={hanako: f"@hanako@{minato.domain}"})
        create = who.create(note)
        page = {
            "id": f"{who.id}/outbox?page=1",
            "type": "OrderedCollectionPage",
            "orderedItems": [create | {"object": note["id"]}],
        }
        gts.put({"id": f"{who.id}/outbox", "type": "OrderedCollection", "totalItems": 1, "first": page["id"]})
        gts.answer(f"/users/{who.name}/outbox?page=1", body=page)
        created.append((who, create))
    minato.clock.advance(minutes=5)
    await minato.start()
    wanted = {create["object"]["id"] for _, create in created}

    async def found() -> bool:
        minato.clock.advance(seconds=1)
        return set(await posts_of(minato)) == wanted

    await until("what was missed to be found", found)
    await no_errands(minato)
    assert gts.refused == []
    for who, create in created:  # they come late after all
        assert (await who.post(f"{minato.origin}/users/hanako/inbox", create)).status == 202
    await quiet(minato)
    assert sorted(await posts_of(minato)) == sorted(wanted)
    assert len(await minato.rows(Notification.id, kind="mention")) == 2
    assert "failed" not in {state for (state,) in await minato.rows(InboxItem.state)}


async def test_a_town_that_was_only_started_anew_asks_nobody(minato, mastodon) -> None:
    alice = mastodon.actor("alice")
    await minato.do(lambda session: actors.upsert(session, alice.document))
    await minato.stop()
    minato.clock.advance(minutes=2)
    mastodon.requests.clear()
    began = minato.clock()
    await minato.start()

    async def beats() -> bool:
        return any(at >= began for (at,) in await minato.rows(Heartbeat.at, name="serving"))

    await until("the heart to beat", beats)
    assert await minato.rows(Errand.id) == []
    assert mastodon.requests == []


async def test_a_board_of_another_town_is_full_for_who_follows_it_first(sisters, kawabe) -> None:
    """Our own forms of outbox, replies and context, over the real wire."""
    minato, _ = sisters
    hanako, ken = await minato.enter("hanako"), await minato.enter("ken")
    questions = [await hanako.ask(f"その{number}はどこですか？") for number in range(3)]
    await ken.answer(questions[0], "ここです。")
    await quiet(minato)
    board = await lookup.account(kawabe.ctx, f"@roumu@{minato.domain}")
    await follow(kawabe, "tomo", board)
    await quiet(minato, kawabe)
    await no_errands(kawabe)
    titles = await kawabe.rows(Post.title, Post.answers_count, kind="question")
    assert [title for title, _ in titles] == [f"その{number}はどこですか？" for number in range(3)]
    assert await kawabe.rows(Notification.id) == []
    (uri,) = [
        uri
        for uri, title in await kawabe.rows(Post.uri, Post.title, kind="question")
        if title == "その0はどこですか？"
    ]
    await kawabe.do(lambda session: session.query(RemoteActor).update({"backfilled_at": 1}))
    (post_id,) = [number for (number,) in await kawabe.rows(Post.id, uri=uri)]
    kawabe.clock.advance(minutes=20)
    lookup.thread_opened(kawabe.ctx, post_id)

    async def answered() -> bool:
        kawabe.clock.advance(seconds=1)
        return bool(await kawabe.rows(Post.id, kind="answer"))

    await until("the answer to be found through the thread", answered)
