"""ありがとう and 決め手 by apps that know our towns, and the offer to those that do not."""

from community import gatherings, thanks
from community.models import Account, Notification, Post
from community.plans import Plan
from tests import factories


async def replied(app, answer_id, text):
    sent = {"status": text, "in_reply_to_id": str(answer_id), "visibility": "public"}
    return (await app.post("/api/v1/statuses", json=sent)).json


async def test_thanks_with_words_and_a_tone(site, scene, app_of):
    app = await app_of(scene.bystander)
    sent = {"message": "助かりました。", "tone": "kind"}
    answer = await app.post(f"/api/v1/machi/statuses/{scene.answer}/thanks", json=sent)
    assert (answer.status, answer.json["id"], answer.json["machi"]["thanks_count"]) == (200, str(scene.answer), 1)
    given = await site.database.read(lambda session: thanks.between(session, scene.bystander, scene.answer))
    words = await site.database.read(lambda session: session.get_one(Post, given.message_post_id).body_text)
    assert (given.tone, words) == ("kind", "助かりました。")
    again = await app.post(f"/api/v1/machi/statuses/{scene.answer}/thanks")
    assert again.json["machi"]["thanks_count"] == 1
    gone = await app.delete(f"/api/v1/machi/statuses/{scene.answer}/thanks")
    assert gone.json["machi"]["thanks_count"] == 0


async def test_what_is_not_thanked(site, scene, app_of):
    app, answerer = await app_of(scene.bystander), await app_of(scene.answerer)
    assert (await app.post(f"/api/v1/machi/statuses/{scene.question}/thanks")).status == 403
    assert (await answerer.post(f"/api/v1/machi/statuses/{scene.answer}/thanks")).status == 403
    assert (await app.post("/api/v1/machi/statuses/1/thanks")).status == 404
    assert (await app.post(f"/api/v1/machi/statuses/{scene.answer}/thanks", json={"tone": "x"})).status == 422
    narrow = await app_of(scene.bystander, scopes="read")
    assert (await narrow.post(f"/api/v1/machi/statuses/{scene.answer}/thanks")).status == 403


async def test_a_reply_that_says_thanks_is_offered_and_becomes_one(site, scene, app_of):
    app, other = await app_of(scene.bystander), await app_of(scene.answerer)
    reply = await replied(app, scene.answer, "@harukaze ありがとうございます、助かりました。")
    assert reply["machi"]["kind"] == "comment"
    assert reply["machi"]["offers"] == ["thanks"]
    assert "offers" not in (await other.get(f"/api/v1/statuses/{reply['id']}")).json["machi"]
    thanked = await app.post(f"/api/v1/machi/statuses/{reply['id']}/thanks")
    assert (thanked.status, thanked.json["id"], thanked.json["machi"]["thanks_count"]) == (200, str(scene.answer), 1)
    now = (await app.get(f"/api/v1/statuses/{reply['id']}")).json["machi"]
    assert (now["kind"], "offers" in now) == ("thanks", False)

    def told(session):
        return session.query(Notification).filter_by(account_id=scene.answerer, actor_id=scene.bystander).all()

    assert [each.kind for each in await site.database.read(told)] == ["thanks"]
    second = await replied(app, scene.answer, "ありがとう、もう一度")
    assert (await app.post(f"/api/v1/machi/statuses/{second['id']}/thanks")).status == 409


async def test_nothing_else_is_offered(site, scene, app_of):
    app, answerer = await app_of(scene.bystander), await app_of(scene.answerer)
    assert "offers" not in (await replied(app, scene.answer, "なるほど、ありがとう"))["machi"]
    assert "offers" not in (await replied(app, scene.question, "ありがとう"))["machi"]
    own = await replied(answerer, scene.answer, "ありがとう")
    assert (await answerer.post(f"/api/v1/machi/statuses/{own['id']}/thanks")).status == 403


async def test_the_asker_chooses_and_opens_again(site, scene, app_of):
    asker, app = await app_of(scene.asker), await app_of(scene.bystander)
    assert (await app.post(f"/api/v1/machi/statuses/{scene.answer}/solve")).status == 403
    solved = await asker.post(f"/api/v1/machi/statuses/{scene.answer}/solve")
    assert (solved.json["id"], solved.json["machi"]["state"], solved.json["machi"]["accepted_answer_id"]) == (
        str(scene.question), "solved", str(scene.answer),
    )  # fmt: skip
    assert (await app.post(f"/api/v1/machi/statuses/{scene.question}/reopen")).status == 403
    reopened = await asker.post(f"/api/v1/machi/statuses/{scene.question}/reopen")
    assert (reopened.json["machi"]["state"], reopened.json["machi"]["accepted_answer_id"]) == ("open", None)
    assert (await asker.post(f"/api/v1/machi/statuses/{scene.comment}/solve")).status == 403


async def test_a_flag_is_a_status_with_time_and_place_in_its_words(site, scene, app_of):
    def unit(session):
        return factories.flag(session, session.get_one(Account, scene.asker), visibility="sister").id

    flag = await site.database.write(unit)
    app, owner = await app_of(scene.bystander), await app_of(scene.asker)
    status = (await app.get(f"/api/v1/statuses/{flag}")).json
    assert status["visibility"] == "private"
    assert status["content"].startswith("<p><strong>🚩 BCPを1枚で書く90分</strong></p>")
    assert "日時：2026年4月2日（木） 09:00〜10:30<br>場所：みなと公民館" in status["content"]
    machi = status["machi"]
    assert (machi["kind"], machi["state"], machi["gathering"]["capacity"]) == ("flag", "open", 3)
    assert machi["gathering"]["starts_at"] == "2026-04-02T00:00:00.000Z"
    for path, count in (("join", 1), ("join", 1), ("leave", 0)):
        told = await app.post(f"/api/v1/machi/statuses/{flag}/{path}")
        assert (told.status, told.json["machi"]["gathering"]["joined_count"]) == (200, count)
    assert (await owner.post(f"/api/v1/machi/statuses/{flag}/join")).status == 403
    assert (await app.post(f"/api/v1/machi/statuses/{scene.question}/join")).status == 404
    notices = (await owner.get("/api/v1/notifications")).json
    assert [each["type"] for each in notices if each["type"] == "favourite"] == []  # taken back with the join
    await app.post(f"/api/v1/machi/statuses/{flag}/join")
    (notice, *_) = (await owner.get("/api/v1/notifications")).json
    assert (notice["type"], notice["status"]["id"], notice["machi"]["kind"]) == ("favourite", str(flag), "join")


async def test_a_full_flag_tells_an_app(site, scene, app_of):
    def unit(session):
        flag = factories.flag(session, session.get_one(Account, scene.asker), plan=Plan(capacity=2))
        gatherings.of(session, flag).joined_count = 2
        return flag.id

    flag = await site.database.write(unit)
    refused = await (await app_of(scene.bystander)).post(f"/api/v1/machi/statuses/{flag}/join")
    assert (refused.status, "定員" in refused.json["error"]) == (409, True)
