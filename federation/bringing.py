"""Bringing a post of elsewhere here, once its document was fetched: with its author, its board and what it answers.

One way for everybody: what a member looked up (`lookup`), what stands in a thread or on a board elsewhere
(`catching_up`). Who fetches what is still missing, and within which bounds, the caller says.
"""

import contextlib
from collections.abc import Awaitable, Callable

from sqlalchemy.orm import Session

from community import belated as late
from community.errors import CommunityError
from community.models import Account, Post
from federation import actors
from federation.context import Federation
from federation.inbox import known, placing
from federation.inbox.inbound import FETCHES_MOST, Inbound
from federation.resolver import Dereferenced
from federation.vocabulary.notes import read_note
from federation.vocabulary.reading import Document, Unreadable, moment, uri

Fetch = Callable[[list[str]], Awaitable[Dereferenced]]

JUST_NOW_MS = 900_000
"""How long (ms) a post may be under way to us."""

_THREAD_MOST = 50  # how far up it is looked whether a post belongs to a thread


async def bring(
    ctx: Federation,
    document: Document,
    fetch: Fetch,
    *,
    via_id: int | None = None,
    under: int | None = None,
    belated: bool = False,
) -> int | None:
    """Store the post that `document` describes, whose origin is proved; its id here, or None if it cannot stand here.

    `via_id` is the Group on whose outbox it was found; `under` the id of the first post of the thread that it must
    belong to. A `belated` one is no news to anybody (`community.belated`), unless it was said just now: then its delivery
    is under way, and would find it here already and tell nobody.
    """
    post_uri = uri(document.get("id")) or ""
    inbound = Inbound({}, ctx.town.clock(), documents={post_uri: document})

    def unit(session: Session) -> tuple[list[str], int | None]:
        known.begin(session)
        if belated and not _is_news(document, inbound.now):
            late.mark(session)
        inbound.via = session.get(Account, via_id) if via_id is not None else None
        _store_actors(session, inbound)
        wanted = inbound.to_fetch(placing.needs_of_context(session, inbound, post_uri))
        if wanted:
            return wanted, None
        if under is not None and not _belongs(session, inbound, document, under):
            return [], None
        placed = placing.known_or_fetched(session, inbound, post_uri)
        return [], placed.id if placed is not None else None

    while True:
        try:
            wanted, post_id = await ctx.database.write(unit)
        except (Unreadable, CommunityError):
            return None
        if not wanted:
            return post_id
        left = FETCHES_MOST - len(inbound.documents) - len(inbound.unavailable)
        fetched = await fetch(wanted[: max(left, 0)])
        inbound.documents.update(fetched.documents)
        inbound.buried |= fetched.buried
        inbound.unavailable |= set(wanted) - set(fetched.documents)


def _is_news(document: Document, now: int) -> bool:
    said = moment(document.get("published"))
    return said is not None and said > now - JUST_NOW_MS


def _store_actors(session: Session, inbound: Inbound) -> None:
    for each in inbound.fetched_actors():
        if known.account(session, uri(each.get("id")) or "") is None:
            with contextlib.suppress(Unreadable):  # then it is as if it could not be had
                known.add_account(session, actors.upsert(session, each))


def _belongs(session: Session, inbound: Inbound, document: Document, root_id: int) -> bool:
    """Whether what the post answers, as its own document says, leads to the thread: what lists it proves nothing."""
    above = read_note(document).in_reply_to
    for _ in range(_THREAD_MOST):
        if above is None:
            return False
        stored: Post | None = known.post(session, above)
        if stored is not None:
            return stored.root_id == root_id
        parent = inbound.documents.get(above)
        above = read_note(parent).in_reply_to if parent is not None else None
    return False
