"""Quotes as apps see them: their states, those of people one turned away from, and who may quote."""

import pytest
from sqlalchemy.orm import Session

from community import blocks, composing, domain_blocks, follows, mutes, notes, quotes
from community.models import Account, Post
from tests import factories

STAMP = "https://yamate.example/quotes/1"


def scene(session: Session, *, policy: str | None = None) -> tuple[Account, Account, Post]:
    hanako, taro = factories.member(session, "hanako"), factories.remote(session, "taro")
    body = composing.render(session, "もとの話", {}).body
    post = notes.write(session, author=taro, body=body, visibility="open", origin=factories.origin())
    post.quote_policy = policy
    session.flush()
    return hanako, taro, post


async def build(site, **facts):
    def unit(session):
        hanako, taro, post = scene(session, **facts)
        return hanako.id, taro.id, post.id

    return await site.database.write(unit)


async def test_a_quote_waits_is_agreed_to_and_taken_off(site, app_of):
    hanako, _, quoted = await build(site, policy="manual")
    app = await app_of(hanako)
    made = (await app.post("/api/v1/statuses", json={"status": "見て", "quoted_status_id": str(quoted)})).json
    assert made["quote"] == {"state": "pending", "quoted_status": None}

    async def state(deed, **facts):
        await site.database.write(lambda session: deed(session, post=session.get_one(Post, int(made["id"])), **facts))
        return (await app.get(f"/api/v1/statuses/{made['id']}")).json["quote"]

    shown = await state(quotes.accept, stamp=STAMP)
    assert (shown["state"], shown["quoted_status"]["id"]) == ("accepted", str(quoted))
    assert shown["quoted_status"]["quotes_count"] == 1
    assert await state(quotes.withdraw) == {"state": "revoked", "quoted_status": None}


async def test_a_refused_quote_says_so(site, app_of):
    hanako, _, quoted = await build(site, policy="public")
    app = await app_of(hanako)
    made = (await app.post("/api/v1/statuses", json={"status": "見て", "quoted_status_id": str(quoted)})).json
    await site.database.write(lambda session: quotes.refuse(session, post=session.get_one(Post, int(made["id"]))))
    assert (await app.get(f"/api/v1/statuses/{made['id']}")).json["quote"] == {"state": "rejected", "quoted_status": None}


@pytest.mark.parametrize(
    ("turn", "state"),
    [
        (lambda session, me, them: blocks.block(session, account=me, target=them), "blocked_account"),
        (lambda session, me, them: domain_blocks.block(session, account=me, domain=them.domain), "blocked_domain"),
        (lambda session, me, them: mutes.mute(session, account=me, target=them), "muted_account"),
        (lambda session, me, them: blocks.block(session, account=them, target=me, uri="https://yamate.example/b"), "unauthorized"),
    ],
)
async def test_a_quote_of_somebody_one_turned_away_from(site, app_of, turn, state):
    hanako, taro, quoted = await build(site)
    other = await site.member("hotate")
    made = (await (await app_of(other)).post("/api/v1/statuses", json={"status": "見て", "quoted_status_id": str(quoted)})).json
    assert made["quote"]["state"] == "accepted"
    await site.database.write(
        lambda session: turn(session, session.get_one(Account, hanako), session.get_one(Account, taro)) and None
    )
    seen = (await (await app_of(hanako)).get(f"/api/v1/statuses/{made['id']}")).json["quote"]
    assert seen["state"] == state
    assert (seen["quoted_status"] is None) == (state == "unauthorized")
    for viewer in (other, None):
        shown = (await (await app_of(viewer)).get(f"/api/v1/statuses/{made['id']}")).json["quote"]
        assert shown["state"] == "accepted"


@pytest.mark.parametrize(
    ("policy", "lists", "comes_to"),
    [
        ("public", (["public"], []), ("unknown", "automatic", "automatic")),
        ("followers", (["followers"], []), ("denied", "denied", "automatic")),
        ("nobody", ([], []), ("denied", "denied", "denied")),
        ("manual", ([], ["public"]), ("unknown", "manual", "manual")),
        ("manual_followers", ([], ["followers"]), ("denied", "denied", "manual")),
    ],
)
async def test_who_may_quote_is_told(site, app_of, policy, lists, comes_to):
    (automatic, manual), (stranger, member, follower) = lists, comes_to
    hanako, taro, quoted = await build(site, policy=policy)
    path = f"/api/v1/statuses/{quoted}"

    async def told(viewer):
        return (await (await app_of(viewer)).get(path)).json["quote_approval"]

    assert await told(None) == {"automatic": automatic, "manual": manual, "current_user": stranger}
    assert (await told(hanako))["current_user"] == member

    def befriend(session):
        me, them = session.get_one(Account, hanako), session.get_one(Account, taro)
        follows.accept(session, follow=follows.request(session, follower=me, followee=them))

    await site.database.write(befriend)
    assert (await told(hanako))["current_user"] == follower


async def test_who_may_quote_can_be_said_anew(site, app_of):
    hanako = await site.member("hanako")
    app = await app_of(hanako)
    post = (await app.post("/api/v1/statuses", json={"status": "どうぞ", "quote_approval_policy": "nobody"})).json
    assert post["quote_approval"] == {"automatic": [], "manual": [], "current_user": "automatic"}
    changed = await app.put(f"/api/v1/statuses/{post['id']}/interaction_policy", json={"quote_approval_policy": "followers"})
    assert changed.json["quote_approval"]["automatic"] == ["followers"]
    stored = await site.database.read(lambda session: session.get_one(Post, int(post["id"])).quote_policy)
    assert stored == "followers"
    wrong = await app.put(f"/api/v1/statuses/{post['id']}/interaction_policy", json={"quote_approval_policy": "manual"})
    assert wrong.status == 422


async def test_who_moved_is_shown_with_who_they_are_now(site, app_of):
    def unit(session):
        old, new = factories.remote(session, "old"), factories.remote(session, "new")
        old.moved_to_uri, old.updated_at = new.uri, old.updated_at + 1
        session.flush()
        return factories.member(session, "hanako").id, old.id, new.id

    hanako, old, new = await site.database.write(unit)
    app = await app_of(hanako)
    shown = (await app.get(f"/api/v1/accounts/{old}")).json
    assert shown["moved"]["id"] == str(new)
    assert "moved" not in shown["moved"]
    assert "moved" not in (await app.get(f"/api/v1/accounts/{new}")).json
    refused = await app.post(f"/api/v1/accounts/{old}/follow")
    assert refused.status == 403

    def leave(session):
        session.get_one(Account, new).suspended_at = 1

    await site.database.write(leave)
    assert "moved" not in (await app.get(f"/api/v1/accounts/{old}")).json
