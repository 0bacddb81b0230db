"""Lists in an app: made, changed, filled, read and removed by their owner alone."""

import pytest

from community import follows
from community.models import Account
from tests import factories


@pytest.fixture
async def app(site, app_of):
    """hanako's app; she follows taro and jiro, and not saburo."""
    hanako = await site.member("hanako")

    def scene(session):
        me = session.get_one(Account, hanako)
        for name in ("taro", "jiro"):
            follows.request(session, follower=me, followee=factories.member(session, name))
        factories.member(session, "saburo")

    await site.database.write(scene)
    return await app_of(hanako)


async def number(site, name):
    return await site.database.read(lambda session: factories.local(session, name).id)


async def test_making_changing_and_removing(app):
    assert (await app.get("/api/v1/lists")).json == []
    made = (await app.post("/api/v1/lists", json={"title": "労務"})).json
    assert made == {"id": made["id"], "title": "労務", "replies_policy": "list", "exclusive": False}
    path = f"/api/v1/lists/{made['id']}"
    changed = await app.put(path, data={"replies_policy": "none"})
    assert changed.json == made | {"replies_policy": "none"}
    changed = await app.patch(path, json={"title": "労務の人", "exclusive": True})
    assert changed.json == made | {"title": "労務の人", "replies_policy": "none", "exclusive": True}
    assert (await app.get(path)).json == changed.json
    assert (await app.get("/api/v1/lists")).json == [changed.json]
    assert (await app.delete(path)).json == {}
    assert (await app.get(path)).status == 404
    assert (await app.delete(path)).status == 404


async def test_what_does_not_fit(app):
    for wrong in ({}, {"title": ""}, {"title": "  "}, {"title": "人", "replies_policy": "all"}, {"title": "あ" * 101}):
        refused = await app.post("/api/v1/lists", json=wrong)
        assert refused.status == 422
        assert refused.json["error"].startswith("Validation failed")
    made = (await app.post("/api/v1/lists", json={"title": "労務"})).json
    assert (await app.put(f"/api/v1/lists/{made['id']}", json={"title": ""})).status == 422


async def test_people_and_their_posts(site, app):
    taro, jiro, saburo = [await number(site, name) for name in ("taro", "jiro", "saburo")]
    made = (await app.post("/api/v1/lists", json={"title": "労務"})).json
    path = f"/api/v1/lists/{made['id']}/accounts"
    for wrong in (saburo, 5):
        assert (await app.post(path, json={"account_ids": [str(taro), str(wrong)]})).status == 404
    assert (await app.get(path)).json == []
    assert (await app.post(path, data={"account_ids[]": str(taro)})).json == {}
    assert (await app.post(f"{path}?account_ids[]={jiro}&account_ids[]={taro}")).json == {}
    assert [each["acct"] for each in (await app.get(path)).json] == ["jiro", "taro"]
    first = await app.get(f"{path}?limit=1")
    assert [each["acct"] for each in first.json] == ["jiro"]
    following = first.links["next"].replace("http://localhost:8080", "")
    assert [each["acct"] for each in (await app.get(following)).json] == ["taro"]
    everybody = await app.get(f"{path}?limit=0")
    assert len(everybody.json) == 2
    assert "Link" not in everybody.headers
    on = (await app.get(f"/api/v1/accounts/{taro}/lists")).json
    assert [each["id"] for each in on] == [made["id"]]
    asked = await site.database.write(
        lambda session: factories.question(session, session.get_one(Account, taro)).id
    )
    timeline = f"/api/v1/timelines/list/{made['id']}"
    assert [each["id"] for each in (await app.get(timeline)).json] == [str(asked)]
    assert (await app.delete(path, json={"account_ids": [str(taro)]})).json == {}
    assert (await app.get(timeline)).json == []
    assert (await app.delete(f"{path}?account_ids[]={jiro}&account_ids[]=5")).json == {}
    assert (await app.get(path)).json == []


async def test_nobody_else_reaches_a_list(site, app, app_of):
    made = (await app.post("/api/v1/lists", json={"title": "内緒"})).json
    taro = await number(site, "taro")
    await app.post(f"/api/v1/lists/{made['id']}/accounts", json={"account_ids": [str(taro)]})
    theirs = await app_of(taro)
    path = f"/api/v1/lists/{made['id']}"
    for answer in (
        await theirs.get(path), await theirs.get(f"{path}/accounts"), await theirs.put(path, json={"title": "x"}),
        await theirs.delete(path), await theirs.post(f"{path}/accounts", json={"account_ids": [str(taro)]}),
        await theirs.delete(f"{path}/accounts", json={"account_ids": [str(taro)]}),
        await theirs.get(f"/api/v1/timelines/list/{made['id']}"),
    ):  # fmt: skip
        assert answer.status == 404
    assert (await theirs.get("/api/v1/lists")).json == []
    assert (await app.get(f"{path}/accounts")).json[0]["acct"] == "taro"
    reader = await app_of(await number(site, "hanako"), scopes="read:lists")
    assert (await reader.get(path)).status == 200
    assert (await reader.post("/api/v1/lists", json={"title": "x"})).status == 403
    assert (await (await app_of(None)).get(path)).status == 401
