import io
from pathlib import Path

import aiohttp
import pytest
from PIL import Image

from community import emojis, follows, media
from community.models import Account, Member
from tests import factories
from tests.webui.mastodon.entity_table import complaints
from tests.webui.media import photos
from webui.keys import SETTINGS
from webui.mastodon import profile as endpoints

ME = "/api/v1/accounts/verify_credentials"
CHANGE = "/api/v1/accounts/update_credentials"


@pytest.fixture
async def hanako(site):
    return await site.member("hanako")


@pytest.fixture
async def app(app_of, hanako):
    return await app_of(hanako)


def files(site) -> set[str]:
    folder = Path(site.app[SETTINGS].media.path)
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*.*")}


async def test_who_am_i(site, app, app_of, hanako):
    answer = await app.get(ME)
    assert answer.status == 200
    assert complaints(answer.json, "CredentialAccount") == []
    assert answer.json["source"] == {
        "privacy": "public", "sensitive": False, "language": None, "quote_policy": "public", "note": "", "fields": [],
        "follow_requests_count": 0, "hide_collections": True, "discoverable": True, "indexable": False,
        "attribution_domains": [],
    }  # fmt: skip
    assert answer.json["role"] == {"id": "-99", "name": "", "permissions": "0", "color": "", "highlighted": False}
    for scopes in ("profile", "read:accounts", "read"):
        assert (await (await app_of(hanako, scopes=scopes)).get(ME)).status == 200
    assert (await (await app_of(hanako, scopes="read:statuses write")).get(ME)).status == 403
    assert (await (await app_of(None)).get(ME)).status == 401


async def test_roles_in_bits(site, app_of):
    for role, bits in (("admin", 1), ("moderator", 4 + 8 + 16 + 128 + 1024), ("keeper", 0)):
        app = await app_of(await site.member(f"my_{role}", role=role))
        told = (await app.get(ME)).json["role"]
        assert (int(told["permissions"]), told["highlighted"], bool(told["name"])) == (bits, True, True)


async def test_everything_by_json(site, app, hanako):
    answer = await app.patch(
        CHANGE,
        json={
            "display_name": "はなこ",
            "note": "人事です",
            "locked": True,
            "bot": False,
            "discoverable": False,
            "indexable": True,
            "hide_collections": False,
            "fields_attributes": [{"name": "好き", "value": "お茶"}, {"name": "ブログ", "value": "https://example.org/"}],
            "source": {"privacy": "private", "sensitive": True, "language": "ja", "quote_policy": "followers"},
            "attribution_domains": ["example.org"],
            "machi": {"strengths": ["年末調整", "社会保険"], "accepting": False},
            "unknown": {"x": 1},
        },
    )
    assert answer.status == 200
    assert complaints(answer.json, "CredentialAccount") == []
    assert answer.json == (await app.get(ME)).json
    shown, source = answer.json, answer.json["source"]
    assert (shown["display_name"], shown["note"], shown["locked"]) == ("はなこ", "<p>人事です</p>", True)
    assert (shown["discoverable"], shown["indexable"], shown["hide_collections"]) == (False, True, False)
    assert [each["name"] for each in shown["fields"]] == ["得意技", "好き", "ブログ"]
    assert shown["fields"][0]["value"] == "年末調整、社会保険"
    assert 'href="https://example.org/"' in shown["fields"][2]["value"]
    assert shown["machi"]["accepting"] is False
    assert source["fields"] == [
        {"name": "好き", "value": "お茶", "verified_at": None},
        {"name": "ブログ", "value": "https://example.org/", "verified_at": None},
    ]
    assert (source["privacy"], source["sensitive"], source["language"]) == ("private", True, "ja")
    assert (source["quote_policy"], source["note"], source["attribution_domains"]) == (
        "followers", "人事です", ["example.org"],
    )  # fmt: skip
    preferences = (await app.get("/api/v1/preferences")).json
    assert preferences == {
        "posting:default:visibility": "private",
        "posting:default:sensitive": True,
        "posting:default:language": "ja",
        "posting:default:quote_policy": "followers",
        "reading:expand:media": "default",
        "reading:expand:spoilers": False,
        "reading:autoplay:gifs": False,
    }


