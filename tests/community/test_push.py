import base64

import pytest
from sqlalchemy import select

from community import doors, likes, notice_policy, notifications, push, town
from community.errors import Invalid, NotFound
from community.models import Follow, Notification, PushItem, PushSubscription
from tests import factories
from tests.towns import make_town

POINT = base64.urlsafe_b64encode(b"\x04" + bytes(64)).rstrip(b"=").decode()
AUTH = base64.urlsafe_b64encode(bytes(16)).decode()
HOUR = 3_600_000


@pytest.fixture
def people(session):
    return factories.member(session, "hanako"), factories.member(session, "harukaze")


def token(session, member):
    secret = doors.issue_token(session, member.id, "push", "an app")
    return doors.viewer_of_token(session, secret).token_id, secret


def subscribe(session, member, *, token_id=None, **facts):
    given = {"endpoint": "https://push.example/1", "p256dh": POINT, "auth": AUTH, "alerts": {"favourite": True}}
    return push.subscribe(
        session, token_id=token_id or token(session, member)[0], account_id=member.id, **(given | facts)
    )


def like(session, actor, member):
    """A favourite of a new question of `member`."""
    number = session.query(Notification).count()
    likes.like(session, account=actor, post=factories.question(session, member, title=f"質問その{number}です"))


def test_what_a_device_asked_for_is_queued(session, people):
    hanako, harukaze = people
    row = subscribe(session, hanako)
    assert 0 < row.id < 2**31 and row.policy == "all"
    like(session, harukaze, hanako)
    notifications.tell(session, to=hanako, kind="follow", actor=harukaze)
    (item,) = session.scalars(select(PushItem))
    notice = session.get_one(Notification, item.notification_id)
    assert (notice.kind, item.subscription_id) == ("like", row.id)
    assert push.any_due(session)


@pytest.mark.parametrize(
    ("policy", "pushed"), [("all", 3), ("followed", 1), ("follower", 1), ("none", 0)]
)
def test_whose_deeds_are_pushed(session, people, policy, pushed):
    hanako, harukaze = people
    fan, stranger = factories.member(session, "kaoru"), factories.member(session, "tooru")
    for number, (one, other) in enumerate([(hanako, harukaze), (fan, hanako)]):
        session.add(
            Follow(id=number + 1, uri=f"urn:{number}", follower_id=one.id, followee_id=other.id, state="accepted", created_at=1)
        )
    subscribe(session, hanako, policy=policy)
    for actor in (harukaze, fan, stranger):
        like(session, actor, hanako)
    assert push.waiting(session) == pushed


def test_one_subscription_for_each_token(session, people):
    hanako, harukaze = people
    token_id, _ = token(session, hanako)
    first = subscribe(session, hanako, token_id=token_id)
    like(session, harukaze, hanako)
    second = subscribe(session, hanako, token_id=token_id, endpoint="https://push.example/2")
    assert session.scalars(select(PushSubscription.id)).all() == [second.id] != [first.id]
    assert push.waiting(session) == 0
    changed = push.change(session, token_id=token_id, alerts={"mention": True, "junk": True}, policy="followed")
    assert [name for name, on in changed.alerts.items() if on] == ["mention"]
    assert push.change(session, token_id=token_id, alerts=None, policy="none").alerts["mention"]
    push.unsubscribe(session, token_id=token_id)
    push.unsubscribe(session, token_id=token_id)
    for ask in (push.of_token, lambda s, token_id: push.change(s, token_id=token_id, alerts={})):
        with pytest.raises(NotFound):
            ask(session, token_id)


