"""A post anew: what its origin serves now is what it says, by the same code as an Update that was sent (reference §1.8).

Only where everybody, or every sister town, may read it: the rest is nobody's to ask for.
"""

from functools import partial

from sqlalchemy.orm import Session

from community import posts, town
from community.errors import CommunityError
from community.models import Account, Post
from federation import bringing, errands
from federation.catching_up import counts
from federation.catching_up.trip import Told, Trip
from federation.inbox import registry
from federation.inbox.inbound import Ignored, Inbound
from federation.vocabulary.notes import is_note
from federation.vocabulary.reading import Document, Unreadable, uri

DAY_MS = 86_400_000
"""After how long what was not found is asked for once more, before it counts as deleted."""

_OPEN = ("open", "unlisted")
_LONG_AGO = "1970-01-01T00:00:00Z"
_ASKED_FOR = (*_OPEN, "sister")


async def run(trip: Trip, post_uri: str) -> None:
    """Bring the post up to date, or here if it is not known yet. Raises TemporaryFailure."""
    await refresh(trip, post_uri)


async def refresh(trip: Trip, post_uri: str) -> Document | None:
    """`run`; gives the document as its origin serves it, None without one."""
    known = await trip.ctx.database.read(lambda session: _standing(session, post_uri))
    if known is not None and known not in _ASKED_FOR:
        return None
    told = await trip.ask(post_uri)
    document = told.document if told.document is not None and is_note(told.document) else None
    if known is None:
        if document is not None and await bringing.bring(trip.ctx, document, trip.fetch, belated=True):
            trip.brought += 1
    else:
        if document is not None:
            await _update(trip, document)
        await trip.ctx.database.write(partial(_note, post_uri=post_uri, told=told))
    return document


async def _update(trip: Trip, document: Document) -> None:
    """Let `document` have the effect of an Update by its author."""
    activity = {"type": "Update", "actor": uri(document.get("attributedTo")), "object": document}
    # Without an `updated` of its own it is as old as the post: what is fetched now was not said now.
    activity["published"] = document.get("published") or _LONG_AGO
    inbound = Inbound(activity, trip.ctx.town.clock())
    try:
        while wanted := await trip.ctx.database.write(lambda session: registry.handle(session, inbound)):
            fetched = await trip.fetch(wanted)
            inbound.documents.update(fetched.documents)
            inbound.unavailable |= set(wanted) - set(fetched.documents)
    except (Ignored, Unreadable, CommunityError):
        return  # nothing newer than what stands


def _standing(session: Session, post_uri: str) -> str | None:
    """The visibility of the post; None if it is not known; "deleted" of what was taken back or is nothing to ask for."""
    post = posts.by_uri(session, post_uri)
    if post is None:
        return None
    return "deleted" if post.deleted_at is not None or post.local or post.kind == "boost" else post.visibility


def _note(session: Session, post_uri: str, told: Told) -> None:
    """Keep in mind what came of asking. 404 may be said by mistake, or to us alone: it has to be said twice."""
    post = posts.by_uri(session, post_uri)
    if post is None or post.deleted_at is not None:
        return
    now = town.now(session)
    if told.gone:
        forget(session, post)
    elif told.absent and post.visibility in _OPEN:
        errands.enqueue(session, errands.ABSENT, post_uri, now + DAY_MS)
    elif told.document is not None:
        counts.take(session, post, told.document)
    post.refreshed_at = now
    session.flush()


def forget(session: Session, post: Post) -> None:
    """Its origin says that it is deleted."""
    posts.delete(session, post=post, by=session.get_one(Account, post.author_id))
