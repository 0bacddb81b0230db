"""What programs ask: registering, tokens, revoking, userinfo, the metadata document; and every refusal."""

import base64
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import apps, doors
from community.models import AccessToken, App
from tests.webui.conftest import MakeSite, Site
from tests.webui.oauth.conftest import CALLBACK, CUSTOM, OUT_OF_BAND, Program
from webui.oauth import scopes


async def granted(site: Site, program: Program, asked: str = "read write") -> tuple[str, int]:
    """A code for `program`, from a new member, without the pages."""
    me = await site.member("harukaze")

    def unit(session: Session) -> str:
        app = apps.find(session, program.client_id)
        assert app is not None
        return apps.consent(
            session, app_id=app.id, account_id=me, redirect_uri=CALLBACK, scopes=asked.split()
        )

    return await site.database.write(unit), me


@pytest.mark.parametrize("kind", ["json", "data"])
async def test_registering_by_json_and_by_form(site: Site, program: Program, kind: str) -> None:
    sent = {"client_name": "Elk", "redirect_uris": f"{CALLBACK}\n{OUT_OF_BAND}", "website": "https://elk.example"}
    reply = await program.call("POST", "/api/v1/apps", **{kind: sent})
    app = reply.json
    assert reply.status == 200
    assert app == {
        "id": app["id"],
        "name": "Elk",
        "website": "https://elk.example",
        "scopes": ["read"],
        "redirect_uris": [CALLBACK, OUT_OF_BAND],
        "redirect_uri": f"{CALLBACK}\n{OUT_OF_BAND}",
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "client_secret_expires_at": 0,
        "vapid_key": app["vapid_key"],
    }
    assert app["id"].isdecimal()
    assert len(base64.urlsafe_b64decode(app["vapid_key"])) == 65
    assert app["vapid_key"] == (await program.register()).json["vapid_key"]


async def test_redirects_come_as_an_array_too(site: Site, program: Program) -> None:
    sent = {"client_name": "Elk", "redirect_uris": [CALLBACK, CUSTOM], "scopes": "read push"}
    assert (await program.call("POST", "/api/v1/apps/", json=sent)).json["redirect_uris"] == [CALLBACK, CUSTOM]
    form = [("client_name", "Elk"), ("redirect_uris[]", CALLBACK), ("redirect_uris[]", CUSTOM)]
    assert (await program.call("POST", "/api/v1/apps", data=form)).json["redirect_uris"] == [CALLBACK, CUSTOM]


@pytest.mark.parametrize(
    "wrong",
    [
        {"scopes": "read everything"},
        {"redirect_uris": "javascript:alert(1)"},
        {"redirect_uris": "data:text/html,x"},
        {"redirect_uris": "vbscript:x"},
        {"redirect_uris": ""},
        {"client_name": ""},
        {"website": "javascript:alert(1)"},
    ],
)
async def test_an_app_that_does_not_fit_is_not_registered(
    site: Site, program: Program, wrong: dict[str, str]
) -> None:
    reply = await program.register(**wrong)
    assert reply.status == 422
    assert reply.json["error"].startswith("Validation failed: ")
    assert len(await site.database.read(lambda session: session.scalars(select(App)).all())) == 1


async def test_nobody_registers_apps_by_the_hundred(site: Site, program: Program) -> None:
    for _ in range(99):
        assert (await program.register()).status == 200
    assert (await program.register()).status == 429


