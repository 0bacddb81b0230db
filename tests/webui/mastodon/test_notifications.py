"""お知らせ as apps read them: every kind as a type that all clients show, in pages, singly and in groups."""

import pytest
from sqlalchemy import event, select

from community import follows, likes, notice_groups, notice_lists, notifications, questions, text, thanks
from community.models import Account, Notification, Post, ThreadMute
from community.notice_lists import Wanted
from tests import factories
from tests.webui.conftest import Site
from tests.webui.mastodon.conftest import AppOf
from tests.webui.scene import Scene
from webui.mastodon.entities import notifications as entities


def _everything(scene: Scene):
    def unit(session) -> dict[str, int]:
        asker, answerer = session.get_one(Account, scene.asker), session.get_one(Account, scene.answerer)
        question, answer = session.get_one(Post, scene.question), session.get_one(Post, scene.answer)
        bystander = session.get_one(Account, scene.bystander)
        given = thanks.give(
            session, giver=asker, answer=answer, message=text.from_markdown("助かりました。"), tone="kind"
        )
        thanks.give(session, giver=bystander, answer=answer)
        questions.solve(session, question=question, answer=answer, by=asker)
        follows.request(session, follower=asker, followee=answerer)
        likes.like(session, account=bystander, post=answer)
        notifications.tell(session, to=answerer, kind="sign_up", actor=bystander)
        return {"words": given.message_post_id}

    return unit


async def test_each_kind_is_a_type_that_apps_know(site: Site, scene: Scene, app_of: AppOf) -> None:
    made = await site.database.write(_everything(scene))
    app = await app_of(scene.answerer)
    answer = await app.get("/api/v1/notifications")
    assert answer.status == 200
    told = [
        (it["machi"]["kind"], it["type"], (it.get("status") or {}).get("id"), it["account"]["username"])
        for it in answer.json
    ]
    assert told == [
        ("sign_up", "admin.sign_up", None, "hotate"),
        ("like", "favourite", str(scene.answer), "hotate"),
        ("follow", "follow", None, "mizutama"),
        ("chosen", "update", str(scene.question), "mizutama"),
        ("thanks", "favourite", str(scene.answer), "hotate"),
        ("thanks", "mention", str(made["words"]), "mizutama"),
        ("comment", "mention", str(scene.comment), "mizutama"),
    ]
    words = answer.json[5]
    assert words["machi"] == {"kind": "thanks", "tone": "kind", "answer_id": str(scene.answer)}
    assert "助かりました" in words["status"]["content"]
    window = site.clock() // (12 * 3_600_000)
    assert answer.json[1]["group_key"] == f"favourite-{scene.answer}-{window}"
    assert answer.json[2]["group_key"] == f"follow-{window}"
    assert answer.json[4]["group_key"] == f"ungrouped-{answer.json[4]['id']}"
    single = await app.get(f"/api/v1/notifications/{words['id']}")
    assert single.json == words


async def test_types_are_chosen_and_unknown_ones_passed_over(site: Site, scene: Scene, app_of: AppOf) -> None:
    await site.database.write(_everything(scene))
    app = await app_of(scene.answerer)

    async def types(**params: object) -> list[str]:
        return [it["type"] for it in (await app.get("/api/v1/notifications", params=params)).json]

    assert await types(**{"types[]": "mention"}) == ["mention", "mention"]
    assert await types(**{"types[]": ["favourite", "junk"]}) == ["favourite", "favourite"]
    assert await types(**{"types[]": "junk"}) == []
    assert "mention" not in await types(**{"exclude_types[]": ["mention", "junk"]})
    assert await types(account_id=str(scene.bystander)) == ["admin.sign_up", "favourite", "favourite"]
    assert await types(account_id="junk") == []


async def test_walking_both_ways(site: Site, scene: Scene, app_of: AppOf) -> None:
    await site.database.write(_everything(scene))
    app = await app_of(scene.answerer)
    every = [it["id"] for it in (await app.get("/api/v1/notifications")).json]
    walked, address = [], "/api/v1/notifications?limit=3"
    while address:
        page = await app.get(address)
        walked += [it["id"] for it in page.json]
        address = page.links.get("next", "").partition("localhost:8080")[2]
    assert walked == every
    up = await app.get("/api/v1/notifications", params={"min_id": every[-1], "limit": "2"})
    assert [it["id"] for it in up.json] == every[-3:-1]
    since = await app.get("/api/v1/notifications", params={"since_id": every[-1], "limit": "2"})
    assert [it["id"] for it in since.json] == every[:2]
    newest = await app.get("/api/v1/notifications", params={"min_id": every[0]})
    assert newest.json == [] and "Link" not in newest.headers


