"""A tour of the town with Mastodon.py, a client that nobody here wrote, over a real socket and the real way in."""

import asyncio
import functools
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from mastodon import Mastodon, MastodonAPIError, MastodonNotFoundError, StreamListener
from PIL import Image

from community.models import Member
from tests import factories
from tests.integration.served import Town, found, until
from tests.webui.browsing import Browser, Page
from webui.mastodon.entities.times import iso

SCOPES = ["read", "write", "follow", "push", "profile"]
ADMIN_SCOPES = [*SCOPES, "admin:read", "admin:write"]
METHODS_LEAST = 120


@pytest.fixture
async def minato(make_town, tmp_path) -> Town:
    town = make_town("みなと", media={"path": str(tmp_path / "media")})
    town.prepare(lambda session: found(session, "hanako", "ken"))
    town.prepare(lambda session: factories.member(session, "sumire", role="admin"))
    await town.start()
    return town


class Tour:
    """Mastodon.py in a thread, and the names of its methods that were called and came back without complaint."""

    def __init__(self, api: Mastodon, called: set[str]) -> None:
        self._api = api
        self.called = called

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._api, name)

        @functools.wraps(method)
        async def call(*args: Any, **options: Any) -> Any:
            answer = await asyncio.to_thread(method, *args, **options)
            self.called.add(name)
            return answer

        return call


async def log_in(town: Town, name: str, called: set[str], *, scopes: list[str] = SCOPES) -> Tour:
    """Register an app, ask the member in their browser, bring the code back: the way every app goes."""
    redirect = "http://127.0.0.1:9/back"
    client_id, secret = await asyncio.to_thread(
        Mastodon.create_app, "旅するアプリ", scopes=scopes, redirect_uris=redirect, api_base_url=town.origin
    )
    api = await asyncio.to_thread(
        lambda: Mastodon(client_id=client_id, client_secret=secret, api_base_url=town.origin, ratelimit_method="throw")
    )
    address = await asyncio.to_thread(
        lambda: api.auth_request_url(redirect_uris=redirect, scopes=scopes, state="s", allow_http=True)
    )
    code = await consent(town, name, address)
    await asyncio.to_thread(
        lambda: api.log_in(code=code, redirect_uri=redirect, scopes=scopes, allow_http=True)
    )
    called |= {"create_app", "auth_request_url", "log_in"}
    return Tour(api, called)


async def consent(town: Town, name: str, address: str) -> str:
    """Agree in a browser; the code on the way back to the app."""
    async with Browser(town.origin) as browser:
        page = await sign_in(browser, town, name, address)
        assert page.status in {302, 303}, (page.status, page.alert)
        back = parse_qs(urlsplit(page.headers["Location"]).query)
        assert back["state"] == ["s"]
        return back["code"][0]


async def sign_in(browser: Browser, town: Town, name: str, address: str) -> Page:
    """Log in and agree, pressing the first button of each page's only form; where that leads to in the end."""
    page = await browser.get(address.removeprefix(town.origin))
    while page.status == 200 and (actions := page.actions - {"/language"}):
        (action,) = actions
        typed = {"login": name, "passphrase": factories.PASSPHRASE} if "login" in page.form(action) else {}
        page = await browser.send(page, action, follow=False, **typed)
        while page.status in {302, 303} and page.headers["Location"].startswith(("/", town.origin)):
            page = await browser.get(page.headers["Location"].removeprefix(town.origin), follow=False)
    return page


@pytest.mark.slow
async def test_a_tour_with_mastodon_py(minato):
    called: set[str] = set()
    hanako = await log_in(minato, "hanako", called)
    ken = await log_in(minato, "ken", called)
    await look_round(hanako)
    me, other = await hanako.me(), await ken.me()
    await get_acquainted(hanako, ken, me, other)
    status = await say_things(hanako, ken)
    await keep_and_pass_on(hanako, ken, status)
    await take_care(hanako, ken, other)
    await be_told(hanako, ken, status)
    await find(hanako, status)
    await arrange(hanako, ken, other)
    await settle_down(hanako)
    await listen(hanako, ken)
    await look_after_the_town(minato, called, other)
    await hanako.revoke_access_token(allow_http=True)
    assert len(called) >= METHODS_LEAST, f"{len(called)}: {sorted(called)}"


