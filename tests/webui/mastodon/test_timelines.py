"""Timelines over a real socket: what stands on them, for whom, and how one walks through them."""

import aiohttp
import pytest
from yarl import URL

from community import follows, notes, text, towns
from community.models import Account, Mute
from webui.keys import TOWN


async def test_a_stranger_reads_the_public_timeline(site, scene, app_of):
    app = await app_of(None)
    answer = await app.get("/api/v1/timelines/public")
    assert answer.status == 200
    assert {int(each["id"]) for each in answer.json} == {scene.question, scene.remote, scene.note}
    assert all("favourited" not in each for each in answer.json)


async def test_who_is_silenced_stands_on_no_public_timeline(site, scene, app_of):
    await site.database.write(lambda session: towns.block(session, domain="yamate.example", policy="silence").id)
    app = await app_of(None)
    for path in ("/api/v1/timelines/public", "/api/v1/timelines/public?remote=true"):
        assert str(scene.remote) not in {each["id"] for each in (await app.get(path)).json}
    assert (await app.get(f"/api/v1/statuses/{scene.remote}")).status == 200


async def test_members_read_local_questions_of_every_width(site, scene, app_of):
    app = await app_of(scene.bystander)
    answer = await app.get("/api/v1/timelines/public", params={"local": "true"})
    found = {int(each["id"]): each for each in answer.json}
    assert set(found) == {scene.question, scene.sister, scene.town, scene.hidden}
    assert found[scene.town]["visibility"] == "private"
    assert found[scene.town]["machi"]["visibility"] == "town"
    assert found[scene.hidden]["account"]["acct"] == "dareka"


async def test_a_question_looks_like_one_in_an_app(site, scene, app_of):
    app = await app_of(scene.bystander)
    status = (await app.get("/api/v1/timelines/public", params={"local": "1"})).json[-1]
    assert status["id"] == str(scene.question)
    assert status["content"].startswith("<p><strong>")
    assert 'class="mention hashtag"' in status["content"]
    assert status["url"] in status["content"]
    assert status["machi"]["kind"] == "question"
    assert status["machi"]["answers_count"] == 1
    assert status["replies_count"] >= 0
    assert status["favourited"] is False


async def test_home_is_walked_both_ways(site, scene, app_of):
    def write(session):
        hotate, harukaze = session.get_one(Account, scene.bystander), session.get_one(Account, scene.answerer)
        follows.request(session, follower=hotate, followee=harukaze)
        made = []
        for number in range(5):
            site.clock.advance(seconds=1)
            made.append(
                notes.write(session, author=harukaze, body=text.from_markdown(f"メモ{number}"), visibility="open").id
            )
        return made

    made = await site.database.write(write)
    app = await app_of(scene.bystander)
    first = await app.get("/api/v1/timelines/home", params={"limit": 2})
    assert [int(each["id"]) for each in first.json] == made[:2:-1]
    assert first.headers["Link"].index('rel="next"') < first.headers["Link"].index('rel="prev"')
    older = await app.get(first.links["next"].replace("http://localhost:8080", site.origin))
    assert [int(each["id"]) for each in older.json] == [made[2], made[1]]
    newer = await app.get("/api/v1/timelines/home", params={"limit": 2, "min_id": made[0]})
    assert [int(each["id"]) for each in newer.json] == [made[2], made[1]]
    newest = await app.get("/api/v1/timelines/home", params={"limit": 2, "since_id": made[0]})
    assert [int(each["id"]) for each in newest.json] == [made[4], made[3]]
    nothing = await app.get("/api/v1/timelines/home", params={"min_id": made[4]})
    assert nothing.json == []
    assert "Link" not in nothing.headers


async def test_home_needs_a_token_with_the_scope(site, scene, app_of):
    assert (await (await app_of(None)).get("/api/v1/timelines/home")).status == 401
    narrow = await app_of(scene.bystander, scopes="write")
    answer = await narrow.get("/api/v1/timelines/home")
    assert (answer.status, answer.json["error"]) == (403, "This action is outside the authorized scopes")


