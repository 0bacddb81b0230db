"""Moves, quotes with consent, gatherings and pinned posts between a town and Fedify."""

from community.models import Account, Join
from tests.factories import PASSPHRASE
from tests.integration.served import Town, quiet
from tests.interop.conftest import Enter
from tests.interop.peer import FedifyPeer
from tests.interop.test_questions import followed


async def test_its_account_moves_and_takes_a_follower_along(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    alice, bob = await hanako.account(peer.handle("alice")), await hanako.account(peer.handle("bob"))
    await hanako.post(f"/api/v1/accounts/{alice['id']}/follow")
    await peer.next("Follow")
    await hanako.until("/api/v1/accounts/relationships", lambda it: it[0]["following"], id=alice["id"])
    # alice is followed back, so that her Move is delivered here.
    await followed(minato, peer)
    # A Move to an account that does not name the old one changes nothing.
    await peer.do("move", target=peer.handle("bob"))
    await quiet(minato)
    assert not (await hanako.get("/api/v1/accounts/relationships", id=bob["id"]))[0]["following"]
    await peer.do("alias", of=peer.handle("alice"), **{"as": "bob"})
    await peer.do("move", target=peer.handle("bob"))
    follow = await peer.next("Follow", where=lambda it: it["object"] == peer.id("bob"))
    assert follow["activity"]["actor"] == f"{minato.origin}/users/hanako"
    await hanako.until("/api/v1/accounts/relationships", lambda it: it[0]["following"], id=bob["id"])
    await hanako.until("/api/v1/accounts/relationships", lambda it: not it[0]["following"], id=alice["id"])
    moved = await hanako.get(f"/api/v1/accounts/{alice['id']}")
    assert moved["moved"]["acct"] == peer.handle("bob")[1:]


async def test_it_quotes_with_our_consent(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    ours = await hanako.post("/api/v1/statuses", status="引用してください", visibility="public")
    asked = await peer.do("quote", object=ours["uri"], content="これです")
    accept = (await peer.next("Accept"))["activity"]
    assert accept["object"]["id"] == asked["activity"]
    stamp = await peer.do("lookup", what=accept["result"])
    assert stamp["type"] == "QuoteAuthorization"
    assert (stamp["interactingObject"], stamp["interactionTarget"]) == (asked["note"], ours["uri"])
    await peer.do("publish", object=asked["note"], authorization=accept["result"], to=[f"@hanako@{minato.domain}"])
    theirs = await hanako.status(asked["note"])
    assert theirs["quote"]["state"] == "accepted"
    assert theirs["quote"]["quoted_status"]["uri"] == ours["uri"]


async def test_one_of_us_quotes_it_with_its_consent(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    said = await peer.do("post", content="すてきな話", mention=[f"@hanako@{minato.domain}"], quotable=True)
    theirs = await hanako.status(said["object"])
    await followed(minato, peer)
    ours = await hanako.post("/api/v1/statuses", status="これです", quoted_status_id=theirs["id"], visibility="public")
    note = (await peer.next("Create", where=lambda it: it["object"]["id"] == ours["uri"]))["activity"]["object"]
    assert {note[name] for name in ("quote", "quoteUri", "quoteUrl", "_misskey_quote")} == {said["object"]}
    request = await peer.next("QuoteRequest")
    assert request["activity"]["object"] == said["object"]
    consent = await peer.do("consent", n=request["n"])
    update = await peer.next("Update", where=lambda it: it["object"]["id"] == ours["uri"])
    assert update["activity"]["object"]["quoteAuthorization"] == consent["stamp"]
    shown = await hanako.get(f"/api/v1/statuses/{ours['id']}")
    assert shown["quote"]["state"] == "accepted"


async def test_one_of_us_moves_to_it(minato: Town, peer: FedifyPeer):
    await followed(minato, peer)
    await peer.do("alias", of=f"@hanako@{minato.domain}", **{"as": "bob"})
    hanako = await minato.enter("hanako")
    page = await hanako.get("/settings/moving")
    sent = await hanako.browser.send(
        page, "/settings/moving/leave", target=peer.handle("bob"), old_passphrase=PASSPHRASE
    )
    assert sent.status == 200, sent.alert
    move = (await peer.next("Move"))["activity"]
    here = f"{minato.origin}/users/hanako"
    assert (move["actor"], move["object"], move["target"]) == (here, here, peer.id("bob"))
    assert (await peer.do("lookup", what=here))["movedTo"] == peer.id("bob")


async def test_it_gathers_round_a_flag(minato: Town, peer: FedifyPeer):
    await followed(minato, peer)
    hanako = await minato.enter("hanako")
    page = await hanako.get("/flags/new")
    sent = await hanako.browser.send(
        page, "/flags", title="川そうじをする人あつまれ", body="土曜の朝、橋のたもとで。", board="roumu", visibility="open",
    )  # fmt: skip
    assert sent.status == 200, sent.alert
    flag = (await peer.next("Create"))["activity"]["object"]
    assert (flag["type"], flag["machi:kind"]) == ("Note", "hata")
    join = await peer.do("join", object=flag["id"])
    await quiet(minato)
    ((joiner,),) = await minato.rows(Join.account_id)
    assert await minato.rows(Account.uri, id=joiner) == [(peer.id(),)]
    await peer.do("undo", activity=join["activity"])
    await quiet(minato)
    assert await minato.rows(Join.account_id) == []


async def test_what_it_pins_shows_first(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    account = await hanako.account(peer.handle())
    await hanako.post(f"/api/v1/accounts/{account['id']}/follow")
    await hanako.until("/api/v1/accounts/relationships", lambda it: it[0]["following"], id=account["id"])
    said = await peer.do("post", content="はじめまして")
    await quiet(minato)
    await peer.do("pin", object=said["object"])
    path = f"/api/v1/accounts/{account['id']}/statuses"
    await hanako.until(path, lambda told: [each["uri"] for each in told] == [said["object"]], pinned="true")
    await peer.do("unpin", object=said["object"])
    await hanako.until(path, lambda told: told == [], pinned="true")


async def test_what_one_of_us_pins_reaches_it(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    await followed(minato, peer)
    ours = await hanako.post("/api/v1/statuses", status="はじめまして", visibility="public")
    await hanako.post(f"/api/v1/statuses/{ours['id']}/pin")
    add = (await peer.next("Add"))["activity"]
    featured = f"{minato.origin}/users/hanako/featured"
    assert (add["object"], add["target"]) == (ours["uri"], featured)
    collection = await peer.do("lookup", what=featured)
    listed = collection.get("orderedItems") or collection.get("items")
    assert ours["uri"] in str(listed)
    await hanako.post(f"/api/v1/statuses/{ours['id']}/unpin")
    assert (await peer.next("Remove"))["activity"]["object"] == ours["uri"]