async def look_round(api: Tour) -> None:
    v2 = await api.instance_v2()
    assert v2.configuration.statuses.max_characters == 5000
    assert (await api.instance_v1()).uri == v2.domain
    await api.instance()
    assert [rule.text for rule in await api.instance_rules()]
    assert len(await api.instance_activity()) == 12
    assert (await api.instance_nodeinfo()).software.name == "machi"
    assert await api.instance_health() is True
    assert (await api.oauth_authorization_server_info()).code_challenge_methods_supported == ["S256"]
    assert (await api.app_verify_credentials()).name == "旅するアプリ"
    for name in (
        "instance_peers", "instance_domain_blocks", "instance_extended_description", "instance_languages",
        "instance_translation_languages", "custom_emojis", "announcements", "preferences", "trending_tags",
        "trending_statuses", "trending_links", "trends", "directory", "suggestions", "suggestions_v1", "suggestions_v2",
    ):  # fmt: skip
        await getattr(api, name)()
    assert await api.verify_minimum_version("4.5.0")
    assert await api.get_supported_version()
    await api.retrieve_mastodon_version()


async def get_acquainted(hanako: Tour, ken: Tour, me: Any, other: Any) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (64, 64), "teal").save(picture, "PNG")
    changed = await hanako.account_update_credentials(
        display_name="はなこ", note="総務です", fields=[("窓口", "月〜金")], avatar=io.BytesIO(picture.getvalue()),
        avatar_mime_type="image/png", header=io.BytesIO(picture.getvalue()), header_mime_type="image/png", discoverable=True,
    )  # fmt: skip
    assert (changed.display_name, changed.source.note) == ("はなこ", "総務です")
    await hanako.account_delete_avatar()
    await hanako.account_delete_header()
    assert (await hanako.account_verify_credentials()).id == me.id
    assert (await hanako.account(other.id)).acct == "ken"
    assert (await hanako.account_lookup("ken")).id == other.id
    assert (await hanako.account_search("ken"))[0].id == other.id
    assert {each.id for each in await hanako.accounts([me.id, other.id])} == {me.id, other.id}
    assert (await hanako.account_follow(other.id, notify=True)).following
    assert (await ken.account_follow(me.id)).following
    assert [each.id for each in await hanako.account_following(me.id)] == [other.id]
    assert [each.id for each in await hanako.account_followers(me.id)] == [other.id]
    (tie,) = await hanako.account_relationships(other.id)
    assert (tie.following, tie.followed_by, tie.notifying) == (True, True, True)
    assert (await hanako.account_note_set(other.id, "親切な人")).note == "親切な人"
    assert (await hanako.account_endorse(other.id)).endorsed
    assert [each.id for each in await hanako.endorsements()] == [other.id]
    assert not (await hanako.account_unendorse(other.id)).endorsed
    assert (await hanako.account_pin(other.id)).endorsed
    assert not (await hanako.account_unpin(other.id)).endorsed
    await hanako.account_familiar_followers(other.id)
    assert (await ken.account_update_credentials(locked=True)).locked
    assert (await hanako.account_unfollow(other.id)).following is False
    assert (await hanako.account_follow(other.id)).requested
    assert [each.id for each in await ken.follow_requests()] == [me.id]
    await ken.follow_request_authorize(me.id)
    await ken.account_remove_from_followers(me.id)
    assert (await hanako.account_follow(other.id)).requested
    await ken.follow_request_reject(me.id)
    await ken.account_update_credentials(locked=False)
    assert (await hanako.account_follow(other.id)).following


