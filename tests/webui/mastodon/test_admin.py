"""Admin API: who may use it, and that what it says happens."""

import pytest
import sqlalchemy as sa

from community import members, reports, towns
from community.models import Account
from community.reports import Complaint
from webui.mastodon.entities import admin

SCOPES = "admin:read admin:write"


@pytest.fixture
async def kanri(site, scene, app_of):
    """The app of an administrator."""
    return await app_of(await site.member("kanri", role="admin"), scopes=SCOPES)


@pytest.fixture
async def mihari(site, scene, app_of):
    """The app of a moderator."""
    return await app_of(await site.member("mihari", role="moderator"), scopes=SCOPES)


def names(answer):
    return {each["username"] for each in answer.json}


PATHS = (
    ("GET", "/api/v1/admin/accounts"), ("GET", "/api/v2/admin/accounts"), ("GET", "/api/v1/admin/accounts/5"),
    ("POST", "/api/v1/admin/accounts/5/action"), ("POST", "/api/v1/admin/accounts/5/approve"),
    ("POST", "/api/v1/admin/accounts/5/reject"), ("POST", "/api/v1/admin/accounts/5/enable"),
    ("POST", "/api/v1/admin/accounts/5/unsuspend"), ("DELETE", "/api/v1/admin/accounts/5"),
    ("GET", "/api/v1/admin/reports"), ("GET", "/api/v1/admin/reports/5"), ("POST", "/api/v1/admin/reports/5/resolve"),
    ("GET", "/api/v1/admin/domain_blocks"), ("POST", "/api/v1/admin/domain_blocks"),
    ("DELETE", "/api/v1/admin/domain_blocks/5"), ("GET", "/api/v1/admin/domain_allows"),
    ("POST", "/api/v1/admin/domain_allows"),
)  # fmt: skip


@pytest.mark.parametrize("called", PATHS)
async def test_only_who_looks_after_the_town_with_the_scope(scene, app_of, kanri, called):
    method, path = called
    member = await app_of(scene.bystander, scopes=SCOPES)
    assert (await member.call(method, path)).status == 403
    admin_id = (await kanri.get("/api/v1/admin/accounts", params={"username": "kanri"})).json[0]["id"]
    plain = await app_of(int(admin_id), scopes="read write")
    assert (await plain.call(method, path)).status == 403
    if method != "GET":
        reader = await app_of(int(admin_id), scopes="admin:read")
        assert (await reader.call(method, path)).status == 403
    assert (await (await app_of(None)).call(method, path)).status == 401


async def test_accounts_with_all_that_is_held_of_them(scene, kanri):
    told = (await kanri.get(f"/api/v1/admin/accounts/{scene.answerer}")).json
    assert (told["username"], told["domain"], told["ip"], told["ips"]) == ("harukaze", None, None, [])
    assert told["role"]["id"] == "-99"
    assert told["account"]["acct"] == "harukaze"
    assert [told[key] for key in ("confirmed", "approved", "disabled", "silenced", "suspended")] == [True, True, False, False, False]
    assert (await kanri.get("/api/v1/admin/accounts/5")).status == 404


async def test_accounts_are_filtered_and_paged(site, scene, kanri):
    await site.member("watashi")
    assert names(await kanri.get("/api/v1/admin/accounts", params={"remote": "true"})) == {"akari", "bob"}
    assert names(await kanri.get("/api/v2/admin/accounts", params={"origin": "remote"})) == {"akari", "bob"}
    assert names(await kanri.get("/api/v1/admin/accounts", params={"staff": "1"})) == {"kanri"}
    assert names(await kanri.get("/api/v2/admin/accounts", params={"permissions": "staff"})) == {"kanri"}
    assert names(await kanri.get("/api/v2/admin/accounts", params={"role_ids[]": "admin"})) == {"kanri"}
    assert names(await kanri.get("/api/v1/admin/accounts", params={"username": "WATA"})) == {"watashi"}
    assert names(await kanri.get("/api/v1/admin/accounts", params={"email": "watashi@mail"})) == {"watashi"}
    assert names(await kanri.get("/api/v1/admin/accounts", params={"display_name": "はるかぜ"})) == {"harukaze"}
    assert names(await kanri.get("/api/v1/admin/accounts", params={"by_domain": "yamate.example"})) == {"akari"}
    assert "watashi" in names(await kanri.get("/api/v1/admin/accounts", params={"by_domain": "localhost:8080"}))
    assert names(await kanri.get("/api/v1/admin/accounts", params={"ip": "192.0.2.1"})) == set()
    first = await kanri.get("/api/v1/admin/accounts", params={"limit": 2})
    following = await kanri.get(first.links["next"].replace("http://localhost:8080", site.origin))
    assert len(first.json) == 2
    assert not names(first) & names(following)


