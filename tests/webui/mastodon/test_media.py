import asyncio
import io
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import func, select

from community import media, notes, text
from community.models import Account, Media, Post
from tests.webui.media import photos
from webui.keys import SETTINGS
from webui.mastodon import media as endpoints
from webui.mastodon import uploads
from webui.mastodon.entities import media as entities
from webui.media import pictures

FIELDS = {
    "id", "type", "url", "preview_url", "remote_url", "preview_remote_url", "text_url", "meta", "description", "blurhash",
}  # fmt: skip


def form(body=None, *, name="file", kind="image/jpeg", **fields):
    data = aiohttp.FormData()
    if body is not None:
        data.add_field(name, io.BytesIO(body), filename="IMG 1.bin", content_type=kind)
    for key, value in fields.items():
        if isinstance(value, bytes):
            data.add_field(key, value, filename="t.png", content_type="image/png")
        else:
            data.add_field(key, value)
    return data


def files(site) -> set[str]:
    folder = Path(site.app[SETTINGS].media.path)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}


async def posted(site, author_id, media_ids) -> int:
    def unit(session):
        author = session.get_one(Account, author_id)
        post = notes.write(session, author=author, body=text.from_markdown("写真"), visibility="open")
        media.attach(session, post, [int(each) for each in media_ids])
        return post.id

    return await site.database.write(unit)


@pytest.fixture
async def hanako(site):
    return await site.member("hanako")


@pytest.fixture
async def app(app_of, hanako):
    return await app_of(hanako)


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_uploaded_described_and_ready_at_once(site, app, version):
    sent = form(photos.jpeg(1200, 800, orientation=6), description="  机の上の書類 ", focus="-0.42,0.69")
    answer = await app.post(f"/api/{version}/media", data=sent)
    assert answer.status == 200
    shown = answer.json
    assert shown.keys() == FIELDS
    assert (shown["type"], shown["description"], len(shown["blurhash"])) == ("image", "机の上の書類", 28)
    assert shown["meta"] == {
        "original": {"width": 800, "height": 1200, "size": "800x1200", "aspect": pytest.approx(2 / 3)},
        "small": {"width": 426, "height": 640, "size": "426x640", "aspect": pytest.approx(426 / 640)},
        "focus": {"x": -0.42, "y": 0.69},
    }
    for address, size in ((shown["url"], (800, 1200)), (shown["preview_url"], (426, 640))):
        assert address.startswith("http://localhost:8080/media/")
        file = await app.get(address.removeprefix("http://localhost:8080"))
        assert file.status == 200
        assert Image.open(io.BytesIO(file.body)).size == size
        assert photos.SECRET not in file.body
    again = await app.get(f"/api/v1/media/{shown['id']}")
    assert (again.status, again.json) == (200, shown)
    assert len(files(site)) == 2


async def test_the_bytes_tell_what_it_is_not_the_sender(app):
    answer = await app.post("/api/v2/media", data=form(photos.moving("GIF"), kind="application/octet-stream"))
    assert answer.json["url"].endswith(".gif")
    assert answer.json["type"] == "image"
    answer = await app.post("/api/v2/media", data=form(photos.png(), kind="video/mp4"))
    assert answer.json["url"].endswith(".png")


async def test_a_thumbnail_of_ones_own(app):
    answer = await app.post("/api/v2/media", data=form(photos.jpeg(), thumbnail=photos.clear_png(64, 64)))
    assert answer.json["meta"]["small"]["size"] == "64x64"
    assert answer.json["meta"]["original"]["size"] == "600x400"


@pytest.mark.parametrize(
    "body",
    [b"", b"hello", b"<svg/>", photos.jpeg()[:3000], photos.huge_png(), b"\x00\x00\x00\x20ftypisom" + b"\0" * 99],
    ids=["empty", "text", "svg", "broken", "bomb", "film"],
)
async def test_what_is_no_picture_is_refused_and_leaves_nothing(site, app, body):
    answer = await app.post("/api/v2/media", data=form(body))
    assert answer.status == 422
    assert answer.json["error"].startswith("Validation failed: ")
    assert files(site) == set()
    assert await site.database.read(lambda session: session.scalar(select(func.count(Media.id)))) == 0


async def test_refused_in_words_that_say_what_is_taken(app_of, hanako):
    app = await app_of(hanako)
    answer = await app.post("/api/v2/media", data=form(b"\x1aE\xdf\xa3webm"), headers={"Accept-Language": "ja"})
    assert "JPEG、PNG、GIF、WebP、AVIF" in answer.json["error"]


async def test_other_bodies_bring_no_file(app):
    for options in ({"json": {"file": "x"}}, {"data": {"file": "x"}}, {"data": form(description="x")}, {}):
        answer = await app.post("/api/v2/media", **options)
        assert (answer.status, answer.json["error"]) == (422, "Validation failed: File can't be blank")
    answer = await app.post("/api/v2/media", data=b"--x\r\n", headers={"Content-Type": "multipart/form-data"})
    assert answer.status == 400


async def test_nonsense_in_focus_is_ignored_and_a_long_description_is_not(site, app):
    for focus in ("", "x,y", "1", "1,2,3", "nan,0", "inf,1"):
        answer = await app.post("/api/v2/media", data=form(photos.png(), focus=focus))
        assert "focus" not in answer.json["meta"], focus
    before = files(site)
    answer = await app.post("/api/v2/media", data=form(photos.png(), description="あ" * 1501))
    assert answer.status == 422
    assert files(site) == before