async def say_things(hanako: Tour, ken: Tour) -> Any:
    picture = io.BytesIO()
    Image.new("RGB", (320, 200), "olive").save(picture, "PNG")
    media = await ken.media_post(io.BytesIO(picture.getvalue()), mime_type="image/png", description="案", focus=(0.5, -0.5))
    assert (await ken.media_update(media.id, description="席の案")).description == "席の案"
    assert (await ken.media(media.id)).url
    status = await ken.status_post(
        "席替えの案です #レイアウト", media_ids=[media.id], language="ja", spoiler_text="長い話", visibility="unlisted",
        idempotency_key="1",
    )  # fmt: skip
    again = await ken.status_post("席替えの案です #レイアウト", media_ids=[media.id], idempotency_key="1")
    assert again.id == status.id
    assert (status.visibility, status.spoiler_text, status.media_attachments[0].description) == ("unlisted", "長い話", "席の案")
    answer = await hanako.status_reply(status, "窓側がいいです")
    assert answer.in_reply_to_id == status.id
    context = await ken.status_context(status.id)
    assert [each.id for each in context.descendants] == [answer.id]
    assert (await ken.status(status.id)).replies_count == 1
    assert {each.id for each in await ken.statuses([status.id, answer.id])} == {status.id, answer.id}
    assert (await ken.status_source(status.id)).text == "席替えの案です #レイアウト"
    edited = await ken.status_update(status.id, "席替えの案、その二 #レイアウト", media_ids=[media.id])
    assert edited.edited_at is not None
    assert len(await ken.status_history(status.id)) == 2
    assert not await ken.status_card(status.id)  # a post with a picture shows no preview
    poll = await ken.make_poll(["窓側", "廊下側"], expires_in=3600)
    asked = await ken.status_post("どちらがいいですか", poll=poll)
    assert (await hanako.poll_vote(asked.poll.id, [1])).own_votes == [1]
    assert (await hanako.poll(asked.poll.id)).votes_count == 1
    with pytest.raises(MastodonAPIError, match="already voted"):
        await hanako.poll_vote(asked.poll.id, [0])
    later = await ken.status_post("あとで", scheduled_at=datetime.now(UTC) + timedelta(hours=1))
    assert [each.id for each in await ken.scheduled_statuses()] == [later.id]
    assert (await ken.scheduled_status(later.id)).params.text == "あとで"
    await ken.scheduled_status_update(later.id, datetime.now(UTC) + timedelta(hours=2))
    await ken.scheduled_status_delete(later.id)
    gone = await ken.toot("消します")
    assert (await ken.status_delete(gone.id)).text == "消します"
    with pytest.raises(MastodonNotFoundError):
        await ken.status(gone.id)
    with pytest.raises(MastodonAPIError):
        await ken.status_translate(status.id)
    return await ken.status_post("備蓄は三日分です #備蓄")


async def keep_and_pass_on(hanako: Tour, ken: Tour, status: Any) -> None:
    liked = await hanako.status_favourite(status.id)
    assert (liked.favourited, liked.favourites_count) == (True, 1)
    assert len(await hanako.status_favourited_by(status.id)) == 1
    assert [each.id for each in await hanako.favourites()] == [status.id]
    boost = await hanako.status_reblog(status.id)
    assert (boost.reblog.id, boost.reblog.reblogged) == (status.id, True)
    assert len(await hanako.status_reblogged_by(status.id)) == 1
    assert (await hanako.status_unreblog(status.id)).reblogged is False
    assert (await hanako.status_bookmark(status.id)).bookmarked
    assert [each.id for each in await hanako.bookmarks()] == [status.id]
    assert not (await hanako.status_unbookmark(status.id)).bookmarked
    assert (await ken.status_pin(status.id)).pinned
    assert [each.id for each in await hanako.account_statuses(status.account.id, pinned=True)] == [status.id]
    assert not (await ken.status_unpin(status.id)).pinned
    assert (await ken.status_mute(status.id)).muted
    assert not (await ken.status_unmute(status.id)).muted
    quoting = await hanako.status_post("これが役に立ちました", quoted_status_id=status.id)
    assert quoting.quote.quoted_status.id == status.id
    assert [each.id for each in await ken.status_quotes(status.id)] == [quoting.id]
    assert (await ken.status_quote_revoke(status.id, quoting.id)).quote.state == "revoked"
    await ken.status_update_quote_approval_policy(status.id, "nobody")
    assert not (await hanako.status_unfavourite(status.id)).favourited
    await hanako.status_favourite(status.id)


