"""Posting, editing and taking back by an app, over a real socket."""

import pytest

from community.models import Notification

TITLE = "月の途中で入社した人の社会保険料は？"


async def test_a_post_comes_back_as_it_was_sent(site, scene, app_of):
    app = await app_of(scene.bystander)
    answer = await app.post(
        "/api/v1/statuses",
        data={
            "status": "今日は静か。\n<b>@harukaze</b> さん https://example.jp/a?b=1&c=2 を見て #総務 #2026",
            "visibility": "unlisted", "spoiler_text": "天気", "language": "ja",
        },
    )  # fmt: skip
    assert answer.status == 200
    made = answer.json
    assert (made["visibility"], made["spoiler_text"], made["sensitive"], made["language"]) == ("unlisted", "天気", True, "ja")
    assert "今日は静か。<br>&lt;b&gt;" in made["content"]
    assert '<a href="https://example.jp/a?b=1&amp;c=2"' in made["content"]
    assert [each["acct"] for each in made["mentions"]] == ["harukaze"]
    assert [each["name"] for each in made["tags"]] == ["総務"]
    assert made["application"]["name"] == "an app"
    assert made["url"].endswith(f"/@hotate/{made['id']}")
    again = await app.get(f"/api/v1/statuses/{made['id']}")
    assert again.json == made
    told = await site.database.read(
        lambda session: session.query(Notification).filter_by(account_id=scene.answerer, kind="mention").count()
    )
    assert told == 1


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private", "direct"])
async def test_every_visibility_comes_back(site, scene, app_of, visibility):
    app = await app_of(scene.bystander)
    made = (await app.post("/api/v1/statuses", json={"status": "こんにちは", "visibility": visibility})).json
    assert made["visibility"] == visibility
    other = await app_of(scene.answerer)
    seen = await other.get(f"/api/v1/statuses/{made['id']}")
    assert seen.status == (200 if visibility in ("public", "unlisted") else 404)


@pytest.mark.parametrize(
    ("sent", "refused"),
    [
        ({}, (422, "Validation failed: Text can't be blank")),
        ({"status": "   "}, (422, "Validation failed: Text can't be blank")),
        ({"status": "あ" * 5001}, (422, "Validation failed: Text character limit of 5000 exceeded")),
        ({"status": "あ" * 4990, "spoiler_text": "い" * 11}, (422, "Validation failed: Text character limit of 5000 exceeded")),
        ({"status": "x", "visibility": "friends"}, (422, "Validation failed: Visibility is not included in the list")),
        ({"status": "x", "in_reply_to_id": "1"}, (404, "The post you are trying to reply to does not appear to exist.")),
        ({"status": "x", "quoted_status_id": "1"}, (404, "The post you are trying to quote does not appear to exist.")),
        ({"status": "x", "media_ids": ["1", "2", "3", "4", "5"]}, (422, "Validation failed: Cannot attach more than 4 files")),
        ({"status": "x", "poll": {"options": ["a"], "expires_in": 600}}, (422, "Validation failed: Options must have more than one item")),
        ({"status": "x", "poll": {"options": ["a", "b"], "expires_in": 60}}, (422, "Validation failed: Expires at is too soon")),
        ({"status": "x", "poll": {"options": ["a", "b"]}}, (422, "Validation failed: Expires at can't be blank")),
    ],
)  # fmt: skip
async def test_what_is_refused_is_refused_in_their_words(site, scene, app_of, sent, refused):
    app = await app_of(scene.bystander)
    answer = await app.post("/api/v1/statuses", json=sent)
    assert (answer.status, answer.json["error"]) == refused


async def test_an_address_counts_as_twenty_three_characters(site, scene, app_of):
    app = await app_of(scene.bystander)
    long = "https://example.jp/" + "a" * 2000
    assert (await app.post("/api/v1/statuses", json={"status": "あ" * 4900 + " " + long})).status == 200


async def test_the_scope_is_asked_for(site, scene, app_of):
    app = await app_of(scene.bystander, scopes="read write:media")
    answer = await app.post("/api/v1/statuses", json={"status": "x"})
    assert (answer.status, answer.json["error"]) == (403, "This action is outside the authorized scopes")
    stranger = await app_of(None)
    assert (await stranger.post("/api/v1/statuses", json={"status": "x"})).status == 401


