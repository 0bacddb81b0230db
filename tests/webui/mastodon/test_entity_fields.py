"""Every entity, field by field, as a served town shows it to an app in the middle of its life."""

import io

import aiohttp
import pytest
from PIL import Image

from community import announcements, emojis
from community.models import Card, Post
from tests.webui.mastodon.entity_table import TABLE, complaints

PNG = io.BytesIO()
Image.new("RGB", (40, 30), "green").save(PNG, "PNG")
ADMIN = "read write follow push profile admin:read admin:write"


def check(answer, kind, seen):
    assert answer.status in {200, 202}, (answer.status, answer.body[:300])
    found = complaints(answer.json, kind)
    assert not found, "\n".join(found[:12])
    seen.update(kinds_in(kind))
    return answer.json


def kinds_in(kind):
    return {part for part in kind.replace("[", "|").replace("]", "|").split("|") if part in TABLE}


@pytest.fixture
def site_settings(tmp_path):
    return {"media": {"path": str(tmp_path / "media")}}


@pytest.fixture
async def site(make_site, site_settings):
    return await make_site(**site_settings)


async def picture(app, description="緑の四角"):
    form = aiohttp.FormData({"description": description, "focus": "0.1,-0.2"})
    form.add_field("file", PNG.getvalue(), filename="green.png")
    return await app.post("/api/v2/media", data=form)


async def test_every_entity_has_the_fields_that_clients_expect(site, scene, app_of):
    seen: set[str] = set()
    hanako, ken = await app_of(scene.asker), await app_of(scene.answerer)
    admin_id = await site.member("sumire", role="admin")
    admin = await app_of(admin_id, scopes=ADMIN)
    stranger = await app_of(None)
    await accounts(hanako, ken, scene, seen)
    posts = await statuses(site, hanako, ken, scene, seen)
    await reading(hanako, ken, scene, posts, seen)
    await telling(hanako, ken, scene, posts, seen)
    await around(site, hanako, stranger, scene, seen)
    await governing(hanako, admin, scene, posts, seen)
    shown_within_others = {
        "Field", "Role", "Source", "CredentialRole", "Visibility", "StatusApplication", "Mention", "StatusTag", "QuoteState",
        "QuoteApproval", "EditPoll", "EditOption", "CardAuthor", "PollOption", "TagDay", "PartialAccount", "NotificationGroup",
        "Policy", "PolicySummary", "ReplyPolicy", "ShortFilter", "ScheduledParams", "ScheduledPoll", "Thumbnail", "Icon",
        "Configuration", "Registrations", "Contact", "Reaction", "ShallowQuote", "FilterResult", "Quote",
    }  # fmt: skip
    assert set(TABLE) - seen - shown_within_others == set()


async def accounts(hanako, ken, scene, seen):
    check(await hanako.get("/api/v1/accounts/verify_credentials"), "CredentialAccount", seen)
    changed = await hanako.patch(
        "/api/v1/accounts/update_credentials",
        json={"note": "総務です", "fields_attributes": [{"name": "窓口", "value": "月〜金"}], "source": {"language": "ja"}},
    )
    check(changed, "CredentialAccount", seen)
    check(await hanako.get(f"/api/v1/accounts/{scene.answerer}"), "Account", seen)
    await ken.post(f"/api/v1/accounts/{scene.asker}/follow")
    check(await hanako.post(f"/api/v1/accounts/{scene.answerer}/follow"), "Relationship", seen)
    tied = await hanako.get("/api/v1/accounts/relationships", params={"id[]": str(scene.answerer)})
    check(tied, "[Relationship]", seen)
    check(await hanako.post(f"/api/v1/accounts/{scene.bystander}/mute", json={"duration": 60}), "Relationship", seen)
    assert check(await hanako.get("/api/v1/mutes"), "[MutedAccount]", seen)
    await hanako.post(f"/api/v1/accounts/{scene.bystander}/unmute")
    assert check(await hanako.get(f"/api/v1/accounts/{scene.asker}/followers"), "[Account]", seen)
    asked = {"id[]": str(scene.answerer)}
    check(await hanako.get("/api/v1/accounts/familiar_followers", params=asked), "[FamiliarFollowers]", seen)
    check(await hanako.get("/api/v2/suggestions"), "[Suggestion]", seen)
    check(await hanako.get("/api/v1/preferences"), "Preferences", seen)