@pytest.mark.parametrize("kind", ["data", "json", "multipart"])
async def test_a_token_by_form_json_and_multipart(site: Site, program: Program, kind: str) -> None:
    code, me = await granted(site, program)
    sent = program.credentials | {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    options: dict[str, Any] = {kind: sent}
    if kind == "multipart":
        body = "".join(f'--x\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in sent.items())
        options = {"data": body + "--x--\r\n", "headers": {"Content-Type": "multipart/form-data; boundary=x"}}
    reply = await program.call("POST", "/oauth/token/", **options)
    assert reply.status == 200, reply.json
    token = reply.json["access_token"]
    holder = await site.database.read(lambda session: doors.viewer_of_token(session, token))
    assert holder is not None
    assert holder.viewer.account_id == me


def basic(client_id: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()}


async def test_credentials_in_the_header_in_the_body_or_in_both(site: Site, program: Program) -> None:
    header, body = basic(program.client_id, program.client_secret), program.credentials
    sent = {"grant_type": "client_credentials"}
    for data in (sent, sent | body, sent | {"client_id": program.client_id}):
        assert (await program.call("POST", "/oauth/token", data=data, headers=header)).status == 200
    twice = [*(sent | body).items(), *body.items(), ("oauth_info", "1"), ("oauth_info", "2")]
    assert (await program.call("POST", "/oauth/token", data=twice)).status == 200


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({}, {}),
        ({}, {"client_id": "nobody", "client_secret": "x"}),
        ({}, {"client_secret": "wrong"}),
        ({}, {"client_secret": ""}),
        (basic("nobody", "x"), {}),
        (basic("\0", "x"), {}),
        ({"Authorization": "Basic ###"}, {}),
        ({"Authorization": "Basic bm9jb2xvbg=="}, {}),
        ({"Authorization": "Basic /w=="}, {}),
    ],
)
async def test_an_unknown_client_is_401(
    site: Site, program: Program, headers: dict[str, str], body: dict[str, str]
) -> None:
    sent = {"grant_type": "client_credentials"} | (program.credentials | body if body else {})
    for path in ("/oauth/token", "/oauth/revoke"):
        reply = await program.call("POST", path, data=sent, headers=headers)
        assert (reply.status, reply.json["error"]) == (401, "invalid_client")
        assert reply.json["error_description"]
        assert ("WWW-Authenticate" in reply.headers) == bool(headers)
        assert reply.headers["Access-Control-Allow-Origin"] == "*"


async def test_header_and_body_that_differ_are_no_client(site: Site, program: Program) -> None:
    header = basic(program.client_id, program.client_secret)
    sent = {"grant_type": "client_credentials", "client_id": program.client_id, "client_secret": "other"}
    assert (await program.call("POST", "/oauth/token", data=sent, headers=header)).status == 401


@pytest.mark.parametrize(
    ("facts", "error"),
    [
        ({"grant_type": "password", "username": "harukaze", "password": "x"}, "unsupported_grant_type"),
        ({"grant_type": ""}, "invalid_request"),
        ({"code": ""}, "invalid_request"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"code": "nobody"}, "invalid_grant"),
        ({"redirect_uri": CALLBACK.lower()}, "invalid_grant"),
        ({"redirect_uri": CALLBACK.replace("%3A", ":")}, "invalid_grant"),
        ({"grant_type": "client_credentials", "scope": "admin:read"}, "invalid_scope"),
        ({"grant_type": "client_credentials", "scope": "everything"}, "invalid_scope"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "a.b"}, "invalid_grant"),
    ],
)
async def test_what_is_no_grant_is_400(
    site: Site, program: Program, facts: dict[str, str], error: str
) -> None:
    code, _ = await granted(site, program)
    reply = await program.token(**({"code": code} | facts))
    assert (reply.status, reply.json["error"]) == (400, error)
    assert reply.json["error_description"]
    assert reply.headers["Cache-Control"] == "no-store"


async def test_a_body_that_cannot_be_read_is_an_invalid_request(site: Site, program: Program) -> None:
    headers = {"Content-Type": "application/json"}
    reply = await program.call("POST", "/oauth/token", data=b"{", headers=headers)
    assert (reply.status, reply.json["error"]) == (400, "invalid_request")


async def test_a_code_shown_twice_ends_what_it_gave(site: Site, program: Program) -> None:
    code, _ = await granted(site, program)
    token = (await program.token(code=code)).json["access_token"]
    assert (await program.call("GET", "/oauth/userinfo", token=token)).status == 200
    assert (await program.token(code=code)).json["error"] == "invalid_grant"
    assert (await program.call("GET", "/oauth/userinfo", token=token)).status == 401


