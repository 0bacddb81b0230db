"""What an app learns of the town: both documents, the promises, neighbours, numbers and texts."""

from importlib import metadata
from itertools import pairwise

import pytest

from community import towns
from community.models import Account
from tests import factories

PATHS = (
    "/api/v1/instance", "/api/v2/instance", "/api/v1/instance/rules", "/api/v1/instance/peers",
    "/api/v1/instance/activity", "/api/v1/instance/extended_description", "/api/v1/instance/privacy_policy",
    "/api/v1/instance/terms_of_service", "/api/v1/instance/languages", "/api/v1/instance/translation_languages",
    "/api/v1/instance/domain_blocks",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
async def test_anybody_may_ask_with_or_without_a_slash_and_with_a_token_nobody_knows(app_of, path):
    app = await app_of(None)
    plain = await app.get(path)
    assert plain.status == 200
    assert (await app.get(path + "/")).json == plain.json
    assert (await app.get(path, headers={"Authorization": "Bearer nonsense"})).status == 200


async def test_the_second_document_has_all_that_clients_read(site, app_of):
    admin = await site.member("kanri", role="admin")
    app = await app_of(None)
    told = (await app.get("/api/v2/instance")).json
    assert told["domain"] == "localhost:8080"
    assert told["title"] == "みなと"
    assert told["version"] == f"4.5.0 (compatible; Machi {metadata.version('machi-soumu')})"
    assert told["api_versions"]["machi"] == 1
    assert told["configuration"]["urls"]["streaming"] == "ws://localhost:8080"
    assert told["configuration"]["statuses"] == {
        "max_characters": 5000, "max_media_attachments": 4, "characters_reserved_per_url": 23,
    }  # fmt: skip
    assert told["configuration"]["polls"]["max_options"] == 8
    assert told["contact"]["account"]["id"] == str(admin)
    assert told["registrations"]["enabled"] is True
    assert told["registrations"]["approval_required"] is False
    assert len(told["rules"]) == 7
    for picture in (told["thumbnail"]["url"], *(icon["src"] for icon in told["icon"])):
        answer = await app.get(picture.replace("http://localhost:8080", site.origin))
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.body.startswith(b"\x89PNG")


async def test_the_first_document_is_what_toot_and_older_apps_read(site, scene, app_of):
    told = (await (await app_of(None)).get("/api/v1/instance")).json
    assert told["uri"] == "localhost:8080"
    assert told["urls"]["streaming_api"] == "ws://localhost:8080"
    assert told["max_toot_chars"] == 5000
    assert told["stats"]["user_count"] == 3
    assert told["stats"]["domain_count"] == 2  # yamate.example and mastodon.example
    assert told["stats"]["status_count"] >= 6


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("open", (True, False, False)),
        ("approval", (True, True, False)),
        ("invite", (False, False, True)),
        ("closed", (False, False, True)),
    ],
)
async def test_registrations_are_told_as_the_setting_says(make_site, open_app, mode, expected):
    site = await make_site(instance={"registrations": mode})
    app = await open_app(site.origin, None)
    told = (await app.get("/api/v2/instance")).json["registrations"]
    assert (told["enabled"], told["approval_required"], told["message"] is not None) == expected
    first = (await app.get("/api/v1/instance")).json
    assert (first["registrations"], first["approval_required"]) == expected[:2]


async def test_the_numbers_are_counted_anew_after_a_minute(site, app_of):
    app = await app_of(None)
    await site.member("hanako")
    assert (await app.get("/api/v1/instance")).json["stats"]["user_count"] == 1
    await site.member("taro")
    assert (await app.get("/api/v1/instance")).json["stats"]["user_count"] == 1
    site.clock.advance(seconds=61)
    assert (await app.get("/api/v1/instance")).json["stats"]["user_count"] == 2


async def test_whoever_wrote_within_thirty_days_is_active_and_nobody_else(site, app_of):
    def write(session):
        hanako = factories.member(session, "hanako")
        factories.member(session, "taro")
        factories.question(session, hanako)

    await site.database.write(write)
    app = await app_of(None)
    assert (await app.get("/api/v2/instance")).json["usage"]["users"]["active_month"] == 1
    site.clock.advance(days=31)
    assert (await app.get("/api/v2/instance")).json["usage"]["users"]["active_month"] == 0