async def test_more_than_the_town_takes(site, app, monkeypatch):
    monkeypatch.setattr(uploads, "BODY_MOST", 100_000)
    answer = await app.post("/api/v2/media", data=form(b"\xff\xd8" + b"x" * 120_000))
    assert answer.status == 413
    monkeypatch.undo()
    monkeypatch.setattr(pictures, "SIZE_MOST", 5_000)
    answer = await app.post("/api/v2/media", data=form(photos.jpeg()))
    assert answer.status == 422
    monkeypatch.undo()
    large = photos.as_bytes(Image.effect_noise((1700, 1700), 90), "PNG")  # beyond what other requests may hold
    assert len(large) > 2 * 1024 * 1024
    answer = await app.post("/api/v2/media", data=form(large))
    assert answer.status == 200


async def test_a_stream_without_length_ends_at_the_limit_too(app, monkeypatch):
    monkeypatch.setattr(uploads, "BODY_MOST", 300_000)
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'

    async def body():
        yield head
        for _ in range(40):
            yield b"x" * 20_000
            await asyncio.sleep(0)
        yield b"\r\n--b--\r\n"

    answer = await app.post(
        "/api/v2/media", data=body(), headers={"Content-Type": "multipart/form-data; boundary=b"}
    )
    assert answer.status == 413


async def test_thirty_in_half_an_hour(app, clock, monkeypatch):
    monkeypatch.setattr(endpoints, "PER_MEMBER", endpoints.Limit(tries=2, minutes=30))
    for _ in range(2):
        assert (await app.post("/api/v2/media", data=form(photos.png()))).status == 200
    assert (await app.post("/api/v1/media", data=form(photos.png()))).status == 429
    clock.advance(minutes=31)
    assert (await app.post("/api/v1/media", data=form(photos.png()))).status == 200


async def test_changed_before_it_is_attached(site, app):
    shown = (await app.post("/api/v2/media", data=form(photos.jpeg()))).json
    path = f"/api/v1/media/{shown['id']}"
    for options, said in (
        ({"json": {"description": "空", "focus": "0.1,0.2"}}, "空"),
        ({"data": {"focus": "1,1"}}, "空"),
        ({"data": {"description": ""}}, None),
        ({"data": form(description="野原", thumbnail=photos.clear_png(50, 50))}, "野原"),
    ):
        answer = await app.put(path, **options)
        assert (answer.status, answer.json["description"]) == (200, said)
    assert answer.json["meta"]["focus"] == {"x": 1.0, "y": 1.0}
    assert answer.json["meta"]["small"]["size"] == "50x50"
    assert answer.json["url"] == shown["url"]
    assert answer.json["preview_url"] != shown["preview_url"]
    assert (await app.put(path, data={"description": "あ" * 1501})).status == 422
    gone = await site.database.read(lambda session: [row.file for row in media.forgotten(session)])
    assert [shown["preview_url"].endswith(key) for key in gone] == [True]


async def test_changed_after_it_is_attached(site, app, hanako):
    shown = (await app.post("/api/v2/media", data=form(photos.jpeg()))).json
    post_id = await posted(site, hanako, [shown["id"]])
    before = await site.database.read(lambda session: session.get_one(Post, post_id).touched)
    answer = await app.put(f"/api/v1/media/{shown['id']}", json={"description": "空"})
    assert answer.json["description"] == "空"
    found = await site.database.read(
        lambda session: (session.get_one(Post, post_id).touched, entities.many(session, [post_id]))
    )
    assert found == (before + 1, {post_id: [answer.json]})
    assert (await app.get(f"/api/v1/media/{shown['id']}")).status == 404


async def test_taken_back(site, app, hanako):
    first = (await app.post("/api/v2/media", data=form(photos.jpeg()))).json
    second = (await app.post("/api/v2/media", data=form(photos.jpeg()))).json
    await posted(site, hanako, [second["id"]])
    answer = await app.delete(f"/api/v1/media/{second['id']}")
    assert (answer.status, answer.json["error"]) == (422, "Media attachment is currently used by a status")
    answer = await app.delete(f"/api/v1/media/{first['id']}")
    assert (answer.status, answer.json) == (200, {})
    assert (await app.delete(f"/api/v1/media/{first['id']}")).status == 404
    assert (await app.get(f"/api/v1/media/{first['id']}")).status == 404


async def test_nobody_elses_business(site, app, app_of):
    shown = (await app.post("/api/v2/media", data=form(photos.png()))).json
    other = await app_of(await site.member("harukaze"))
    for method in ("GET", "PUT", "DELETE"):
        answer = await other.call(method, f"/api/v1/media/{shown['id']}")
        assert (answer.status, answer.json["error"]) == (404, "Record not found"), method
        assert (await app.call(method, "/api/v1/media/nonsense")).status == 404
    reader, stranger = await app_of(await site.member("yomu"), scopes="read write:statuses"), await app_of(None)
    for method, path in (
        ("POST", "/api/v2/media"),
        ("POST", "/api/v1/media"),
        ("GET", f"/api/v1/media/{shown['id']}"),
        ("PUT", f"/api/v1/media/{shown['id']}"),
        ("DELETE", f"/api/v1/media/{shown['id']}"),
    ):
        assert (await reader.call(method, path)).status == 403
        assert (await stranger.call(method, path)).status == 401


async def test_a_picture_that_is_not_ready_is_said_so(site, app, hanako):
    def unit(session):
        row = media.new(
            session, account_id=hanako, kind="image", mime="image/png", file="x", preview=None, blurhash=None, meta={}, size=1
        )  # fmt: skip
        row.state = media.WAITING
        return row.id

    media_id = await site.database.write(unit)
    answer = await app.get(f"/api/v1/media/{media_id}")
    assert (answer.status, answer.json["url"], answer.json["preview_url"]) == (206, None, None)
    await site.database.write(lambda session: setattr(session.get_one(Media, media_id), "state", media.FAILED))
    assert (await app.get(f"/api/v1/media/{media_id}")).status == 422


