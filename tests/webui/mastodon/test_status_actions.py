"""What a member does with posts, over a real socket: the answer shows the new state at once."""

import asyncio

import pytest
from sqlalchemy import select

from community import posts, thanks
from community.models import Account, Notification, Post


@pytest.mark.parametrize(
    ("deed", "flag"), [("favourite", "favourited"), ("bookmark", "bookmarked"), ("mute", "muted")]
)
async def test_a_deed_and_its_undoing(site, scene, app_of, deed, flag):
    undo, count = f"un{deed}", "favourites_count" if deed == "favourite" else None
    app = await app_of(scene.bystander)
    path = f"/api/v1/statuses/{scene.question}"
    for _ in range(2):
        done = await app.post(f"{path}/{deed}")
        assert (done.status, done.json["id"], done.json[flag]) == (200, str(scene.question), True)
        assert count is None or done.json[count] == 1
    assert (await app.get(path)).json[flag] is True
    for _ in range(2):
        undone = await app.post(f"{path}/{undo}")
        assert (undone.status, undone.json[flag]) == (200, False)
        assert count is None or undone.json[count] == 0


async def test_a_boost_comes_back_with_what_it_passes_on(site, scene, app_of):
    app = await app_of(scene.bystander)
    made = (await app.post(f"/api/v1/statuses/{scene.question}/reblog", json={"visibility": "unlisted"})).json
    assert made["id"] != str(scene.question)
    assert (made["visibility"], made["reblog"]["id"], made["reblog"]["reblogs_count"]) == ("unlisted", str(scene.question), 1)
    assert made["reblogged"] is True
    again = (await app.post(f"/api/v1/statuses/{made['id']}/reblog")).json
    assert again["id"] == made["id"]
    liked = (await app.post(f"/api/v1/statuses/{made['id']}/favourite")).json
    assert (liked["id"], liked["favourited"]) == (str(scene.question), True)
    home = (await app.get("/api/v1/timelines/home")).json
    assert home[0]["id"] == made["id"]
    boosters = await app.get(f"/api/v1/statuses/{scene.question}/reblogged_by")
    assert [each["acct"] for each in boosters.json] == ["hotate"]
    undone = (await app.post(f"/api/v1/statuses/{scene.question}/unreblog")).json
    assert (undone["id"], undone["reblogged"], undone["reblogs_count"]) == (str(scene.question), False, 0)
    assert (await app.get(f"/api/v1/statuses/{made['id']}")).status == 404


async def test_a_boost_is_taken_back_like_a_post(site, scene, app_of):
    app = await app_of(scene.bystander)
    made = (await app.post(f"/api/v1/statuses/{scene.question}/reblog")).json
    assert (await app.delete(f"/api/v1/statuses/{made['id']}")).status == 200
    assert (await app.get(f"/api/v1/statuses/{scene.question}")).json["reblogged"] is False


@pytest.mark.parametrize(
    ("deed", "count"), [("favourite", "favourites_count"), ("reblog", "reblogs_count"), ("bookmark", None)]
)
async def test_a_deed_that_comes_many_times_at_once(site, scene, app_of, deed, count):
    """Two devices, or one that is impatient: on PostgreSQL these run side by side."""
    apps = [await app_of(scene.bystander) for _ in range(8)]
    path = f"/api/v1/statuses/{scene.question}"
    for name, stands in ((deed, 1), (f"un{deed}", 0)):
        answers = await asyncio.gather(*(app.post(f"{path}/{name}") for app in apps))
        assert [each.status for each in answers] == [200] * len(apps)
        shown = (await apps[0].get(path)).json
        assert count is None or shown[count] == stands
    assert not await site.database.read(lambda session: session.scalars(select(Notification).where(Notification.kind.in_(("like", "boost")))).all())


async def test_what_is_hidden_is_not_there(site, scene, app_of):
    def block(session):
        hidden = session.get_one(Post, scene.question)
        hidden.visibility = "direct"

    await site.database.write(block)
    app = await app_of(scene.bystander)
    deeds = ("favourite", "unfavourite", "reblog", "unreblog", "bookmark", "unbookmark", "pin", "unpin", "mute", "unmute", "translate")
    for post_id in (scene.question, 1):
        for deed in deeds:
            assert (await app.post(f"/api/v1/statuses/{post_id}/{deed}")).status == 404, deed
        for part in ("favourited_by", "reblogged_by", "history", "quotes", "card"):
            assert (await app.get(f"/api/v1/statuses/{post_id}/{part}")).status == 404, part


async def test_each_deed_asks_for_its_own_scope(site, scene, app_of):
    app = await app_of(scene.bystander, scopes="read")
    for deed in ("favourite", "reblog", "bookmark", "pin", "mute"):
        answer = await app.post(f"/api/v1/statuses/{scene.question}/{deed}")
        assert (answer.status, answer.json["error"]) == (403, "This action is outside the authorized scopes")
    narrow = await app_of(scene.bystander, scopes="write:favourites")
    assert (await narrow.post(f"/api/v1/statuses/{scene.question}/favourite")).status == 200
    assert (await narrow.post(f"/api/v1/statuses/{scene.question}/bookmark")).status == 403


async def test_what_was_said_to_the_town_is_not_boosted(site, scene, app_of):
    app = await app_of(scene.bystander)
    assert (await app.post(f"/api/v1/statuses/{scene.town}/reblog")).status == 403


