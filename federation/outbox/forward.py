"""Forwarding from the inbox (ActivityPub §7.1.2): who follows somebody here hears the replies to what they wrote.

A reply from outside that answers a post of ours and names the author's followers is sent on to them as it came, once,
together with what its author later does to it. It is nothing that we said: no outbox lists it, nobody may GET it here.
Who has it from a board of ours already is left out.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import anonymity, events
from community.models import Account, Post
from federation.models import RemoteHost
from federation.outbox import addressing, boards, sayings
from federation.outbox.addressing import Inbox
from federation.vocabulary import activities
from federation.vocabulary.reading import authority, uris

BODY = "machi.inbound.body"
"""Where the inbox leaves the activity of the present deed with the bytes in which it came, in `session.info`."""

_NAMES = ("to", "cc", "audience")
_FETCHES = frozenset({"machi"})
"""Software that asks the origin for what bears no proof; all others would drop it."""

_LARGEST = 256 * 1024  # bytes; Misskey takes no more


def subscribe(bus: events.Bus) -> None:
    """After the boards: whom they reach is not told twice."""
    bus.subscribe(events.PostCreated, post_created)
    bus.subscribe(events.PostEdited, post_edited)
    bus.subscribe(events.PostDeleted, post_deleted)


def post_created(session: Session, event: events.PostCreated) -> None:
    post = session.get_one(Post, event.post_id)
    if post.local or post.parent_id is None:
        return
    came = _as_it_came(session, post, "Create")
    parent = session.get(Post, post.parent_id) if came is not None else None
    if came is None or parent is None or not parent.local or parent.deleted_at is not None:
        return
    activity, body = came
    owner, author = anonymity.public_author(session, parent), anonymity.public_author(session, post)
    if author.silenced_at is not None or f"{owner.uri}/followers" not in _named(activity):
        return
    told = {each.host for each in addressing.reached(session, activity["id"])}
    readers = _without(_readers(session, owner, activity), told | _origin(activity))
    sayings.send_on(session, owner, body, readers, about=_about(post), post=post)


def post_edited(session: Session, event: events.PostEdited) -> None:
    _follow_up(session, event.post_id, "Update")


def post_deleted(session: Session, event: events.PostDeleted) -> None:
    _follow_up(session, event.post_id, "Delete")


def _follow_up(session: Session, post_id: int, kind: str) -> None:
    """What the author did to a reply goes wherever the reply was sent on to."""
    post = session.get_one(Post, post_id)
    came = _as_it_came(session, post, kind)
    parent = session.get(Post, post.parent_id) if came is not None and post.parent_id is not None else None
    if came is None or parent is None or not parent.local:
        return
    activity, body = came
    readers = _without(addressing.reached(session, _about(post)), _origin(activity))
    owner = anonymity.public_author(session, parent)
    sayings.send_on(session, owner, body, readers, about=_about(post), post=post)


def _as_it_came(session: Session, post: Post, kind: str) -> tuple[dict[str, Any], bytes] | None:
    """The remote activity about `post` behind the present deed, signed by its own actor, and its bytes."""
    activity = None if post.local else boards.received(session, (kind,), post.uri)
    brought = session.info.get(BODY)
    if activity is None or brought is None or brought[0] is not activity or len(brought[1]) > _LARGEST:
        return None
    if activities.without_blind(activity) is not activity:
        return None  # it must not go out as it came, and of anything else its proof would not hold
    return activity, brought[1]


def _named(activity: dict[str, Any]) -> set[str]:
    return {each for name in _NAMES for each in uris(activity.get(name))}


def _origin(activity: dict[str, Any]) -> set[str]:
    return {authority(activity["id"]) or ""}


def _readers(session: Session, owner: Account, activity: dict[str, Any]) -> list[Inbox]:
    """The followers' inboxes; of what bears no proof of any kind, those who would ask the origin for it."""
    followers = addressing.followers(session, owner)
    if activity.get("proof") or activity.get("signature"):
        return followers
    able = set(
        session.scalars(
            select(RemoteHost.host).where(
                RemoteHost.host.in_({each.host for each in followers}), RemoteHost.software.in_(_FETCHES)
            )
        )
    )
    return [each for each in followers if each.host in able]


def _without(readers: list[Inbox], hosts: Collection[str]) -> list[Inbox]:
    return [each for each in readers if each.host not in hosts]


def _about(post: Post) -> str:
    """By what later activities find who was sent this one; no object has this id."""
    return f"forwarded {post.uri}"