async def test_by_forms_as_apps_write_them(app):
    answer = await app.put(
        CHANGE,
        data={
            "display_name": "たろう",
            "fields_attributes[0][name]": "一",
            "fields_attributes[0][value]": "1",
            "fields_attributes[1][name]": "",
            "fields_attributes[1][value]": "",
            "source[privacy]": "unlisted",
            "source[language]": "",
            "machi[strengths][]": "契約書",
        },
    )
    assert answer.json["source"]["fields"] == [{"name": "一", "value": "1", "verified_at": None}]
    assert answer.json["source"]["privacy"] == "unlisted"
    assert answer.json["machi"]["strengths"] == ["契約書"]
    answer = await app.patch(CHANGE, data={"source[privacy]": "nonsense", "locked": "", "source[quote_policy]": "x"})
    assert (answer.status, answer.json["source"]["privacy"]) == (200, "unlisted")
    answer = await app.patch(CHANGE, data={"display_name": "", "note": ""})
    assert (answer.json["display_name"], answer.json["note"]) == ("hanako", "")
    assert [each["name"] for each in answer.json["fields"]] == ["得意技", "一"]


async def test_two_changes_within_one_moment_both_show(app):
    for name in ("一", "二", "三"):
        assert (await app.patch(CHANGE, json={"display_name": name})).json["display_name"] == name


async def test_pictures_by_multipart(site, app, hanako):
    data = aiohttp.FormData()
    data.add_field("avatar", photos.jpeg(1200, 800), filename="me.jpg", content_type="image/jpeg")
    data.add_field("header", photos.clear_png(900, 600), filename="h", content_type="application/octet-stream")
    data.add_field("display_name", "はなこ")
    shown = (await app.patch(CHANGE, data=data)).json
    assert shown["display_name"] == "はなこ"
    assert shown["avatar"] == shown["avatar_static"]
    for address, size in ((shown["avatar"], (400, 400)), (shown["header"], (900, 300))):
        file = await app.get(address.removeprefix("http://localhost:8080"))
        assert Image.open(io.BytesIO(file.body)).size == size
        assert photos.SECRET not in file.body
    before = files(site)
    assert len(before) == 2
    data = aiohttp.FormData()
    data.add_field("avatar", photos.png(), filename="me.png", content_type="image/png")
    changed = (await app.patch(CHANGE, data=data)).json
    assert (changed["avatar"] != shown["avatar"], changed["header"]) == (True, shown["header"])
    gone = await site.database.read(lambda session: [row.file for row in media.forgotten(session)])
    assert [shown["avatar"].endswith(key) for key in gone] == [True]


async def test_no_picture_is_changed_by_what_is_none(site, app):
    before = (await app.get(ME)).json
    assert before["avatar"].endswith(f"/avatars/{before['id']}.png")
    assert before["header"].endswith("/headers/original/missing.png")
    for body in (b"", b"<svg/>", photos.huge_png(), photos.jpeg()[:2000]):
        data = aiohttp.FormData()
        data.add_field("avatar", body, filename="me.jpg", content_type="image/jpeg")
        data.add_field("display_name", "ちがう名前")
        answer = await app.patch(CHANGE, data=data)
        assert answer.status == 422
        assert answer.json["error"].startswith("Validation failed: ")
    assert (await app.patch(CHANGE, data={"avatar": "", "header": "x"})).json == before
    assert files(site) == set()


async def test_pictures_that_come_with_nonsense_are_not_kept(site, app):
    data = aiohttp.FormData()
    data.add_field("avatar", photos.png(), filename="me.png", content_type="image/png")
    data.add_field("display_name", "あ" * 31)
    assert (await app.patch(CHANGE, data=data)).status == 422
    assert files(site) == set()