async def test_who_waits_is_let_in_or_not(site, scene, kanri):
    def apply(session, name):
        joined = members.join(session, name=name, nickname=name, passphrase_hash=None, application="総務です")
        account, member = joined.account, joined.member
        account.suspended_at, member.state = site.clock.now, "pending"
        return account.id

    first, second = [await site.database.write(lambda session, n=name: apply(session, n)) for name in ("ichi", "ni")]
    waiting = await kanri.get("/api/v2/admin/accounts", params={"status": "pending"})
    assert names(waiting) == {"ichi", "ni"}
    assert names(await kanri.get("/api/v2/admin/accounts", params={"status": "suspended"})) == set()
    assert waiting.json[0]["invite_request"] == "総務です"
    told = (await kanri.post(f"/api/v1/admin/accounts/{first}/approve")).json
    assert told["approved"] is True
    assert (await kanri.post(f"/api/v1/admin/accounts/{second}/unsuspend")).status == 403
    assert (await kanri.post(f"/api/v1/admin/accounts/{second}/reject")).json["username"] == "ni"
    assert (await kanri.get(f"/api/v1/admin/accounts/{second}")).status == 404
    assert (await kanri.post(f"/api/v1/admin/accounts/{first}/reject")).status == 404


async def test_what_is_done_about_an_account_and_taken_back(site, scene, kanri, app_of):
    app, other = await app_of(scene.answerer), await app_of(scene.bystander)
    path = f"/api/v1/admin/accounts/{scene.answerer}"
    for deed, mark, back in (
        ("silence", "silenced", "unsilence"), ("sensitive", "sensitized", "unsensitive"),
        ("suspend", "suspended", "unsuspend"), ("disable", "disabled", "enable"),
    ):  # fmt: skip
        assert (await kanri.post(f"{path}/action", json={"type": deed})).json == {}
        assert (await kanri.get(path)).json[mark] is True
        if deed == "suspend":
            assert (await other.get(f"/api/v1/statuses/{scene.answer}")).status == 404
        assert (await kanri.post(f"{path}/{back}")).json[mark] is False
    assert (await other.get(f"/api/v1/statuses/{scene.answer}")).status == 200
    assert (await app.get("/api/v1/accounts/verify_credentials")).status == 401  # shut out, and not let in by the way


async def test_a_silenced_account_is_found_by_followers_alone(scene, kanri, app_of):
    app = await app_of(scene.bystander)
    assert (await app.get("/api/v2/search", params={"q": "日割り"})).json["statuses"]
    for account in (scene.answerer, scene.asker):
        await kanri.post(f"/api/v1/admin/accounts/{account}/action", json={"type": "silence"})
    assert (await app.get("/api/v2/search", params={"q": "日割り"})).json["statuses"] == []


async def test_what_nobody_may_do_to_whom(site, scene, kanri, mihari):
    admin_id = (await kanri.get("/api/v1/admin/accounts", params={"username": "kanri"})).json[0]["id"]
    suspend = {"json": {"type": "suspend"}}
    assert (await kanri.post(f"/api/v1/admin/accounts/{admin_id}/action", **suspend)).status == 403
    assert (await mihari.post(f"/api/v1/admin/accounts/{admin_id}/action", **suspend)).status == 403
    assert (await kanri.post(f"/api/v1/admin/accounts/{scene.answerer}/action", json={"type": "ban"})).status == 422
    assert (await kanri.post("/api/v1/admin/accounts/5/action", **suspend)).status == 404


async def test_an_erased_account_is_gone_with_its_words(site, scene, kanri, mihari, app_of):
    path = f"/api/v1/admin/accounts/{scene.answerer}"
    assert (await kanri.delete(path)).status == 403
    await kanri.post(f"{path}/action", json={"type": "suspend"})
    assert (await mihari.delete(path)).status == 403  # it is for good, so it is for administrators
    assert (await kanri.delete(path)).json["username"] == "harukaze"
    assert (await kanri.get(path)).status == 404
    assert (await (await app_of(scene.bystander)).get(f"/api/v1/statuses/{scene.answer}")).status == 404


@pytest.fixture
async def report(site, scene):
    """A report by hotate about harukaze's answer."""

    def file(session):
        complaint = Complaint(post_ids=[scene.answer], rule_ids=[2], comment="つよい言い方です")
        reporter, target = session.get_one(Account, scene.bystander), session.get_one(Account, scene.answerer)
        return reports.file(session, reporter=reporter, target=target, complaint=complaint).id

    return await site.database.write(file)


async def test_reports_with_everybody_concerned(scene, mihari, report):
    (told,) = (await mihari.get("/api/v1/admin/reports")).json
    assert told["id"] == str(report)
    assert (told["account"]["id"], told["target_account"]["id"]) == (str(scene.bystander), str(scene.answerer))
    assert told["statuses"][0]["id"] == str(scene.answer)
    assert (told["rules"][0]["id"], told["category"]) == ("2", "violation")
    assert (told["assigned_account"], told["action_taken_by_account"]) == (None, None)
    assert (await mihari.get(f"/api/v1/admin/reports/{report}")).json == told
    assert (await mihari.get("/api/v1/admin/reports/5")).status == 404