async def test_the_same_key_makes_one_post_within_an_hour(site, scene, app_of):
    app, other = await app_of(scene.bystander), await app_of(scene.answerer)
    headers = {"Idempotency-Key": "abc"}
    first = await app.post("/api/v1/statuses", json={"status": "ひとつ"}, headers=headers)
    second = await app.post("/api/v1/statuses", json={"status": "ひとつ"}, headers=headers)
    assert (second.status, second.json["id"]) == (200, first.json["id"])
    theirs = await other.post("/api/v1/statuses", json={"status": "ひとつ"}, headers=headers)
    assert theirs.json["id"] != first.json["id"]
    site.clock.advance(minutes=61)
    assert (await app.post("/api/v1/statuses", json={"status": "ひとつ"}, headers=headers)).json["id"] != first.json["id"]


async def test_a_boards_handle_first_asks_a_question(site, scene, app_of):
    app = await app_of(scene.bystander)
    said = f"@roumu {TITLE}\n本文です。https://example.jp/ #入社手続き"
    made = (await app.post("/api/v1/statuses", json={"status": said, "visibility": "public"})).json
    assert (made["machi"]["kind"], made["machi"]["title"], made["machi"]["visibility"]) == ("question", TITLE, "open")
    assert made["machi"]["board"]["acct"] == "roumu"
    assert "入社手続き" in [each["name"] for each in made["tags"]]
    source = (await app.get(f"/api/v1/statuses/{made['id']}/source")).json
    assert source["text"] == said
    edited = await app.put(f"/api/v1/statuses/{made['id']}", json={"status": source["text"]})
    assert (edited.status, edited.json["edited_at"], edited.json["content"]) == (200, None, made["content"])
    private = (await app.post("/api/v1/statuses", json={"status": said, "visibility": "private"})).json
    assert (private["visibility"], private["machi"]["visibility"], private["machi"]["kind"]) == ("private", "town", "question")
    unlisted = (await app.post("/api/v1/statuses", json={"status": said, "visibility": "unlisted"})).json
    assert (unlisted["visibility"], unlisted["machi"]["kind"]) == ("unlisted", "question")
    direct = (await app.post("/api/v1/statuses", json={"status": said, "visibility": "direct"})).json
    assert direct["machi"]["kind"] == "note"


async def test_who_cannot_be_found_stays_a_word(site, scene, app_of):
    app = await app_of(scene.bystander)
    made = await app.post("/api/v1/statuses", json={"status": "@who@localhost:1 @nobody さん"})
    assert (made.status, made.json["mentions"]) == (200, [])
    assert made.json["content"] == "<p>@who@localhost:1 @nobody さん</p>"


async def test_others_boards_and_the_towns_own_are_not_asked_by_mention(site, scene, app_of):
    app = await app_of(scene.bystander)
    for said in (f"@machi {TITLE}", f"{TITLE} @roumu", f"@mizutama @roumu {TITLE}"):
        assert (await app.post("/api/v1/statuses", json={"status": said})).json["machi"]["kind"] == "note"


async def test_a_question_of_a_page_is_edited_by_an_app_as_markdown(site, scene, app_of):
    app = await app_of(scene.asker)
    path = f"/api/v1/statuses/{scene.question}"
    source = (await app.get(f"{path}/source")).json["text"]
    assert source.startswith("@roumu 月の途中で")
    same = (await app.put(path, json={"status": source})).json
    assert (same["edited_at"], [each["name"] for each in same["tags"]][:1]) == (None, ["入社手続き"])
    site.clock.advance(minutes=1)
    edited = (await app.put(path, json={"status": f"{source}\n\n**追記**"})).json
    assert "<strong>追記</strong>" in edited["content"]
    assert (edited["machi"]["kind"], edited["machi"]["title"]) == ("question", same["machi"]["title"])


async def test_a_title_follows_the_rules(site, scene, app_of):
    app = await app_of(scene.bystander)
    short = await app.post("/api/v1/statuses", json={"status": "@roumu 短い\n本文"})
    assert (short.status, short.json["error"].startswith("Validation failed: 題名")) == (422, True)
    polled = {"status": f"@roumu {TITLE}", "poll": {"options": ["a", "b"], "expires_in": 600}}
    assert (await app.post("/api/v1/statuses", json=polled)).status == 422


