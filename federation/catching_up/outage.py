"""After our own outage: what others said meanwhile and gave up on sending is fetched from where they keep it.

GoToSocial gives up after some four minutes (federation reference §2.5). A heartbeat is kept while the town serves; a gap
in it, at the next start, sends errands to the outboxes of those who are listened to here. What they said since counts
as if it had been delivered late: it comes home, it is notified, our boards pass it on; and what is delivered after all
meets its own id and has no effect.
"""

import asyncio
import contextlib
from typing import Any

import structlog
from sqlalchemy import select, union, update
from sqlalchemy.orm import Session, aliased

from community import ids, inserts, posts, town, towns
from community.errors import CommunityError, StorageFailed
from community.models import LOCAL, Account, Follow, Post
from federation import errands
from federation.catching_up import collections, outboxes
from federation.catching_up.outboxes import Outbox
from federation.catching_up.trip import Spent, Trip
from federation.context import Federation
from federation.inbox import memory, registry
from federation.inbox.inbound import Ignored, Inbound
from federation.models import Heartbeat
from federation.outbox.boards import INBOUND
from federation.vocabulary.notes import is_note
from federation.vocabulary.reading import Document, Unreadable, moment, same_origin, type_of, uri

BEAT_S = 60.0
"""Seconds between two heartbeats."""

GAP_MS = 240_000
"""A gap of more (ms) has cost us mail: the most impatient have given up by then."""

LONGEST_MS = 7 * 86_400_000
"""Nothing older than this is caught up with."""

_SERVING, _MISSED = "serving", "missed since"
_QUESTIONS_MS = 14 * 86_400_000
_ACTORS_MOST, _REPLIES_MOST = 10_000, 200
_MARGIN_MS = 120_000  # what was said just before may have been under way when the town fell
_EACH_MS, _WITHIN_S = 200, 1_800  # the more errands there are, the longer until the last sets out
_KINDS = frozenset({"Create", "Announce", "Update"})

_log = structlog.get_logger(__name__)


async def run(trip: Trip, actor_uri: str) -> bool:
    """Let what the actor said since the outage have its effect, the oldest first. False if another run has to go on.

    Raises TemporaryFailure.
    """
    since = await trip.ctx.database.read(_since)
    outbox = await trip.ctx.database.read(lambda session: outboxes.find(session, actor_uri))
    if outbox is None or since is None:
        return True
    with contextlib.suppress(Spent):
        for activity in reversed(await _said_since(trip, outbox, since)):
            await _take(trip, activity)
    return not (trip.missed_something and trip.brought)


async def keep_beating(ctx: Federation) -> None:
    """Look how long the town was away, then say once a minute that it is here, for ever. For processes that serve."""
    await ctx.database.write(begin)
    while True:
        await asyncio.sleep(BEAT_S)
        try:
            await ctx.database.write(beat)
        except StorageFailed as failure:
            _log.warning("the heartbeat waits for the database", reason=str(failure))


