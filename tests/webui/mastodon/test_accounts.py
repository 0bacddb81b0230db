"""Accounts in an app: looking at them, finding them, and everything one member does about another."""

import pytest

from community import blocks, follows, members, strengths
from community import search as people_search
from community.models import Account
from tests import factories

RELATIONSHIP = {
    "id": str, "following": bool, "showing_reblogs": bool, "notifying": bool, "languages": (list, type(None)),
    "followed_by": bool, "blocking": bool, "blocked_by": bool, "muting": bool, "muting_notifications": bool,
    "muting_expires_at": (str, type(None)), "requested": bool, "requested_by": bool, "domain_blocking": bool,
    "endorsed": bool, "note": str,
}  # fmt: skip


@pytest.fixture
async def two(site, app_of):
    """hanako with her app, and taro."""
    hanako, taro = await site.member("hanako"), await site.member("taro")
    return await app_of(hanako), hanako, taro


async def relation(app, account_id):
    answer = await app.get(f"/api/v1/accounts/relationships?id[]={account_id}")
    assert answer.status == 200
    return answer.json[0]


async def test_somebody_by_id_many_and_by_handle(site, app_of, two):
    _, hanako, taro = two
    stranger = await app_of(None)
    assert (await stranger.get(f"/api/v1/accounts/{taro}")).json["acct"] == "taro"
    several = await stranger.get("/api/v1/accounts", params=[("id[]", str(taro)), ("id[]", "5"), ("id[]", str(hanako))])
    assert [each["acct"] for each in several.json] == ["taro", "hanako"]
    for acct in ("taro", "@taro", "taro@localhost:8080", "TARO"):
        found = await stranger.get("/api/v1/accounts/lookup", params={"acct": acct})
        assert found.json["id"] == str(taro), acct
    assert (await stranger.get("/api/v1/accounts/lookup", params={"acct": "taro@other.example"})).status == 404
    for path in ("5", "abc", "99999999999999999999"):
        assert (await stranger.get(f"/api/v1/accounts/{path}")).json == {"error": "Record not found"}


async def test_following_with_wishes_is_idempotent_and_keeps_what_is_not_said(two):
    app, hanako, taro = two
    path = f"/api/v1/accounts/{taro}"
    followed = (await app.post(f"{path}/follow")).json
    assert {name: type(value) for name, value in followed.items()}.keys() == RELATIONSHIP.keys()
    assert all(isinstance(followed[name], kind) for name, kind in RELATIONSHIP.items())
    assert (followed["following"], followed["showing_reblogs"], followed["notifying"]) == (True, True, False)
    wished = await app.post(
        f"{path}/follow", json={"reblogs": False, "notify": True, "languages": ["ja", "en"]}
    )
    assert (wished.json["showing_reblogs"], wished.json["notifying"]) == (False, True)
    assert wished.json["languages"] == ["ja", "en"]
    again = (await app.post(f"{path}/follow", data={"languages[]": ""})).json
    assert (again["showing_reblogs"], again["notifying"], again["languages"]) == (False, True, None)
    assert (await app.get(f"{path}")).json["followers_count"] == 1
    ended = (await app.post(f"{path}/unfollow")).json
    assert (ended["following"], ended["showing_reblogs"], ended["notifying"]) == (False, False, False)
    assert (await app.post(f"{path}/unfollow")).status == 200
    assert (await app.post(f"/api/v1/accounts/{hanako}/follow")).status == 403


async def test_a_locked_member_is_asked_and_answers(site, app_of, two):
    app, hanako, taro = two
    await site.database.write(lambda session: members.update_profile(session, account_id=taro, locked=True))
    asked = (await app.post(f"/api/v1/accounts/{taro}/follow")).json
    assert (asked["following"], asked["requested"]) == (False, True)
    theirs = await app_of(taro)
    waiting = await theirs.get("/api/v1/follow_requests")
    assert [each["acct"] for each in waiting.json] == ["hanako"]
    assert 'rel="prev"' in waiting.headers["Link"]
    assert (await relation(theirs, hanako))["requested_by"] is True
    accepted = (await theirs.post(f"/api/v1/follow_requests/{hanako}/authorize")).json
    assert (accepted["id"], accepted["followed_by"]) == (str(hanako), True)
    assert (await theirs.post(f"/api/v1/follow_requests/{hanako}/authorize")).status == 404
    assert (await theirs.get("/api/v1/follow_requests")).json == []
    removed = (await theirs.post(f"/api/v1/accounts/{hanako}/remove_from_followers")).json
    assert removed["followed_by"] is False
    await app.post(f"/api/v1/accounts/{taro}/follow")
    rejected = (await theirs.post(f"/api/v1/follow_requests/{hanako}/reject")).json
    assert (rejected["followed_by"], rejected["requested_by"]) == (False, False)
    assert (await relation(app, taro))["requested"] is False


