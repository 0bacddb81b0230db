"""Notices that are pushed to a member's devices: who asked for which, and the queue of those on their way.

An item is written with the notice, in its transaction, and handed over by `webui.push`. Nothing is pushed of what came
to an anonymous question: no row stands behind it.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import Select, bindparam, delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from community import ids, town
from community.errors import Invalid, NotFound
from community.models import AccessToken, Follow, Notification, PushItem, PushSubscription

POLICIES = ("all", "followed", "follower", "none")
ALERTS = (
    "mention", "status", "reblog", "follow", "follow_request", "favourite", "poll", "update", "quote", "quoted_update",
    "admin.sign_up", "admin.report",
)  # fmt: skip
GIVE_UP_AFTER = 24 * 3_600_000
LEASE = 120_000
"""Milliseconds for which a worker has an item to itself."""
_PAUSES = (15_000, 60_000, 300_000, 900_000, 3_600_000, 3 * 3_600_000)
_ENDPOINT_MOST = 2_000
_POINT, _SECRET = 65, 16  # bytes of an uncompressed P-256 point, and of the device's secret


@dataclass(frozen=True, slots=True)
class Claim:
    """An item that a worker holds, and the device it goes to. `created_at` is that of the notice, or 0: it is gone."""

    id: int
    attempts: int
    notification_id: int
    created_at: int
    subscription_id: int
    account_id: int
    endpoint: str
    p256dh: bytes
    auth: bytes
    standard: bool


def subscribe(
    session: Session,
    *,
    token_id: int,
    account_id: int,
    endpoint: str | None,
    p256dh: str | None,
    auth: str | None,
    standard: bool = False,
    alerts: Mapping[str, bool] | None = None,
    policy: str | None = None,
) -> PushSubscription:
    """Push to a device from now on; what the token had before is replaced. Invalid names what does not fit."""
    address = _endpoint(session, endpoint)
    keys = (_key(p256dh, "p256dh", _POINT), _key(auth, "auth", _SECRET))
    unsubscribe(session, token_id=token_id)
    row = PushSubscription(
        id=_free_id(session),
        token_id=token_id,
        account_id=account_id,
        endpoint=address,
        p256dh=keys[0],
        auth=keys[1],
        standard=standard,
        alerts=_alerts(alerts or {}),
        policy=_policy(policy or "all"),
        created_at=town.now(session),
    )
    session.add(row)
    session.flush()
    return row


def change(
    session: Session, *, token_id: int, alerts: Mapping[str, bool] | None, policy: str | None = None
) -> PushSubscription:
    """Choose anew what is pushed; with `alerts`, those not named go off. NotFound if the token has no subscription."""
    row = of_token(session, token_id)
    row.alerts = row.alerts if alerts is None else _alerts(alerts)
    row.policy = row.policy if policy is None else _policy(policy)
    session.flush()
    return row


def of_token(session: Session, token_id: int) -> PushSubscription:
    """The subscription of an app's token. NotFound if it has none."""
    row = session.scalar(select(PushSubscription).where(PushSubscription.token_id == token_id))
    if row is None:
        raise NotFound("この端末にはまだお知らせを送っていません。")
    return row


def unsubscribe(session: Session, *, token_id: int) -> None:
    """Push nothing more for a token: the app asked, or the token was revoked. Harmless if there is nothing."""
    remove(
        session,
        list(session.scalars(select(PushSubscription.id).where(PushSubscription.token_id == token_id))),
    )


def remove(session: Session, subscription_ids: Sequence[int]) -> None:
    """Forget subscriptions and what waits for them."""
    if subscription_ids:
        session.execute(delete(PushItem).where(PushItem.subscription_id.in_(subscription_ids)))
        session.execute(delete(PushSubscription).where(PushSubscription.id.in_(subscription_ids)))


def queue(
    session: Session, *, account_id: int, actor_id: int, told: str, notification_id: int, now: int
) -> None:
    """Put a notice of the type `told` on its way to the member's devices that want it."""
    connection = session.connection()
    devices = connection.execute(_DEVICES, {"me": account_id, "actor": actor_id}).all()
    items = [
        {
            "id": ids.new(now), "subscription_id": it.id, "notification_id": notification_id, "attempts": 0,
            "next_attempt_at": now, "leased_until": 0,
        }
        for it in devices
        if it.alerts.get(told) and _wants(it.policy, followed=it.followed, follower=it.follower)
    ]  # fmt: skip
    if items:
        connection.execute(_INSERT, items)


def any_due(session: Session) -> bool:
    now = town.now(session)
    due = select(PushItem.id).where(PushItem.next_attempt_at <= now, PushItem.leased_until <= now).limit(1)
    return session.execute(due).first() is not None