def begin(session: Session) -> int:
    """The town begins to serve. After an outage, have what was missed fetched; how many errands that takes."""
    row = session.get(Heartbeat, _SERVING)
    last, now = row.at if row is not None else None, town.now(session)
    beat(session)
    if last is None or now - last <= GAP_MS:
        return 0
    since = max(last - _MARGIN_MS, now - LONGEST_MS)
    earlier = session.get(Heartbeat, _MISSED)
    if earlier is not None and errands.is_any(session, errands.MISSED):
        since = min(since, max(earlier.at, now - LONGEST_MS))
    _set(session, _MISSED, since)
    number = _send_out(session)
    _log.info("the town was away", minutes=(now - last) // 60_000, errands=number)
    return number


def beat(session: Session) -> None:
    """The town is at work."""
    _set(session, _SERVING, town.now(session))


def _set(session: Session, name: str, at: int) -> None:
    if not inserts.new_row(session, Heartbeat, name=name, at=at):
        session.execute(update(Heartbeat).where(Heartbeat.name == name).values(at=at))


def _since(session: Session) -> int | None:
    row = session.get(Heartbeat, _MISSED)
    return None if row is None else row.at


def _send_out(session: Session) -> int:
    wanted = [(errands.MISSED, each) for each in _listened_to(session)]
    wanted += [(errands.REPLIES, each) for each in _answers_elsewhere(session)]
    within = min(_WITHIN_S, max(10, len(wanted) * _EACH_MS // 1_000))
    return sum(errands.enqueue(session, kind, each, errands.later(session, within)) for kind, each in wanted)


def _listened_to(session: Session) -> list[str]:
    """Actors elsewhere whom somebody here follows, the boards of sister towns, and who takes part in our questions."""
    follower = aliased(Account)
    followed = (
        select(Account.uri)
        .join(Follow, Follow.followee_id == Account.id)
        .join(follower, follower.id == Follow.follower_id)
        .where(Follow.state == "accepted", follower.domain == LOCAL)
    )
    boards = select(Account.uri).where(Account.kind == "board", Account.domain.in_(towns.sisters(session)))
    part = select(Account.uri).join(Post, Post.author_id == Account.id)
    part = part.where(Post.root_id.in_(_own_questions(session)), Post.local.is_(False))
    there = union(
        *(
            each.where(Account.domain != LOCAL, Account.deleted_at.is_(None))
            for each in (followed, boards, part)
        )
    )
    return list(session.scalars(there.limit(_ACTORS_MOST)))


def _answers_elsewhere(session: Session) -> list[str]:
    """What others said lately under our questions, and where more may stand under it."""
    found = select(Post.uri).where(
        Post.root_id.in_(_own_questions(session)), Post.local.is_(False), Post.deleted_at.is_(None),
        Post.visibility.in_(("open", "unlisted")),
    )  # fmt: skip
    return list(session.scalars(found.order_by(Post.id.desc()).limit(_REPLIES_MOST)))


def _own_questions(session: Session) -> Any:
    recent = ids.first_of(max(0, town.now(session) - _QUESTIONS_MS))
    return select(Post.id).where(Post.kind == "question", Post.local.is_(True), Post.id >= recent)


async def _said_since(trip: Trip, outbox: Outbox, since: int) -> list[Document]:
    """The activities that the outbox lists as of `since`, the newest first. A bare post counts as its Create."""
    found: list[Document] = []
    async for entry in collections.entries(trip, outbox.address, outbox.actor):
        activity = _activity(entry, outbox)
        if activity is None:
            continue
        published = _published(activity)
        if published is not None and published < since:
            break
        found.append(activity)
    return found


def _activity(entry: Any, outbox: Outbox) -> Document | None:
    """What an entry of the outbox says, if it is the owner's own word on the owner's own host."""
    if isinstance(entry, dict) and is_note(entry):
        if not same_origin(uri(entry.get("id")), uri(entry.get("attributedTo")), outbox.actor):
            return None
        return {"type": "Create", "actor": uri(entry.get("attributedTo")), "object": entry}
    if not isinstance(entry, dict) or type_of(entry) not in _KINDS or uri(entry.get("actor")) != outbox.actor:
        return None
    return entry if same_origin(uri(entry.get("id")), outbox.actor) else None


def _published(activity: Document) -> int | None:
    told = activity.get("object")
    return moment(activity.get("published")) or (
        moment(told.get("published")) if isinstance(told, dict) else None
    )


async def _take(trip: Trip, activity: Document) -> None:
    """Let `activity` have its effect as if it had just been delivered; what had it already has none."""
    trip.check()
    inbound = Inbound(activity, trip.ctx.town.clock())

    def unit(session: Session) -> tuple[list[str], bool]:
        if inbound.id and memory.has_happened(session, inbound.id):
            raise Ignored("it came after all")
        session.info[INBOUND] = activity
        new = not _is_here(session, inbound)
        wanted = registry.handle(session, inbound)
        if not wanted and inbound.id:
            memory.remember_happened(session, inbound)
        return wanted, new and not wanted

    try:
        while True:
            wanted, new = await trip.ctx.database.write(unit)
            trip.brought += new
            if not wanted:
                return
            fetched = await trip.fetch(wanted)
            inbound.documents.update(fetched.documents)
            inbound.buried |= fetched.buried
            inbound.unavailable |= set(wanted) - set(fetched.documents)
    except (Ignored, Unreadable, CommunityError) as reason:
        _log.debug("nothing to catch up with", id=inbound.id, reason=str(reason))


def _is_here(session: Session, inbound: Inbound) -> bool:
    return (
        posts.by_uri(session, inbound.object_uri) is not None or posts.by_uri(session, inbound.id) is not None
    )
