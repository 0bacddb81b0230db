"""Joining from an app, by each of the town's ways of taking people in."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import apps, doors, members
from community.models import Account, Member
from tests.webui.browsing import Browser
from tests.webui.conftest import MakeSite, Site
from tests.webui.mastodon.conftest import ALL_SCOPES, Answer, App, AppOf
from tests.webui.test_login import enter

PASSWORD = "とても長いことば です"
FORM = {
    "username": "Hinata",
    "email": "hinata@mail.example",
    "password": PASSWORD,
    "agreement": "true",
    "locale": "en",
}


async def app_at(site: Site, open_app: Any, scopes: str = ALL_SCOPES) -> App:
    """An app that speaks for nobody yet."""

    def unit(session: Session) -> str:
        app, _ = apps.register(
            session, name="Tusky", uris=["urn:ietf:wg:oauth:2.0:oob"], scopes=ALL_SCOPES.split()
        )
        return apps.issue_to_app(session, app=app, scopes=scopes.split()).token

    made: App = await open_app(site.origin, await site.database.write(unit))
    return made


async def join(app: App, **changes: Any) -> Answer:
    sent = {name: value for name, value in (FORM | changes).items() if value is not None}
    return await app.post("/api/v1/accounts", data=sent)


async def member_of(site: Site, name: str) -> Member | None:
    def unit(session: Session) -> Member | None:
        found = select(Member).join(Account, Account.id == Member.account_id).where(Account.name == name)
        return session.scalars(found).one_or_none()

    return await site.database.read(unit)


async def who_is(app: App, token: str) -> Answer:
    return await app.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})


def codes(answer: Answer) -> dict[str, list[str]]:
    return {field: [each["error"] for each in found] for field, found in answer.json["details"].items()}


async def test_an_open_town_gives_a_token_that_works_at_once(site: Site, open_app: Any) -> None:
    app = await app_at(site, open_app)
    answer = await app.post("/api/v1/accounts", json=FORM | {"agreement": True, "date_of_birth": "1990-01-01"})
    assert answer.status == 200
    token = answer.json
    assert token["token_type"] == "Bearer"
    assert token["scope"] == ALL_SCOPES
    assert token["created_at"] == site.clock() // 1000
    assert (await who_is(app, token["access_token"])).json["preferred_username"] == "hinata"
    member = await member_of(site, "hinata")
    assert member is not None
    assert (member.email, member.locale, member.state) == ("hinata@mail.example", "en", "active")
    assert (await enter(await site.visit(), "hinata", PASSWORD)).status == 200


async def test_the_recovery_code_comes_along_and_works(site: Site, open_app: Any) -> None:
    answer = await join(await app_at(site, open_app))
    code = answer.json["machi"]["recovery_code"]
    await site.database.write(
        lambda session: members.use_recovery_code(session, login="hinata", code=code, passphrase_hash="x")
    )


async def test_no_address_is_needed(site: Site, open_app: Any) -> None:
    assert (await join(await app_at(site, open_app), email=None, locale="de-AT")).status == 200
    member = await member_of(site, "hinata")
    assert member is not None
    assert (member.email, member.locale) == (None, "ja")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"username": ""}, {"username": ["ERR_BLANK"]}),
        ({"username": "x" * 31}, {"username": ["ERR_TOO_LONG"]}),
        ({"username": "ひなた"}, {"username": ["ERR_INVALID"]}),
        ({"username": "a b"}, {"username": ["ERR_INVALID"]}),
        ({"username": "admin"}, {"username": ["ERR_RESERVED"]}),
        ({"username": "Dareka"}, {"username": ["ERR_RESERVED"]}),
        ({"username": "harukaze"}, {"username": ["ERR_TAKEN"]}),
        ({"email": "nobody"}, {"email": ["ERR_INVALID"]}),
        ({"email": "HARUKAZE@mail.example"}, {"email": ["ERR_TAKEN"]}),
        ({"password": ""}, {"password": ["ERR_BLANK"]}),
        ({"password": "short"}, {"password": ["ERR_TOO_SHORT"]}),
        ({"agreement": "false"}, {"agreement": ["ERR_ACCEPTED"]}),
        ({"agreement": None}, {"agreement": ["ERR_ACCEPTED"]}),
        ({"locale": "<b>"}, {"locale": ["ERR_INCLUSION"]}),
        ({"reason": "あ" * 501}, {"reason": ["ERR_TOO_LONG"]}),
        ({"invite_code": "NOSUCHCODE"}, {"invite_code": ["ERR_INVALID"]}),
        (
            {"username": "", "password": "x", "agreement": ""},
            {"username": ["ERR_BLANK"], "password": ["ERR_TOO_SHORT"], "agreement": ["ERR_ACCEPTED"]},
        ),
    ],
)
async def test_what_does_not_fit_is_told_field_by_field(
    site: Site, open_app: Any, changes: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    await site.member("harukaze")
    answer = await join(await app_at(site, open_app), **changes)
    assert answer.status == 422
    assert codes(answer) == expected
    for found in answer.json["details"].values():
        assert found[0]["description"] in answer.json["error"]
    assert answer.json["error"].startswith("Validation failed: ")
    assert await member_of(site, "hinata") is None


async def test_what_does_not_fit_is_told_in_the_newcomer_s_language(site: Site, open_app: Any) -> None:
    app = await app_at(site, open_app)
    english, japanese = await join(app, password="short"), await join(app, password="short", locale="ja")
    assert english.json["error"].isascii()
    assert "パスフレーズは10文字以上" in japanese.json["error"]


async def test_a_town_that_takes_nobody_says_so(make_site: MakeSite, open_app: Any) -> None:
    site = await make_site(instance={"registrations": "closed"})
    answer = await join(await app_at(site, open_app))
    assert (answer.status, "details" in answer.json) == (403, False)


async def test_by_invitation_a_code_is_needed_and_used_up(make_site: MakeSite, open_app: Any) -> None:
    site = await make_site(instance={"registrations": "invite"})
    app = await app_at(site, open_app)
    code = await site.database.write(lambda session: doors.create_invite(session, by=None).code)
    assert (await join(app)).status == 403
    assert codes(await join(app, invite_code="NOSUCHCODE")) == {"invite_code": ["ERR_INVALID"]}
    assert codes(await join(app, invite_code=code, password="short")) == {"password": ["ERR_TOO_SHORT"]}
    first = await join(app, invite_code=code)
    assert first.status == 200
    assert (await who_is(app, first.json["access_token"])).status == 200
    assert (await join(app, username="komorebi", email=None, invite_code=code)).status == 422


async def test_with_approval_the_token_waits(make_site: MakeSite, open_app: Any) -> None:
    site = await make_site(instance={"registrations": "approval"})
    app = await app_at(site, open_app)
    assert codes(await join(app)) == {"reason": ["ERR_BLANK"]}
    answer = await join(app, reason="小さな会社で労務をしています。")
    assert answer.status == 200
    token = answer.json["access_token"]
    for path in ("/oauth/userinfo", "/api/v1/apps/verify_credentials", "/api/v1/timelines/home"):
        refused = await app.get(path, headers={"Authorization": f"Bearer {token}"})
        assert (refused.status, refused.json["error"]) == (403, "Your login is currently pending approval")
    member = await member_of(site, "hinata")
    assert member is not None
    assert member.application == "小さな会社で労務をしています。"
    await site.database.write(lambda session: members.approve(session, account_id=member.account_id))
    assert (await who_is(app, token)).status == 200


async def test_who_is_declined_leaves_no_token_behind(make_site: MakeSite, open_app: Any) -> None:
    site = await make_site(instance={"registrations": "approval"})
    app = await app_at(site, open_app)
    token = (await join(app, reason="労務です。")).json["access_token"]
    member = await member_of(site, "hinata")
    assert member is not None
    await site.database.write(lambda session: members.decline(session, account_id=member.account_id))
    assert (await who_is(app, token)).status == 401


async def test_an_invitation_goes_past_the_waiting(make_site: MakeSite, open_app: Any) -> None:
    site = await make_site(instance={"registrations": "approval"})
    app = await app_at(site, open_app)
    code = await site.database.write(lambda session: doors.create_invite(session, by=None).code)
    answer = await join(app, invite_code=code)
    assert (await who_is(app, answer.json["access_token"])).status == 200


async def test_an_app_needs_the_scope_and_a_registration(site: Site, open_app: Any, app_of: AppOf) -> None:
    assert (await join(await app_at(site, open_app, "read"))).status == 403
    assert (await join(await open_app(site.origin, None))).status == 401
    operator = await app_of(await site.member("harukaze"))
    assert (await join(operator)).status == 403


async def test_one_network_does_not_join_without_end(site: Site, open_app: Any) -> None:
    app = await app_at(site, open_app)
    for number in range(5):
        assert (await join(app, username=f"hinata{number}", email=None)).status == 200
    refused = await join(app)
    assert refused.status == 429
    assert int(refused.headers["Retry-After"]) > 0
    site.clock.advance(minutes=31)
    assert (await join(app)).status == 200


async def test_no_address_is_ever_confirmed(site: Site, app_of: AppOf) -> None:
    app = await app_of(await site.member("harukaze"))
    answer = await app.post("/api/v1/emails/confirmations")
    assert answer.status == 403
    assert "e-mail" in answer.json["error"]


async def test_the_member_finds_the_app_among_their_settings(site: Site, open_app: Any) -> None:
    app = await app_at(site, open_app)
    token = (await join(app)).json["access_token"]
    browser: Browser = await site.visit()
    await enter(browser, "hinata", PASSWORD)
    page = await browser.get("/settings/apps")
    assert "Tusky" in page.text
    await browser.send(page, "/settings/apps")
    assert (await who_is(app, token)).status == 401