async def test_who_asks_for_offline_access_renews(site: Site, program: Program) -> None:
    await program.register(scopes="read offline_access")
    code, _ = await granted(site, program, "read offline_access")
    first = (await program.token(code=code)).json
    assert (first["expires_in"], first["scope"]) == (7200, "read offline_access")
    renewed = await program.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert renewed.status == 200
    assert renewed.json["scope"] == "read offline_access"
    assert (await program.call("GET", "/oauth/userinfo", token=first["access_token"])).status == 401
    assert (await program.call("GET", "/oauth/userinfo", token=renewed.json["access_token"])).status == 200
    stolen = await program.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert stolen.json["error"] == "invalid_grant"
    assert (await program.call("GET", "/oauth/userinfo", token=renewed.json["access_token"])).status == 401


async def test_an_app_by_itself_sees_itself_and_no_member(site: Site, program: Program) -> None:
    token = await program.app_token("read")
    app = await program.call("GET", "/api/v1/apps/verify_credentials", token=token)
    assert (app.status, app.json["name"]) == (200, "Elk")
    refused = await program.call("GET", "/oauth/userinfo", token=token)
    assert (refused.status, refused.json["error"]) == (422, "This method requires an authenticated user")
    assert (await program.call("GET", "/api/v1/apps/verify_credentials")).status == 401


async def test_a_token_of_the_operator_passes_for_an_app(site: Site, program: Program) -> None:
    me = await site.member("harukaze")
    token = await site.database.write(lambda session: doors.issue_token(session, me, "read", "bot"))
    app = await program.call("GET", "/api/v1/apps/verify_credentials", token=token)
    assert (app.status, app.json["name"], app.json["scopes"]) == (200, "bot", ["read"])


async def test_nobody_takes_back_the_token_of_another_app(site: Site, program: Program) -> None:
    code, _ = await granted(site, program)
    token = (await program.token(code=code)).json["access_token"]
    await program.register(client_name="Other")
    refused = await program.call("POST", "/oauth/revoke", json=program.credentials | {"token": token})
    assert (refused.status, refused.json["error"]) == (403, "unauthorized_client")
    assert (await program.call("GET", "/oauth/userinfo", token=token)).status == 200
    for sent in ({"token": "unknown"}, {}):
        unknown = await program.call("POST", "/oauth/revoke", json=program.credentials | sent)
        assert (unknown.status, unknown.json) == (200, {})


async def test_userinfo_needs_profile_or_read(site: Site, program: Program) -> None:
    me = await site.member("harukaze")

    async def status(asked: str, method: str = "GET") -> int:
        token = await site.database.write(lambda session: doors.issue_token(session, me, asked, "app"))
        return (await program.call(method, "/oauth/userinfo", token=token)).status

    assert await status("profile") == await status("read", "POST") == 200
    assert await status("write") == await status("read:statuses") == 403


async def test_the_metadata_document_says_what_is_there(site: Site, program: Program) -> None:
    document = (await program.call("GET", "/.well-known/oauth-authorization-server")).json
    assert document["issuer"] == "http://localhost:8080/"
    assert document["response_modes_supported"] == ["query", "fragment", "form_post"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["scopes_supported"] == list(scopes.SUPPORTED)
    routes = {resource.canonical for resource in site.app.router.resources()}
    for name, address in document.items():
        if name.endswith("_endpoint"):
            assert address.removeprefix("http://localhost:8080") in routes, name


async def test_pages_of_any_origin_may_ask_first(site: Site, program: Program) -> None:
    browser = await site.visit()
    async with browser._http.options(site.origin + "/oauth/token") as reply:
        assert reply.status < 300
        assert "POST" in reply.headers["Access-Control-Allow-Methods"]
        assert reply.headers["Access-Control-Allow-Origin"] == "*"


async def test_no_token_is_stored_as_it_is(site: Site, program: Program) -> None:
    token = await program.app_token()

    def unit(session: Session) -> list[AccessToken]:
        return [row for row in session.scalars(select(AccessToken)) if token in str(vars(row))]

    assert await site.database.read(unit) == []


async def test_an_http_redirect_leads_to_one_s_own_machine(make_site: MakeSite, program_of: Any) -> None:
    site = await make_site(instance={"scheme": "https", "domain": "minato.example"})
    program = await program_of(site)
    assert (await program.register(redirect_uris="http://localhost:4000/x")).status == 200
    assert (await program.register(redirect_uris="http://elk.example/x")).status == 422