async def test_the_promises_are_one_text_for_pages_and_apps(site, app_of):
    app = await app_of(None)
    told = (await app.get("/api/v1/instance/rules")).json
    page = await (await site.visit()).get("/promise")
    assert [rule["id"] for rule in told] == [str(number) for number in range(1, 8)]
    for rule in told:
        assert rule["text"] in page.text
        assert rule["translations"]["ja"]["text"] == rule["text"]
        assert rule["translations"]["en"]["text"] != rule["text"]
    english = (await app.get("/api/v1/instance/rules", headers={"Accept-Language": "en"})).json
    assert english[0]["text"] == told[0]["translations"]["en"]["text"]


async def test_the_texts_of_the_promise_page_reach_apps_as_html(app_of):
    app = await app_of(None)
    policy = (await app.get("/api/v1/instance/privacy_policy")).json
    assert "本名、会社名、誕生日、電話番号は聞きません。" in policy["content"]
    terms = (await app.get("/api/v1/instance/terms_of_service")).json
    assert terms["effective"] is True
    assert "どんな質問も笑いません。" in terms["content"]
    again = await app.get(f"/api/v1/instance/terms_of_service/{terms['effective_date']}")
    assert again.json == terms
    assert (await app.get("/api/v1/instance/terms_of_service/2001-01-01")).status == 404
    assert "名札を伏せて聞く" in (await app.get("/api/v1/instance/extended_description")).json["content"]


async def test_neighbours_are_those_we_met_and_deal_with(site, scene, app_of):
    app = await app_of(None)
    assert (await app.get("/api/v1/instance/peers")).json == ["mastodon.example", "yamate.example"]
    await site.database.write(lambda session: towns.suspend(session, "mastodon.example"))
    site.clock.advance(hours=2)
    assert (await app.get("/api/v1/instance/peers")).json == ["yamate.example"]


async def test_activity_is_told_in_weeks_and_text(site, scene, app_of):
    weeks = (await (await app_of(None)).get("/api/v1/instance/activity")).json
    assert len(weeks) == 12
    assert all(isinstance(value, str) for week in weeks for value in week.values())
    starts = [int(week["week"]) for week in weeks]
    assert starts == sorted(starts, reverse=True)
    assert all((before - after) == 7 * 86400 for before, after in pairwise(starts))
    assert weeks[0]["registrations"] == "3"
    assert int(weeks[0]["statuses"]) >= 2
    assert {week["logins"] for week in weeks} == {"0"}


async def test_rules_about_hosts_are_told_with_their_public_reason_alone(site, app_of):
    def write(session):
        towns.block(session, domain="bad.example", policy="suspend", reason="ひみつ", public_reason="いやがらせ")
        towns.block(session, domain="loud.example", policy="silence", obfuscate=True)
        towns.permit(session, "friend.example")

    await site.database.write(write)
    told = (await (await app_of(None)).get("/api/v1/instance/domain_blocks")).json
    assert [(each["severity"], each["comment"]) for each in told] == [("suspend", "いやがらせ"), ("silence", "")]
    assert told[0]["domain"] == "bad.example"
    assert told[1]["domain"] == "loud.***mple"
    assert "ひみつ" not in str(told)
    assert all(len(each["digest"]) == 64 for each in told)


async def test_a_town_may_keep_its_rules_about_hosts_to_itself(make_site, open_app):
    site = await make_site(federation={"show_blocks": False})
    app = await open_app(site.origin, None)
    assert (await app.get("/api/v1/instance/domain_blocks")).status == 404


async def test_health_is_one_word(app_of):
    answer = await (await app_of(None)).get("/health")
    assert (answer.status, answer.body) == (200, b"OK")


async def test_a_suspended_administrator_is_nobodys_contact(site, app_of):
    admin = await site.member("kanri", role="admin")

    def suspend(session):
        session.get_one(Account, admin).suspended_at = site.clock.now

    await site.database.write(suspend)
    assert (await (await app_of(None)).get("/api/v2/instance")).json["contact"]["account"] is None