async def take_care(hanako: Tour, ken: Tour, other: Any) -> None:
    assert (await hanako.account_mute(other.id, duration=60)).muting
    assert [each.id for each in await hanako.mutes()] == [other.id]
    assert not (await hanako.account_unmute(other.id)).muting
    await hanako.domain_block("spam.example")
    assert await hanako.domain_blocks() == ["spam.example"]
    await hanako.domain_unblock("spam.example")
    assert await hanako.domain_blocks() == []
    rule = await hanako.create_filter_v2(
        "内輪の話", ["home", "public"], "warn", keywords_attributes=[{"keyword": "秘密", "whole_word": False}]
    )
    assert [each.id for each in await hanako.filters_v2()] == [rule.id]
    word = await hanako.add_filter_keyword_v2(rule.id, "ないしょ")
    assert len(await hanako.filter_keywords_v2(rule.id)) == 2
    noted = await ken.status_post("ないしょの話です")
    shown = next(each for each in await hanako.timeline_home() if each.id == noted.id)
    assert shown.filtered[0].keyword_matches == ["ないしょ"]
    await hanako.delete_filter_keyword_v2(word.id)
    kept = await hanako.add_filter_status_v2(rule.id, noted.id)
    assert len(await hanako.filter_statuses_v2(rule.id)) == 1
    assert (await hanako.filter_status_v2(kept.id)).status_id == noted.id
    await hanako.delete_filter_status_v2(kept.id)
    assert (await hanako.update_filter_v2(rule.id, title="別の題")).title == "別の題"
    assert (await hanako.filter_v2(rule.id)).title == "別の題"
    await hanako.delete_filter_v2(rule.id)
    report = await hanako.report(other.id, [noted.id], "こまっています", category="other")
    assert report.target_account.id == other.id


async def be_told(hanako: Tour, ken: Tour, status: Any) -> None:
    notices = await ken.notifications()
    assert {"favourite", "follow", "mention"} <= {each.type for each in notices}
    liked = next(each for each in notices if each.type == "favourite")
    assert liked.status.id == status.id
    assert await ken.notifications(types=["favourite"])
    assert (await ken.notifications_unread_count()).count >= 1
    grouped = await ken.grouped_notifications()
    assert {each.type for each in grouped.notification_groups} >= {"favourite"}
    key = grouped.notification_groups[0].group_key
    assert (await ken.grouped_notification(key)).notification_groups[0].group_key == key
    assert await ken.grouped_notification_accounts(key)
    await ken.unread_grouped_notifications_count()
    await ken.markers_set(["notifications"], [notices[0].id])
    assert (await ken.markers_get(["notifications"]))["notifications"].last_read_id == str(notices[0].id)
    await ken.notifications_dismiss(notices[0].id)
    await ken.dismiss_grouped_notification(grouped.notification_groups[-1].group_key)
    policy = await ken.update_notifications_policy(for_not_following="filter")
    assert policy.for_not_following == "filter"
    assert (await ken.notifications_policy()).for_not_following == "filter"
    await ken.account_unfollow((await hanako.me()).id)
    await hanako.status_post("@ken こんにちは")
    (request,) = await ken.notification_requests()
    assert (await ken.notification_request(request.id)).account.acct == "hanako"
    await ken.accept_notification_request(request.id)
    assert await ken.notifications_merged()  # what was accepted stands among the others at once
    assert "mention" in {each.type for each in await ken.notifications()}
    whisper = await hanako.status_post("@ken 二人だけの話", visibility="direct")
    (talk,) = [each for each in await ken.conversations() if each.last_status.id == whisper.id]
    assert not (await ken.conversations_read(talk.id)).unread
    await ken.notifications_clear()
    assert await ken.notifications() == []


async def find(hanako: Tour, status: Any) -> None:
    found_now = await hanako.search_v2("備蓄", result_type="statuses")
    assert status.id in [each.id for each in found_now.statuses]
    assert (await hanako.search("ken", result_type="accounts")).accounts[0].acct == "ken"
    assert "備蓄" in [each.name for each in (await hanako.search("備蓄", result_type="hashtags")).hashtags]
    assert [each.id for each in await hanako.timeline_hashtag("備蓄")] == [status.id]
    page = await hanako.timeline_public(limit=2)
    assert await hanako.fetch_next(page)
    assert await hanako.timeline_local()
    assert await hanako.timeline("home")
    assert len(await hanako.fetch_remaining(await hanako.timeline_home(limit=3))) >= 4
    link = await hanako.timeline_link("https://nowhere.example/")
    assert link == []
    await hanako.timeline_is_available("public")


