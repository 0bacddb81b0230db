"""Whose notices wait, and what becomes of them."""

import pytest
from sqlalchemy import select

from community import follows
from community.models import Account, Post
from tests import factories
from tests.webui.conftest import Site
from tests.webui.mastodon.conftest import App, AppOf
from tests.webui.scene import Scene

POLICY = "/api/v2/notifications/policy"
REQUESTS = "/api/v1/notifications/requests"


@pytest.fixture
async def app(site: Site, scene: Scene, app_of: AppOf) -> App:
    """Of hotate, who holds back whom they do not follow; mizutama answered and two strangers follow."""
    app = await app_of(scene.bystander)
    changed = await app.patch(POLICY, json={"for_not_following": "filter", "for_fun": "drop"})
    assert changed.json["for_not_following"] == "filter"

    def happen(session) -> None:
        me = session.get_one(Account, scene.bystander)
        factories.answer(session, session.get_one(Account, scene.asker), factories.question(session, me))
        for number in range(2):
            it = factories.remote(session, f"p{number}", "yamate.example")
            follows.request(session, follower=it, followee=me, uri=f"https://yamate.example/f/{number}")

    await site.database.write(happen)
    return app


async def test_both_forms_of_the_policy(app: App) -> None:
    assert (await app.get(POLICY)).json == {
        "for_not_following": "filter", "for_not_followers": "accept", "for_new_accounts": "accept",
        "for_private_mentions": "accept", "for_limited_accounts": "accept", "for_bots": "accept",
        "summary": {"pending_requests_count": 3, "pending_notifications_count": 3},
    }  # fmt: skip
    old = (await app.get("/api/v1/notifications/policy")).json
    assert old["filter_not_following"] is True and old["filter_new_accounts"] is False
    assert old["summary"]["pending_requests_count"] == 3
    changed = await app.put(
        "/api/v1/notifications/policy", data={"filter_not_following": "false", "filter_private_mentions": "1"}
    )
    assert (changed.json["filter_not_following"], changed.json["filter_private_mentions"]) == (False, True)
    assert (await app.get(POLICY)).json["for_private_mentions"] == "filter"
    assert (await app.put(POLICY, json={"for_bots": "shout"})).status == 422


async def test_what_waits_stands_apart(app: App) -> None:
    assert (await app.get("/api/v1/notifications")).json == []
    assert len((await app.get("/api/v1/notifications", params={"include_filtered": "true"})).json) == 3
    page = await app.get(REQUESTS, params={"limit": "2"})
    rest = await app.get(page.links["next"].partition("localhost:8080")[2])
    every = page.json + rest.json
    assert [it["notifications_count"] for it in every] == ["1", "1", "1"]
    asker = next(it for it in every if it["account"]["username"] == "mizutama")
    assert asker["last_status"]["account"]["id"] == asker["account"]["id"]
    assert next(it for it in every if it is not asker)["last_status"] is None
    assert (await app.get(f"{REQUESTS}/{asker['id']}")).json == asker
    of_sender = {"account_id": asker["account"]["id"], "include_filtered": "1"}
    assert len((await app.get("/api/v1/notifications", params=of_sender)).json) == 1


async def test_accepting_and_dismissing_one(app: App, scene: Scene, app_of: AppOf) -> None:
    first, second, third = (await app.get(REQUESTS)).json
    other = await app_of(scene.asker)
    for deed in ("accept", "dismiss"):
        assert (await other.post(f"{REQUESTS}/{first['id']}/{deed}")).status == 404
    assert (await app.post(f"{REQUESTS}/{first['id']}/accept")).json == {}
    assert (await app.get(f"{REQUESTS}/merged")).json == {"merged": True}
    assert (await app.post(f"{REQUESTS}/{second['id']}/dismiss")).json == {}
    assert (await app.get(f"{REQUESTS}/{second['id']}")).status == 404
    assert [it["id"] for it in (await app.get(REQUESTS)).json] == [third["id"]]
    shown = (await app.get("/api/v1/notifications")).json
    assert [it["account"]["id"] for it in shown] == [first["account"]["id"]]


async def test_many_at_once(app: App) -> None:
    first, second, third = (it["id"] for it in (await app.get(REQUESTS)).json)
    assert (await app.post(f"{REQUESTS}/accept", json={"id": [first, second, "junk"]})).json == {}
    assert (await app.post(f"{REQUESTS}/dismiss", data={"id[]": third})).json == {}
    assert (await app.get(REQUESTS)).json == []
    assert len((await app.get("/api/v1/notifications")).json) == 2
    assert (await app.get(POLICY)).json["summary"] == {
        "pending_requests_count": 0, "pending_notifications_count": 0,
    }  # fmt: skip


async def test_nobody_is_held_whom_one_follows(site: Site, app: App, scene: Scene) -> None:
    def happen(session) -> None:
        me, asker = session.get_one(Account, scene.bystander), session.get_one(Account, scene.asker)
        follows.request(session, follower=me, followee=asker)
        own = session.scalars(select(Post).where(Post.author_id == me.id)).one()
        factories.answer(session, asker, own)

    await site.database.write(happen)
    assert len((await app.get("/api/v1/notifications")).json) == 1
