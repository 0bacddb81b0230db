"""Boards, blocks, reports, polls, moves, quotes and goodbyes between a town and Fedify."""

from functools import partial
from typing import Any

from community.models import Account, Block, Follow, Report
from tests.integration.served import Town, quiet
from tests.interop.conftest import Enter
from tests.interop.peer import FedifyPeer, started
from tests.interop.test_questions import asked, followed


async def test_it_follows_a_board_and_is_told_what_happens_there(minato: Town, peer: FedifyPeer):
    await followed(minato, peer, "roumu")
    hanako = await minato.enter("hanako")
    uri = await hanako.ask("会議室の鍵はどこですか？")
    board = f"{minato.origin}/boards/roumu"
    told = await peer.next("Announce", where=lambda it: isinstance(it["object"], dict))
    inner = told["activity"]["object"]
    assert told["activity"]["actor"] == board
    assert (inner["type"], inner["object"]["id"]) == ("Create", uri)
    assert (await peer.next("Announce", where=lambda it: it["object"] == uri))["activity"]["actor"] == board

    async def passes_on(kind: str, actor: str, about: str) -> None:
        unknown = kind == "ChooseAnswer"
        passed_on = await peer.next("Announce", where=partial(_tells, kind, about), refused=unknown)
        assert passed_on["activity"]["object"]["actor"] == f"{minato.origin}/users/{actor}"

    answer = await (await minato.enter("ken")).answer(uri, "受付にあります。")
    await passes_on("Create", "ken", answer)
    await hanako.solve(uri, answer)
    await passes_on("ChooseAnswer", "hanako", answer)
    await passes_on("Update", "hanako", uri)
    await hanako.thank(answer)
    await passes_on("Like", "hanako", answer)
    await hanako.take_thanks_back(answer)
    await passes_on("Undo", "hanako", answer)
    # Each is waited for: how a post looked is no longer said once it is gone.
    await hanako.edit(uri, "とくに二階です。", title="会議室の鍵")
    await passes_on("Update", "hanako", uri)
    await hanako.delete(uri)
    await passes_on("Delete", "hanako", uri)
    await peer.do("unfollow", who=f"@roumu@{minato.domain}")
    await quiet(minato)
    assert await minato.rows(Account.followers_count, name="roumu") == [(0,)]


def _tells(kind: str, about: str, announce: Any) -> bool:
    """Whether it announces an activity of that kind that speaks of `about`."""
    inner = announce["object"]
    return isinstance(inner, dict) and inner["type"] == kind and about in str(inner["object"])


async def test_its_post_to_a_board_is_a_question_there(minato: Town, peer: FedifyPeer):
    await peer.do("post", kind="article", title="名刺の発注先", content="おすすめは？", mention=[f"@roumu@{minato.domain}"])
    await quiet(minato)
    listed = (await (await minato.enter("ken")).get("/questions?board=roumu")).text
    assert "名刺の発注先" in listed


async def test_a_group_of_its_passes_activities_on(minato: Town, peer: FedifyPeer, app: Enter):
    """FEP-1b12 the other way round: a member follows the group, and reads what it announces."""
    hanako = await app("hanako")
    account = await hanako.account(peer.handle("soumu"))
    assert account["group"] is True
    await hanako.post(f"/api/v1/accounts/{account['id']}/follow")
    await peer.next("Follow")
    await hanako.until("/api/v1/accounts/relationships", lambda it: it[0]["following"], id=account["id"])
    # alice writes to the group, which receives and announces the whole activity.
    said = await peer.do("post", content="備品棚の鍵について", mention=[peer.handle("soumu")], visibility="public")
    create = await peer.next("Create")
    await peer.do("announce", n=create["n"], **{"as": "soumu"})
    await hanako.until(
        "/api/v1/timelines/home", lambda told: any("備品棚の鍵について" in each["content"] for each in told)
    )
    status = await hanako.status(said["object"])
    assert status["account"]["acct"].startswith("alice@")
    # And as Mbin and PieFed do it: the bare id.
    later = await peer.do("post", content="備品棚の場所", mention=[peer.handle("soumu")], visibility="public")
    await peer.do("announce", object=later["object"], **{"as": "soumu"})
    await hanako.until("/api/v1/timelines/home", lambda told: any("備品棚の場所" in each["content"] for each in told))


