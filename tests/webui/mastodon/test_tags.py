"""Tags in an app: what they are, followed and featured."""

import pytest

from tests import factories

DAY = 86_400_000


@pytest.fixture
async def app(site, app_of):
    return await app_of(await site.member("hanako"))


async def ask(site, name, **facts):
    def unit(session):
        return factories.question(session, factories.local(session, name), **facts).id

    return str(await site.database.write(unit))


async def test_a_tag_tells_of_its_last_seven_days(site, app, app_of):
    await site.member("taro")
    site.clock.now = site.clock.now // DAY * DAY + DAY // 2
    for name in ("hanako", "hanako", "taro"):
        await ask(site, name, tags=["36協定"])
    await ask(site, "taro", tags=["36協定"], visibility="town")
    stranger = await app_of(None)
    told = (await stranger.get("/api/v1/tags/%EF%BC%93%EF%BC%96%E5%8D%94%E5%AE%9A")).json
    assert told["name"] == "36協定"
    assert told["url"].startswith("http://localhost:8080/tags/")
    assert len(told["history"]) == 7
    today = str(site.clock.now // DAY * DAY // 1000)
    assert told["history"][0] == {"day": today, "accounts": "2", "uses": "3"}
    assert told["history"][1]["uses"] == "0"
    assert "following" not in told
    assert (await app.get("/api/v1/tags/36協定")).json == told | {"following": False, "featuring": False}


async def test_a_tag_that_nobody_used_is_known_and_empty(app, app_of):
    told = (await app.get("/api/v1/tags/まだない")).json
    assert (told["name"], told["following"], len(told["history"])) == ("まだない", False, 7)
    assert {each["uses"] for each in told["history"]} == {"0"}
    assert (await (await app_of(None)).get("/api/v1/tags/まだない")).status == 200
    assert (await app.post("/api/v1/tags/まだない/unfollow")).status == 200


async def test_following_brings_open_posts_home(site, app):
    await site.member("taro")
    followed = (await app.post("/api/v1/tags/備蓄/follow")).json
    assert followed["following"] is True
    assert (await app.post("/api/v1/tags/備蓄/follow")).status == 200
    assert (await app.post("/api/v1/tags/労災/follow")).status == 200
    listed = await app.get("/api/v1/followed_tags")
    assert [(each["name"], each["following"]) for each in listed.json] == [("労災", True), ("備蓄", True)]
    first = await app.get("/api/v1/followed_tags?limit=1")
    following = first.links["next"].replace("http://localhost:8080", "")
    assert [each["name"] for each in (await app.get(following)).json] == ["備蓄"]
    question = await ask(site, "taro", tags=["備蓄"])
    assert [each["id"] for each in (await app.get("/api/v1/timelines/home")).json] == [question]
    assert (await app.post("/api/v1/tags/備蓄/unfollow")).json["following"] is False
    assert (await app.get("/api/v1/timelines/home")).json == []
    assert [each["name"] for each in (await app.get("/api/v1/followed_tags")).json] == ["労災"]


async def test_the_hashtag_of_a_board_is_the_board(site, app):
    await site.member("taro")
    followed = await app.post("/api/v1/tags/労務_社会保険/follow")
    assert followed.json["following"] is True
    question = await ask(site, "taro", slug="roumu")
    await ask(site, "taro", slug="bosai")
    assert [each["id"] for each in (await app.get("/api/v1/timelines/home")).json] == [question]
    board = (await app.get("/api/v1/accounts/lookup?acct=roumu")).json["id"]
    (tie,) = (await app.get(f"/api/v1/accounts/relationships?id={board}")).json
    assert tie["following"] is True
    assert (await app.post("/api/v1/tags/労務_社会保険/unfollow")).json["following"] is False
    assert (await app.get("/api/v1/timelines/home")).json == []


async def test_featuring_tags(site, app, app_of):
    await ask(site, "hanako", tags=["備蓄", "労災"])
    suggested = (await app.get("/api/v1/featured_tags/suggestions")).json
    assert {each["name"] for each in suggested} == {"備蓄", "労災"}
    shown = (await app.post("/api/v1/featured_tags", data={"name": "#備蓄"})).json
    assert shown["name"] == "備蓄"
    assert shown["statuses_count"] == "1"
    assert len(shown["last_status_at"]) == len("2026-04-01")
    assert (await app.post("/api/v1/tags/労災/feature")).json["featuring"] is True
    assert (await app.get("/api/v1/featured_tags/suggestions")).json == []
    hanako = (await app.get("/api/v1/accounts/lookup?acct=hanako")).json["id"]
    theirs = await (await app_of(None)).get(f"/api/v1/accounts/{hanako}/featured_tags")
    assert theirs.json == (await app.get("/api/v1/featured_tags")).json
    assert {each["name"] for each in theirs.json} == {"備蓄", "労災"}
    other = await app_of(await site.member("taro"))
    assert (await other.delete(f"/api/v1/featured_tags/{shown['id']}")).status == 404
    assert (await app.delete(f"/api/v1/featured_tags/{shown['id']}")).json == {}
    assert (await app.post("/api/v1/tags/労災/unfeature")).json["featuring"] is False
    assert (await app.get("/api/v1/featured_tags")).json == []
    for wrong in ({}, {"name": " # "}, {"name": "あ" * 41}):
        refused = await app.post("/api/v1/featured_tags", json=wrong)
        assert refused.status == 422
        assert refused.json["error"].startswith("Validation failed")


async def test_tags_need_their_scopes(site, app_of):
    hanako = await site.member("hanako")
    reader = await app_of(hanako, scopes="read")
    for path in ("tags/備蓄/follow", "tags/備蓄/unfollow", "tags/備蓄/feature", "featured_tags"):
        assert (await reader.post(f"/api/v1/{path}")).status == 403
    assert (await (await app_of(None)).get("/api/v1/followed_tags")).status == 401
