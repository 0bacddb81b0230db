"""通報 from an app, and what nobody but moderators learns."""

import pytest
from sqlalchemy import select

from community import members, notifications
from community.models import Report, Veil, WorkMark
from community.visibility import Viewer


async def test_a_report_with_posts_and_promises(site, scene, app_of):
    moderator = await site.member("mihari", role="moderator")
    app = await app_of(scene.bystander)
    answer = await app.post(
        "/api/v1/reports/",
        json={"account_id": str(scene.answerer), "status_ids": [str(scene.answer), "77"], "rule_ids": ["5"], "comment": "宣伝"},
    )
    assert answer.status == 200
    told = answer.json
    assert told["category"] == "violation"
    assert (told["status_ids"], told["rule_ids"]) == ([str(scene.answer)], ["5"])
    assert (told["comment"], told["forwarded"], told["action_taken"], told["action_taken_at"]) == ("宣伝", False, False, None)
    assert told["target_account"]["id"] == str(scene.answerer)
    assert told["created_at"].endswith("Z")

    watcher = await app_of(moderator)
    (notice,) = (await watcher.get("/api/v1/notifications")).json
    assert notice["type"] == "admin.report"
    assert notice["report"]["id"] == told["id"]
    accused = await app_of(scene.answerer)
    assert all(each["type"] != "admin.report" for each in (await accused.get("/api/v1/notifications")).json)
    pages = await site.database.read(lambda session: notifications.page(session, Viewer(scene.answerer, role="member")))
    assert all(each.kind != "report" for each in pages)


async def test_who_looks_after_the_town_no_longer_reads_no_report_any_more(site, scene, app_of):
    moderator = await site.member("mihari", role="moderator")
    app, watcher = await app_of(scene.bystander), await app_of(moderator)
    sent = {"account_id": str(scene.answerer), "comment": "だれにも言わないでください"}
    assert (await app.post("/api/v1/reports", json=sent)).status == 200
    (notice,) = (await watcher.get("/api/v1/notifications")).json
    assert notice["account"]["id"] == str(scene.bystander)
    assert (await app.get(f"/api/v1/accounts/{moderator}")).json["roles"][0]["id"] == "moderator"
    await site.database.write(lambda session: members.set_role(session, account_id=moderator, role="member"))
    assert (await watcher.get("/api/v1/notifications")).json == []
    assert (await watcher.get(f"/api/v1/notifications/{notice['id']}")).status == 404
    assert (await app.get(f"/api/v1/accounts/{moderator}")).json["roles"] == []


async def test_forms_of_every_kind(scene, app_of):
    app = await app_of(scene.bystander)
    form = {"account_id": scene.answerer, "status_ids[]": scene.answer, "category": "spam", "forward": "1"}
    told = (await app.post("/api/v1/reports", data=form)).json
    assert (told["category"], told["forwarded"]) == ("spam", False)
    assert told["status_ids"] == [str(scene.answer)]


@pytest.mark.parametrize(("sent", "status"), [({}, 404), ({"account_id": "5"}, 404), ({"account_id": "x"}, 404)])
async def test_nobody_to_report(scene, app_of, sent, status):
    app = await app_of(scene.bystander)
    assert (await app.post("/api/v1/reports", json=sent)).status == status


async def test_what_is_refused(scene, app_of):
    app = await app_of(scene.bystander)
    assert (await app.post("/api/v1/reports", json={"account_id": str(scene.bystander)})).status == 422
    long = {"account_id": str(scene.answerer), "comment": "あ" * 1001}
    assert (await app.post("/api/v1/reports", json=long)).status == 422
    reader = await app_of(scene.bystander, scopes="read")
    assert (await reader.post("/api/v1/reports", json={"account_id": str(scene.answerer)})).status == 403
    assert (await (await app_of(None)).post("/api/v1/reports", json={})).status == 401


async def test_an_app_reports_dareka_for_a_colleagues_words_and_learns_no_name(site, scene, app_of):
    def colleagues(session):
        for one, other in ((scene.bystander, scene.answerer), (scene.answerer, scene.bystander)):
            session.add(WorkMark(account_id=one, mark="x" * 64))
            session.add(Veil(account_id=one, other_id=other))

    await site.database.write(colleagues)
    app = await app_of(scene.bystander)
    shown = (await app.get(f"/api/v1/statuses/{scene.answer}")).json["account"]
    assert shown["acct"] == "dareka"
    sent = {"account_id": shown["id"], "status_ids": [str(scene.answer)]}
    told = (await app.post("/api/v1/reports", json=sent)).json
    assert told["target_account"]["acct"] == "dareka"
    assert "harukaze" not in str(told)
    assert told["status_ids"] is None  # of several named posts, it would tell those of one だれかさん from another's
    kept = await site.database.read(lambda session: session.scalars(select(Report.target_id)).one())
    assert kept == scene.answerer
    direct = await app.post("/api/v1/reports", json={"account_id": str(scene.answerer)})
    assert direct.status == 404