async def test_an_asker_with_a_hidden_name_tag_reads_theirs_and_nothing_is_kept(
    site: Site, scene: Scene, app_of: AppOf
) -> None:
    app = await app_of(scene.asker)
    page = await app.get("/api/v1/notifications")
    assert [(it["type"], it["status"]["id"]) for it in page.json] == [
        ("mention", str(scene.hidden_answer)),
        ("mention", str(scene.answer)),
    ]
    hidden = page.json[0]
    assert hidden["machi"] == {"kind": "answer", "anonymous": True}
    assert hidden["account"]["username"] == "harukaze"
    older = await app.get("/api/v1/notifications", params={"max_id": hidden["id"], "limit": "1"})
    assert [it["status"]["id"] for it in older.json] == [str(scene.answer)]
    newer = await app.get("/api/v1/notifications", params={"min_id": older.json[0]["id"], "limit": "1"})
    assert newer.json == [hidden]
    assert (await app.get(f"/api/v1/notifications/{hidden['id']}")).json == hidden
    assert (await app.post(f"/api/v1/notifications/{hidden['id']}/dismiss")).status == 200
    assert (await app.post("/api/v1/notifications/clear")).json == {}
    assert (await app.get("/api/v1/notifications")).json == [hidden]
    grouped = await app.get("/api/v2/notifications")
    assert [it["group_key"] for it in grouped.json["notification_groups"]] == [f"ungrouped-{hidden['id']}"]
    # How far they read is never kept as the id of what came to the hidden question.
    marked = await app.post("/api/v1/markers", json={"notifications": {"last_read_id": hidden["id"]}})
    assert marked.json["notifications"]["last_read_id"] == "0"
    kept = await site.database.read(
        lambda session: session.scalars(
            select(Notification.id).where(Notification.account_id == scene.asker)
        ).all()
    )
    assert kept == []
    stranger = await app_of(scene.bystander)
    assert (await stranger.get(f"/api/v1/notifications/{hidden['id']}")).status == 404


async def test_putting_away(site: Site, scene: Scene, app_of: AppOf) -> None:
    await site.database.write(_everything(scene))
    app, other = await app_of(scene.answerer), await app_of(scene.bystander)
    first, second, *_ = (await app.get("/api/v1/notifications")).json
    assert (await other.post(f"/api/v1/notifications/{first['id']}/dismiss")).status == 404
    assert (await app.post(f"/api/v1/notifications/{first['id']}/dismiss")).json == {}
    assert (await app.post(f"/api/v1/notifications/{first['id']}/dismiss")).status == 404
    assert (await app.post("/api/v1/notifications/dismiss", data={"id": second["id"]})).json == {}
    assert (await app.post("/api/v1/notifications/dismiss")).status == 404
    assert len((await app.get("/api/v1/notifications")).json) == 5
    assert (await app.post("/api/v1/notifications/clear")).json == {}
    assert (await app.get("/api/v1/notifications")).json == []


async def test_unread_until_the_marker_or_the_page(site: Site, scene: Scene, app_of: AppOf) -> None:
    await site.database.write(_everything(scene))
    app = await app_of(scene.answerer)
    every = [it["id"] for it in (await app.get("/api/v1/notifications")).json]
    count = "/api/v1/notifications/unread_count"
    assert (await app.get(count)).json == {"count": 7}
    assert (await app.get(count, params={"limit": "3"})).json == {"count": 3}
    assert (await app.get(count, params={"types[]": "mention"})).json == {"count": 2}
    assert (await app.get("/api/v2/notifications/unread_count")).json == {"count": 7}
    site.clock.advance(minutes=1)
    await site.database.write(
        lambda session: notifications.tell(
            session,
            to=session.get_one(Account, scene.answerer),
            kind="like",
            actor=session.get_one(Account, scene.asker),
            post=session.get_one(Post, scene.comment),
        )
    )
    marked = await app.post("/api/v1/markers", data={"notifications[last_read_id]": every[0]})
    assert marked.json["notifications"]["last_read_id"] == every[0]
    assert (await app.get(count)).json == {"count": 1}
    browser = await site.enter("harukaze")
    await browser.get("/notifications")
    assert (await app.get(count)).json == {"count": 0}


