"""What a server sends on that others said (ActivityPub §7.1.2): the signer of the request is not the actor.

Such an activity is kept in a wrapping of our own, under the name of who sent it, and has its effect only if its own proof
holds or its origin tells the same (`secondhand`). Linked data signatures count for nothing.
"""

from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy.orm import Session

from community import town, towns
from federation import proofs
from federation.inbox import known, memory, secondhand, sight
from federation.inbox.inbound import Handler, Ignored, Inbound
from federation.outbox.boards import INBOUND
from federation.vocabulary.reading import Document, authority, same_origin, uri, uris

FORWARDED = "machi:Forwarded"
"""The type of the wrapping. Whoever sent one of these himself would gain nothing: it is what sending on amounts to."""

TYPES = frozenset({"Create", "Update", "Delete", "Like", "EmojiReact", "ChooseAnswer", "Undo"})
"""What may be sent on. A Follow, an Accept, a Block concern two alone, who can speak for themselves."""


def is_possible(inbound: Inbound) -> bool:
    """Whether somebody else than its actor may have sent `inbound` to us: it can prove itself, or its object can be
    asked for at its origin.
    """
    if inbound.type in secondhand.ABOUT_AN_OBJECT:
        return True
    return inbound.type in TYPES and proofs.claim_of(inbound.activity) is not None


def wrapped(inbound: Inbound, signer: str) -> tuple[str, bytes]:
    """`inbound` as `signer` sent it on, for the queue: its name there, which no activity can have, and its body."""
    name = f"forwarded {inbound.id} {signer}"
    return name, orjson.dumps({"id": name, "type": FORWARDED, "actor": signer, "object": inbound.activity})


def handler(inner: Mapping[str, Handler]) -> Handler:
    """The handler of the wrapping; `inner` says what to do about what is in it."""

    def needs(session: Session, inbound: Inbound) -> list[str]:
        carried = _carried(session, inbound)
        if isinstance(carried, list):
            return carried
        actor = [] if known.account(session, carried.actor_uri) else carried.to_fetch([carried.actor_uri])
        return actor or inner[carried.type].needs(session, carried)

    def apply(session: Session, inbound: Inbound) -> None:
        carried = _carried(session, inbound)
        if isinstance(carried, list):
            raise Ignored("what was sent on could not be had from its origin")
        session.info[INBOUND] = carried.activity  # a board of ours passes it on as it is, with its proof
        inner[carried.type].apply(session, carried)
        inbound.unfinished, inbound.remark = carried.unfinished, carried.remark
        if carried.id and not carried.unfinished:
            memory.remember_happened(session, carried)

    return Handler(apply, needs)


def _carried(session: Session, inbound: Inbound) -> Inbound | list[str]:
    """What was sent on, its origin proved, or what to fetch for that."""
    told = inbound.object
    if told is None:
        raise Ignored("nothing was sent on")
    carried = inbound.inside(told)
    _check(session, carried)
    found = secondhand.proved_or_from_origin(session, inbound, carried)
    if isinstance(found, Inbound) and memory.is_withdrawn(
        session, found.actor_uri, carried.id, found.object_uri
    ):
        raise Ignored("what was sent on was undone, or its object deleted, before it came")
    return found


def _check(session: Session, carried: Inbound) -> None:
    """Raises Ignored for what is not worth a single request."""
    if not is_possible(carried) or not carried.id:
        raise Ignored(f"{carried.type or 'nothing'} is not for others to send on")
    if not same_origin(carried.id, carried.actor_uri):
        raise Ignored("what was sent on is not of its actor's host")
    if town.of(session).uris.is_local(carried.actor_uri):
        raise Ignored("what was sent on was said here")
    if towns.is_refused(session, authority(carried.actor_uri) or ""):
        raise Ignored("what was sent on is of a host that this town refuses")
    if memory.has_happened(session, carried.id):
        raise Ignored("what was sent on had its effect already")
    if not _concerns_us(session, carried):
        raise Ignored("nothing here has to do with what was sent on")


def _concerns_us(session: Session, carried: Inbound) -> bool:
    """Whether it speaks of a post that is known here, to somebody here, or of somebody whom people here follow."""
    said: Document = carried.object or {}
    about: list[Any] = [carried.object_uri, uri(said.get("inReplyTo")), uri(said.get("object"))]
    if any(known.post(session, each) is not None for each in about if each):
        return True
    spoken_to = (*uris(carried.activity.get("to")), *uris(carried.activity.get("cc")))
    if any(town.of(session).uris.is_local(each) for each in spoken_to):
        return True
    actor = known.account(session, carried.actor_uri)
    return actor is not None and sight.is_followed(session, [actor.id])