def claim(session: Session, limit: int) -> list[Claim]:
    """Take what is due, the longest due first, for the time of a lease; two workers never hold the same.

    Subscriptions whose token was revoked go here, with everything that waits for them.
    """
    now = town.now(session)
    due = (
        select(PushItem.id)
        .where(PushItem.next_attempt_at <= now, PushItem.leased_until <= now)
        .order_by(PushItem.next_attempt_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    taken = list(session.scalars(due))
    if not taken:
        return []
    session.execute(update(PushItem).where(PushItem.id.in_(taken)).values(leased_until=now + LEASE))
    rows = session.execute(
        select(PushItem, PushSubscription, AccessToken.revoked_at, Notification.created_at)
        .join(PushSubscription, PushSubscription.id == PushItem.subscription_id)
        .join(AccessToken, AccessToken.id == PushSubscription.token_id)
        .outerjoin(Notification, Notification.id == PushItem.notification_id)
        .where(PushItem.id.in_(taken))
        .order_by(PushItem.id)
    ).all()
    revoked = {subscription.id for _, subscription, revoked_at, _ in rows if revoked_at is not None}
    claims = [_claim(item, subscription, at) for item, subscription, _, at in rows if subscription.id not in revoked]
    remove(session, sorted(revoked))
    return claims


def done(session: Session, item_ids: Sequence[int]) -> None:
    """These were handed over, or will never be."""
    if item_ids:
        session.execute(delete(PushItem).where(PushItem.id.in_(item_ids)))


def later(session: Session, claim: Claim, *, retry_after: int | None = None) -> None:
    """The push service is in trouble: try again after a growing pause, `retry_after` seconds at least, for a day."""
    now = town.now(session)
    pause = _PAUSES[min(claim.attempts, len(_PAUSES) - 1)]
    next_at = now + max(pause, 1000 * min(retry_after or 0, 24 * 3600))
    if next_at >= claim.created_at + GIVE_UP_AFTER:
        done(session, [claim.id])
        return
    session.execute(
        update(PushItem)
        .where(PushItem.id == claim.id)
        .values(attempts=claim.attempts + 1, next_attempt_at=next_at, leased_until=0)
    )


def waiting(session: Session) -> int:
    """How many items are on their way."""
    return session.scalar(select(func.count()).select_from(PushItem)) or 0


def _claim(item: PushItem, subscription: PushSubscription, created_at: int | None) -> Claim:
    return Claim(
        item.id,
        item.attempts,
        item.notification_id,
        created_at or 0,
        subscription.id,
        subscription.account_id,
        subscription.endpoint,
        decoded(subscription.p256dh),
        decoded(subscription.auth),
        subscription.standard,
    )


def _wants(policy: str, *, followed: bool, follower: bool) -> bool:
    return policy == "all" or (policy == "followed" and followed) or (policy == "follower" and follower)


def _devices() -> Select[*tuple[object, ...]]:
    me, actor = (bindparam(name, type_=Follow.follower_id.type) for name in ("me", "actor"))
    ties = [
        exists()
        .where(Follow.follower_id == one, Follow.followee_id == other, Follow.state == "accepted")
        .label(name)
        for one, other, name in ((me, actor, "followed"), (actor, me, "follower"))
    ]
    return (
        select(PushSubscription.id, PushSubscription.alerts, PushSubscription.policy, *ties)
        .join(AccessToken, AccessToken.id == PushSubscription.token_id)
        .where(PushSubscription.account_id == me, AccessToken.revoked_at.is_(None))
    )


_DEVICES = _devices()
_INSERT = insert(PushItem)


def _free_id(session: Session) -> int:
    """A random one of 31 bits: apps keep it in an Int, and it tells nobody how many devices there are."""
    while True:
        candidate = 1 + secrets.randbelow(2**31 - 1)
        if session.scalar(select(exists().where(PushSubscription.id == candidate))) is False:
            return candidate


def _endpoint(session: Session, typed: str | None) -> str:
    trial = town.of(session).settings.federation.allow_private_addresses
    allowed = ("https", "http") if trial else ("https",)
    try:
        parts = urlsplit(typed or "")
        fits = parts.scheme in allowed and bool(parts.hostname) and not parts.username
        fits = fits and (trial or parts.port in (None, 443))
    except ValueError:
        fits = False
    if not fits or typed is None or len(typed) > _ENDPOINT_MOST:
        raise Invalid("endpoint", "お知らせの送り先のアドレスを確かめてください。")
    return typed


def _key(typed: str | None, field: str, size: int) -> str:
    """URL-safe base64 without padding. A device sends either alphabet, padded or not."""
    try:
        raw = decoded(typed or "")
    except (ValueError, binascii.Error):
        raw = b""
    if len(raw) != size or (size == _POINT and raw[0] != 4):
        raise Invalid(field, "お知らせの暗号の鍵を確かめてください。")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes behind base64 of either alphabet, padded or not. Raises ValueError."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), altchars=b"-_", validate=True)


def _alerts(wanted: Mapping[str, bool]) -> dict[str, bool]:
    return {name: bool(wanted.get(name)) for name in ALERTS}


def _policy(wanted: str) -> str:
    if wanted not in POLICIES:
        raise Invalid("policy", "お知らせの送り方をもう一度選んでください。")
    return wanted
