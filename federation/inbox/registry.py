"""What this town does about each type of activity: the table of contents of the inbox."""

import contextlib
from collections.abc import Mapping

from sqlalchemy.orm import Session

from federation import actors
from federation.inbox import (
    announce,
    block,
    choose,
    create,
    delete,
    flag,
    follow,
    forwarded,
    join,
    known,
    like,
    memory,
    move,
    quote_requests,
    sisterhood,
    stewards,
    undo,
)
from federation.inbox.inbound import Handler, Ignored, Inbound
from federation.vocabulary.reading import Unreadable, uri

_ABOUT_POSTS: Mapping[str, Handler] = {
    "Create": Handler(create.apply, create.needs),
    "Update": Handler(create.apply_update, create.needs_of_update),
    "Delete": Handler(delete.apply, delete.needs),
    "Like": Handler(like.apply),
    "EmojiReact": Handler(like.apply),
    "ChooseAnswer": Handler(choose.apply, choose.needs),
    "Undo": Handler(undo.apply, undo.needs),
}
"""What may be passed on by whoever has it."""

_ON_BOARDS: Mapping[str, Handler] = {
    **_ABOUT_POSTS,
    "Add": Handler(stewards.add, stewards.needs_of_feature),
    "Remove": Handler(stewards.remove, stewards.needs_of_feature),
    "Block": Handler(stewards.ban, stewards.needs),
}
"""What a board may pass on."""

HANDLERS: Mapping[str, Handler] = {
    **_ABOUT_POSTS,
    "Add": Handler(stewards.add, stewards.needs_of_feature),
    "Remove": Handler(stewards.remove, stewards.needs_of_feature),
    "Block": Handler(block.apply),
    "Flag": Handler(flag.apply),
    "Follow": Handler(follow.apply),
    "Join": Handler(join.apply),
    "Accept": Handler(follow.accept),
    "Reject": Handler(follow.reject),
    "Offer": Handler(sisterhood.apply),
    "Move": Handler(move.apply, move.needs),
    "QuoteRequest": Handler(quote_requests.apply, quote_requests.needs),
    "Announce": announce.handler(_ON_BOARDS),
    forwarded.FORWARDED: forwarded.handler(_ABOUT_POSTS),
}
"""Everything else is accepted and ignored, and the log says so."""


def handle(session: Session, inbound: Inbound) -> list[str]:
    """Let `inbound` have its effect; or, having changed nothing, name what must be fetched first.

    Raises Ignored, or whatever the services refuse with.
    """
    handler = HANDLERS.get(inbound.type)
    if handler is None:
        raise Ignored(f"nothing is done here about {inbound.type or 'an activity without a type'}")
    known.begin(session)
    if memory.is_withdrawn(session, inbound.actor_uri, inbound.id, inbound.object_uri):
        raise Ignored("it was undone, or its object deleted, before it came")
    _store_actors(session, inbound)
    if known.account(session, inbound.actor_uri) is None and inbound.type != "Delete":
        wanted = inbound.to_fetch([inbound.actor_uri])
        if wanted:
            return wanted
    wanted = inbound.to_fetch(handler.needs(session, inbound))
    if not wanted:
        handler.apply(session, inbound)
    return wanted


def _store_actors(session: Session, inbound: Inbound) -> None:
    """What was fetched about people and boards comes first, for the rest speaks of them."""
    for document in inbound.fetched_actors():
        if known.account(session, uri(document.get("id")) or "") is None:
            with contextlib.suppress(Unreadable):  # then it is as if it could not be had
                known.add_account(session, actors.upsert(session, document))
