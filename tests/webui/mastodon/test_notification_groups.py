"""お知らせ in groups, and agreeing with those one by one."""

import pytest

from community import follows, likes, notifications
from community.models import Account, Post, Report
from tests import factories
from tests.webui.conftest import Site
from tests.webui.mastodon.conftest import App, AppOf
from tests.webui.scene import Scene


@pytest.fixture
async def app(site: Site, scene: Scene, app_of: AppOf) -> App:
    """Of the answerer: a comment, ten likes of the answer, two followers."""

    def happen(session) -> None:
        answerer, answer = session.get_one(Account, scene.answerer), session.get_one(Post, scene.answer)
        for number in range(10):
            it = factories.remote(session, f"p{number}", "yamate.example")
            likes.like(session, account=it, post=answer, uri=f"https://yamate.example/l/{number}")
            if number < 2:
                follows.request(session, follower=it, followee=answerer, uri=f"https://yamate.example/f/{number}")

    await site.database.write(happen)
    return await app_of(scene.answerer)


async def test_groups_name_a_few_people_and_everything_they_use_is_there(app: App, scene: Scene) -> None:
    found = (await app.get("/api/v2/notifications")).json
    liked, followed, commented = found["notification_groups"]
    assert (liked["type"], liked["notifications_count"], len(liked["sample_account_ids"])) == ("favourite", 10, 8)
    assert (followed["type"], followed["notifications_count"]) == ("follow", 2)
    assert (commented["type"], commented["group_key"][:9]) == ("mention", "ungrouped")
    assert liked["status_id"] == str(scene.answer) and "status_id" not in followed
    assert isinstance(liked["most_recent_notification_id"], int)
    assert liked["page_max_id"] == str(liked["most_recent_notification_id"]) > liked["page_min_id"]
    assert liked["latest_page_notification_at"].endswith("Z")
    accounts = {it["id"] for it in found["accounts"]}
    assert {it for group in found["notification_groups"] for it in group["sample_account_ids"]} == accounts
    assert {it["id"] for it in found["statuses"]} == {str(scene.answer), str(scene.comment)}
    single = (await app.get("/api/v1/notifications")).json
    assert {it["group_key"] for it in single} == {it["group_key"] for it in found["notification_groups"]}
    assert max(int(it["id"]) for it in single) == max(
        it["most_recent_notification_id"] for it in found["notification_groups"]
    )


async def test_partial_avatars(app: App) -> None:
    found = (await app.get("/api/v2/notifications", params={"expand_accounts": "partial_avatars"})).json
    whole = {it["id"] for it in found["accounts"]}
    partial = {it["id"] for it in found["partial_accounts"]}
    assert not whole & partial
    for group in found["notification_groups"]:
        assert group["sample_account_ids"][0] in whole
        assert set(group["sample_account_ids"]) <= whole | partial
    assert set(found["partial_accounts"][0]) == {"id", "acct", "locked", "bot", "url", "avatar", "avatar_static"}


async def test_one_group_its_people_and_putting_it_away(app: App, scene: Scene, app_of: AppOf) -> None:
    liked = (await app.get("/api/v2/notifications")).json["notification_groups"][0]
    address = f"/api/v2/notifications/{liked['group_key']}"
    single = (await app.get(address)).json
    (group,) = single["notification_groups"]
    assert group["notifications_count"] == 10 and "page_min_id" not in group
    first = await app.get(f"{address}/accounts", params={"limit": "6"})
    rest = await app.get(first.links["next"].partition("localhost:8080")[2])
    assert len({it["id"] for it in first.json + rest.json}) == 10 and len(rest.json) == 4
    other = await app_of(scene.bystander)
    assert (await other.get(address)).status == 404
    assert (await other.get(f"{address}/accounts")).json == []
    assert (await app.post(f"{address}/dismiss")).json == {}
    assert (await app.get(address)).status == 404
    assert (await app.get("/api/v2/notifications/junk")).status == 404
    assert (await app.post("/api/v2/notifications/junk/dismiss")).status == 404
    assert len((await app.get("/api/v1/notifications")).json) == 3


async def test_pages_of_groups(app: App) -> None:
    address, reached = "/api/v2/notifications?limit=1", []
    while True:
        page = await app.get(address)
        if not page.json["notification_groups"]:
            break
        (group,) = page.json["notification_groups"]
        reached += [group["page_max_id"], group["page_min_id"]]
        assert "next" in page.links and page.links["next"] != address
        before, address = page, page.links["next"].partition("localhost:8080")[2]
    assert reached == sorted(reached, reverse=True)
    assert "Link" not in page.headers
    up = await app.get(before.links["prev"].partition("localhost:8080")[2])
    assert up.json["notification_groups"][0]["page_min_id"] > before.json["notification_groups"][0]["page_max_id"]


async def test_counting_and_types(app: App) -> None:
    assert (await app.get("/api/v2/notifications/unread_count")).json == {"count": 3}
    assert (await app.get("/api/v2/notifications/unread_count", params={"grouped_types[]": "follow"})).json == {"count": 12}
    only = await app.get("/api/v2/notifications", params={"types[]": "follow"})
    assert [it["type"] for it in only.json["notification_groups"]] == ["follow"]


async def test_a_report_comes_with_what_was_reported(site: Site, scene: Scene, app_of: AppOf) -> None:
    def happen(session) -> None:
        reporter = session.get_one(Account, scene.asker)
        report = Report(
            id=5, uri="urn:r", account_id=reporter.id, target_id=scene.bystander, post_ids=[scene.note], comment="荒れています",
            created_at=1_000, updated_at=1_000,
        )  # fmt: skip
        session.add(report)
        keeper = factories.member(session, "kanri", role="moderator")
        notifications.tell_moderators(session, kind="report", actor=reporter, report=report)
        scene_of_keeper.append(keeper.id)

    scene_of_keeper: list[int] = []
    await site.database.write(happen)
    app = await app_of(scene_of_keeper[0])
    (single,) = (await app.get("/api/v1/notifications")).json
    assert (single["type"], single["report"]["comment"]) == ("admin.report", "荒れています")
    assert single["report"]["target_account"]["username"] == "hotate"
    (group,) = (await app.get("/api/v2/notifications")).json["notification_groups"]
    assert group["report"] == single["report"]