def test_a_revoked_token_gets_nothing_more(session, people):
    hanako, harukaze = people
    token_id, secret = token(session, hanako)
    subscribe(session, hanako, token_id=token_id)
    like(session, harukaze, hanako)
    doors.revoke_token(session, secret)
    like(session, harukaze, hanako)
    assert push.waiting(session) == 1
    assert push.claim(session, 10) == []
    assert push.waiting(session) == 0 and session.scalars(select(PushSubscription)).all() == []


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"endpoint": None}, "endpoint"),
        ({"endpoint": "http://push.example/1"}, "endpoint"),
        ({"endpoint": "https://push.example:8443/1"}, "endpoint"),
        ({"endpoint": "https://me@push.example/1"}, "endpoint"),
        ({"endpoint": "https://[::1"}, "endpoint"),
        ({"endpoint": "https://push.example/" + "x" * 2000}, "endpoint"),
        ({"p256dh": None}, "p256dh"),
        ({"p256dh": AUTH}, "p256dh"),
        ({"p256dh": base64.b64encode(bytes(65)).decode()}, "p256dh"),
        ({"auth": "%%%"}, "auth"),
        ({"auth": POINT}, "auth"),
        ({"policy": "everybody"}, "policy"),
    ],
)
def test_what_does_not_fit(session, people, facts, field):
    with pytest.raises(Invalid) as refused:
        subscribe(session, people[0], **facts)
    assert refused.value.field == field


def test_trials_may_push_to_their_own_machine(session, people, database_url):
    trial = make_town(database_url, federation={"allow_private_addresses": True})
    town.attach(session, trial)
    assert subscribe(session, people[0], endpoint="http://127.0.0.1:9/x").endpoint == "http://127.0.0.1:9/x"


def test_keys_come_in_either_alphabet(session, people):
    raw = b"\x04" + b"\xfb\xff" * 32
    row = subscribe(session, people[0], p256dh=base64.b64encode(raw).decode())
    assert push.decoded(row.p256dh) == raw


def test_a_claim_is_a_lease(session, people, clock):
    hanako, harukaze = people
    subscribe(session, hanako)
    like(session, harukaze, hanako)
    (claim,) = push.claim(session, 10)
    assert push.claim(session, 10) == [] and not push.any_due(session)
    clock.advance(ms=push.LEASE)
    (again,) = push.claim(session, 10)
    assert again.id == claim.id
    push.done(session, [claim.id])
    clock.advance(hours=1)
    assert push.claim(session, 10) == []


def test_pauses_grow_and_end_after_a_day(session, people, clock):
    hanako, harukaze = people
    subscribe(session, hanako)
    like(session, harukaze, hanako)
    begin, pauses = clock.now, []
    while push.waiting(session):
        (claim,) = push.claim(session, 10)
        push.later(session, claim)
        session.expire_all()
        item = session.scalar(select(PushItem))
        if item is not None:
            pauses.append(item.next_attempt_at - clock.now)
            clock.now = item.next_attempt_at
    assert pauses == sorted(pauses) and len(pauses) > 5
    assert clock.now - begin <= 24 * HOUR


def test_a_service_may_ask_for_more_patience(session, people, clock):
    hanako, harukaze = people
    subscribe(session, hanako)
    like(session, harukaze, hanako)
    (claim,) = push.claim(session, 10)
    push.later(session, claim, retry_after=7200)
    clock.advance(seconds=7199)
    assert not push.any_due(session)
    clock.advance(seconds=1)
    assert push.any_due(session)


def test_a_notice_that_was_taken_back_is_found_out(session, people):
    hanako, harukaze = people
    subscribe(session, hanako)
    like(session, harukaze, hanako)
    notifications.clear(session, factories.viewer(session, hanako))
    (claim,) = push.claim(session, 10)
    assert claim.created_at == 0


def test_what_is_held_back_is_not_pushed(session, people):
    hanako, harukaze = people
    subscribe(session, hanako, alerts=dict.fromkeys(push.ALERTS, True))
    notice_policy.change(session, account_id=hanako.id, rules={"for_not_following": "filter"})
    session.expire_all()
    like(session, harukaze, hanako)
    assert push.waiting(session) == 0
