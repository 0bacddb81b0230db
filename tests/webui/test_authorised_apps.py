"""設定のアプリ: seeing who is let in, and shutting the door."""

from sqlalchemy.orm import Session

from community import apps, doors
from tests.webui.conftest import Site

CALLBACK = "https://elk.example/back"


async def let_in(site: Site, account_id: int, name: str, scopes: str) -> str:
    """An app that a member let in; its token."""

    def unit(session: Session) -> str:
        app, _ = apps.register(
            session, name=name, uris=[CALLBACK], scopes=scopes.split(), website="https://elk.example"
        )
        code = apps.consent(
            session, app_id=app.id, account_id=account_id, redirect_uri=CALLBACK, scopes=scopes.split()
        )
        issued = apps.redeem(
            session, app=app, code=code, redirect_uri=CALLBACK, verifier=None, renewable="offline_access"
        )
        assert issued is not None
        return issued.token

    return await site.database.write(unit)


async def works(site: Site, token: str) -> bool:
    return await site.database.read(lambda session: doors.viewer_of_token(session, token)) is not None


async def test_each_app_is_named_with_what_it_may_do(site: Site) -> None:
    me = await site.member("harukaze")
    browser = await site.enter("harukaze")
    assert "まだありません" in (await browser.get("/settings/apps")).text
    await let_in(site, me, "Elk <b>", "read write:media write:statuses push")
    page = await browser.get("/settings/apps")
    assert "Elk &lt;b&gt;" in page.text
    assert "https://elk.example" in page.text
    assert "2026年4月1日" in page.text
    assert "あなたに見えるものを読む" in page.text
    assert "書く、変える：画像、投稿" in page.text
    assert 'href="/settings/apps"' in (await browser.get("/settings")).text


async def test_an_app_is_shut_out_at_once(site: Site) -> None:
    me = await site.member("harukaze")
    token, kept = await let_in(site, me, "Elk", "read"), await let_in(site, me, "Ivory", "read")
    browser = await site.enter("harukaze")
    page = await browser.get("/settings/apps")  # the newest stands first: the last form is Elk's
    done = await browser.send(page, "/settings/apps", app=page.text.split('name="app" value="')[2].split('"')[0])
    assert "切りました" in done.text
    assert (await works(site, token), await works(site, kept)) == (False, True)
    assert "Elk" not in done.text


async def test_a_token_of_the_operator_is_shown_and_shut_out_too(site: Site) -> None:
    me = await site.member("harukaze")
    token = await site.database.write(lambda session: doors.issue_token(session, me, "read", "ボット"))
    browser = await site.enter("harukaze")
    page = await browser.get("/settings/apps")
    assert "運営の方が用意した鍵" in page.text
    await browser.send(page, "/settings/apps")
    assert not await works(site, token)


async def test_nobody_shuts_out_the_apps_of_others(site: Site) -> None:
    me = await site.member("harukaze")
    await site.member("komorebi")
    token = await let_in(site, me, "Elk", "read")
    app_id = (await (await site.enter("harukaze")).get("/settings/apps")).form("/settings/apps")["app"]
    other = await site.enter("komorebi")
    csrf = (await other.get("/settings")).form("/settings")["csrf"]
    for named in ({"app": app_id}, {"token": app_id}, {"app": "x"}, {}):
        assert (await other.post("/settings/apps", {"csrf": csrf, **named})).status == 404
    assert await works(site, token)
