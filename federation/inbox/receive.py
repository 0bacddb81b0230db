"""POST to an inbox: who says it, is it whole, is it fresh; then a row is committed, and only then 202 is said.

Nothing an activity says is acted upon here: that is the worker's part (`process`), and may take as long as it takes.
"""

import asyncio
from typing import Any

import structlog
from aiohttp import web
from sqlalchemy import update
from sqlalchemy.orm import Session

from community import events, ids, inserts, town, towns
from community.errors import StorageFailed
from federation import actors, keys, negotiation, signatures
from federation.context import Federation
from federation.inbox import queue
from federation.inbox.inbound import Inbound
from federation.media_types import is_activity
from federation.models import InboxItem
from federation.outbox import lanes
from federation.vocabulary.reading import Unreadable, authority, load, same_origin

BODY_LIMIT = 1024 * 1024
"""Bytes (federation reference §2.5)."""

BODY_SECONDS = 30.0
"""How long a sender may take for the body."""

_CHUNK = 64 * 1024
_SAID_AGAIN = frozenset({"Follow", "Undo"})
_RETRY_AFTER = "60"  # seconds

_log = structlog.get_logger(__name__)


class _Refusal(Exception):
    """What the sender is told, and why, for the log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


async def receive(ctx: Federation, request: web.Request, recipient: str | None) -> web.Response:
    """Take in what is POSTed to the inbox of `recipient` (an actor id), or to the shared one (None).

    202 once the activity is stored, also when it was stored before; 202 as well for an unknown actor's own Delete, of
    which nothing has to be known. Else an error with a JSON body: 400 malformed, 401 not proved (so that the sender
    may sign otherwise), 403 not theirs to say or refused here, 408 too slow, 413 too large, 415 of another type, 503 try
    again.
    """
    try:
        body = await _body(request)
        inbound = _activity(ctx, body)
        if not await ctx.database.read(lambda session: _is_worth_proving(session, inbound)):
            return _accepted()
        signed = _signed(ctx, request, body)
        if ctx.replays.is_known(signed.signature, ctx.town.clock()):
            return _accepted()
        await _prove(ctx, signed, inbound)
        await ctx.database.write(lambda session: _store(ctx, session, inbound, body, signed.signed_at))
        ctx.replays.note(signed.signature, ctx.town.clock())
    except _Refusal as refusal:
        _log.info("refused at the inbox", status=refusal.status, reason=str(refusal), to=recipient or "shared")
        return _refused(refusal)
    except StorageFailed as failure:
        _log.warning("the inbox could not store an activity", reason=str(failure))
        return _refused(_Refusal(503, "not stored; please send it again"))
    return _accepted()


async def _body(request: web.Request) -> bytes:
    """The exact bytes of the body. Its size is checked before they are read, and while."""
    if not is_activity(request.headers.get("Content-Type", "")):
        raise _Refusal(415, "the Content-Type is not application/activity+json")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _Refusal(415, "the body is encoded")  # a digest is over what was sent, which is not what we would read
    if (request.content_length or 0) > BODY_LIMIT:
        raise _Refusal(413, f"the body is larger than {BODY_LIMIT} bytes")
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in request.content.iter_chunked(_CHUNK):
                body += chunk
                if len(body) > BODY_LIMIT:
                    raise _Refusal(413, f"the body is larger than {BODY_LIMIT} bytes")
    except TimeoutError as slow:
        raise _Refusal(408, "the body took too long") from slow
    return bytes(body)


def _activity(ctx: Federation, body: bytes) -> Inbound:
    """The body as an activity whose id lies on the host of its actor (federation reference §3, Same authority)."""
    try:
        inbound = Inbound(load(body), ctx.town.clock())
    except Unreadable as problem:
        raise _Refusal(400, str(problem)) from problem
    if not inbound.type or authority(inbound.actor_uri) is None or authority(inbound.id) is None:
        raise _Refusal(400, "an activity has an id, a type and an actor")
    if not inbound.object_uri and inbound.object is None:
        raise _Refusal(400, "the activity has no object")
    if not same_origin(inbound.id, inbound.actor_uri):
        raise _Refusal(403, "the id of the activity is not on the host of its actor")
    if ctx.town.uris.is_local(inbound.actor_uri):
        raise _Refusal(403, "the actor is one of this town")
    return inbound


def _is_worth_proving(session: Session, inbound: Inbound) -> bool:
    """False for what needs no key to be answered: actors that were never seen here and say that they are gone.

    Mastodon sends that for every removed account to every server it knows. Raises a refusal for hosts that this town
    has nothing to do with.
    """
    if towns.is_refused(session, authority(inbound.actor_uri) or ""):
        raise _Refusal(403, "this town does not talk with that host")
    is_farewell = inbound.type == "Delete" and inbound.object_uri == inbound.actor_uri
    return not is_farewell or actors.by_uri(session, inbound.actor_uri) is not None


def _signed(ctx: Federation, request: web.Request, body: bytes) -> signatures.SignedRequest:
    """The signature of this very request, made lately, for us; whose it is, is still to be seen."""
    uris = ctx.town.uris
    try:
        return signatures.read(
            request.method,
            request.raw_path,
            request.headers,
            body,
            host=uris.domain,
            scheme=uris.scheme,
            now=ctx.town.clock(),
        )
    except signatures.SignatureInvalid as problem:
        raise _Refusal(401, str(problem)) from problem


async def _prove(ctx: Federation, signed: signatures.SignedRequest, inbound: Inbound) -> None:
    """Make sure that the actor of the activity made the signature."""
    try:
        if not same_origin(signed.key_id, inbound.actor_uri):
            raise _Refusal(403, "the key is of another host than the actor")  # and nobody has to be asked for it
        signer = await keys.prove(ctx, signed)
    except keys.HostRefused as refusal:
        raise _Refusal(403, str(refusal)) from refusal
    except signatures.SignatureInvalid as problem:
        raise _Refusal(401, str(problem)) from problem
    except keys.KeyUnavailable as problem:
        raise _Refusal(503, str(problem)) from problem
    if signer != inbound.actor_uri:
        raise _Refusal(403, "the signer is not the actor of the activity")


def _store(ctx: Federation, session: Session, inbound: Inbound, body: bytes, signed_at: int) -> None:
    """Queue the activity, once however often it comes; and know that its host is alive."""
    now = town.now(session)
    host = authority(inbound.actor_uri) or ""
    values = {
        "id": ids.new(now),
        "activity_uri": inbound.id,
        "host": host,
        "actor_uri": inbound.actor_uri,
        "type": inbound.type[:32],
        "body": body,
        "next_attempt_at": now,
        "received_at": now,
    }
    queued = inserts.new_row(session, InboxItem, **values) or _queue_again(session, values, signed_at)
    lanes.lift(session, host, now)
    if queued:
        events.after_commit(session, ctx.wake_inbox)


def _queue_again(session: Session, values: dict[str, Any], signed_at: int) -> bool:
    """Misskey names a Follow after its two ends, and its Undo after the Follow: who follows for the second time says
    the same id again. It counts if it was signed after the first one came; a replay bears the old date.
    """
    if values["type"] not in _SAID_AGAIN:
        return False
    settled = update(InboxItem).where(
        InboxItem.activity_uri == values["activity_uri"],
        InboxItem.actor_uri == values["actor_uri"],
        InboxItem.state.in_((queue.DONE, queue.IGNORED)),
        InboxItem.received_at < signed_at,
    )
    again = settled.values(**values, state=queue.PENDING, attempts=0, leased_until=0, error="")
    return session.execute(again.returning(InboxItem.id)).first() is not None


def _accepted() -> web.Response:
    return web.json_response({}, status=202)


def _refused(refusal: _Refusal) -> web.Response:
    response = negotiation.refusal(refusal.status, str(refusal))
    if refusal.status == 503:
        response.headers["Retry-After"] = _RETRY_AFTER
    return response
