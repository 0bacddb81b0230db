"""Web Push from the subscription of an app to the message its device reads, over real sockets."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from community import doors, likes, members, push, text, thanks
from community.models import Account, Post, PushItem, PushSubscription
from tests import factories
from tests.webui import scene as scenes
from tests.webui.conftest import MakeSite, Site
from tests.webui.mastodon.conftest import App
from tests.webui.mastodon.device import Device, served
from tests.webui.mastodon.device import text as as_text
from tests.webui.scene import Scene
from webui import push_keys
from webui.keys import FEDERATION, TEMPLATES, TOWN
from webui.push import sealing
from webui.push.worker import PushWorker

PATH = "/api/v1/push/subscription"


@pytest.fixture
async def site(make_site: MakeSite) -> Site:
    """A trial, which may push to its own machine."""
    return await make_site(federation={"allow_private_addresses": True})


@pytest.fixture
async def device() -> AsyncIterator[Device]:
    async with served() as it:
        yield it


@pytest.fixture
async def scene(site: Site) -> Scene:
    return await site.database.write(scenes.build)


@pytest.fixture
def worker(site: Site) -> PushWorker:
    return PushWorker(site.app[FEDERATION], site.app[TEMPLATES].catalogues)


async def subscribed(app: App, device: Device, *, standard: bool = True, **data: object) -> dict[str, object]:
    wanted = {"alerts": {"mention": True, "favourite": True}} | data
    body = {"subscription": device.subscription(standard=standard), "data": wanted}
    answer = await app.post(PATH, json=body)
    assert answer.status == 200, answer.json
    return answer.json


def give(scene: Scene, words: str = "助かりました。"):
    """A thank-you with words from the asker to the answerer."""

    def unit(session) -> None:
        thanks.give(
            session,
            giver=session.get_one(Account, scene.asker),
            answer=session.get_one(Post, scene.answer),
            message=text.from_markdown(words),
        )

    return unit


async def test_a_subscription_from_first_to_last(site: Site, scene: Scene, app_of, device: Device) -> None:
    app = await app_of(scene.answerer)
    missing = await app.get(PATH)
    assert missing.status == 404 and "not found" in missing.json["error"]
    assert (await app.put(PATH, json={"data": {"alerts": {}}})).status == 404
    keys = device.subscription(standard=False)["keys"]
    form = {
        "subscription[endpoint]": f"{device.origin}/push/1", "subscription[keys][p256dh]": keys["p256dh"],
        "subscription[keys][auth]": keys["auth"], "data[alerts][mention]": "true", "data[alerts][poll]": "0",
    }  # fmt: skip
    made = (await app.post(PATH, data=form)).json
    assert isinstance(made["id"], int) and 0 < made["id"] < 2**31
    assert (made["standard"], made["policy"], made["endpoint"]) == (False, "all", f"{device.origin}/push/1")
    assert made["alerts"]["mention"] is True and made["alerts"]["poll"] is made["alerts"]["quote"] is False
    assert made["server_key"] == push_keys.public_key(site.app[TOWN])
    assert (await app.get(PATH)).json == made
    changed = (await app.put(PATH, json={"data": {"alerts": {"poll": True}, "policy": "followed"}})).json
    assert (changed["alerts"]["poll"], changed["alerts"]["mention"], changed["policy"]) == (True, False, "followed")
    assert (await app.put(PATH, json={"policy": "none"})).json["alerts"] == changed["alerts"]
    second = await app_of(scene.answerer)
    assert (await second.get(PATH)).status == 404, "each token has its own"
    assert (await app.delete(PATH)).json == {}
    assert (await app.delete(PATH)).json == {}
    assert (await app.get(PATH)).status == 404


async def test_what_cannot_be_pushed_to(scene: Scene, app_of, device: Device) -> None:
    app = await app_of(scene.answerer)
    right = device.subscription(standard=True)
    off_curve = as_text(b"\x04" + bytes(64))
    for wrong in (
        {}, right | {"endpoint": "ftp://push.example/"}, right | {"endpoint": ""},
        right | {"keys": {"p256dh": off_curve, "auth": right["keys"]["auth"]}}, right | {"keys": {}},
        right | {"keys": {"p256dh": right["keys"]["p256dh"], "auth": "short"}},
    ):  # fmt: skip
        answer = await app.post(PATH, json={"subscription": wrong})
        assert answer.status == 422, wrong
        assert answer.json["error"].startswith("Validation failed: ")
    assert (await app.post(PATH, json={"subscription": right, "data": {"policy": "everybody"}})).status == 422
    without = await app_of(scene.answerer, scopes="read write follow")
    for call in (without.get(PATH), without.post(PATH), without.put(PATH), without.delete(PATH)):
        assert (await call).status == 403


@pytest.mark.parametrize("standard", [True, False])
async def test_the_device_reads_what_happened(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker, *, standard: bool
) -> None:
    app = await app_of(scene.answerer)
    made = await subscribed(app, device, standard=standard)
    await site.database.write(give(scene))
    assert await worker.run_once() == 1
    (message,) = device.messages
    (notice,) = [it for it in (await app.get("/api/v1/notifications")).json if it["machi"]["kind"] == "thanks"]
    assert message == {
        "access_token": "",
        "preferred_locale": "ja",
        "notification_id": int(notice["id"]),
        "notification_type": "mention",
        "icon": notice["account"]["avatar"],
        "title": "みずたまさんから、ありがとうが届きました。",
        "body": "助かりました。",
    }
    (headers,), (claims,) = device.headers, device.claims
    assert (headers["TTL"], headers["Urgency"]) == ("172800", "normal")
    assert claims["aud"] == device.origin and claims["sub"] == site.app[TOWN].uris.origin
    assert 0 < claims["exp"] * 1000 - site.clock() <= 24 * 3_600_000
    assert claims["key"] == made["server_key"]
    assert await worker.run_once() == 0


async def test_a_long_message_fits_and_a_warning_stands_for_it(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker
) -> None:
    await subscribed(await app_of(scene.answerer), device)
    await site.database.write(give(scene, "とても助かりました。" * 40))
    await worker.run_once()
    assert len(device.messages[0]["body"]) == 140 and device.messages[0]["body"].endswith("…")


async def test_only_what_was_asked_for(site: Site, scene: Scene, app_of, device: Device, worker: PushWorker) -> None:
    await subscribed(await app_of(scene.answerer), device, alerts={"follow": True})
    await site.database.write(give(scene))
    assert await worker.run_once() == 0 and device.requests == 0


async def test_nothing_is_pushed_for_what_came_to_a_hidden_question(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker
) -> None:
    app = await app_of(scene.asker)
    await subscribed(app, device)

    def answer(session) -> None:
        factories.answer(session, session.get_one(Account, scene.bystander), session.get_one(Post, scene.hidden))

    await site.database.write(answer)
    assert len((await app.get("/api/v1/notifications")).json) == 3
    assert await worker.run_once() == 0
    assert await site.database.read(lambda session: session.scalars(select(PushItem)).all()) == []


async def test_what_was_taken_back_or_filtered_away_is_not_told(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker
) -> None:
    app = await app_of(scene.answerer)
    await subscribed(app, device)
    body = {
        "title": "x", "context": ["notifications"], "filter_action": "hide",
        "keywords_attributes": [{"keyword": "助かり"}],
    }  # fmt: skip
    await app.post("/api/v2/filters", json=body)
    await site.database.write(give(scene))
    assert await worker.run_once() == 0

    def like_and_take_back(session) -> None:
        bystander, answer = session.get_one(Account, scene.bystander), session.get_one(Post, scene.answer)
        likes.like(session, account=bystander, post=answer)
        assert push.waiting(session) == 1
        likes.unlike(session, account=bystander, post=answer)

    await site.database.write(like_and_take_back)
    assert await worker.run_once() == 0 and device.requests == 0
    assert await site.database.read(push.waiting) == 0


@pytest.mark.parametrize("status", [404, 410])
async def test_a_device_that_is_gone_is_forgotten(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker, *, status: int
) -> None:
    app = await app_of(scene.answerer)
    await subscribed(app, device)
    device.status = status
    await site.database.write(give(scene))
    assert await worker.run_once() == 1
    assert (await app.get(PATH)).status == 404
    assert await site.database.read(push.waiting) == 0


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_service_in_trouble_is_tried_again(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker, *, status: int
) -> None:
    await subscribed(await app_of(scene.answerer), device)
    device.status, device.retry_after = status, "600"
    await site.database.write(give(scene))
    assert await worker.run_once() == 1
    site.clock.advance(seconds=599)
    assert await worker.run_once() == 0
    device.status = 201
    site.clock.advance(seconds=1)
    assert await worker.run_once() == 1
    assert len(device.messages) == 1


async def test_a_service_that_is_not_there_is_given_up_after_a_day(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker
) -> None:
    await subscribed(await app_of(scene.answerer), device)

    def closed(session) -> None:
        session.scalars(select(PushSubscription)).one().endpoint = "http://127.0.0.1:9/gone"

    await site.database.write(closed)
    await site.database.write(give(scene))
    begin, tries = site.clock(), 0
    while await site.database.read(push.waiting):
        tries += await worker.run_once()
        item = await site.database.read(lambda session: session.scalar(select(PushItem.next_attempt_at)))
        site.clock.now = item or site.clock()
    assert 5 < tries < 20 and site.clock() - begin <= 24 * 3_600_000


async def test_a_message_that_is_refused_is_not_sent_again(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker
) -> None:
    app = await app_of(scene.answerer)
    await subscribed(app, device)
    device.status = 413
    await site.database.write(give(scene))
    assert await worker.run_once() == 1
    site.clock.advance(days=1)
    assert await worker.run_once() == 0
    assert (await app.get(PATH)).status == 200


async def test_with_the_token_goes_the_subscription(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker
) -> None:
    app = await app_of(scene.answerer)
    await subscribed(app, device)
    await site.database.write(give(scene))
    await site.database.write(lambda session: doors.revoke_token(session, app.token))
    assert await worker.run_once() == 0 and device.requests == 0
    assert await site.database.read(lambda session: session.scalars(select(PushSubscription)).all()) == []


async def test_the_members_language_is_spoken(
    site: Site, scene: Scene, app_of, device: Device, worker: PushWorker
) -> None:
    await site.database.write(
        lambda session: members.update_profile(session, account_id=scene.answerer, locale="en")
    )
    await subscribed(await app_of(scene.answerer), device)
    await site.database.write(give(scene))
    await worker.run_once()
    assert device.messages[0]["title"] == "みずたま sent you thanks."
    assert device.messages[0]["preferred_locale"] == "en"


def test_a_point_off_the_curve_seals_nothing() -> None:
    with pytest.raises(sealing.Unsealable):
        sealing.sealed(b"x", point=b"\x04" + bytes(64), auth=bytes(16), standard=True, voucher=("t", "k"))
