"""Polls, posts that are to come, pictures on posts, over a real socket."""

from datetime import UTC, datetime

from community import media
from community.models import ScheduledPost
from webui import appointments


async def polled(app, **facts):
    poll = {"options": ["月曜", "火曜"], "expires_in": 600, **facts}
    return (await app.post("/api/v1/statuses", json={"status": "いつ？", "poll": poll})).json


async def test_a_poll_is_voted_in_once(site, scene, app_of):
    author, app = await app_of(scene.asker), await app_of(scene.bystander)
    made = await polled(author)
    path = f"/api/v1/polls/{made['poll']['id']}"
    assert (made["poll"]["options"], made["poll"]["voted"]) == (
        [{"title": "月曜", "votes_count": 0}, {"title": "火曜", "votes_count": 0}], False,
    )  # fmt: skip
    voted = await app.post(f"{path}/votes", data={"choices[]": "1"})
    assert (voted.status, voted.json["own_votes"], voted.json["voted"]) == (200, [1], True)
    assert [each["votes_count"] for each in voted.json["options"]] == [0, 1]
    shown = (await app.get(f"/api/v1/statuses/{made['id']}")).json["poll"]
    assert shown == voted.json == (await app.get(path)).json
    twice = await app.post(f"{path}/votes", json={"choices": [0]})
    assert (twice.status, twice.json["error"]) == (422, "Validation failed: You have already voted on this poll")
    own = await author.post(f"{path}/votes", json={"choices": [0]})
    assert (own.status, own.json["error"]) == (422, "Validation failed: You cannot vote in your own polls")


async def test_votes_that_are_none(site, scene, app_of):
    author, app = await app_of(scene.asker), await app_of(scene.bystander)
    made = await polled(author)
    path = f"/api/v1/polls/{made['poll']['id']}/votes"
    for choices in ([], [2], ["-1"], ["x"], [0, 1]):
        answer = await app.post(path, json={"choices": choices})
        assert (answer.status, answer.json["error"]) == (422, "Validation failed: The chosen vote option does not exist")
    assert (await app.post(f"/api/v1/polls/{scene.question}/votes", json={"choices": [0]})).status == 404
    assert (await app.get(f"/api/v1/polls/{scene.question}")).status == 404
    stranger = await app_of(None)
    assert (await stranger.get(f"/api/v1/polls/{made['id']}")).status == 200
    assert (await stranger.post(path, json={"choices": [0]})).status == 401
    site.clock.advance(minutes=11)
    late = await app.post(path, json={"choices": [0]})
    assert (late.status, late.json["error"]) == (422, "Validation failed: The poll has already ended")
    assert (await app.get(f"/api/v1/polls/{made['id']}")).json["expired"] is True


async def test_the_end_of_a_poll_is_told(site, scene, app_of):
    author, app = await app_of(scene.asker), await app_of(scene.bystander)
    made = await polled(author, hide_totals=True, multiple="1")
    voted = await app.post(f"/api/v1/polls/{made['id']}/votes", json={"choices": [0, 1]})
    assert [each["votes_count"] for each in voted.json["options"]] == [None, None]
    site.clock.advance(minutes=10)
    await appointments.keep(site.database)
    for each in (author, app):
        told = (await each.get("/api/v1/notifications", params={"types[]": "poll"})).json
        assert [notice["status"]["id"] for notice in told] == [made["id"]]
    shown = (await app.get(f"/api/v1/polls/{made['id']}")).json
    assert ([each["votes_count"] for each in shown["options"]], shown["voters_count"]) == ([1, 1], 1)


async def test_an_edit_without_the_poll_takes_it_off(site, scene, app_of):
    app = await app_of(scene.asker)
    made = await polled(app)
    site.clock.advance(minutes=1)
    edited = (await app.put(f"/api/v1/statuses/{made['id']}", json={"status": "いつ？"})).json
    assert (edited["poll"], edited["edited_at"] is not None) == (None, True)
    versions = (await app.get(f"/api/v1/statuses/{made['id']}/history")).json
    assert [each.get("poll") for each in versions] == [{"options": [{"title": "月曜"}, {"title": "火曜"}]}, None]


def uploaded(account_id, **facts):
    def unit(session):
        return media.new(
            session, account_id=account_id, kind="image", mime="image/png", file=f"{facts}.png", preview=None,
            blurhash=None, meta={}, size=1, **facts,
        ).id  # fmt: skip

    return unit