async def test_a_reply_is_an_answer_or_a_comment_by_where_it_stands(site, scene, app_of):
    app = await app_of(scene.bystander)
    answer = (await app.post("/api/v1/statuses", json={"status": "@mizutama 1か月分です。", "in_reply_to_id": str(scene.question)})).json
    assert (answer["machi"]["kind"], answer["in_reply_to_id"]) == ("answer", str(scene.question))
    asked = (await app.get(f"/api/v1/statuses/{scene.question}")).json
    assert asked["replies_count"] == 2
    town = (await app.post("/api/v1/statuses", json={"status": "そうですね", "in_reply_to_id": str(scene.town), "visibility": "public"})).json
    assert town["machi"]["visibility"] == "town"
    note = (await app.post("/api/v1/statuses", json={"status": "メモ"})).json
    reply = (await app.post("/api/v1/statuses", json={"status": "つづき", "in_reply_to_id": note["id"], "visibility": "public"})).json
    assert (reply["machi"]["kind"], reply["machi"]["root_id"]) == ("comment", note["id"])
    assert (await app.delete(f"/api/v1/statuses/{reply['id']}")).status == 200
    assert (await app.get(f"/api/v1/statuses/{note['id']}")).json["replies_count"] == 0


async def test_an_edit_keeps_what_was_said(site, scene, app_of):
    app = await app_of(scene.bystander)
    made = (await app.post("/api/v1/statuses", json={"status": "さいしょ #一"})).json
    site.clock.advance(minutes=1)
    sent = {"status": "つぎ @harukaze #二", "spoiler_text": "注意", "language": "en"}
    edited = (await app.put(f"/api/v1/statuses/{made['id']}", json=sent)).json
    assert edited["id"] == made["id"]
    assert edited["edited_at"] is not None
    assert (edited["spoiler_text"], edited["sensitive"], edited["language"]) == ("注意", True, "en")
    assert [each["name"] for each in edited["tags"]] == ["二"]
    assert [each["acct"] for each in edited["mentions"]] == ["harukaze"]
    versions = (await app.get(f"/api/v1/statuses/{made['id']}/history")).json
    assert [each["spoiler_text"] for each in versions] == ["", "注意"]
    assert versions[0]["content"] == made["content"]
    assert versions[1]["created_at"] == edited["edited_at"]
    source = (await app.get(f"/api/v1/statuses/{made['id']}/source")).json
    assert source == {"id": made["id"], "text": sent["status"], "spoiler_text": "注意"}
    same = (await app.put(f"/api/v1/statuses/{made['id']}", json=sent)).json
    assert same["edited_at"] == edited["edited_at"]


async def test_others_posts_are_not_edited_sourced_or_deleted(site, scene, app_of):
    app = await app_of(scene.bystander)
    for post_id in (scene.question, scene.hidden, 1, 2**63 - 1):
        path = f"/api/v1/statuses/{post_id}"
        assert (await app.put(path, json={"status": "x"})).status == 404
        assert (await app.get(f"{path}/source")).status == 404
        assert (await app.delete(path)).status == 404


async def test_a_deleted_post_comes_back_as_text(site, scene, app_of):
    app = await app_of(scene.bystander)
    made = (await app.post("/api/v1/statuses", json={"status": "けす\nつぎの行", "poll": {"options": ["a", "b"], "expires_in": 600}})).json
    gone = (await app.delete(f"/api/v1/statuses/{made['id']}")).json
    assert (gone["text"], "content" in gone, gone["poll"]["options"][0]["title"]) == ("けす\nつぎの行", False, "a")
    assert (await app.get(f"/api/v1/statuses/{made['id']}")).status == 404
    assert (await app.delete(f"/api/v1/statuses/{made['id']}")).status == 404


async def test_several_at_once(site, scene, app_of):
    app = await app_of(None)
    found = await app.get("/api/v1/statuses", params=[("id[]", str(scene.note)), ("id[]", str(scene.town)), ("id[]", str(scene.question))])
    assert [int(each["id"]) for each in found.json] == [scene.note, scene.question]
    many = [("id[]", str(number)) for number in range(1, 22)]
    assert (await app.get("/api/v1/statuses", params=many)).status == 422


async def test_translation_is_not_offered(site, scene, app_of):
    app = await app_of(scene.bystander)
    assert (await app.post(f"/api/v1/statuses/{scene.question}/translate")).status == 404
    assert (await app.get(f"/api/v1/statuses/{scene.question}/card")).json == {}
