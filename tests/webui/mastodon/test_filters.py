"""Filters as apps keep them, in both forms, and what they do to statuses."""

from typing import Any

import pytest

from tests.webui.mastodon.conftest import App, AppOf
from tests.webui.scene import Scene

PATH = "/api/v2/filters"


@pytest.fixture
async def app(scene: Scene, app_of: AppOf) -> App:
    return await app_of(scene.bystander)


@pytest.fixture
async def other(scene: Scene, app_of: AppOf) -> App:
    return await app_of(scene.asker)


async def make(app: App, *words: str, **facts: Any) -> dict[str, Any]:
    body = {"title": "年末", "context": ["home", "public"], "keywords_attributes": [{"keyword": it} for it in words]}
    answer = await app.post(PATH, json=body | facts)
    assert answer.status == 200, answer.json
    return answer.json


async def test_a_filter_from_first_to_last(app: App) -> None:
    assert (await app.get(PATH)).json == []
    made = await make(app, "決算", filter_action="hide", expires_in=3600)
    assert (made["title"], made["context"], made["filter_action"]) == ("年末", ["home", "public"], "hide")
    assert made["expires_at"].endswith("Z") and made["statuses"] == []
    (word,) = made["keywords"]
    assert (word["keyword"], word["whole_word"]) == ("決算", True)
    assert (await app.get(PATH)).json == [made]
    form = {
        "title": "別名", "context[]": "thread", "expires_in": "",
        "keywords_attributes[0][id]": word["id"], "keywords_attributes[0][_destroy]": "1",
        "keywords_attributes[1][keyword]": "監査", "keywords_attributes[1][whole_word]": "false",
    }  # fmt: skip
    changed = (await app.put(f"{PATH}/{made['id']}", data=form)).json
    assert (changed["title"], changed["context"], changed["expires_at"]) == ("別名", ["thread"], None)
    assert [(it["keyword"], it["whole_word"]) for it in changed["keywords"]] == [("監査", False)]
    assert (await app.get(f"{PATH}/{made['id']}")).json == changed
    assert (await app.delete(f"{PATH}/{made['id']}")).json == {}
    assert (await app.get(f"{PATH}/{made['id']}")).status == 404


async def test_keywords_by_themselves(app: App) -> None:
    made = await make(app)
    words = f"{PATH}/{made['id']}/keywords"
    added = (await app.post(words, data={"keyword": "決算", "whole_word": "0"})).json
    assert (added["keyword"], added["whole_word"]) == ("決算", False)
    one = f"{PATH}/keywords/{added['id']}"
    assert (await app.put(one, json={"keyword": "監査", "whole_word": True})).json["whole_word"] is True
    assert (await app.get(one)).json["keyword"] == "監査"
    assert [it["keyword"] for it in (await app.get(words)).json] == ["監査"]
    assert (await app.put(one, json={"keyword": ""})).status == 422
    assert (await app.delete(one)).json == {}
    assert (await app.get(words)).json == []


async def test_posts_by_themselves(app: App, scene: Scene) -> None:
    made = await make(app)
    posts = f"{PATH}/{made['id']}/statuses"
    added = (await app.post(posts, data={"status_id": str(scene.question)})).json
    assert added["status_id"] == str(scene.question)
    again = (await app.post(posts, json={"status_id": str(scene.question)})).json
    assert again == added == (await app.get(f"{PATH}/statuses/{added['id']}")).json
    shown = (await app.get(f"/api/v1/timelines/tag/{'入社手続き'}")).json
    assert [it["filtered"][0]["status_matches"] for it in shown] == [[str(scene.question)]]
    assert (await app.delete(f"{PATH}/statuses/{added['id']}")).json == added
    assert (await app.get(posts)).json == []
    for nothing in ("1", "junk"):
        assert (await app.post(posts, json={"status_id": nothing})).status == 404


async def test_what_is_met_is_told_on_the_next_page(app: App, scene: Scene) -> None:
    timeline = "/api/v1/timelines/public?local=true"
    assert all(it["filtered"] == [] for it in (await app.get(timeline)).json)
    made = await make(app, "姉妹まちだけ")
    met = [it for it in (await app.get(timeline)).json if it["filtered"]]
    assert [it["id"] for it in met] == [str(scene.sister)]
    (result,) = met[0]["filtered"]
    assert result["filter"]["id"] == made["id"] and "keywords" not in result["filter"]
    assert (result["keyword_matches"], result["status_matches"]) == (["姉妹まちだけ"], None)
    await app.delete(f"{PATH}/{made['id']}")
    assert all(it["filtered"] == [] for it in (await app.get(timeline)).json)