async def test_pins_are_ones_own_and_five(site, scene, app_of):
    app = await app_of(scene.bystander)
    others = await app.post(f"/api/v1/statuses/{scene.question}/pin")
    assert (others.status, others.json["error"]) == (422, "Validation failed: Someone else's post cannot be pinned")
    made = [(await app.post("/api/v1/statuses", json={"status": f"{n}"})).json["id"] for n in range(6)]
    for post_id in made[:5]:
        assert (await app.post(f"/api/v1/statuses/{post_id}/pin")).json["pinned"] is True
    full = await app.post(f"/api/v1/statuses/{made[5]}/pin")
    assert (full.status, "maximum" in full.json["error"]) == (422, True)
    shown = await app.get(f"/api/v1/accounts/{scene.bystander}/statuses", params={"pinned": "true"})
    assert {each["id"] for each in shown.json} == set(made[:5])
    assert (await app.post(f"/api/v1/statuses/{made[0]}/unpin")).json["pinned"] is False
    direct = (await app.post("/api/v1/statuses", json={"status": "@mizutama x", "visibility": "direct"})).json
    assert (await app.post(f"/api/v1/statuses/{direct['id']}/pin")).status == 422


async def test_favourited_by_tells_likes_and_thanks_but_no_whisper(site, scene, app_of):
    app = await app_of(scene.bystander)
    await app.post(f"/api/v1/statuses/{scene.answer}/favourite")

    def thank(session):
        answer, asker = session.get_one(Post, scene.answer), session.get_one(Account, scene.asker)
        thanks.give(session, giver=asker, answer=answer, private=True)

    await site.database.write(thank)
    shown = await app.get(f"/api/v1/statuses/{scene.answer}/favourited_by")
    assert [each["acct"] for each in shown.json] == ["hotate"]
    receiver = await app_of(scene.answerer)
    both = await receiver.get(f"/api/v1/statuses/{scene.answer}/favourited_by", params={"limit": 1})
    assert [each["acct"] for each in both.json] == ["mizutama"]
    older = await receiver.get(both.links["next"].replace("http://localhost:8080", site.origin))
    assert [each["acct"] for each in older.json] == ["hotate"]


async def test_what_was_kept_is_walked_by_when_it_was_kept(site, scene, app_of):
    app = await app_of(scene.bystander)
    for post_id in (scene.question, scene.note, scene.answer):
        site.clock.advance(seconds=1)
        for deed in ("favourite", "bookmark"):
            await app.post(f"/api/v1/statuses/{post_id}/{deed}")
    for path in ("/api/v1/favourites", "/api/v1/bookmarks"):
        first = await app.get(path, params={"limit": 2})
        assert [int(each["id"]) for each in first.json] == [scene.answer, scene.note]
        rest = await app.get(first.links["next"].replace("http://localhost:8080", site.origin))
        assert [int(each["id"]) for each in rest.json] == [scene.question]
        assert (await (await app_of(scene.answerer)).get(path)).json == []

    def gone(session):
        posts.delete(session, post=session.get_one(Post, scene.note), by=session.get_one(Account, session.get_one(Post, scene.note).author_id))

    await site.database.write(gone)
    assert [int(each["id"]) for each in (await app.get("/api/v1/bookmarks")).json] == [scene.answer, scene.question]


async def test_a_muted_thread_is_silent(site, scene, app_of):
    asker, app = await app_of(scene.asker), await app_of(scene.bystander)
    await asker.post(f"/api/v1/statuses/{scene.question}/mute")
    await app.post("/api/v1/statuses", json={"status": "返事", "in_reply_to_id": str(scene.question)})
    told = await site.database.read(
        lambda session: session.query(Notification).filter_by(account_id=scene.asker, actor_id=scene.bystander).count()
    )
    assert told == 0


async def test_quotes_are_shown_listed_and_revoked(site, scene, app_of):
    app, asker = await app_of(scene.bystander), await app_of(scene.asker)
    made = (await app.post("/api/v1/statuses", json={"status": "見て", "quoted_status_id": str(scene.question)})).json
    assert (made["quote"]["state"], made["quote"]["quoted_status"]["id"]) == ("accepted", str(scene.question))
    listed = await asker.get(f"/api/v1/statuses/{scene.question}/quotes")
    assert [each["id"] for each in listed.json] == [made["id"]]
    not_mine = await app.post(f"/api/v1/statuses/{scene.question}/quotes/{made['id']}/revoke")
    assert not_mine.status == 404
    revoked = await asker.post(f"/api/v1/statuses/{scene.question}/quotes/{made['id']}/revoke")
    assert revoked.json["quote"] == {"state": "revoked", "quoted_status": None}
    above = await app.post("/api/v1/statuses", json={"status": "さらに", "quoted_status_id": made["id"]})
    assert above.json["quote"]["quoted_status"]["quote"] == {"state": "revoked", "quoted_status_id": None}
    assert (await asker.get(f"/api/v1/statuses/{scene.question}")).json["quotes_count"] == 0
    policy = await asker.put(f"/api/v1/statuses/{scene.question}/interaction_policy", json={"quote_approval_policy": "nobody"})
    assert policy.json["quote_approval"]["automatic"] == []
    refused = await app.post("/api/v1/statuses", json={"status": "また", "quoted_status_id": str(scene.question)})
    assert (refused.status, refused.json["error"]) == (422, "Validation failed: This post cannot be quoted")
    wrong = await asker.put(f"/api/v1/statuses/{scene.question}/interaction_policy", json={"quote_approval_policy": "x"})
    assert wrong.status == 422