async def arrange(hanako: Tour, ken: Tour, other: Any) -> None:
    row = await hanako.list_create("頼れる人", replies_policy="none")
    assert (await hanako.list(row.id)).replies_policy == "none"
    await hanako.list_accounts_add(row.id, [other.id])
    assert [each.id for each in await hanako.list_accounts(row.id)] == [other.id]
    assert [each.id for each in await hanako.account_lists(other.id)] == [row.id]
    said = await ken.status_post("リストのための話")
    assert said.id in [each.id for each in await hanako.timeline_list(row.id)]
    await hanako.list_update(row.id, "頼れる方")
    await hanako.list_accounts_delete(row.id, [other.id])
    assert [each.title for each in await hanako.lists()] == ["頼れる方"]
    await hanako.list_delete(row.id)
    assert (await hanako.tag_follow("備蓄")).following
    assert [each.name for each in await hanako.followed_tags()] == ["備蓄"]
    assert not (await hanako.tag_unfollow("備蓄")).following
    assert (await hanako.tag("備蓄")).name == "備蓄"
    tag = await hanako.featured_tag_create("レイアウト")
    assert [each.id for each in await hanako.featured_tags()] == [tag.id]
    await hanako.account_featured_tags((await hanako.me()).id)
    await hanako.featured_tag_suggestions()
    await hanako.featured_tag_delete(tag.id)
    await hanako.tag_feature("備蓄")
    await hanako.tag_unfeature("備蓄")


async def settle_down(api: Tour) -> None:
    private, public = await api.push_subscription_generate_keys()
    assert private
    made = await api.push_subscription_set("http://127.0.0.1:9/push", public, mention_events=True, policy="followed")
    assert made.alerts.mention
    assert (await api.push_subscription()).id == made.id
    assert (await api.push_subscription_update(favourite_events=True)).alerts.favourite
    await api.push_subscription_delete()
    with pytest.raises(MastodonNotFoundError):
        await api.push_subscription()


async def listen(hanako: Tour, ken: Tour) -> None:
    heard: list[Any] = []

    class Ear(StreamListener):
        def on_update(self, status: Any) -> None:
            heard.append(status.id)

    assert await hanako.stream_healthy()
    handle = await hanako.stream_user(Ear(), run_async=True)
    await until("the stream to be open", lambda: asyncio.sleep(0.3, True))
    said = await ken.status_post("いま話しています")
    await until("the status on the stream", lambda: asyncio.sleep(0.02, said.id in heard))
    await asyncio.to_thread(handle.close)  # it waits for the server, which lives on this loop


async def look_after_the_town(town: Town, called: set[str], other: Any) -> None:
    sumire = await log_in(town, "sumire", called, scopes=ADMIN_SCOPES)
    assert {each.username for each in await sumire.admin_accounts_v2(origin="local")} >= {"hanako", "ken"}
    assert (await sumire.admin_account(other.id)).username == "ken"
    (report,) = await sumire.admin_reports()
    assert (await sumire.admin_report(report.id)).target_account.username == "ken"
    assert (await sumire.admin_report_assign(report.id)).assigned_account.username == "sumire"
    await sumire.admin_report_unassign(report.id)
    assert (await sumire.admin_report_resolve(report.id)).action_taken
    await sumire.admin_report_reopen(report.id)
    block = await sumire.admin_create_domain_block("loud.example", "silence", public_comment="にぎやか")
    assert [each.domain for each in await sumire.admin_domain_blocks()] == ["loud.example"]
    await sumire.admin_update_domain_block(block.id, severity="suspend")
    await sumire.admin_delete_domain_block(block.id)
    allowed = await sumire.admin_create_domain_allow("friend.example")
    await sumire.admin_domain_allows()
    await sumire.admin_delete_domain_allow(allowed.id)
    await sumire.admin_account_moderate(other.id, "disable")
    assert (await sumire.admin_account(other.id)).disabled
    await sumire.admin_account_enable(other.id)
    states = await town.rows(Member.state)
    assert {state for (state,) in states} == {"active"}


def test_times_are_read_by_the_client_as_they_were_meant():
    assert datetime.fromisoformat(iso(1_785_556_800_123)).microsecond == 123_000