async def statuses(site, hanako, ken, scene, seen):
    await site.database.write(
        lambda session: emojis.add(session, shortcode="happa", url="https://t.example/a.png") and None
    )
    media = check(await picture(hanako), "MediaAttachment", seen)
    body = {
        "status": "備品です :happa: #備品 @harukaze https://p.example/x", "media_ids": [media["id"]], "spoiler_text": "長い",
        "sensitive": True, "language": "ja",
    }  # fmt: skip
    post = check(await hanako.post("/api/v1/statuses", json=body), "OwnStatus", seen)
    assert post["mentions"]
    assert post["tags"]
    poll_body = {"status": "どちら？", "poll": {"options": ["は", "い"], "expires_in": 600}}
    asked = check(await hanako.post("/api/v1/statuses", json=poll_body), "OwnStatus", seen)
    check(await ken.post(f"/api/v1/polls/{asked['poll']['id']}/votes", json={"choices": [0]}), "Poll", seen)
    quoting = {"status": "これです", "quoted_status_id": post["id"]}
    quote = check(await ken.post("/api/v1/statuses", json=quoting), "OwnStatus", seen)
    deep = await ken.post("/api/v1/statuses", json={"status": "さらに", "quoted_status_id": quote["id"]})
    check(deep, "OwnStatus", seen)
    assert deep.json["quote"]["quoted_status"]["quote"]["quoted_status_id"] == post["id"]
    check(await ken.post(f"/api/v1/statuses/{post['id']}/reblog"), "Status", seen)
    for where in ("/api/v1/timelines/home", "/api/v1/timelines/public", f"/api/v1/accounts/{scene.answerer}/statuses"):
        assert check(await hanako.get(where), "[Status]", seen)
    assert check(await ken.get(f"/api/v1/statuses/{scene.question}/context"), "Context", seen)["descendants"]
    check(await hanako.get(f"/api/v1/statuses/{post['id']}/source"), "StatusSource", seen)
    await hanako.put(f"/api/v1/statuses/{post['id']}", json={"status": "備品でした #備品", "media_ids": [media["id"]]})
    assert len(check(await hanako.get(f"/api/v1/statuses/{post['id']}/history"), "[StatusEdit]", seen)) == 2
    check(await hanako.get(f"/api/v1/statuses/{asked['id']}/history"), "[StatusEdit]", seen)
    gone = (await hanako.post("/api/v1/statuses", json={"status": "消します"})).json
    check(await hanako.delete(f"/api/v1/statuses/{gone['id']}"), "DeletedStatus", seen)
    await site.database.write(lambda session: _show_card(session, int(asked["id"])))
    assert check(await hanako.get(f"/api/v1/statuses/{asked['id']}"), "OwnStatus", seen)["card"]
    check(await hanako.get(f"/api/v1/statuses/{asked['id']}/card"), "PreviewCard", seen)
    await scheduling(site, hanako, seen)
    return {"post": post["id"], "poll": asked["id"], "quote": quote["id"]}


def _show_card(session, post_id):
    """As if the linked page had been asked."""
    card = Card(id=1, url="https://p.example/y", title="頁", author_name="だれか", kind="link", fetched_at=1)
    session.add(card)
    session.flush()
    post = session.get_one(Post, post_id)
    post.card_id, post.touched = card.id, post.touched + 1


async def scheduling(site, hanako, seen):
    site.clock.advance(seconds=1)
    later = {"status": "あとで", "scheduled_at": "2026-04-02T00:00:00.000Z", "poll": {"options": ["a", "b"], "expires_in": 600}}
    check(await hanako.post("/api/v1/statuses", json=later), "ScheduledStatus", seen)
    assert check(await hanako.get("/api/v1/scheduled_statuses"), "[ScheduledStatus]", seen)


async def reading(hanako, ken, scene, posts, seen):
    check(await hanako.get("/api/v1/tags/備品"), "Tag", seen)
    check(await hanako.post("/api/v1/tags/備品/follow"), "Tag", seen)
    check(await hanako.post("/api/v1/featured_tags", json={"name": "備品"}), "FeaturedTag", seen)
    assert check(await hanako.get("/api/v1/featured_tags"), "[FeaturedTag]", seen)
    found = check(await hanako.get("/api/v2/search", params={"q": "備品"}), "Search", seen)
    assert found["hashtags"]
    made = check(await hanako.post("/api/v1/lists", json={"title": "頼れる人"}), "List", seen)
    await hanako.post(f"/api/v1/lists/{made['id']}/accounts", json={"account_ids": [str(scene.answerer)]})
    rule = {"title": "x", "context": ["home"], "keywords_attributes": [{"keyword": "ないしょ", "whole_word": False}]}
    kept = check(await hanako.post("/api/v2/filters", json=rule), "Filter", seen)
    check(await hanako.get(f"/api/v2/filters/{kept['id']}/keywords"), "[FilterKeyword]", seen)
    noted = await hanako.post(f"/api/v2/filters/{kept['id']}/statuses", json={"status_id": posts["quote"]})
    check(noted, "FilterStatus", seen)
    assert check(await hanako.get("/api/v1/filters"), "[V1Filter]", seen)
    await ken.post("/api/v1/statuses", json={"status": "ないしょです"})
    home = check(await hanako.get("/api/v1/timelines/home"), "[Status]", seen)
    assert [each for each in home if each["filtered"]]
    saved = await hanako.post("/api/v1/markers", json={"home": {"last_read_id": posts["post"]}})
    for marker in saved.json.values():
        assert not complaints(marker, "Marker")
    seen.add("Marker")


