"""The way of a real client: register, ask, log in, consent, fetch the token, use it, end it."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy.orm import Session

from community.models import Member
from tests.factories import PASSPHRASE
from tests.webui.browsing import Browser
from tests.webui.conftest import Site
from tests.webui.oauth.conftest import (
    CALLBACK,
    CHALLENGE,
    CUSTOM,
    OUT_OF_BAND,
    VERIFIER,
    Program,
    go_in,
    only_form,
    press,
)


def answer(location: str) -> dict[str, str]:
    """What came back with a redirect."""
    parts = urlsplit(location)
    return {name: values[0] for name, values in parse_qs(parts.query or parts.fragment).items()}


async def code_for(site: Site, program: Program, name: str = "harukaze", **facts: str) -> str:
    """The code that `name`, who is a member, gives the app."""
    browser = await site.enter(name)
    sent = await press(browser, await browser.get(program.question(**facts)))
    return answer(sent.headers["Location"])["code"]


async def test_from_registering_to_the_last_call(site: Site, program: Program) -> None:
    me = await site.member("harukaze")
    browser = await site.visit()
    asked = await browser.get(program.question(slash="/", state="a b&ü"))
    assert asked.status == 200
    consent = await go_in(browser, asked, "harukaze")
    assert "Elk" in consent.text
    assert "@harukaze@localhost:8080" in consent.text
    assert "elk.example" in consent.text
    sent = await press(browser, consent)
    assert sent.status == 302
    assert sent.headers["Location"].startswith(CALLBACK + "?code=")
    said = answer(sent.headers["Location"])
    assert said["state"] == "a b&ü"
    token = await program.token(code=said["code"], scope="read write", oauth_info="x")
    assert token.status == 200
    assert token.json == {
        "access_token": token.json["access_token"],
        "token_type": "Bearer",
        "scope": "read write",
        "created_at": site.clock() // 1000,
    }
    assert token.headers["Cache-Control"] == "no-store"
    assert token.headers["Access-Control-Allow-Origin"] == "*"
    access = token.json["access_token"]
    userinfo = await program.call("GET", "/oauth/userinfo", token=access)
    assert userinfo.json == {
        "iss": "http://localhost:8080/",
        "sub": "http://localhost:8080/users/harukaze",
        "name": "harukaze",
        "preferred_username": "harukaze",
        "profile": "http://localhost:8080/@harukaze",
        "picture": f"http://localhost:8080/avatars/{me}.png",
    }
    app = await program.call("GET", "/api/v1/apps/verify_credentials", token=access)
    assert (app.json["name"], app.json["redirect_uris"]) == ("Elk", [CALLBACK])
    assert "client_secret" not in app.json
    for _ in range(2):
        revoked = await program.call("POST", "/oauth/revoke", data=program.credentials | {"token": access})
        assert (revoked.status, revoked.json) == (200, {})
    assert (await program.call("GET", "/oauth/userinfo", token=access)).status == 401


async def test_the_pages_let_apps_wait_in_a_popup_and_lead_them_back(site: Site, program: Program) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    await program.register(redirect_uris=f"{CALLBACK}\n{CUSTOM} {OUT_OF_BAND}")
    login = await browser.get(program.question(redirect_uri=CUSTOM))
    consent = await go_in(browser, login, "harukaze")
    for page in (login, consent):
        assert "Cross-Origin-Opener-Policy" not in page.headers
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert "Cross-Origin-Opener-Policy" in (await browser.get("/login")).headers

    async def policy(redirect_uri: str) -> str:
        page = await browser.get(program.question(redirect_uri=redirect_uri))
        (found,) = re.findall(r"form-action ([^;]+)", page.headers["Content-Security-Policy"])
        return str(found)

    assert await policy(CUSTOM) == "'self' https: com.tapbots.ivory.12345:"
    assert await policy(CALLBACK) == "'self' https: https://elk.example"
    assert await policy(OUT_OF_BAND) == "'self'"


async def test_an_app_s_own_scheme_is_led_to_byte_for_byte(site: Site, program: Program) -> None:
    await site.member("harukaze")
    await program.register(redirect_uris=CUSTOM)
    browser = await site.enter("harukaze")
    sent = await press(browser, await browser.get(program.question(redirect_uri=CUSTOM)))
    assert sent.headers["Location"].startswith(CUSTOM + "?code=")
    assert "state" not in sent.headers["Location"]


async def test_the_first_button_goes_on_and_no_other_form_stands_there(site: Site, program: Program) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    login = await browser.get(program.question())
    consent = await go_in(browser, login, "harukaze")
    for page in (login, consent):
        only_form(page)
    buttons = re.findall(r"<button[^>]*>", consent.text)
    assert ['value="allow"' in buttons[0], 'value="deny"' in buttons[1], len(buttons)] == [True, True, 2]
    assert len(re.findall(r"<button", login.text)) == 1
    assert len(re.findall(r'<input[^>]* type="(?:text|email)"', login.text)) == 1


@pytest.mark.parametrize("typed", ["@Harukaze", "harukaze@mail.example"])
async def test_a_handle_or_an_address_goes_into_the_same_field(site: Site, program: Program, typed: str) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    consent = await go_in(browser, await browser.get(program.question()), typed)
    assert "allow" in consent.text


async def test_a_wrong_passphrase_is_told_on_the_same_page_and_counted(site: Site, program: Program) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    page = await browser.get(program.question(state="x"))
    for _ in range(8):
        page = await go_in(browser, page, "harukaze", "まちがった ことば")
        assert page.status == 403
        assert "合いませんでした" in page.alert
    page = await go_in(browser, page, "harukaze")
    assert page.status == 429
    elsewhere = await browser.send(await browser.get("/login"), "/login", login="harukaze", passphrase="x")
    assert elsewhere.status == 429  # both doors count together
    site.clock.advance(minutes=16)
    consent = await go_in(browser, page, "harukaze")
    assert "state=x" in only_form(consent)


async def test_who_waits_to_be_let_in_gets_no_further(site: Site, program: Program) -> None:
    me = await site.member("harukaze")

    def wait(session: Session) -> None:
        session.get_one(Member, me).state = "pending"

    await site.database.write(wait)
    browser = await site.visit()
    page = await go_in(browser, await browser.get(program.question()), "harukaze")
    assert page.status == 403
    assert "お迎えの準備" in page.alert


async def test_log_in_can_be_asked_for_although_somebody_is_in(site: Site, program: Program) -> None:
    await site.member("harukaze")
    await site.member("komorebi")
    browser = await site.enter("harukaze")
    page = await browser.get(program.question(force_login="true"))
    consent = await go_in(browser, page, "komorebi")
    assert "@komorebi@" in consent.text
    again = await browser.get(program.question(force_login="false"))
    assert "decision" in again.text


async def test_saying_no_takes_nothing_but_the_no_back(site: Site, program: Program) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    sent = await press(browser, await browser.get(program.question(state="s")), "deny")
    said = answer(sent.headers["Location"])
    assert (said["error"], said["state"]) == ("access_denied", "s")
    assert "code" not in said
    await program.register(redirect_uris=OUT_OF_BAND)
    page = await press(browser, await browser.get(program.question(redirect_uri=OUT_OF_BAND)), "deny")
    assert (page.status, "許可しませんでした" in page.text) == (403, True)


async def test_out_of_band_the_code_is_shown_and_led_nowhere(site: Site, program: Program) -> None:
    await site.member("harukaze")
    await program.register(redirect_uris=OUT_OF_BAND)
    browser = await site.enter("harukaze")
    page = await press(browser, await browser.get(program.question(redirect_uri=OUT_OF_BAND)))
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"
    (code,) = re.findall(r"<code[^>]*>([^<]+)</code>", page.text)
    assert (await program.token(code=code, redirect_uri=OUT_OF_BAND)).status == 200


async def test_the_answer_travels_as_the_app_wishes(site: Site, program: Program) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    sent = await press(browser, await browser.get(program.question(response_mode="fragment", state="s")))
    assert sent.headers["Location"].startswith(CALLBACK + "#code=")
    assert answer(sent.headers["Location"])["state"] == "s"
    posted = await press(browser, await browser.get(program.question(response_mode="form_post", state='"<s>')))
    fields = posted.form(CALLBACK)
    assert fields["state"] == '"<s>'
    assert "form-action 'self' https: https://elk.example" in posted.headers["Content-Security-Policy"]
    assert (await program.token(code=fields["code"])).status == 200
    await program.register(redirect_uris="https://elk.example/back?from=machi")
    question = program.question(redirect_uri="https://elk.example/back?from=machi")
    sent = await press(browser, await browser.get(question))
    assert sent.headers["Location"].startswith("https://elk.example/back?from=machi&code=")


@pytest.mark.parametrize("change", [{"client_id": "nobody"}, {"client_id": "a b;"}, {"redirect_uri": CALLBACK + "/"}])
async def test_an_unknown_app_or_redirect_is_told_to_the_person_alone(
    site: Site, program: Program, change: dict[str, str]
) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    for page in (
        await browser.get(program.question(**change), follow=False),
        await browser.post(program.question(**change), await csrf_of(browser), follow=False),
    ):
        assert page.status == 400
        assert "Location" not in page.headers
        assert page.actions == set()


async def csrf_of(browser: Browser) -> dict[str, str]:
    """A form that presses 許可する, with a good token."""
    return {"csrf": (await browser.get("/settings")).form("/settings")["csrf"], "decision": "allow"}


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": ""}, "invalid_request"),
        ({"scope": "read admin:write"}, "invalid_scope"),
        ({"scope": "read everything"}, "invalid_scope"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge": VERIFIER}, "invalid_request"),
        ({"code_challenge": VERIFIER, "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short", "code_challenge_method": "S256"}, "invalid_request"),
        ({"response_mode": "pigeon"}, "invalid_request"),
    ],
)
async def test_what_cannot_be_had_is_told_to_the_app(
    site: Site, program: Program, change: dict[str, str], error: str
) -> None:
    browser = await site.visit()
    page = await browser.get(program.question(state="s", **change), follow=False)
    assert page.status == 302
    assert page.headers["Location"].startswith(CALLBACK + "?")
    said = answer(page.headers["Location"])
    assert (said["error"], said["state"]) == (error, "s")


async def test_read_is_what_is_asked_for_when_nothing_is(site: Site, program: Program) -> None:
    await site.member("harukaze")
    code = await code_for(site, program, scope="")
    assert (await program.token(code=code)).json["scope"] == "read"


async def test_parts_of_what_the_app_registered_for_may_be_asked(site: Site, program: Program) -> None:
    await site.member("harukaze")
    code = await code_for(site, program, scope="read:statuses write:media")
    assert (await program.token(code=code)).json["scope"] == "read:statuses write:media"


async def test_a_challenge_needs_its_verifier(site: Site, program: Program) -> None:
    await site.member("harukaze")
    code = await code_for(site, program, code_challenge=CHALLENGE, code_challenge_method="S256")
    assert (await program.token(code=code)).json["error"] == "invalid_grant"
    assert (await program.token(code=code, code_verifier=CHALLENGE)).json["error"] == "invalid_grant"
    assert (await program.token(code=code, code_verifier=VERIFIER)).status == 200


async def test_the_language_of_the_address_is_spoken(site: Site, program: Program) -> None:
    browser = await site.visit(language="ja")
    page = await browser.get(program.question(lang="en"))
    assert '<html lang="en">' in page.text
    assert '<html lang="ja">' in (await browser.get(program.question(lang="xx"))).text


async def test_consent_cannot_be_given_for_somebody(site: Site, program: Program) -> None:
    await site.member("harukaze")
    browser = await site.enter("harukaze")
    page = await browser.get(program.question())
    fields = page.form(only_form(page)) | {"decision": "allow"}
    foreign = await browser.post(only_form(page), fields, origin="https://evil.example", follow=False)
    without = await browser.post(only_form(page), fields | {"csrf": ""}, follow=False)
    assert (foreign.status, without.status) == (403, 403)
    await browser.send(await browser.get("/"), "/logout")
    await site.member("komorebi")
    await browser.send(await browser.get("/login"), "/login", login="komorebi", passphrase=PASSPHRASE)
    stale = await browser.post(only_form(page), fields, follow=False)
    assert stale.status == 403
    assert "もう一度ひらく" in stale.text  # the question once more, never a ready answer
    assert "allow" not in stale.text


async def test_who_logged_out_meanwhile_is_asked_to_come_in(site: Site, program: Program) -> None:
    browser = await site.visit()
    page = await browser.get(program.question())
    fields = page.form(only_form(page)) | {"decision": "allow"}
    sent = await browser.post(program.question(), fields, follow=False)
    assert (sent.status, sent.headers["Location"].startswith("/oauth/authorize?")) == (303, True)
    reloaded = await browser.get(only_form(page))  # the address of the log-in form, typed into the bar
    assert (reloaded.status, reloaded.path.startswith("/oauth/authorize?")) == (200, True)


@pytest.mark.parametrize("origin", ["https://minato.test", "https://localhost:3443"])
async def test_a_proxy_may_speak_https_for_a_town_that_does_not(
    site: Site, program: Program, origin: str
) -> None:
    await site.member("harukaze")
    browser = await site.visit()
    host = {"Host": "minato.test"} if "minato" in origin else {}
    page = await browser.get(program.question(), **host)
    fields = page.form(only_form(page)) | {"login": "harukaze", "passphrase": PASSPHRASE}
    sent = await browser.post(only_form(page), fields, origin=origin, follow=False, **host)
    assert sent.status == 303
