"""What was said under a post elsewhere: its `context` (FEP-7888, FEP-f228), else its `replies` (Mastodon, GoToSocial,
Lemmy, NodeBB, other towns; Misskey has none) and those of what is found there.

What stands in a page is taken as it stands only if it is of the page's own host; anything else counts by its id alone
and is fetched from where that is. And it is stored only if what it answers, as it says itself, belongs to the thread.
"""

from collections import deque
from typing import Any

from sqlalchemy.orm import Session

from community import posts
from federation import bringing
from federation.catching_up import collections
from federation.catching_up.posts import refresh
from federation.catching_up.trip import Spent, Trip
from federation.vocabulary.notes import is_note
from federation.vocabulary.reading import Document, same_origin, uri


async def run(trip: Trip, post_uri: str) -> None:
    """Bring the post `post_uri` up to date, and what stands under it here, as far as the budget goes.

    Raises TemporaryFailure.
    """
    document = await refresh(trip, post_uri)
    root = await trip.ctx.database.read(lambda session: _root_of(session, post_uri))
    if document is None or root is None:
        return
    try:
        if not await _through(trip, document.get("context"), post_uri, root):
            await _through_replies(trip, document, root)
    except Spent:
        return


async def _through_replies(trip: Trip, first: Document, root: int) -> None:
    """The replies of `first`, then those of each reply, level by level."""
    waiting = deque([first])
    while waiting:
        above = waiting.popleft()
        await _through(trip, above.get("replies"), str(above["id"]), root, waiting)


async def _through(
    trip: Trip, collection: Any, owner: str, root: int, found: deque[Document] | None = None
) -> int:
    """Bring each entry of `collection` here, that of the post `owner`; how many entries there were. The documents that
    were new are added to `found`. Raises Spent.
    """
    seen = 0
    if collection is None:
        return seen
    async for entry in collections.entries(trip, collection, owner):
        seen += 1
        document = await _document(trip, entry, owner)
        if document is None:
            continue
        if await bringing.bring(trip.ctx, document, trip.fetch, under=root, belated=True) is not None:
            trip.brought += 1
            if found is not None:
                found.append(document)
    return seen


async def _document(trip: Trip, entry: Any, owner: str) -> Document | None:
    """The post that an entry means, unless it is known: the entry itself if the host of `owner` may speak for it."""
    address = uri(entry)
    if address is None or await trip.ctx.database.read(lambda session: _is_known(session, address)):
        return None
    if isinstance(entry, dict) and is_note(entry) and same_origin(address, owner):
        return entry if same_origin(uri(entry.get("attributedTo")), owner) else None
    document = await trip.document(address)
    return document if document is not None and is_note(document) else None


def _is_known(session: Session, address: str) -> bool:
    return posts.by_uri(session, address) is not None


def _root_of(session: Session, post_uri: str) -> int | None:
    post = posts.by_uri(session, post_uri)
    return None if post is None or post.deleted_at is not None else post.root_id
