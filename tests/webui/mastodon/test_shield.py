"""同僚シールド in apps: of two members of one company neither learns from any answer that the other is here."""

import pytest

from community import shield
from community.models import Account
from tests.webui import colleagues
from tests.webui.colleagues import HANDLE, NAME, SKILL
from webui.keys import DATABASE

FILLED = {"tag": "年末調整", "domain": "yamate.example", "name": "年末調整", "group_key": "ungrouped-1"}
SKIPPED = ("/api/v1/streaming",)  # never ends; tests/webui/streaming hears it
ASKED = (
    f"/api/v2/search?q={HANDLE}", f"/api/v2/search?q={NAME}", f"/api/v2/search?q={SKILL}",
    f"/api/v2/search?q=@{HANDLE}@localhost:8080&resolve=true", f"/api/v2/search?q=from:{HANDLE}",
    f"/api/v2/search?q=http://localhost:8080/users/{HANDLE}", "/api/v2/search?q=晴れ", "/api/v2/search?q=年末調整",
    f"/api/v1/accounts/search?q={HANDLE}", f"/api/v1/accounts/search?q={HANDLE}&following=true",
    f"/api/v1/accounts/lookup?acct={HANDLE}", "/api/v1/directory?local=true&limit=80",
    "/api/v1/directory?order=new", "/api/v1/timelines/public?local=true", "/api/v1/notifications?limit=80",
    "/api/v2/notifications?expand_accounts=partial_avatars", "/api/v1/timelines/tag/年末調整",
)  # fmt: skip
WITH_ID = (
    "/api/v1/accounts?id[]={0}", "/api/v1/accounts/relationships?id[]={0}&with_suspended=true",
    "/api/v1/accounts/familiar_followers?id[]={0}", "/api/v2/search?q=話&account_id={0}",
)  # fmt: skip


@pytest.fixture
async def site(make_site):
    return await make_site(limits={"enabled": False})


@pytest.fixture
async def scene(site):
    return await site.database.write(colleagues.build)


async def veil(site, scene):
    await site.database.write(lambda session: colleagues.veil(session, scene))


def reading_paths(site, ids):
    """Every GET of the API, with each of `ids` where an id belongs."""
    for resource in site.app.router.resources():
        path = resource.canonical
        gets = any(route.method == "GET" for route in resource)
        if not gets or not path.startswith("/api/") or path.endswith("/") or path.startswith(SKIPPED):
            continue
        for name, filled in FILLED.items():
            path = path.replace("{" + name + "}", filled)
        if "{" not in path:
            yield path
            continue
        for each in ids:
            yield path.replace("{id}", str(each)).replace("{quote}", str(each))


async def told(app, scene, paths):
    """The paths whose answers name the other, with what they say."""
    found = {}
    for path in paths:
        body = (await app.get(path)).body.decode()
        named = [each for each in scene.telltales if each in body]
        if named:
            found[path] = named
    return found


def all_paths(site, scene):
    ids = (*scene.posts, scene.other, scene.third, scene.list)
    return [*reading_paths(site, ids), *ASKED, *(path.format(scene.other) for path in WITH_ID)]


async def test_no_answer_names_a_colleague(site, scene, app_of):
    me = await app_of(scene.me)
    paths = all_paths(site, scene)
    assert len(paths) > 400
    before = await told(me, scene, paths)
    assert len(before) > 60, "the walk must meet the other often while there is no veil"
    await veil(site, scene)
    assert await told(me, scene, paths) == {}


async def test_no_answer_names_a_holder_to_a_stranger(site, scene, app_of):
    stranger = await app_of(None)
    paths = all_paths(site, scene)
    assert len(await told(stranger, scene, paths)) > 20
    await veil(site, scene)
    assert await told(stranger, scene, paths) == {}


async def test_it_holds_the_other_way_round_and_nobody_is_veiled_from_themselves(site, scene, app_of):
    await veil(site, scene)
    other = await app_of(scene.other)
    for path in all_paths(site, scene):
        body = (await other.get(path)).body.decode()
        assert "mizutama" not in body, path
        assert "みずたま" not in body, path
    assert (await other.get("/api/v1/accounts/verify_credentials")).json["acct"] == HANDLE
    assert (await other.get(f"/api/v1/statuses/{scene.note}")).json["account"]["acct"] == HANDLE