async def test_pictures_are_attached_exchanged_and_given_back(site, scene, app_of):
    app, other = await app_of(scene.bystander), await app_of(scene.answerer)
    first = await site.database.write(uploaded(scene.bystander, description="一枚目"))
    second = await site.database.write(uploaded(scene.bystander))
    stolen = await other.post("/api/v1/statuses", json={"media_ids": [str(first)]})
    assert stolen.status == 422
    made = (await app.post("/api/v1/statuses", json={"media_ids": [str(first)], "sensitive": True})).json
    assert ([each["id"] for each in made["media_attachments"]], made["content"], made["sensitive"]) == ([str(first)], "", True)
    again = await app.post("/api/v1/statuses", json={"media_ids": [str(first)], "status": "x"})
    assert again.status == 422
    site.clock.advance(minutes=1)
    sent = {"media_ids": [str(first), str(second)], "media_attributes": [{"id": str(first), "description": "言いかえ"}]}
    edited = (await app.put(f"/api/v1/statuses/{made['id']}", json=sent)).json
    assert [each["description"] for each in edited["media_attachments"]] == ["言いかえ", None]
    versions = (await app.get(f"/api/v1/statuses/{made['id']}/history")).json
    assert [[each["description"] for each in version["media_attachments"]] for version in versions] == [["一枚目"], ["言いかえ", None]]
    site.clock.advance(minutes=1)
    empty = await app.put(f"/api/v1/statuses/{made['id']}", json={"status": ""})
    assert (empty.status, empty.json["error"]) == (422, "Validation failed: Text can't be blank")
    gone = (await app.delete(f"/api/v1/statuses/{made['id']}")).json
    assert [each["id"] for each in gone["media_attachments"]] == [str(first), str(second)]
    redrafted = (await app.post("/api/v1/statuses", json={"media_ids": [str(first), str(second)]})).json
    assert len(redrafted["media_attachments"]) == 2
    await app.delete(f"/api/v1/statuses/{redrafted['id']}", params={"delete_media": "true"})
    assert (await app.post("/api/v1/statuses", json={"media_ids": [str(first)]})).status == 422


async def test_a_post_that_is_to_come(site, scene, app_of):
    app, other = await app_of(scene.bystander), await app_of(scene.answerer)
    picture = await site.database.write(uploaded(scene.bystander))
    at = "2030-01-01T00:00:00.000Z"
    sent = {"status": "あけまして", "scheduled_at": at, "visibility": "unlisted", "media_ids": [str(picture)], "spoiler_text": "年始"}
    made = await app.post("/api/v1/statuses", json=sent, headers={"Idempotency-Key": "k"})
    row = made.json
    assert (made.status, row["scheduled_at"], row["params"]["text"], row["params"]["visibility"]) == (200, at, "あけまして", "unlisted")
    assert [each["id"] for each in row["media_attachments"]] == [str(picture)]
    again = await app.post("/api/v1/statuses", json=sent, headers={"Idempotency-Key": "k"})
    assert again.json["id"] == row["id"]
    path = f"/api/v1/scheduled_statuses/{row['id']}"
    assert [each["id"] for each in (await app.get("/api/v1/scheduled_statuses")).json] == [row["id"]]
    assert (await other.get("/api/v1/scheduled_statuses")).json == []
    for call in (other.get(path), other.put(path, json={"scheduled_at": at}), other.delete(path)):
        assert (await call).status == 404
    soon = await app.put(path, json={"scheduled_at": "2026-01-01T00:00:00Z"})
    assert (soon.status, "must be in the future" in soon.json["error"]) == (422, True)
    moved = await app.put(path, json={"scheduled_at": "2030-02-01T09:00:00+09:00"})
    assert moved.json["scheduled_at"] == "2030-02-01T00:00:00.000Z"

    def now(session):
        session.get_one(ScheduledPost, int(row["id"])).scheduled_at = site.clock()

    await site.database.write(now)
    await appointments.keep(site.database)
    (post,) = (await app.get(f"/api/v1/accounts/{scene.bystander}/statuses")).json
    assert (post["visibility"], post["spoiler_text"], post["application"]["name"]) == ("unlisted", "年始", "an app")
    assert [each["id"] for each in post["media_attachments"]] == [str(picture)]
    assert (await app.get(path)).status == 404


async def test_scheduling_is_refused_in_their_words(site, scene, app_of):
    app = await app_of(scene.bystander)
    stamp = datetime.fromtimestamp(site.clock() / 1000 + 60, UTC).isoformat()
    near = await app.post("/api/v1/statuses", json={"status": "x", "scheduled_at": stamp})
    assert (near.status, near.json["error"]) == (422, "Validation failed: Scheduled at The scheduled date must be in the future")
    assert (await app.post("/api/v1/statuses", json={"status": "x", "scheduled_at": "あした"})).status == 422
    past = await app.post("/api/v1/statuses", json={"status": "x", "scheduled_at": "2001-01-01T00:00:00Z"})
    assert past.json["content"] == "<p>x</p>"


async def test_what_cannot_be_posted_does_not_stop_the_others(site, scene, app_of):
    app = await app_of(scene.bystander)
    note = (await app.post("/api/v1/statuses", json={"status": "x"})).json
    at = "2030-01-01T00:00:00.000Z"
    await app.post("/api/v1/statuses", json={"status": "一", "scheduled_at": at, "in_reply_to_id": note["id"]})
    await app.post("/api/v1/statuses", json={"status": "二", "scheduled_at": at})
    await app.delete(f"/api/v1/statuses/{note['id']}")

    def now(session):
        for row in session.query(ScheduledPost).all():
            row.scheduled_at = site.clock()

    await site.database.write(now)
    await appointments.keep(site.database)
    own = (await app.get(f"/api/v1/accounts/{scene.bystander}/statuses")).json
    assert [each["content"] for each in own] == ["<p>二</p>"]
    waiting = (await app.get("/api/v1/scheduled_statuses")).json
    assert [each["params"]["text"] for each in waiting] == ["一"]
