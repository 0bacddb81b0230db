"""Handles under another domain than the ids: みなと is served at one place, its people are called by another.

The other place, the door, answers nothing of itself: it sends what is asked under /.well-known on to the town, as a
redirect or as a proxy (docs/operations.md).
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy import select

from community import composing
from community.models import Account
from tests import factories
from tests.integration.conftest import MakeTown
from tests.integration.served import Town, found, quiet
from tests.peer import ACTIVITY, Peer

JRD = "application/jrd+json"


@dataclass
class Split:
    town: Town
    door: str  # host:port, the domain of the handles
    client: aiohttp.ClientSession

    async def ask(self, url: str, **headers: str) -> Any:
        async with self.client.get(url, headers=headers) as answer:
            assert answer.status == 200, url
            return await answer.json(content_type=None)


@pytest.fixture(params=["redirect", "proxy"])
async def split(request: pytest.FixtureRequest, make_town: MakeTown) -> AsyncIterator[Split]:
    towns: list[Town] = []

    async def answer(asked: web.Request) -> web.StreamResponse:
        target = f"{towns[0].origin}{asked.raw_path}"
        if request.param == "redirect":
            return web.Response(status=301, headers={"Location": target})
        async with (
            aiohttp.ClientSession() as client,
            client.get(target, headers={"Host": asked.host}) as told,
        ):
            kind = {"Content-Type": told.headers["Content-Type"]}
            return web.Response(status=told.status, body=await told.read(), headers=kind)

    app = web.Application()
    app.router.add_get("/.well-known/{which:webfinger|host-meta|nodeinfo}", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    door = "{}:{}".format(*runner.addresses[0][:2])
    town = make_town("みなと", instance={"account_domain": door})
    towns.append(town)
    town.prepare(lambda session: found(session, "hanako"))
    await town.start()
    async with aiohttp.ClientSession() as client:
        yield Split(town, door, client)
    await runner.cleanup()


@pytest.fixture
async def yamate(make_town: MakeTown) -> Town:
    town = make_town("やまて")
    town.prepare(lambda session: found(session, "jun"))
    await town.start()
    return town


async def known(town: Town, uri: str) -> list[tuple[str, str]]:
    """Names and domains under which `town` knows the actor `uri`."""
    return await town.rows(Account.name, Account.domain, uri=uri)


async def test_both_hosts_name_the_one_handle(split: Split) -> None:
    hanako = f"{split.town.origin}/users/hanako"
    resources = (f"acct:hanako@{split.door}", f"acct:hanako@{split.town.domain}", hanako)
    told = [
        await split.ask(f"http://{host}/.well-known/webfinger?resource={resource}")
        for host in (split.town.domain, split.door)
        for resource in resources
    ]
    assert all(each == told[0] for each in told)
    assert told[0]["subject"] == f"acct:hanako@{split.door}"
    actor = await split.ask(hanako, Accept=ACTIVITY)
    assert (actor["id"], actor["webfinger"]) == (hanako, f"hanako@{split.door}")
    assert actor["inbox"] == f"{hanako}/inbox"
    links = await split.ask(f"http://{split.door}/.well-known/nodeinfo")
    assert all(each["href"].startswith(f"{split.town.origin}/nodeinfo/") for each in links["links"])


async def test_another_town_knows_them_by_the_short_name_whichever_was_typed(
    split: Split, yamate: Town
) -> None:
    jun = await yamate.enter("jun")
    hanako = f"{split.town.origin}/users/hanako"
    assert "フォロー" in (await jun.follow(f"@hanako@{split.town.domain}")).text
    await quiet(split.town, yamate)
    assert (await jun.get(f"/@hanako@{split.door}")).status == 200
    for typed in (f"@hanako@{split.door}", hanako):
        assert (await jun.browser.get(f"/lookup?q={typed}")).path == f"/@hanako@{split.door}"
    assert await known(yamate, hanako) == [("hanako", split.door)]
    assert "あなたをフォローしました" in await (await split.town.enter("hanako")).notices()


async def test_asked_answered_and_named_across(split: Split, yamate: Town) -> None:
    minato = split.town
    jun, hanako = await yamate.enter("jun"), await minato.enter("hanako")
    await jun.follow(f"@hanako@{split.door}")
    await quiet(minato, yamate)
    question = await hanako.ask("月の途中で入社した人の社会保険料は？")
    await quiet(minato, yamate)
    answer = await jun.answer(question, "日割りはありません。")
    await quiet(minato, yamate)
    assert await hanako.sees(answer)
    note = await split.ask(answer, Accept=ACTIVITY)
    (mention,) = [each for each in note["tag"] if each["type"] == "Mention"]
    assert mention == {
        "type": "Mention",
        "href": f"{minato.origin}/users/hanako",
        "name": f"@hanako@{split.door}",
    }


async def test_apps_and_words_know_both_as_our_own(split: Split) -> None:
    town = split.town
    assert (await split.ask(f"{town.origin}/api/v2/instance"))["domain"] == split.door
    assert (await split.ask(f"{town.origin}/api/v1/instance"))["uri"] == split.door
    for domain in (split.door, town.domain):
        account = await split.ask(f"{town.origin}/api/v1/accounts/lookup?acct=hanako@{domain}")
        assert (account["acct"], account["url"]) == ("hanako", f"{town.origin}/@hanako")

    def named(session):
        me = factories.local(session, "hanako").id
        typed = f"@hanako@{split.door} @hanako@{town.domain} @hanako"
        return [each.id == me for each in composing.accounts_in(session, typed, by=me).values()]

    assert await town.read(named) == [True]
    person = await town.visitor()
    page = await person.browser.get("/login")
    entered = await person.browser.send(
        page, "/login", login=f"@hanako@{split.door}", passphrase=factories.PASSPHRASE
    )
    assert entered.status == 200, entered.alert


async def test_nobody_takes_a_name_of_the_door_by_saying_so(
    split: Split, yamate: Town, mastodon: Peer
) -> None:
    """Mallory's own host says that Mallory is hanako; the door says otherwise, and the door is asked."""
    mallory = mastodon.actor("hanako")
    body = {
        "subject": f"acct:hanako@{split.door}",
        "links": [{"rel": "self", "type": ACTIVITY, "href": mallory.id}],
    }
    mastodon.answer("/.well-known/webfinger", body=body, content_type=JRD)
    jun = await yamate.enter("jun")
    assert (await jun.browser.get(f"/lookup?q=@hanako@{mastodon.domain}")).status == 404
    assert (
        await yamate.read(
            lambda session: session.scalars(select(Account).where(Account.domain == split.door)).all()
        )
        == []
    )
    await jun.browser.get(f"/lookup?q={mallory.id}")
    assert await known(yamate, mallory.id) in ([], [("hanako", mastodon.domain)])


async def test_nobody_calls_ours_by_a_name_of_their_own(split: Split, yamate: Town, mastodon: Peer) -> None:
    """Another host says that its mallory is our hanako: it is no name of hers, here or elsewhere."""
    body = {
        "subject": f"acct:mallory@{mastodon.domain}",
        "links": [{"rel": "self", "type": ACTIVITY, "href": f"{split.town.origin}/users/hanako"}],
    }
    mastodon.answer("/.well-known/webfinger", body=body, content_type=JRD)
    for town, member in ((split.town, "hanako"), (yamate, "jun")):
        person = await town.enter(member)
        assert (await person.browser.get(f"/lookup?q=@mallory@{mastodon.domain}")).status == 404
        assert await town.rows(Account.id, domain=mastodon.domain) == []