async def test_a_report_is_looked_after_and_settled(scene, mihari, report):
    path = f"/api/v1/admin/reports/{report}"
    assert (await mihari.post(f"{path}/assign_to_self")).json["assigned_account"]["username"] == "mihari"
    assert (await mihari.post(f"{path}/unassign")).json["assigned_account"] is None
    assert (await mihari.put(path, json={"category": "spam", "rule_ids": []})).json["category"] == "spam"
    settled = (await mihari.post(f"{path}/resolve")).json
    assert (settled["action_taken"], settled["action_taken_by_account"]["username"]) == (True, "mihari")
    assert (await mihari.get("/api/v1/admin/reports")).json == []
    assert len((await mihari.get("/api/v1/admin/reports", params={"resolved": "true"})).json) == 1
    assert (await mihari.post(f"{path}/reopen")).json["action_taken"] is False
    by = {"account_id": scene.bystander, "target_account_id": scene.answerer}
    assert len((await mihari.get("/api/v1/admin/reports", params=by)).json) == 1
    assert (await mihari.get("/api/v1/admin/reports", params={"account_id": scene.asker})).json == []


async def test_a_deed_settles_its_report(scene, mihari, report):
    path = f"/api/v1/admin/accounts/{scene.answerer}/action"
    assert (await mihari.post(path, data={"type": "none", "report_id": report})).status == 200
    assert (await mihari.get(f"/api/v1/admin/reports/{report}")).json["action_taken"] is True
    assert (await mihari.post(path, data={"type": "none", "report_id": "5"})).status == 404


async def test_nobody_reads_a_report_about_themselves(site, scene, app_of, report):
    await site.database.write(lambda session: members.set_role(session, account_id=scene.answerer, role="moderator"))
    accused = await app_of(scene.answerer, scopes=SCOPES)
    assert (await accused.get("/api/v1/admin/reports")).json == []
    assert (await accused.get(f"/api/v1/admin/reports/{report}")).status == 404
    assert (await accused.post(f"/api/v1/admin/reports/{report}/resolve")).status == 404


async def test_rules_about_hosts_come_change_and_go(site, scene, kanri, mihari):
    sent = {"domain": "Loud.example", "severity": "silence", "private_comment": "うち", "public_comment": "そと"}
    made = (await kanri.post("/api/v1/admin/domain_blocks", data=sent)).json
    assert (made["domain"], made["severity"], made["private_comment"], made["public_comment"]) == ("loud.example", "silence", "うち", "そと")
    assert (made["reject_media"], made["reject_reports"], made["obfuscate"]) == (False, False, False)
    again = await kanri.post("/api/v1/admin/domain_blocks", data=sent)
    assert again.status == 422
    assert again.json["existing_domain_block"]["id"] == made["id"]
    path = f"/api/v1/admin/domain_blocks/{made['id']}"
    changed = (await kanri.put(path, json={"severity": "suspend", "reject_media": True})).json
    assert (changed["severity"], changed["reject_media"], changed["private_comment"]) == ("suspend", True, "うち")
    assert await site.database.read(lambda session: towns.is_refused(session, "loud.example"))
    assert (await mihari.get("/api/v1/admin/domain_blocks")).json == [changed]
    assert (await mihari.get(path)).json == changed
    assert (await mihari.delete(path)).status == 403  # other servers are the administrators' business, as on the page
    assert (await kanri.delete(path)).json["id"] == made["id"]
    assert (await kanri.get(path)).status == 404
    assert not await site.database.read(lambda session: towns.is_refused(session, "loud.example"))


@pytest.mark.parametrize("sent", [{}, {"domain": "a b"}, {"domain": "x.example", "severity": "ban"}, {"domain": "localhost"}])
async def test_rules_that_make_no_sense(scene, kanri, sent):
    assert (await kanri.post("/api/v1/admin/domain_blocks", json=sent)).status == 422


async def test_hosts_that_are_let_in_by_name(scene, kanri):
    made = (await kanri.post("/api/v1/admin/domain_allows", json={"domain": "friend.example"})).json
    assert made["domain"] == "friend.example"
    assert (await kanri.post("/api/v1/admin/domain_allows", json={"domain": "friend.example"})).json["id"] == made["id"]
    assert (await kanri.get("/api/v1/admin/domain_allows")).json == [made]
    path = f"/api/v1/admin/domain_allows/{made['id']}"
    assert (await kanri.get(path)).json == made
    assert (await kanri.get(f"/api/v1/admin/domain_blocks/{made['id']}")).status == 404
    assert (await kanri.delete(path)).json["domain"] == "friend.example"
    assert (await kanri.get("/api/v1/admin/domain_allows")).json == []


async def test_the_number_of_queries_does_not_grow_with_the_list(site, scene, kanri):
    """Twenty more accounts cost not one statement more."""
    def measure(session, ids):
        sent = []

        def listen(*facts):
            sent.append(facts[2])

        sa.event.listen(session.get_bind(), "before_cursor_execute", listen)
        shown = admin.many_accounts(session, ids)
        sa.event.remove(session.get_bind(), "before_cursor_execute", listen)
        return len(shown), len(sent)

    def unit(session):
        ids = list(session.scalars(sa.select(Account.id).where(Account.kind == "board")))
        return measure(session, ids[:5]), measure(session, ids[5:20])

    few, many = await site.database.read(unit)
    assert (few[0], many[0]) == (5, 15)
    assert few[1] == many[1]

