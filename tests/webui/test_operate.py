"""運営: only for those who took it on; everything else is told kindly."""

import re

import pytest
from sqlalchemy import select

from community import ids, members
from community.models import Account, Member
from federation.models import Delivery, Lane, OutboxItem
from tests.webui.conftest import MakeSite, Site


async def test_members_may_not_see_it(site: Site) -> None:
    await site.member("komorebi")
    page = await (await site.enter("komorebi")).get("/operate")
    assert page.status == 403
    assert "引き受けた方だけ" in page.text


async def test_declining_leaves_nothing_behind(make_site: MakeSite) -> None:
    site = await make_site(instance={"registrations": "approval"})
    await site.member("harukaze", role="moderator")
    waiting = await site.database.write(
        lambda session: (
            members.join(
                session, name="seller", nickname="売ります", passphrase_hash=None, application="よい品です"
            ).account.id
        )
    )
    browser = await site.enter("harukaze")
    page = await browser.send(await browser.get("/operate"), "/operate/applications", decision="decline")
    assert "今回は見送りました" in page.text
    assert await site.database.read(lambda session: session.get(Account, waiting)) is None
    again = await browser.post(
        "/operate/applications",
        {"csrf": page.form("/logout")["csrf"], "account": str(waiting), "decision": "welcome"},
    )
    assert again.status == 404
    assert "見つかりませんでした" in again.text


async def test_roles_are_given_by_administrators_alone(site: Site) -> None:
    await site.member("harukaze", role="admin")
    await site.member("yamane", role="moderator")
    target = await site.member("komorebi")
    admin, moderator = await site.enter("harukaze"), await site.enter("yamane")
    page = await admin.get("/operate")
    unknown = await admin.send(page, "/operate/roles", name="nobody_here", role="keeper")
    assert unknown.status == 422
    assert unknown.form("/operate/roles")["name"] == "nobody_here"
    done = await admin.send(page, "/operate/roles", name="@komorebi", role="keeper")
    assert "役割を変えました" in done.text
    role = await site.database.read(lambda session: session.get_one(Member, target).role)
    assert role == "keeper"
    last = await admin.send(page, "/operate/roles", name="harukaze", role="member")
    assert last.status == 403
    assert "管理役がいなくなってしまいます" in last.alert
    desk = await moderator.get("/operate")
    assert "/operate/roles" not in desk.actions
    refused = await moderator.post(
        "/operate/roles", {"csrf": desk.form("/logout")["csrf"], "name": "yamane", "role": "admin"}
    )
    assert refused.status == 403


async def test_an_invitation_is_made_once_and_ended(site: Site) -> None:
    await site.member("harukaze", role="moderator")
    browser = await site.enter("harukaze")
    page = await browser.get("/operate")
    for days in ("", "0", "1001", "たくさん"):
        refused = await browser.send(page, "/operate/invites", days=days)
        assert refused.status == 422
        assert refused.form("/operate/invites")["days"] == days
    await browser.send(page, "/operate/invites", max_uses="３")
    again = await browser.send(page, "/operate/invites", max_uses="3")
    links = re.findall(r"/join\?invite=([0-9A-Z]+)", again.text)
    assert len(links) == 1
    assert "あと3人" in again.text
    ended = await browser.send(again, next(action for action in again.actions if action.endswith("/end")))
    assert "/join?invite=" not in ended.text


async def test_how_well_other_towns_are_reached(site: Site) -> None:
    me = await site.member("harukaze", role="moderator")
    now = site.clock()

    def deliveries(session) -> None:
        item = OutboxItem(
            id=ids.new(now),
            account_id=me,
            type="Create",
            object_uri="x",
            public=True,
            body=b"{}",
            created_at=now,
        )
        session.add(item)
        session.flush()
        for host, state, age in (
            ("yamate.example", "done", 0), ("yamate.example", "done", 8), ("kawabe.example", "pending", 8),
            ("kawabe.example", "failed", 1),
        ):  # fmt: skip
            made = now - age * 86_400_000
            session.add(
                Delivery(
                    id=ids.new(made),
                    outbox_item_id=item.id,
                    host=host,
                    inbox="x",
                    state=state,
                    created_at=made,
                )
            )
        session.add(Lane(host="kawabe.example", next_attempt_at=now + 60_000, failing_since=now - 3_600_000))

    await site.database.write(deliveries)
    page = await (await site.enter("harukaze")).get("/operate")
    bad, good = page.text.index("kawabe.example"), page.text.index("yamate.example")
    assert bad < good  # trouble first
    assert "届いていません" in page.text[bad:good]
    assert "1時間前" in page.text[bad:good]
    assert re.findall(r"<dd>(\d+)</dd>", page.text[bad:good]) == ["0", "1", "1"]
    assert re.findall(r"<dd>(\d+)</dd>", page.text[good:]) == ["1", "0", "0"]


@pytest.mark.parametrize("account", ["", "x", "0", "99999999999999999999", "-1"])
async def test_odd_applications_are_not_found(site: Site, account: str) -> None:
    await site.member("harukaze", role="admin")
    browser = await site.enter("harukaze")
    token = (await browser.get("/operate")).form("/logout")["csrf"]
    page = await browser.post(
        "/operate/applications", {"csrf": token, "account": account, "decision": "welcome"}
    )
    assert page.status == 404
    assert (await site.database.read(lambda session: session.scalars(select(Member)).all())) != []
