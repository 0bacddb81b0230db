import asyncio
import threading
from dataclasses import dataclass

import aiohttp
import pytest
from yarl import URL

from community.errors import TooMany
from tests.webui.media import photos
from webui.media import pictures
from webui.media.store import FolderStore, new_key
from webui.media.workshop import WORKSHOP, Workshop


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "media"


@dataclass
class Answer:
    status: int
    body: bytes
    headers: object


@pytest.fixture
async def get(town):
    """Ask the town for a path as it is written."""
    async with aiohttp.ClientSession() as session:

        async def ask(path, **headers):
            address = URL(town.origin + path, encoded=True)
            async with session.get(address, headers=headers) as response:
                return Answer(response.status, await response.read(), response.headers.copy())

        yield ask


@pytest.fixture
async def town(make_site, folder):
    return await make_site(media={"path": str(folder)})


async def test_a_picture_goes_out_as_a_picture_and_nothing_else(town, folder, get):
    body = pictures.of_post(photos.file(photos.jpeg())).whole.body
    key = await town.app[WORKSHOP].store.put(body, "image/jpeg")
    assert (folder / key).read_bytes() == body
    assert list(folder.rglob("*.tmp")) == []
    answer = await get(f"/media/{key}")
    assert (answer.status, answer.body) == (200, body)
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == "inline"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    part = await get(f"/media/{key}", Range="bytes=100-199")
    assert (part.status, part.body) == (206, body[100:200])
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(body)}"
    beyond = await get(f"/media/{key}", Range=f"bytes={len(body) + 5}-")
    assert beyond.status == 416
    same = await get(f"/media/{key}", **{"If-None-Match": answer.headers["ETag"]})
    assert same.status == 304
    await town.app[WORKSHOP].store.remove([key, None, key])
    assert (await get(f"/media/{key}")).status == 404


async def test_nothing_else_of_the_machine_is_served(town, folder, get):
    folder.mkdir()
    (folder / "secret.png").write_bytes(b"secret")
    (folder.parent / "ab").mkdir()
    (folder / "ab").mkdir()
    (folder / "ab" / "notes.txt").write_text("secret")
    for path in (
        "/media/ab/notes.txt", "/media/../secret.png", "/media/ab/..%2Fsecret.png", "/media/%2e%2e/secret.png",
        "/media/ab/" + "0" * 30 + ".png", "/media/ab/" + "0" * 30 + ".svg", "/media/ab/", "/media/",
    ):  # fmt: skip
        assert (await get(path)).status == 404, path
    with pytest.raises(KeyError):
        new_key("image/svg+xml")


async def test_removing_never_leaves_the_folder(tmp_path):
    outside = tmp_path / "keep.png"
    outside.write_bytes(b"x")
    await FolderStore(tmp_path / "media").remove(["../keep.png", "/etc/hostname", str(outside)])
    assert outside.exists()


def test_keys_tell_nothing():
    keys = {new_key("image/png") for _ in range(100)}
    assert len(keys) == 100
    assert all(len(key) == 37 for key in keys)


async def test_drawn_avatars_for_apps(get):
    answer = await get("/avatars/123456789.png")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "image/png")
    assert answer.body.startswith(b"\x89PNG")
    assert "max-age=31536000" in answer.headers["Cache-Control"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    again = await get("/avatars/123456789.png", **{"If-None-Match": answer.headers["ETag"]})
    assert again.status == 304
    assert (await get("/avatars/123456790.png")).body != answer.body
    for strange in ("0", "x", "99999999999999999999"):
        assert (await get(f"/avatars/{strange}.png")).status == 404
    assert (await get("/headers/original/missing.png")).headers["Content-Type"] == "image/png"


async def test_the_line_before_the_workshop_is_short(tmp_path):
    workshop, gate = Workshop(FolderStore(tmp_path), threads=1, waiting=1), threading.Event()
    tasks = [asyncio.create_task(workshop.run(lambda: gate.wait(5))) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(TooMany):
        await workshop.run(lambda: True)
    gate.set()
    assert await asyncio.gather(*tasks) == [True, True]
    assert await workshop.run(lambda: 7) == 7
    workshop.close()