async def test_a_remote_account_and_a_board_are_followed(site, two):
    app, *_ = two
    ken, board = await site.database.write(
        lambda session: (factories.remote(session, "ken").id, factories.board(session, "roumu").id)
    )
    assert (await app.post(f"/api/v1/accounts/{ken}/follow")).json["requested"] is True
    assert (await app.post(f"/api/v1/accounts/{board}/follow")).json["following"] is True


async def test_blocking_hides_each_from_the_other(site, app_of, two):
    app, hanako, taro = two
    theirs, stranger = await app_of(taro), await app_of(None)
    await app.post(f"/api/v1/accounts/{taro}/follow")
    question = await site.database.write(
        lambda session: factories.question(session, session.get_one(Account, hanako)).id
    )
    blocked = (await app.post(f"/api/v1/accounts/{taro}/block")).json
    assert (blocked["blocking"], blocked["following"]) == (True, False)
    assert (await relation(theirs, hanako))["blocked_by"] is True
    assert (await theirs.get(f"/api/v1/accounts/{hanako}")).status == 200
    own = await theirs.get(f"/api/v1/accounts/{hanako}/statuses")
    assert str(question) not in str(own.json)
    assert (await theirs.get(f"/api/v1/statuses/{question}/context")).status == 404
    open_to_all = await stranger.get(f"/api/v1/accounts/{hanako}/statuses")
    assert [each["id"] for each in open_to_all.json] == [str(question)]
    assert (await theirs.post(f"/api/v1/accounts/{hanako}/follow")).status == 403
    assert [each["acct"] for each in (await app.get("/api/v1/blocks")).json] == ["taro"]
    assert (await app.post(f"/api/v1/accounts/{hanako}/block")).status == 403
    assert (await app.post(f"/api/v1/accounts/{taro}/unblock")).json["blocking"] is False
    assert (await app.get("/api/v1/blocks")).json == []


async def test_mutes_for_a_while_and_for_ever(site, app_of, two):
    app, _, taro = two
    jiro = await site.member("jiro")
    muted = (await app.post(f"/api/v1/accounts/{taro}/mute", data={"duration": "3600", "notifications": "0"})).json
    assert (muted["muting"], muted["muting_notifications"]) == (True, False)
    assert muted["muting_expires_at"].endswith("Z")
    assert (await app.post(f"/api/v1/accounts/{jiro}/mute")).json["muting_notifications"] is True
    listed = (await app.get("/api/v1/mutes")).json
    assert [(each["acct"], each["mute_expires_at"]) for each in listed] == [
        ("jiro", None),
        ("taro", muted["muting_expires_at"]),
    ]
    first = await app.get("/api/v1/mutes?limit=1")
    assert [each["acct"] for each in first.json] == ["jiro"]
    following = first.links["next"].replace("http://localhost:8080", "")
    assert [each["acct"] for each in (await app.get(following)).json] == ["taro"]
    site.clock.advance(hours=1)
    assert [each["acct"] for each in (await app.get("/api/v1/mutes")).json] == ["jiro"]
    assert (await relation(app, taro))["muting"] is False
    assert (await app.post(f"/api/v1/accounts/{jiro}/unmute")).json["muting"] is False
    assert (await app.post(f"/api/v1/accounts/{taro}/mute", json={"duration": -5})).status == 422


async def test_a_private_note(app_of, two):
    app, hanako, taro = two
    noted = await app.post(f"/api/v1/accounts/{taro}/note", json={"comment": "給与に詳しい"})
    assert noted.json["note"] == "給与に詳しい"
    assert (await relation(await app_of(taro), hanako))["note"] == ""
    assert (await app.post(f"/api/v1/accounts/{taro}/note", json={"comment": "あ" * 2001})).status == 422
    assert (await app.post(f"/api/v1/accounts/{taro}/note")).json["note"] == ""


