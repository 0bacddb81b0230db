"""Markers over a real socket."""

from tests.webui.mastodon.conftest import AppOf
from tests.webui.scene import Scene

PATH = "/api/v1/markers"


async def test_that_of_the_notices_is_always_told(scene: Scene, app_of: AppOf) -> None:
    app = await app_of(scene.bystander)
    assert (await app.get(PATH)).json == {}
    for asked in ({"timeline": "notifications"}, {"timeline[]": ["home", "notifications", "junk"]}):
        found = (await app.get(PATH, params=asked)).json
        assert set(found) == {"notifications"}
        assert found["notifications"]["last_read_id"] == "0"
        assert found["notifications"]["updated_at"].endswith("Z")


async def test_forms_and_json(scene: Scene, app_of: AppOf) -> None:
    app = await app_of(scene.asker)
    (_, seen) = (await app.get("/api/v1/notifications")).json
    form = {"home[last_read_id]": str(scene.question), "notifications[last_read_id]": seen["id"]}
    first = (await app.post(PATH, data=form)).json
    assert {name: it["last_read_id"] for name, it in first.items()} == {
        "home": str(scene.question), "notifications": seen["id"],
    }  # fmt: skip
    assert {it["version"] for it in first.values()} == {1}
    again = (await app.post(PATH, json={"home": {"last_read_id": str(scene.note)}, "junk": {"last_read_id": "1"}})).json
    assert set(again) == {"home"} and again["home"]["version"] == 2
    found = (await app.get(PATH, params={"timeline[]": ["home", "notifications"]})).json
    assert found == {"home": again["home"], "notifications": first["notifications"]}
    assert (await app.post(PATH, json={"home": {"last_read_id": "junk"}})).json == {}
    other = await app_of(scene.answerer)
    assert (await other.get(PATH, params={"timeline": "home"})).json == {}


async def test_scopes(scene: Scene, app_of: AppOf) -> None:
    assert (await (await app_of(scene.asker, scopes="write")).get(PATH)).status == 403
    assert (await (await app_of(scene.asker, scopes="read")).post(PATH)).status == 403
    assert (await (await app_of(None)).get(PATH)).status == 401