async def test_nobody_else_gets_at_them(app: App, other: App, scene: Scene) -> None:
    made = await make(app, "決算")
    word = made["keywords"][0]["id"]
    entry = (await app.post(f"{PATH}/{made['id']}/statuses", json={"status_id": str(scene.question)})).json["id"]
    paths = [f"{PATH}/{made['id']}", f"{PATH}/keywords/{word}", f"/api/v1/filters/{word}"]
    for path in (*paths, f"{PATH}/{made['id']}/keywords", f"{PATH}/{made['id']}/statuses", f"{PATH}/statuses/{entry}"):
        assert (await other.get(path)).status == 404, path
    for path in (*paths, f"{PATH}/statuses/{entry}"):
        assert (await other.delete(path)).status == 404, path
    for path in paths:
        assert (await other.put(path, json={"title": "x", "keyword": "x", "phrase": "x"})).status == 404, path
    for path in (f"{PATH}/{made['id']}/keywords", f"{PATH}/{made['id']}/statuses"):
        body = {"keyword": "x", "status_id": str(scene.question)}
        assert (await other.post(path, json=body)).status == 404, path
    stolen = {"keywords_attributes": [{"id": word, "_destroy": True}]}
    mine = await make(other)
    assert (await other.put(f"{PATH}/{mine['id']}", json=stolen)).status == 404
    assert (await app.get(f"{PATH}/{made['id']}")).json["keywords"] == made["keywords"]


async def test_what_does_not_fit(app: App) -> None:
    for facts in (
        {"title": ""}, {"context": []}, {"context": ["junk"]}, {"filter_action": "shout"}, {"expires_in": 10**15},
        {"keywords_attributes": [{"keyword": ""}]},
    ):  # fmt: skip
        answer = await app.post(PATH, json={"title": "x", "context": ["home"]} | facts)
        assert answer.status == 422, facts
        assert answer.json["error"].startswith("Validation failed: ")
    assert (await app.get(PATH)).json == []


async def test_scopes(scene: Scene, app_of: AppOf) -> None:
    reader = await app_of(scene.bystander, scopes="read:filters")
    writer = await app_of(scene.bystander, scopes="write:filters")
    assert (await reader.get(PATH)).status == 200
    assert (await writer.get(PATH)).status == (await writer.get("/api/v1/filters")).status == 403
    assert (await reader.post(PATH)).status == (await reader.post("/api/v1/filters")).status == 403
    assert (await (await app_of(None)).get(PATH)).status == 401


# --- v1


async def test_old_filters_are_the_same_filters(app: App) -> None:
    body = {"phrase": "決算", "context[]": ["home", "account"], "irreversible": "true", "whole_word": "true"}
    old = (await app.post("/api/v1/filters", data=body)).json
    assert old == {
        "id": old["id"], "phrase": "決算", "context": ["home", "account"], "expires_at": None, "irreversible": True,
        "whole_word": True,
    }  # fmt: skip
    (new,) = (await app.get(PATH)).json
    assert (new["title"], new["filter_action"], new["keywords"][0]["id"]) == ("決算", "hide", old["id"])
    changed = {"phrase": "監査", "context": ["public"], "irreversible": False, "expires_in": 60}
    now = (await app.put(f"/api/v1/filters/{old['id']}", json=changed)).json
    assert (now["phrase"], now["context"], now["irreversible"]) == ("監査", ["public"], False)
    assert now["expires_at"]
    assert (await app.get(f"/api/v1/filters/{old['id']}")).json == now
    assert (await app.get("/api/v1/filters")).json == [now]
    assert (await app.delete(f"/api/v1/filters/{old['id']}")).json == {}
    assert (await app.get(PATH)).json == []


async def test_a_word_among_several_changes_and_goes_alone(app: App) -> None:
    made = await make(app, "決算", "監査")
    first, second = (it["id"] for it in made["keywords"])
    kept = {"phrase": "株主", "context": made["context"], "irreversible": False}
    assert (await app.put(f"/api/v1/filters/{first}", json=kept)).json["phrase"] == "株主"
    refused = await app.put(f"/api/v1/filters/{first}", json={"phrase": "総会", "irreversible": True})
    assert refused.status == 422
    assert (await app.get(f"/api/v1/filters/{first}")).json["phrase"] == "株主", "refused as a whole"
    assert (await app.delete(f"/api/v1/filters/{first}")).json == {}
    assert [it["id"] for it in (await app.get(f"{PATH}/{made['id']}")).json["keywords"]] == [second]