async def test_a_thread_is_read_depth_first(site, scene, app_of):
    app = await app_of(scene.bystander)
    answer = await app.get(f"/api/v1/statuses/{scene.answer}/context")
    assert [int(each["id"]) for each in answer.json["ancestors"]] == [scene.question]
    assert [int(each["id"]) for each in answer.json["descendants"]] == [scene.comment]
    whole = await app.get(f"/api/v1/statuses/{scene.question}/context")
    assert [int(each["id"]) for each in whole.json["descendants"]] == [scene.answer, scene.comment]


async def test_a_hidden_thread_is_not_there(site, scene, app_of):
    app = await app_of(None)
    assert (await app.get(f"/api/v1/statuses/{scene.town}/context")).status == 404
    assert (await app.get("/api/v1/statuses/abc/context")).status == 404


async def test_hashtags_and_boards_are_found_by_tag(site, scene, app_of):
    app = await app_of(None)
    by_tag = await app.get("/api/v1/timelines/tag/入社手続き")
    assert [int(each["id"]) for each in by_tag.json] == [scene.question]
    status = by_tag.json[0]
    board = next(tag["name"] for tag in status["tags"] if tag["name"] != "入社手続き")
    by_board = await app.get(f"/api/v1/timelines/tag/{board}")
    assert scene.question in [int(each["id"]) for each in by_board.json]
    none = await app.get("/api/v1/timelines/tag/入社手続き", params={"none[]": "入社手続き"})
    assert none.json == []


async def test_what_somebody_said(site, scene, app_of):
    app = await app_of(scene.bystander)
    every = await app.get(f"/api/v1/accounts/{scene.asker}/statuses")
    assert {int(each["id"]) for each in every.json} == {scene.question, scene.sister, scene.town, scene.comment}
    first = await app.get(f"/api/v1/accounts/{scene.asker}/statuses", params={"exclude_replies": "true"})
    assert scene.comment not in {int(each["id"]) for each in first.json}
    assert (await app.get("/api/v1/accounts/1/statuses")).status == 404


async def test_every_path_is_answered_with_a_slash_and_to_other_origins(site, scene, app_of):
    app = await app_of(None)
    answer = await app.get("/api/v1/timelines/public/")
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    preflight = await app.call("OPTIONS", "/api/v1/nowhere")
    assert preflight.status == 204
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    missing = await app.get("/api/v1/nowhere", headers={"Accept": "text/html"})
    assert (missing.status, missing.json) == (404, {"error": "Record not found"})


async def test_a_muted_author_is_left_out_of_lists_alone(site, scene, app_of):
    def mute(session):
        session.add(Mute(id=1, account_id=scene.bystander, target_id=scene.asker, created_at=site.clock()))

    await site.database.write(mute)
    app = await app_of(scene.bystander)
    answer = await app.get("/api/v1/timelines/public")
    assert scene.question not in {int(each["id"]) for each in answer.json}
    assert (await app.get(f"/api/v1/statuses/{scene.question}/context")).status == 200


@pytest.mark.parametrize("spelled", ["%E6%B1%BA%E7%AE%97", "%E6%B1%BA%E7%AE%97%0A", "%E6%B1%BA%E7%AE%97%20"])
async def test_the_link_of_a_japanese_hashtag_is_ascii_and_leads_on(site, scene, app_of, spelled):
    app = await app_of(scene.bystander)
    for words in ("ひとつ", "ふたつ"):
        assert (await app.post("/api/v1/statuses", json={"status": f"{words} #決算"})).status == 200
    async with aiohttp.ClientSession() as session:
        address = URL(f"{site.origin}/api/v1/timelines/tag/{spelled}?limit=1", encoded=True)
        async with session.get(address) as response:
            link, (newest,) = response.headers["Link"], await response.json()
    assert link.isascii()
    assert link.startswith(f"<{site.app[TOWN].uris.origin}/api/v1/timelines/tag/{spelled}?limit=1&max_id={newest['id']}>")