async def test_scopes(site: Site, scene: Scene, app_of: AppOf) -> None:
    stranger = await app_of(None)
    reader = await app_of(scene.answerer, scopes="read:notifications")
    writer = await app_of(scene.answerer, scopes="write:notifications")
    for path in (
        "/api/v1/notifications", "/api/v1/notifications/1", "/api/v1/notifications/unread_count", "/api/v2/notifications",
        "/api/v2/notifications/ungrouped-1", "/api/v2/notifications/ungrouped-1/accounts", "/api/v2/notifications/policy",
        "/api/v1/notifications/policy", "/api/v1/notifications/requests", "/api/v1/notifications/requests/1",
        "/api/v1/notifications/requests/merged", "/api/v2/notifications/unread_count",
    ):  # fmt: skip
        assert (await stranger.get(path)).status == 401, path
        assert (await writer.get(path)).status == 403, path
    for path in (
        "/api/v1/notifications/clear", "/api/v1/notifications/1/dismiss", "/api/v1/notifications/dismiss",
        "/api/v2/notifications/ungrouped-1/dismiss", "/api/v1/notifications/requests/1/accept",
        "/api/v1/notifications/requests/accept", "/api/v1/notifications/requests/dismiss",
    ):  # fmt: skip
        assert (await reader.post(path)).status == 403, path


async def test_muted_threads_and_people_are_not_heard(site: Site, scene: Scene, app_of: AppOf) -> None:
    def mute(session) -> None:
        session.add(ThreadMute(account_id=scene.asker, root_id=scene.question))
        session.add(ThreadMute(account_id=scene.asker, root_id=scene.hidden))
        session.flush()
        bystander = session.get_one(Account, scene.bystander)
        factories.answer(session, bystander, session.get_one(Post, scene.question))
        factories.answer(session, bystander, session.get_one(Post, scene.town))

    await site.database.write(mute)
    app = await app_of(scene.asker)
    told = [it["status"]["id"] for it in (await app.get("/api/v1/notifications")).json]
    # What was told before stays; nothing new of the thread, nothing worked out of the hidden one.
    assert str(scene.answer) in told and str(scene.hidden_answer) not in told
    assert len(told) == 2


async def test_a_hiding_filter_hides_the_notice(site: Site, scene: Scene, app_of: AppOf) -> None:
    app = await app_of(scene.asker)
    body = {
        "title": "言わない", "context": ["notifications"], "filter_action": "warn",
        "keywords_attributes": [{"keyword": "責めずに"}],
    }  # fmt: skip
    made = (await app.post("/api/v2/filters", json=body)).json
    (warned, _) = (await app.get("/api/v1/notifications")).json
    assert warned["status"]["filtered"][0]["keyword_matches"] == ["責めずに"]
    await app.put(f"/api/v2/filters/{made['id']}", json={"filter_action": "hide"})
    page = await app.get("/api/v1/notifications")
    assert [it["status"]["id"] for it in page.json] == [str(scene.answer)]


def _single_page(session, viewer):
    found = notice_lists.listing(session, viewer, Wanted(limit=40))
    return len(entities.many(session, viewer, found))


def _grouped_page(session, viewer):
    page = notice_groups.page(session, viewer, Wanted(limit=40))
    entities.grouped(session, viewer, page.groups, partial=True)
    return sum(group.count for group in page.groups)


@pytest.mark.parametrize("show", [_single_page, _grouped_page])
async def test_a_page_costs_the_same_however_long(site: Site, scene: Scene, show) -> None:
    def crowd(start: int, many: int):
        def unit(session) -> None:
            answer = session.get_one(Post, scene.answer)
            for number in range(start, start + many):
                it = factories.member(session, f"p{number}")
                likes.like(session, account=it, post=answer)
                factories.answer(session, it, answer)

        return unit

    def counted(session) -> tuple[int, int]:
        sent: list[str] = []

        def note(_connection, _cursor, statement, *_: object) -> None:
            sent.append(statement)

        event.listen(session.get_bind(), "before_cursor_execute", note)
        try:
            return show(session, factories.viewer(session, scene.answerer)), len(sent)
        finally:
            event.remove(session.get_bind(), "before_cursor_execute", note)

    await site.database.write(crowd(0, 2))
    _, fresh = await site.database.read(counted)
    few, cost = await site.database.read(counted)
    await site.database.write(crowd(2, 15))
    _, fresh_again = await site.database.read(counted)
    many, same = await site.database.read(counted)
    assert many == few + 30
    assert cost == same <= 10
    assert fresh_again <= fresh <= 22  # what an earlier look rendered is kept
