"""通報 on the pages: the form, what it promises, and the desk of who looks after the town."""

from urllib.parse import quote

from sqlalchemy import select

from community import announcements, reports
from community.models import Account, Report


async def only_report(site):
    def unit(session):
        row = session.scalars(select(Report)).one()
        return {name: getattr(row, name) for name in ("account_id", "target_id", "post_ids", "category", "rule_ids", "comment", "forwarded")}

    return await site.database.read(unit)


async def test_a_post_is_reported_and_what_follows_is_said(site, scene):
    browser = await site.enter("hotate")
    thread = await browser.get(scene.page)
    assert f"/report?post={scene.answer}" in thread.text
    page = await browser.get(f"/report?post={scene.answer}")
    assert "運営の方だけが読みます。" in page.text
    assert "1か月分かかります" in page.text
    done = await browser.send(page, "/report", reason="harsh", comment="つよい言い方です")
    assert "知らせてくださって、ありがとうございます。" in done.text
    assert done.path.startswith("/@mizutama/")
    kept = await only_report(site)
    assert kept == {
        "account_id": scene.bystander, "target_id": scene.answerer, "post_ids": [scene.answer],
        "category": "violation", "rule_ids": [2], "comment": "つよい言い方です", "forwarded": False,
    }  # fmt: skip


async def test_the_same_form_twice_is_one_report(site, scene):
    browser = await site.enter("hotate")
    page = await browser.get(f"/report?post={scene.answer}")
    for _ in range(2):
        await browser.send(page, "/report", reason="selling")
    assert (await only_report(site))["category"] == "spam"


async def test_a_person_of_another_town_can_be_told_of_there(site, scene):
    browser = await site.enter("hotate")
    profile = await browser.get("/@" + quote("akari@yamate.example"))
    assert "/report?account=" in profile.text
    address = "/report?account=" + profile.text.split("/report?account=")[1].split('"')[0]
    page = await browser.get(address)
    await browser.send(page, "/report", reason="unlawful", forward="on")
    kept = await only_report(site)
    assert (kept["category"], kept["forwarded"], kept["post_ids"]) == ("legal", True, [])


async def test_nobody_learns_by_a_report_what_is_there(site, scene):
    stranger = await site.visit()
    assert (await stranger.get(f"/report?post={scene.answer}")).path.startswith("/login")
    browser = await site.enter("hotate")
    for query in ("post=5", "account=5", "post=x", ""):
        assert (await browser.get(f"/report?{query}")).status == 404
    own = await browser.get("/report?account=" + str(scene.bystander))
    refused = await browser.send(own, "/report", reason="other")
    assert (refused.status, "ご自分" in refused.alert) == (422, True)


async def test_ones_own_posts_have_no_such_link(site, scene):
    browser = await site.enter("harukaze")
    assert f"/report?post={scene.answer}" not in (await browser.get(scene.page)).text


async def test_the_desk_shows_what_waits_and_settles_it(site, scene):
    await site.member("mihari", role="moderator")
    reporter = await site.enter("hotate")
    await reporter.send(await reporter.get(f"/report?post={scene.answer}"), "/report", reason="harsh", comment="つらいです")
    browser = await site.enter("mihari")
    assert 'href="/operate/reports"' in (await browser.get("/operate")).text
    desk = await browser.get("/operate/reports")
    assert "つらいです" in desk.text
    assert "やさしく、ていねいに答えます。" in desk.text
    report = await site.database.read(lambda session: session.scalars(select(Report.id)).one())
    done = await browser.send(desk, f"/operate/reports/{report}", decision="resolve")
    assert "対応を終えました。" in done.text
    again = await browser.send(done, f"/operate/reports/{report}", decision="reopen")
    quiet = await browser.send(again, f"/operate/reports/{report}", decision="silence")
    assert quiet.status == 200

    def state(session):
        row, person = session.scalars(select(Report)).one(), session.get_one(Account, scene.answerer)
        return row.action_taken_at is not None, person.silenced_at is not None

    assert await site.database.read(state) == (True, True)
    assert (await browser.send(quiet, f"/operate/reports/{report}", decision="ban")).status == 404


async def test_the_desk_is_for_moderators_and_never_about_themselves(site, scene):
    member = await site.enter("hotate")
    assert (await member.get("/operate/reports")).status == 403
    mihari = await site.member("mihari", role="moderator")

    def file(session):
        reporter, target = session.get_one(Account, scene.bystander), session.get_one(Account, mihari)
        complaint = reports.Complaint(comment="ひみつのうったえ")
        return reports.file(session, reporter=reporter, target=target, complaint=complaint).id

    report = await site.database.write(file)
    browser = await site.enter("mihari")
    desk = await browser.get("/operate/reports")
    assert "ひみつのうったえ" not in desk.text
    refused = await browser.post(f"/operate/reports/{report}", {"csrf": (await browser.get("/operate")).form("/operate/invites")["csrf"], "decision": "resolve"})
    assert refused.status == 404


async def test_announcements_are_put_up_read_and_taken_down(site, scene):
    await site.member("mihari", role="moderator")
    browser, member = await site.enter("mihari"), await site.enter("hotate")
    desk = await browser.get("/operate")
    done = await browser.send(desk, "/operate/announcements", text="**あす**は休みです。", until="2026-04-02")
    assert "お知らせを出しました。" in done.text
    home = await member.get("/")
    assert "<strong>あす</strong>は休みです。" in home.text
    (number,) = await site.database.read(lambda session: [row.id for row in announcements.standing(session)])
    put_aside = await member.send(home, f"/announcements/{number}/dismiss")
    assert "は休みです。" not in put_aside.text
    await browser.send(await browser.get("/operate"), f"/operate/announcements/{number}/end")
    assert await site.database.read(announcements.standing) == []


async def test_an_announcement_that_does_not_fit_comes_back_as_typed(site, scene):
    await site.member("mihari", role="moderator")
    browser = await site.enter("mihari")
    desk = await browser.get("/operate")
    refused = await browser.send(desk, "/operate/announcements", text="あすは休みです。", until="あした")
    assert refused.status == 422
    assert refused.form("/operate/announcements")["text"] == "あすは休みです。"