async def test_recommending_those_whom_one_follows(app_of, two):
    app, hanako, taro = two
    refused = await app.post(f"/api/v1/accounts/{taro}/endorse")
    assert refused.status == 422
    assert refused.json["error"].startswith("Validation failed")
    await app.post(f"/api/v1/accounts/{taro}/follow")
    assert (await app.post(f"/api/v1/accounts/{taro}/pin")).json["endorsed"] is True
    stranger = await app_of(None)
    for path, who in ((f"/api/v1/accounts/{hanako}/endorsements", stranger), ("/api/v1/endorsements", app)):
        assert [each["acct"] for each in (await who.get(path)).json] == ["taro"]
    await app.post(f"/api/v1/accounts/{taro}/unfollow")
    assert (await relation(app, taro))["endorsed"] is False
    await app.post(f"/api/v1/accounts/{taro}/follow")
    await app.post(f"/api/v1/accounts/{taro}/endorse")
    assert (await app.post(f"/api/v1/accounts/{taro}/unendorse")).json["endorsed"] is False


async def test_who_follows_whom_is_shown_by_those_who_show_it(site, app_of, two):
    app, hanako, taro = two
    jiro = await site.member("jiro")
    for each in (taro, jiro):
        await app.post(f"/api/v1/accounts/{each}/follow")
    theirs, stranger = await app_of(taro), await app_of(None)
    path = f"/api/v1/accounts/{hanako}/following"
    assert [each["acct"] for each in (await app.get(path)).json] == ["jiro", "taro"]
    hidden = await theirs.get(path)
    assert (hidden.status, hidden.json, hidden.headers.get("Link")) == (200, [], None)

    def show(session):
        session.get_one(Account, hanako).hides_collections = False

    await site.database.write(show)
    assert [each["acct"] for each in (await theirs.get(path)).json] == ["jiro", "taro"]
    first = await stranger.get(f"{path}?limit=1")
    assert [each["acct"] for each in first.json] == ["jiro"]
    following = first.links["next"].replace("http://localhost:8080", "")
    assert [each["acct"] for each in (await stranger.get(following)).json] == ["taro"]
    await theirs.post(f"/api/v1/accounts/{jiro}/mute")
    assert [each["acct"] for each in (await theirs.get(path)).json] == ["taro"]
    await app.post(f"/api/v1/accounts/{taro}/block")
    assert (await theirs.get(path)).json == []
    assert [each["acct"] for each in (await stranger.get(path)).json] == ["jiro"]
    assert (await app.get(f"/api/v1/accounts/{jiro}/followers")).json == []


async def test_familiar_followers(site, app_of, two):
    app, hanako, taro = two
    jiro, saburo = await site.member("jiro"), await site.member("saburo")

    def scene(session):
        people = {each: session.get_one(Account, each) for each in (hanako, taro, jiro, saburo)}
        for follower, followee in ((hanako, taro), (hanako, jiro), (taro, saburo), (jiro, saburo)):
            follows.request(session, follower=people[follower], followee=people[followee])
        for each in (taro, saburo):
            people[each].hides_collections = False

    await site.database.write(scene)
    answer = await app.get(f"/api/v1/accounts/familiar_followers?id[]={saburo}&id[]={taro}&id[]=5")
    named = [(each["id"], [one["acct"] for one in each["accounts"]]) for each in answer.json]
    assert named == [(str(saburo), ["taro"]), (str(taro), [])]


async def test_searching_by_handle_name_and_strength(site, app_of, two):
    app, _, taro = two

    def scene(session):
        members.update_profile(session, account_id=taro, nickname="たろうさん", strengths=["社会保険"])
        remote = factories.remote(session, "tarako", "yamate.example")
        strengths.note(session, remote.id, ["社会保険"])
        people_search.note_account(session, remote.id)
        return remote.id

    tarako = await site.database.write(scene)

    async def found(app=app, **params):
        answer = await app.get("/api/v1/accounts/search", params=params)
        assert answer.status == 200
        return [each["acct"] for each in answer.json]

    assert await found(q="tar") == ["taro", "tarako@yamate.example"]
    await app.post(f"/api/v1/accounts/{tarako}/mute")
    assert await found(q="tar") == ["taro"]
    assert await found(q="@tarako@yamate.example") == ["tarako@yamate.example"]
    await app.post(f"/api/v1/accounts/{tarako}/unmute")
    assert await found(q="@tarako@yama") == ["tarako@yamate.example"]
    assert await found(q="たろう") == ["taro"]
    assert await found(q="社会") == ["taro", "roumu", "tarako@yamate.example"]
    assert await found(q="tar", limit="1", offset="1") == ["tarako@yamate.example"]
    assert await found(q="tar", following="true") == []
    await app.post(f"/api/v1/accounts/{taro}/follow")
    assert await found(q="tar", following="true") == ["taro"]
    assert await found(q="") == await found(q="%") == []
    assert await found(q="nobody@nowhere.invalid", resolve="true") == []
    assert (await (await app_of(None)).get("/api/v1/accounts/search?q=a")).status == 401


