"""Turning away from somebody on their page, and the list of them in the settings."""

import pytest

from tests.webui.conftest import Site
from tests.webui.scene import Scene


async def test_muting_and_back(site: Site, scene: Scene) -> None:
    browser = await site.enter("hotate")
    page = await browser.get("/@mizutama")
    assert "この方と距離をおく" in page.text
    muted = await browser.send(page, f"/accounts/{scene.asker}/mute")
    assert muted.path == "/@mizutama"
    assert "ミュートしました" in muted.text
    assert "月の途中で" not in (await browser.get("/questions")).text
    assert (await browser.get(scene.page)).status == 200
    listed = await browser.get("/settings/apart")
    assert "みずたま" in listed.text
    back = await browser.send(listed, f"/accounts/{scene.asker}/unmute")
    assert back.path == "/settings/apart"
    assert "ミュートをやめました" in back.text
    assert "月の途中で" in (await browser.get("/questions")).text


async def test_blocking_and_back(site: Site, scene: Scene) -> None:
    browser, other = await site.enter("hotate"), await site.enter("mizutama")
    page = await browser.get("/@mizutama")
    blocked = await browser.send(page, f"/accounts/{scene.asker}/block")
    assert "ブロックしました" in blocked.text
    assert "フォローする" not in blocked.text
    assert "月の途中で" not in (await browser.get("/questions")).text
    refused = await other.send(await other.get("/@hotate"), f"/accounts/{scene.bystander}/follow")
    assert refused.status == 403
    assert "フォローすることはできません" in refused.alert
    assert "みずたま" in (await browser.get("/settings/apart")).text
    assert "ほたて" not in (await other.get("/settings/apart")).text.partition("<main")[2]
    back = await browser.send(await browser.get("/@mizutama"), f"/accounts/{scene.asker}/unblock")
    assert "ブロックをやめました" in back.text
    assert "フォローする" in back.text


async def test_who_is_blocked_does_not_find_the_questions(site: Site, scene: Scene) -> None:
    browser, other = await site.enter("mizutama"), await site.enter("hotate")
    await browser.send(await browser.get("/@hotate"), f"/accounts/{scene.bystander}/block")
    assert (await other.get(scene.page)).status == 404
    assert "月の途中で" not in (await other.get("/@mizutama")).text
    assert (await (await site.visit()).get(scene.page)).status == 200


@pytest.mark.parametrize("deed", ["mute", "unmute", "block", "unblock"])
async def test_what_cannot_be(site: Site, scene: Scene, deed: str) -> None:
    browser, stranger = await site.enter("hotate"), await site.visit()
    csrf = (await browser.get("/")).form("/logout")
    for account in ("77", "0", "9" * 30, str(scene.question)):
        assert (await browser.post(f"/accounts/{account}/{deed}", csrf)).status == 404
    if not deed.startswith("un"):
        own = await browser.post(f"/accounts/{scene.bystander}/{deed}", csrf)
        assert own.status == 403
    profile = await stranger.get("/@mizutama")
    assert not [action for action in profile.actions if action.startswith("/accounts/")]