async def telling(hanako, ken, scene, posts, seen):
    await ken.post(f"/api/v1/statuses/{posts['post']}/favourite")
    whisper = {"status": "@mizutama 二人の話", "visibility": "direct"}
    await ken.post("/api/v1/statuses", json=whisper)
    notices = check(await hanako.get("/api/v1/notifications"), "[Notification]", seen)
    assert {"mention", "favourite", "reblog", "follow", "quote"} <= {each["type"] for each in notices}
    grouped = await hanako.get("/api/v2/notifications")
    check(grouped, "GroupedNotificationsResults", seen)
    partial = await hanako.get("/api/v2/notifications", params={"expand_accounts": "partial_avatars"})
    check(partial, "GroupedNotificationsResults", seen)
    assert check(await hanako.get("/api/v1/conversations"), "[Conversation]", seen)
    check(await hanako.patch("/api/v2/notifications/policy", json={"for_not_following": "filter"}), "NotificationPolicy", seen)
    bystander_says = {"status": "@mizutama はじめまして"}
    await ken.post(f"/api/v1/accounts/{scene.asker}/unfollow")
    await hanako.post(f"/api/v1/accounts/{scene.answerer}/unfollow")
    await ken.post("/api/v1/statuses", json=bystander_says)
    assert check(await hanako.get("/api/v1/notifications/requests"), "[NotificationRequest]", seen)
    keys = {"p256dh": "BEpPCn0cfs3P0E0fY-gyOuahx5dW5N8quUowlrPyfXlMa6tABLqqcSpOpMnC1-o_UB_s4R8NQsqMLbASjnqSbqw", "auth": "T5bhIIyre5TDC1LyX4mFAQ"}
    subscribing = {
        "subscription": {"endpoint": "http://127.0.0.1:9/push", "keys": keys, "standard": True},
        "data": {"alerts": {"mention": True}, "policy": "all"},
    }
    pushed = await hanako.post("/api/v1/push/subscription", json=subscribing)
    if pushed.status == 422:  # a town on https takes no http address
        subscribing["subscription"]["endpoint"] = "https://push.example/x"
        pushed = await hanako.post("/api/v1/push/subscription", json=subscribing)
    check(pushed, "PushSubscription", seen)
    check(await hanako.get("/api/v1/push/subscription"), "PushSubscription", seen)


async def around(site, hanako, stranger, scene, seen):
    check(await stranger.get("/api/v2/instance"), "InstanceV2", seen)
    check(await stranger.get("/api/v1/instance"), "InstanceV1", seen)
    assert check(await stranger.get("/api/v1/instance/rules"), "[Rule]", seen)
    assert len(check(await stranger.get("/api/v1/instance/activity"), "[Activity]", seen)) == 12
    check(await stranger.get("/.well-known/oauth-authorization-server"), "OAuthMetadata", seen)
    check(await hanako.get("/oauth/userinfo"), "UserInfo", seen)
    registering = {"client_name": "app", "redirect_uris": ["https://a.example/back"], "scopes": "read write"}
    app = check(await stranger.post("/api/v1/apps", json=registering), "Application", seen)
    granted = {"grant_type": "client_credentials", "client_id": app["client_id"], "client_secret": app["client_secret"]}
    token = check(await stranger.post("/oauth/token", data=granted), "Token", seen)
    itself = {"Authorization": f"Bearer {token['access_token']}"}
    check(await stranger.get("/api/v1/apps/verify_credentials", headers=itself), "ShownApplication", seen)
    await site.database.write(_announce)
    assert check(await hanako.get("/api/v1/announcements"), "[Announcement]", seen)
    check(await hanako.get("/api/v1/custom_emojis"), "[CustomEmoji]", seen)


def _announce(session):
    announcements.publish(session, words="年末は休みます")


async def governing(hanako, admin, scene, posts, seen):
    filed = {"account_id": str(scene.answerer), "status_ids": [posts["quote"]], "comment": "こまっています"}
    check(await hanako.post("/api/v1/reports", json=filed), "Report", seen)
    told = check(await admin.get("/api/v1/notifications"), "[Notification]", seen)
    assert [each for each in told if each["type"] == "admin.report" and each["report"]]


def test_the_table_says_what_is_wrong():
    assert complaints({"name": "x", "website": 3}, "StatusApplication")
    assert complaints({"name": "x"}, "StatusApplication") == ["StatusApplication lacks website"]
    assert complaints({"name": "x", "website": None, "more": 1}, "StatusApplication") != []
