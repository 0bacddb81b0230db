"""引っ越し on the settings page: earlier accounts are looked up, a new one is asked whether it knows of this one."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.orm import Session

from community import follows, moves
from community.models import Account
from federation import actors
from federation.keys import instance_key
from tests import factories
from tests.factories import PASSPHRASE
from tests.peer import Peer
from tests.webui.browsing import Browser, Page
from tests.webui.conftest import MakeSite, Site
from webui.keys import FEDERATION

HERE = "http://localhost:8080"
PAGE = "/settings/moving"


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    return await make_site(federation={"allow_private_addresses": True})


@pytest.fixture
async def peer(site: Site) -> AsyncIterator[Peer]:
    async with Peer("mastodon", clock=site.clock) as made:
        key = await instance_key(site.app[FEDERATION])
        made.trust(key.key_id, key.private_key)
        yield made


@pytest.fixture
async def browser(site: Site) -> Browser:
    await site.member("harukaze")
    return await site.enter("harukaze")


async def go(browser: Browser, deed: str, **typed: str) -> Page:
    return await browser.send(await browser.get(PAGE), f"{PAGE}/{deed}", **typed)


async def me(site: Site) -> Account:
    return await site.database.read(lambda session: factories.local(session, "harukaze"))


async def test_an_earlier_account_is_looked_up_kept_and_taken_off(site: Site, browser: Browser, peer: Peer) -> None:
    old = peer.actor("haru")
    page = await go(browser, "aliases", alias=old.handle)
    assert "書きとめました" in page.text
    assert old.handle.removeprefix("@") in page.text
    assert (await me(site)).also_known_as == [old.id]
    page = await go(browser, "aliases/remove", uri=old.id)
    assert (await me(site)).also_known_as == []
    assert "もとのアカウントは、まだありません" in page.text


@pytest.mark.parametrize("typed", ["@nobody@127.0.0.1:9", "", "@harukaze", "@roumu"])
async def test_what_is_no_earlier_account_comes_back(site: Site, browser: Browser, typed: str) -> None:
    page = await go(browser, "aliases", alias=typed)
    assert page.status in (404, 422)
    assert page.alert
    assert not (await me(site)).also_known_as


async def test_going_asks_the_new_account_at_this_moment(site: Site, browser: Browser, peer: Peer) -> None:
    new = peer.actor("haru")

    def befriend(session: Session) -> int:
        hotate = factories.member(session, "hotate")
        follows.request(session, follower=hotate, followee=factories.local(session, "harukaze"))
        actors.upsert(session, new.document)
        return hotate.id

    hotate = await site.database.write(befriend)
    page = await go(browser, "leave", target=new.handle, old_passphrase=PASSPHRASE)
    assert page.status == 422
    assert "もとのアカウント" in page.alert
    assert page.form(f"{PAGE}/leave")["target"] == new.handle
    new.document["alsoKnownAs"] = [f"{HERE}/users/harukaze"]
    page = await go(browser, "leave", target=new.handle, old_passphrase=PASSPHRASE)
    assert "引っ越しを知らせました" in page.text
    assert (await me(site)).moved_to_uri == new.id

    def followed(session: Session) -> str:
        target = actors.by_uri(session, new.id)
        assert target is not None
        row = follows.between(session, hotate, target.id)
        assert row is not None
        return row.state

    assert await site.database.read(followed) == "requested"
    visitor = await (await site.visit()).get("/@harukaze")
    assert "この方は引っ越しました" in visitor.text
    assert new.handle in visitor.text
    page = await go(browser, "stay")
    assert "案内を下ろしました" in page.text
    assert (await me(site)).moved_to_uri is None


async def test_a_wrong_passphrase_moves_nobody_and_asks_nobody(site: Site, browser: Browser, peer: Peer) -> None:
    new = peer.actor("haru", alsoKnownAs=[f"{HERE}/users/harukaze"])
    page = await go(browser, "leave", target=new.handle, old_passphrase="ちがうパスフレーズです")
    assert page.status == 422
    assert "パスフレーズが合いません" in page.alert
    assert (await me(site)).moved_to_uri is None
    assert not peer.requests


async def test_a_second_move_within_seven_days_waits(site: Site, browser: Browser, peer: Peer) -> None:
    one, two = (peer.actor(name, alsoKnownAs=[f"{HERE}/users/harukaze"]) for name in ("one", "two"))
    await go(browser, "leave", target=one.handle, old_passphrase=PASSPHRASE)
    await go(browser, "stay")
    page = await go(browser, "leave", target=two.handle, old_passphrase=PASSPHRASE)
    assert page.status == 429
    assert "7日に1度" in page.alert
    assert int(page.headers["Retry-After"]) > 6 * 86_400
    site.clock.advance(ms=moves.PAUSE)
    page = await go(await site.enter("harukaze"), "leave", target=two.handle, old_passphrase=PASSPHRASE)
    assert "引っ越しを知らせました" in page.text


async def test_strangers_are_asked_to_come_in(site: Site) -> None:
    browser = await site.visit()
    assert (await browser.get(PAGE)).path.startswith("/login")
