"""Suggestions by 得意技, and the directory."""

import pytest

from community import members, strengths
from community.models import Account
from tests import factories


@pytest.fixture
async def app(site, app_of):
    """hanako's app; she wants to learn 備蓄, and sensei knows it."""
    hanako = await site.member("hanako")

    def scene(session):
        strengths.choose_learnings(session, hanako, ["備蓄"])
        factories.member(session, "sensei", strengths=["備蓄"])

    await site.database.write(scene)
    return await app_of(hanako)


async def test_suggested_with_a_reason_and_never_again_once_dismissed(app):
    suggested = (await app.get("/api/v2/suggestions")).json
    assert len(suggested) == 1
    assert suggested[0]["account"]["acct"] == "sensei"
    assert suggested[0]["source"] == "past_interactions"
    assert suggested[0]["sources"] == ["similar_to_recently_followed"]
    assert suggested[0]["machi"] == {"reason": "strengths"}
    old = (await app.get("/api/v1/suggestions")).json
    assert [each["acct"] for each in old] == ["sensei"]
    assert (await app.delete(f"/api/v1/suggestions/{old[0]['id']}")).json == {}
    assert (await app.get("/api/v2/suggestions")).json == []
    assert (await app.get("/api/v1/suggestions")).json == []
    assert (await app.delete("/api/v1/suggestions/5")).status == 404


async def test_suggestions_are_for_members_and_their_scope(app_of, app):
    assert (await (await app_of(None)).get("/api/v2/suggestions")).status == 401
    hanako = (await app.get("/api/v1/accounts/lookup?acct=hanako")).json["id"]
    narrow = await app_of(int(hanako), scopes="read:accounts")
    assert (await narrow.get("/api/v2/suggestions")).status == 200
    assert (await narrow.delete("/api/v1/suggestions/5")).status == 403


async def test_the_directory_lists_those_who_want_to_be_found(site, app_of, app):
    def scene(session):
        factories.remote(session, "ken", "mast.example")
        hidden = factories.member(session, "shy")
        members.update_profile(session, account_id=hidden.id, discoverable=False)
        gone = factories.member(session, "gone")
        session.get_one(Account, gone.id).suspended_at = 1

    await site.database.write(scene)
    stranger = await app_of(None)

    async def listed(app=stranger, **params):
        return [each["acct"] for each in (await app.get("/api/v1/directory", params=params)).json]

    assert set(await listed()) == {"hanako", "sensei", "ken@mast.example"}
    assert set(await listed(local="true")) == {"hanako", "sensei"}
    assert (await listed(order="new"))[0] == "ken@mast.example"
    assert await listed(order="new", limit="1", offset="2") == ["hanako"]
    assert await listed(offset="999999999999999999") == []
    sensei = (await app.get("/api/v1/accounts/lookup?acct=sensei")).json["id"]
    await app.post(f"/api/v1/accounts/{sensei}/block")
    assert set(await listed(app)) == {"hanako", "ken@mast.example"}