async def test_relationships_are_told_as_an_array_in_the_order_asked(site, two):
    app, _, taro = two
    jiro = await site.member("jiro")
    single = await app.get(f"/api/v1/accounts/relationships?id={taro}")
    assert [each["id"] for each in single.json] == [str(taro)]
    both = await app.get(f"/api/v1/accounts/relationships?id[]={jiro}&id[]={taro}&id[]=7&id[]=x")
    assert [each["id"] for each in both.json] == [str(jiro), str(taro)]
    assert (await app.get("/api/v1/accounts/relationships")).json == []

    def suspend(session):
        session.get_one(Account, taro).suspended_at = 1

    await site.database.write(suspend)
    path = f"/api/v1/accounts/relationships?id[]={taro}"
    assert (await app.get(path)).json == []
    assert [each["id"] for each in (await app.get(f"{path}&with_suspended=true")).json] == [str(taro)]
    for deed in ("follow", "block", "mute", "note"):
        assert (await app.post(f"/api/v1/accounts/{taro}/{deed}")).status == 404


async def test_a_deed_needs_its_scope(site, app_of, two):
    _, hanako, taro = two
    reader = await app_of(hanako, scopes="read")
    for deed in ("follow", "block", "mute", "note", "pin", "remove_from_followers"):
        refused = await reader.post(f"/api/v1/accounts/{taro}/{deed}")
        assert refused.status == 403
        assert refused.json == {"error": "This action is outside the authorized scopes"}
    follower = await app_of(hanako, scopes="write:follows")
    assert (await follower.post(f"/api/v1/accounts/{taro}/follow")).status == 200
    assert (await follower.post(f"/api/v1/accounts/{taro}/block")).status == 403
    assert (await follower.get("/api/v1/blocks")).status == 403


async def test_whole_servers(site, app_of, two):
    app, hanako, _ = two

    def scene(session):
        ken = factories.remote(session, "ken", "mast.example")
        follows.request(
            session, follower=ken, followee=session.get_one(Account, hanako), uri="https://mast.example/f/1"
        )
        return ken.id

    ken = await site.database.write(scene)
    assert (await relation(app, ken))["followed_by"] is True
    assert (await app.post("/api/v1/domain_blocks", data={"domain": "Mast.Example"})).json == {}
    assert (await app.get("/api/v1/domain_blocks")).json == ["mast.example"]
    told = await relation(app, ken)
    assert (told["followed_by"], told["domain_blocking"]) == (False, True)
    assert (await app.post(f"/api/v1/accounts/{ken}/follow")).status == 403
    assert (await app.delete("/api/v1/domain_blocks", json={"domain": "mast.example"})).json == {}
    await app.post("/api/v1/domain_blocks?domain=mast.example")
    assert (await app.delete("/api/v1/domain_blocks?domain=mast.example")).json == {}
    assert (await app.get("/api/v1/domain_blocks")).json == []
    assert (await app.post("/api/v1/domain_blocks")).status == 422
    assert (await app.post("/api/v1/domain_blocks", data={"domain": "a b"})).status == 422


async def test_nobody_else_sees_whom_one_turned_away(site, app_of, two):
    app, hanako, taro = two
    await app.post(f"/api/v1/accounts/{taro}/block")
    await app.post("/api/v1/domain_blocks", data={"domain": "mast.example"})
    theirs = await app_of(taro)
    for path in ("/api/v1/blocks", "/api/v1/mutes", "/api/v1/domain_blocks"):
        assert (await theirs.get(path)).json == []
    held = await site.database.read(lambda session: blocks.between(session, taro, hanako))
    assert held is None