async def test_pictures_are_bounded(app, monkeypatch, clock):
    monkeypatch.setattr(endpoints, "PER_MEMBER", endpoints.Limit(tries=1, minutes=30))
    for status in (200, 429):
        data = aiohttp.FormData()
        data.add_field("header", photos.png(), filename="me.png", content_type="image/png")
        assert (await app.patch(CHANGE, data=data)).status == status
    assert (await app.patch(CHANGE, json={"display_name": "はなこ"})).status == 200


@pytest.mark.parametrize(
    "change",
    [
        {"fields_attributes": [{"name": f"n{number}", "value": "v"} for number in range(5)]},
        {"note": "あ" * 2001},
        {"display_name": "だれかさん"},
        {"attribution_domains": ["no domain"]},
        {"source": {"language": "日本語"}},
        {"machi": {"strengths": ["あ" * 31]}},
    ],
)
async def test_refused_whole(app, change):
    before = (await app.get(ME)).json
    answer = await app.patch(CHANGE, json={"locked": True, **change})
    assert answer.status == 422
    assert answer.json["error"].startswith("Validation failed: ")
    assert (await app.get(ME)).json == before


async def test_the_profile_as_it_is_edited(site, app, app_of, hanako):
    answer = await app.get("/api/v1/profile")
    assert (answer.json["avatar"], answer.json["header"], answer.json["featured_tags"]) == (None, None, [])
    data = aiohttp.FormData()
    data.add_field("avatar", photos.png(), filename="me.png", content_type="image/png")
    data.add_field("avatar_description", "湯のみ")
    data.add_field("note", "人事です")
    answer = await app.patch("/api/v1/profile", data=data)
    assert answer.json["avatar"].startswith("http://localhost:8080/media/")
    assert (answer.json["avatar_description"], answer.json["note"]) == ("湯のみ", "人事です")
    assert answer.json == (await app.get("/api/v1/profile")).json
    assert (await app.patch("/api/v1/profile", json={"avatar_description": "あ" * 151})).status == 422
    removed = await app.delete("/api/v1/profile/avatar")
    assert complaints(removed.json, "CredentialAccount") == []
    assert removed.json["avatar"].endswith(f"/avatars/{hanako}.png")
    assert removed.json["avatar_description"] == ""
    assert (await app.delete("/api/v1/profile/header")).status == 200
    reader = await app_of(hanako, scopes="read profile")
    assert (await reader.get("/api/v1/profile")).status == 200
    for method, path in (("PATCH", CHANGE), ("PATCH", "/api/v1/profile"), ("DELETE", "/api/v1/profile/avatar")):
        assert (await reader.call(method, path)).status == 403


async def test_requests_that_wait_are_counted(site, app, hanako):
    def unit(session):
        account = session.get_one(Account, hanako)
        account.locked = True
        session.flush()
        follows.request(session, follower=factories.member(session, "harukaze"), followee=account)

    await site.database.write(unit)
    assert (await app.get(ME)).json["source"]["follow_requests_count"] == 1


async def test_what_narrow_kinds_are_called(site, app, hanako):
    def unit(session):
        session.get_one(Member, hanako).posting_visibility = "direct"

    await site.database.write(unit)
    assert (await app.get(ME)).json["source"]["privacy"] == "direct"


async def test_the_emoji_of_the_town(site, app_of, app):
    def unit(session):
        for code in ("neko", "inu", "himitsu"):
            row = emojis.add(session, shortcode=code, url=f"http://localhost:8080/media/ab/{code}.png", category="動物")
            row.visible = code != "himitsu"
        emojis.learn(session, "yamate.example", [emojis.Foreign("blob", "https://yamate.example/blob.png")])

    assert (await app.get("/api/v1/custom_emojis")).json == []
    await site.database.write(unit)
    answer = await (await app_of(None)).get("/api/v1/custom_emojis")
    assert complaints(answer.json, "[CustomEmoji]") == []
    assert [each["shortcode"] for each in answer.json] == ["inu", "neko"]
    assert answer.json[0]["category"] == "動物"
    shown = (await app.patch(CHANGE, json={"display_name": "はなこ :neko:"})).json
    assert complaints(shown, "CredentialAccount") == []
    assert [each["shortcode"] for each in shown["emojis"]] == ["neko"]
