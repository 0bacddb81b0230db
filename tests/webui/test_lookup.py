"""さがす by name or address: what the town holds, for strangers and with `known=1`; the rest for members."""

from urllib.parse import quote

import pytest

from tests.webui.browsing import Browser, Page
from tests.webui.conftest import MakeSite, Site
from tests.webui.scene import Scene

HERE = "http://localhost:8080"


async def look(browser: Browser, typed: str, *, known: bool = True) -> Page:
    return await browser.get(f"/lookup?{'known=1&' * known}q={quote(typed, safe='')}", follow=False)


@pytest.mark.parametrize("who", ["stranger", "member"])
async def test_what_the_town_holds_is_found_by_any_name(site: Site, scene: Scene, who: str) -> None:
    browser = await site.visit() if who == "stranger" else await site.enter("hotate")
    place = f"{scene.page}#post-{scene.answer}"
    for typed, address in (
        ("@harukaze", "/@harukaze"),
        ("harukaze", "/@harukaze"),
        ("＠Harukaze＠localhost:8080", "/@harukaze"),  # as Japanese keyboards write it
        ("@roumu@localhost:8080", "/@roumu"),
        ("@akari@yamate.example", "/@akari@yamate.example"),
        ("https://yamate.example/users/akari", "/@akari@yamate.example"),
        ("https://yamate.example/posts/99", f"/@akari@yamate.example/{scene.remote}"),
        (f"{HERE}/posts/{scene.answer}", place),
        (f"{HERE}{place}", place),
        (f"{HERE}/@harukaze/{scene.answer}", place),
        (f"{HERE}/@harukaze", "/@harukaze"),
        (f"{HERE}/users/harukaze", "/@harukaze"),
        (scene.page, scene.page),
    ):
        page = await look(browser, typed, known=who == "member")
        assert (page.status, page.headers.get("Location")) == (303, address), typed


async def test_what_is_not_for_strangers_is_not_found_by_them(site: Site, scene: Scene) -> None:
    stranger, member = await site.visit(), await site.enter("hotate")
    for post in (scene.town, scene.sister, scene.hidden):
        for typed in (f"{HERE}/posts/{post}", f"{HERE}/@mizutama/{post}"):
            assert (await look(stranger, typed)).status == 404
            assert (await look(member, typed)).status == 303


async def test_strangers_send_the_town_nowhere(site: Site) -> None:
    """Nothing is fetched for them: a name of elsewhere that is not known here is simply not found."""
    await site.member("hotate")
    stranger, member = await site.visit(), await site.enter("hotate")
    for browser, known in ((stranger, False), (stranger, True), (member, True)):
        for typed in ("@who@127.0.0.1:9", "http://127.0.0.1:9/users/who", "https://nowhere.example/@who"):
            page = await look(browser, typed, known=known)
            assert page.status == 404
            assert page.alert
            assert f'value="{typed}"' in page.text


async def test_members_are_told_kindly_when_nobody_answers(make_site: MakeSite) -> None:
    site = await make_site(federation={"allow_private_addresses": True})
    await site.member("hotate")
    browser = await site.enter("hotate")
    for typed in (
        "@who@127.0.0.1:9",
        "http://127.0.0.1:9/posts/1",
        "社会保険料",
        "@",
        "@@@",
        "https://",
        "http://[::1",
    ):
        page = await look(browser, typed, known=False)
        assert page.status in {403, 404}, typed
        assert page.alert
        assert page.form("/lookup")["q"]


async def test_an_empty_box_is_shown_as_it_is(site: Site) -> None:
    page = await (await site.visit()).get("/lookup?q=")
    assert page.status == 200
    assert not page.alert
