"""What nobody types: far too much of something, or what no column and no codec holds. It is refused, and quickly."""

import asyncio
import time

import pytest
from sqlalchemy import func, select

from community import filters, follows
from community.filters import PARTS_MOST, Word
from community.ids import LARGEST
from community.models import Member
from tests.webui.mastodon.conftest import ALL_SCOPES
from tests.webui.mastodon.test_signup import FORM, app_at
from webui.keys import TOWN
from webui.mastodon import walks

PATIENCE = 3.0
"""Seconds. What is measured takes some milliseconds; before it was bounded it took minutes."""


@pytest.mark.parametrize("tail", [")" * 900_000, "(" * 450_000 + ")" * 450_000, ").,:;" * 150_000])
async def test_an_address_without_end(site, scene, app_of, tail):
    app = await app_of(scene.bystander)
    began = time.monotonic()
    refused = await app.post("/api/v1/statuses", json={"status": "https://example.com/" + tail})
    assert (refused.status, refused.json["error"]) == (422, "Validation failed: Text character limit of 5000 exceeded")
    described = await app.patch("/api/v1/accounts/update_credentials", json={"note": "https://example.com/" + tail})
    assert described.status == 422
    later = {"status": "https://example.com/" + "a" * 30_000, "scheduled_at": "2026-12-24T12:00:00Z"}
    assert (await app.post("/api/v1/statuses", json=later)).status == 422
    assert time.monotonic() - began < PATIENCE


async def test_as_many_filter_words_as_there_may_be_are_looked_for_quickly(site, scene, app_of):
    """All of them are asked on every page, on the event loop."""

    def fill(session):
        for number in range(4):
            words = [Word(text=f"{number} {each} " + "長い" * 70) for each in range(PARTS_MOST // 4)]
            filters.create(session, account_id=scene.bystander, title="many", contexts=["home"], words=words)

    await site.database.write(fill)
    app = await app_of(scene.bystander)
    more = {"title": "more", "context": ["home"], "keywords_attributes": [{"keyword": "one more"}]}
    assert (await app.post("/api/v2/filters", json=more)).status == 429
    began = time.monotonic()
    assert (await app.get(f"/api/v1/statuses/{scene.question}")).status == 200
    assert time.monotonic() - began < PATIENCE


async def test_an_idempotency_key_of_any_bytes(site, scene, app_of):
    app = await app_of(scene.bystander)
    keys = {"Idempotency-Key": b"\xff\xfe".decode("utf-8", "surrogateescape")}
    made = [
        await app.post("/api/v1/statuses", json={"status": "ひとこと"}, headers=keys) for _ in range(2)
    ]
    assert [each.status for each in made] == [200, 200]


@pytest.mark.parametrize("number", [LARGEST, 0])
async def test_the_first_and_the_last_notice_that_could_be(site, scene, app_of, number):
    app = await app_of(scene.bystander)
    assert (await app.get(f"/api/v1/notifications/{number}")).status == 404
    assert (await app.post(f"/api/v1/notifications/{number}/dismiss")).status == 404


@pytest.mark.parametrize("number", ["9999999999999999999", "٣٣٣"])
async def test_an_address_of_a_post_that_cannot_be(site, scene, app_of, number):
    app = await app_of(scene.bystander)
    address = f"{site.app[TOWN].uris.origin}/@hotate/{number}"
    found = await app.get("/api/v2/search", params={"q": address})
    assert (found.status, found.json["statuses"]) == (200, [])


async def test_a_hashtag_is_walked_through_once(site, scene, app_of, monkeypatch):
    await (await app_of(scene.bystander)).post("/api/v1/statuses", json={"status": "しめきり #excel"})
    walked, read = [], walks._TAGGED.read
    monkeypatch.setattr(walks._TAGGED, "read", lambda *rest, **facts: walked.append(1) or read(*rest, **facts))
    stranger = await app_of(None)
    found = await stranger.get("/api/v1/timelines/tag/excel?" + "&".join(["any=Excel"] * 500))
    assert [each["tags"][0]["name"] for each in found.json] == ["excel"]
    assert walked == [1]


async def test_languages_of_a_follow(site, scene, app_of):
    app = await app_of(scene.bystander)
    wished = ["ja", "x" * 1_000, *(f"q{each}" for each in range(1_000))]
    shown = await app.post(f"/api/v1/accounts/{scene.asker}/follow", json={"languages": wished})
    assert shown.json["languages"][:2] == ["ja", "q0"]
    assert len(shown.json["languages"]) == follows.LANGUAGES_MOST


async def test_many_sign_ups_at_once_count_as_many(make_site, open_app):
    site = await make_site(limits={"enabled": True})
    app = await app_at(site, open_app, ALL_SCOPES)
    forms = [FORM | {"username": f"member{each}", "email": f"m{each}@mail.example"} for each in range(12)]
    answers = await asyncio.gather(*(app.post("/api/v1/accounts", data=each) for each in forms))
    assert sorted(each.status for each in answers) == [200] * 5 + [429] * 7
    assert await site.database.read(lambda session: session.scalar(select(func.count()).select_from(Member))) == 5
