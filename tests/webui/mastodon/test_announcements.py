"""まちからのお知らせ over a real socket."""

from urllib.parse import quote

import pytest

from community import announcements


@pytest.fixture
async def up(site, scene):
    """The id of an announcement that is up."""
    return await site.database.write(lambda session: announcements.publish(session, words="**あす**は休みです。").id)


async def test_members_read_them_with_every_field(site, scene, app_of, up):
    app = await app_of(scene.bystander)
    (told,) = (await app.get("/api/v1/announcements")).json
    assert told["id"] == str(up)
    assert told["content"] == "<p><strong>あす</strong>は休みです。</p>"
    assert (told["starts_at"], told["ends_at"], told["all_day"], told["read"]) == (None, None, False, False)
    assert told["published_at"].endswith("Z")
    for empty in ("mentions", "statuses", "tags", "emojis", "reactions"):
        assert told[empty] == []


async def test_put_aside(site, scene, app_of, up):
    app = await app_of(scene.bystander)
    assert (await app.post(f"/api/v1/announcements/{up}/dismiss")).json == {}
    assert (await app.get("/api/v1/announcements")).json[0]["read"] is True
    other = await app_of(scene.asker)
    assert (await other.get("/api/v1/announcements")).json[0]["read"] is False


async def test_reactions_come_raw_or_encoded(site, scene, app_of, up):
    app, other = await app_of(scene.bystander), await app_of(scene.asker)
    assert (await app.put(f"/api/v1/announcements/{up}/reactions/🌸")).status == 200
    assert (await other.put(f"/api/v1/announcements/{up}/reactions/{quote('🌸')}")).json == {}
    (reaction,) = (await app.get("/api/v1/announcements")).json[0]["reactions"]
    assert reaction == {"name": "🌸", "count": 2, "me": True}
    await app.delete(f"/api/v1/announcements/{up}/reactions/🌸")
    (reaction,) = (await app.get("/api/v1/announcements")).json[0]["reactions"]
    assert reaction == {"name": "🌸", "count": 1, "me": False}


async def test_what_is_refused(site, scene, app_of, up):
    app = await app_of(scene.bystander)
    assert (await app.put(f"/api/v1/announcements/{up}/reactions/hello")).status == 422
    assert (await app.put("/api/v1/announcements/5/reactions/🌸")).status == 404
    assert (await app.post("/api/v1/announcements/5/dismiss")).status == 404
    assert (await app.post("/api/v1/announcements/x/dismiss")).status == 404
    assert (await (await app_of(None)).get("/api/v1/announcements")).status == 401
    reader = await app_of(scene.bystander, scopes="read")
    assert (await reader.post(f"/api/v1/announcements/{up}/dismiss")).status == 403
    assert (await reader.put(f"/api/v1/announcements/{up}/reactions/🌸")).status == 403