async def test_a_third_member_sees_the_name(site, scene, app_of):
    await veil(site, scene)
    third = await app_of(scene.third)
    status = (await third.get(f"/api/v1/statuses/{scene.note}")).json
    assert status["account"]["display_name"] == NAME
    assert status["url"] == f"http://localhost:8080/@{HANDLE}/{scene.note}"
    assert (await third.get(f"/api/v1/accounts/{scene.other}")).status == 200
    assert f"/@{HANDLE}/{scene.answer}" in (await third.get(f"/api/v1/statuses/{scene.question}")).json["content"]
    assert [each["acct"] for each in (await third.get(f"/api/v1/statuses/{scene.reply}")).json["mentions"]] == [HANDLE]


async def test_a_veiled_post_has_no_other_author_fields_than_a_stranger_is_shown(site, scene, app_of):
    await veil(site, scene)
    me, stranger = await app_of(scene.me), await app_of(None)
    for post_id in (scene.note, scene.answer, scene.asked, scene.reply, scene.quoting):
        mine = (await me.get(f"/api/v1/statuses/{post_id}")).json
        theirs = (await stranger.get(f"/api/v1/statuses/{post_id}")).json
        fields = ["url", "content", "machi", "application"]
        if post_id != scene.answer:  # it is said to me, who am veiled from the stranger
            fields += ["mentions", "in_reply_to_account_id"]
        assert {field: mine[field] for field in fields} == {field: theirs[field] for field in fields}
        if post_id in (scene.note, scene.answer, scene.asked):
            assert mine["account"] == theirs["account"]
            assert mine["account"]["acct"] == "dareka"
            assert mine["url"] == f"http://localhost:8080/@dareka/{post_id}"
    quoted = (await me.get(f"/api/v1/statuses/{scene.quoting}")).json["quote"]["quoted_status"]
    assert quoted["account"]["acct"] == "dareka"
    history = (await me.get(f"/api/v1/statuses/{scene.note}/history")).json
    assert [each["account"]["acct"] for each in history] == ["dareka"]


async def test_nothing_can_be_done_to_who_is_not_there(site, scene, app_of):
    await veil(site, scene)
    me = await app_of(scene.me)
    for deed in ("follow", "unfollow", "block", "unblock", "mute", "unmute", "note", "pin", "remove_from_followers"):
        assert (await me.post(f"/api/v1/accounts/{scene.other}/{deed}")).status == 404, deed
    answer = await me.post(f"/api/v1/lists/{scene.list}/accounts", data={"account_ids[]": str(scene.other)})
    assert answer.status == 404
    assert (await me.get(f"/api/v1/accounts/{scene.other}")).json == (await me.get("/api/v1/accounts/1")).json


async def test_a_veiled_post_is_answered_in_silence(site, scene, app_of):
    await veil(site, scene)
    me, other = await app_of(scene.me), await app_of(scene.other)
    before = [each["id"] for each in (await other.get("/api/v1/notifications")).json]
    sent = await me.post(
        "/api/v1/statuses", data={"status": f"@{HANDLE} たしかにそうですね。", "in_reply_to_id": str(scene.note)}
    )
    assert sent.status == 200, sent.body
    assert sent.json["mentions"] == []
    assert (await me.post(f"/api/v1/statuses/{scene.note}/favourite")).status == 200
    assert [each["id"] for each in (await other.get("/api/v1/notifications")).json] == before
    reply = (await other.get(f"/api/v1/statuses/{sent.json['id']}")).json
    assert reply["account"]["acct"] == "dareka"


async def test_without_marks_everything_is_as_before(site, scene, app_of):
    await veil(site, scene)
    me = await app_of(scene.me)
    assert (await me.get(f"/api/v1/accounts/{scene.other}")).status == 404
    await site.database.write(lambda session: shield.clear(session, account_id=scene.me))
    assert (await me.get(f"/api/v1/accounts/{scene.other}")).status == 200
    assert (await me.get(f"/api/v1/statuses/{scene.note}")).json["account"]["acct"] == HANDLE
    stranger = await app_of(None)
    shown = (await stranger.get(f"/api/v1/statuses/{scene.note}")).json
    assert shown["account"]["acct"] == "dareka", "the other still holds a mark"
    counts = await site.app[DATABASE].read(lambda session: session.get_one(Account, scene.other).followers_count)
    assert counts == 1, "a follow that ended stays ended"