async def test_blocks_both_ways(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    await followed(minato, peer)
    blocking = await peer.do("block", who=f"@hanako@{minato.domain}")
    await quiet(minato)
    assert len(await minato.rows(Block.id)) == 1
    assert await minato.rows(Follow.id) == []
    await peer.do("undo", activity=blocking["activity"], to=f"@hanako@{minato.domain}")
    await quiet(minato)
    assert await minato.rows(Block.id) == []
    bob = await hanako.account(peer.handle("bob"))
    await hanako.post(f"/api/v1/accounts/{bob['id']}/block")
    block = (await peer.next("Block"))["activity"]
    assert (block["actor"], block["object"]) == (f"{minato.origin}/users/hanako", peer.id("bob"))
    await peer.do("follow", who=f"@hanako@{minato.domain}", **{"as": "bob"})
    assert (await peer.next("Reject"))["activity"]["object"]["actor"] == peer.id("bob")
    await hanako.post(f"/api/v1/accounts/{bob['id']}/unblock")
    assert (await peer.next("Undo"))["activity"]["object"]["id"] == block["id"]


async def test_one_of_us_follows_and_stops(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    account = (await hanako.account(peer.handle()))["id"]
    await hanako.post(f"/api/v1/accounts/{account}/follow")
    follow = (await peer.next("Follow"))["activity"]
    await hanako.until("/api/v1/accounts/relationships", lambda it: it[0]["following"], id=account)
    await hanako.post(f"/api/v1/accounts/{account}/unfollow")
    undo = (await peer.next("Undo"))["activity"]
    assert (undo["object"]["type"], undo["object"]["id"]) == ("Follow", follow["id"])


async def test_it_refuses_a_follower(minato: Town, program: str, app: Enter):
    with started("--manual-accept", actors=("dan",)) as running:
        async with running.fresh() as peer:
            hanako = await app("hanako")
            account = (await hanako.account(peer.handle()))["id"]
            await hanako.post(f"/api/v1/accounts/{account}/follow")
            follow = await peer.next("Follow")
            await peer.do("answer", activity=follow["activity"]["id"], reject=True)
            await hanako.until("/api/v1/accounts/relationships", lambda it: not it[0]["requested"], id=account)
            assert not (await hanako.get("/api/v1/accounts/relationships", id=account))[0]["following"]


async def test_reports_both_ways(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    said = await peer.do("post", content="宣伝です", mention=[f"@hanako@{minato.domain}"])
    status = await hanako.until("/api/v1/notifications", lambda told: told and told[0]["status"])
    account = status["account"]["id"]
    await hanako.post(
        "/api/v1/reports", account_id=account, status_ids=[status["id"]], comment="宣伝の連投です", forward=True
    )
    flag = (await peer.next("Flag"))["activity"]
    assert flag["actor"] == f"{minato.origin}/actor"
    assert sorted(flag["object"]) == sorted([peer.id(), said["object"]])
    assert "hanako" not in str(flag)
    question, _ = await asked(minato, peer)
    await peer.do("flag", who=f"@hanako@{minato.domain}", objects=[question], content="気になります")
    await quiet(minato)
    comments = [comment for (comment,) in await minato.rows(Report.comment)]
    assert comments == ["宣伝の連投です", "気になります"]


async def test_polls_both_ways(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    await followed(minato, peer)
    poll = await hanako.post(
        "/api/v1/statuses", status="何時がよいですか", poll={"options": ["朝", "昼", "夜"], "expires_in": 3600, "multiple": True}
    )
    question = (await peer.next("Create"))["activity"]["object"]
    assert (question["type"], [each["name"] for each in question["anyOf"]]) == ("Question", ["朝", "昼", "夜"])
    await peer.do("vote", object=poll["uri"], choice="昼")
    await peer.do("vote", object=poll["uri"], choice="夜")
    await hanako.until(
        f"/api/v1/polls/{poll['poll']['id']}", lambda it: [each["votes_count"] for each in it["options"]] == [0, 1, 1]
    )
    await peer.do(
        "post", kind="question", content="どちら派？", options=["紅", "白"], mention=[f"@hanako@{minato.domain}"], **{"as": "bob"}
    )
    theirs = await hanako.until(
        "/api/v1/notifications", lambda told: next((each["status"] for each in told if each["type"] == "mention"), None)
    )
    assert [each["title"] for each in theirs["poll"]["options"]] == ["紅", "白"]
    await hanako.post(f"/api/v1/polls/{theirs['poll']['id']}/votes", choices=[1])
    vote = (await peer.next("Create", where=lambda it: "inReplyTo" in it["object"]))["activity"]["object"]
    assert (vote["name"], vote["inReplyTo"]) == ("白", theirs["uri"])
    assert "content" not in vote


async def test_a_changed_name_and_a_goodbye(minato: Town, peer: FedifyPeer, app: Enter):
    hanako = await app("hanako")
    account = await hanako.account(peer.handle())
    await followed(minato, peer)
    await peer.do("post", content="さようなら", mention=[f"@hanako@{minato.domain}"])
    await hanako.post(f"/api/v1/accounts/{account['id']}/follow")
    await peer.next("Follow")
    await hanako.until("/api/v1/accounts/relationships", lambda it: it[0]["followed_by"], id=account["id"])
    await peer.do("profile", name="ありす")
    await hanako.until(f"/api/v1/accounts/{account['id']}", lambda it: it["display_name"] == "ありす")
    await hanako.patch("/api/v1/accounts/update_credentials", display_name="はな")
    assert (await peer.next("Update"))["activity"]["object"]["name"] == "はな"
    await peer.do("vanish")
    await quiet(minato)
    assert await minato.rows(Follow.id) == []
    ((deleted_at,),) = await minato.rows(Account.deleted_at, uri=peer.id())
    assert deleted_at is not None
    home = await hanako.get("/api/v1/timelines/home")
    assert not [each for each in home if "さようなら" in each["content"]]
