"""POST to an inbox: who says it, is it whole, is it fresh; then a row is committed, and only then 202 is said.

What an activity says is acted upon in the same transaction if that takes no more than rows (`intake`); else it is the
worker's part (`process`), and may take as long as it takes.
"""

import asyncio

import structlog
from aiohttp import web
from sqlalchemy.orm import Session

from community import towns
from community.errors import StorageFailed
from federation import actors, errands, keys, negotiation, signatures
from federation.context import Federation
from federation.inbox import forwarded, intake, synchronising
from federation.inbox.inbound import Inbound
from federation.inbox.intake import Letter, Overfull, Unwelcome
from federation.media_types import is_activity
from federation.networks import client_network, is_elsewhere
from federation.vocabulary.reading import Unreadable, authority, load, same_origin

BODY_LIMIT = 1024 * 1024
"""Bytes (federation reference §2.5)."""

PARTS_LIMIT = 5_000
"""Values that an activity may consist of: it is read before it is known who sent it, while everybody else waits."""

BODY_SECONDS = 30.0
"""How long a sender may take for the body."""

_CHUNK = 64 * 1024
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_UNWELCOME = "this town does not talk with that host"
_RETRY_AFTER = 60  # seconds

_log = structlog.get_logger(__name__)


class _Refusal(Exception):
    """What the sender is told, and why, for the log; and after how many seconds to try again, if that helps."""

    def __init__(self, status: int, reason: str, *, retry_after: int = 0) -> None:
        super().__init__(reason)
        self.status = status
        self.retry_after = retry_after


class _Unprovable(Exception):
    """Somebody known here is said to be gone, and so is the key that would prove it: their own server will tell."""


async def receive(ctx: Federation, request: web.Request, recipient: str | None) -> web.Response:
    """Take in what is POSTed to the inbox of `recipient` (an actor id), or to the shared one (None).

    202 once the activity is stored, also when it was stored before; 202 as well for an unknown actor's own Delete, of
    which nothing has to be known, and for that of a known one whose key is gone: whether it is, its server is asked.

    Else an error with a JSON body: 400 malformed, 401 not proved (so that the sender may sign otherwise), 403 not theirs
    to say or refused here, 408 too slow, 413 too large, 415 of another type, 429 too fast, 503 try again.
    """
    try:
        _not_too_fast(ctx, request)
        body = await _body(request)
        inbound = _activity(ctx, body)
        _wait_if(ctx.rates.until_free(authority(inbound.actor_uri) or ""), "the host")
        if _is_farewell(inbound) and not await ctx.database.glance(lambda session: _is_known(session, inbound)):
            return _accepted()
        signed = _signed(ctx, request, body)
        if ctx.replays.is_known(signed.signature, ctx.town.clock()):
            return _accepted()
        _wait_if(await keys.until_met(ctx, signed.key_id), "the domain, of which too many hosts are new")
        signer = await _prove(ctx, signed, inbound)
        ctx.rates.from_host(authority(signer) or "")
        await intake.take(ctx, Letter(inbound, body, signer, signed.signed_at))
        ctx.replays.note(signed.signature, ctx.town.clock())
        if signer == inbound.actor_uri:
            await synchronising.heed(ctx, request.headers, signed, signer)
    except _Refusal as refusal:
        _log.info("refused at the inbox", status=refusal.status, reason=str(refusal), to=recipient or "shared")
        return _refused(refusal)
    except _Unprovable:
        await ctx.database.write(lambda session: errands.enqueue(session, errands.PROFILE, inbound.actor_uri))
    except Unwelcome:
        return _refused(_Refusal(403, _UNWELCOME))
    except Overfull:
        return _refused(_Refusal(429, "too much of that host waits here already", retry_after=_RETRY_AFTER))
    except StorageFailed as failure:
        _log.warning("the inbox could not store an activity", reason=str(failure))
        return _refused(_Refusal(503, "not stored; please send it again", retry_after=_RETRY_AFTER))
    return _accepted()


def _not_too_fast(ctx: Federation, request: web.Request) -> None:
    """Whether the network that the request comes from has not used up what it may send: asked before anything is read.

    A network of our own is that of a proxy which was not named in the settings, and stands for everybody.
    """
    network = client_network(request, ctx.proxies)
    if is_elsewhere(network):
        _wait_if(ctx.rates.from_network(network), "the network")


def _wait_if(seconds: int, who: str) -> None:
    if seconds:
        raise _Refusal(429, f"too fast: {who}", retry_after=seconds)


async def _body(request: web.Request) -> bytes:
    """The exact bytes of the body. Its size is checked before they are read, and while."""
    if not is_activity(request.headers.get("Content-Type", "")):
        raise _Refusal(415, "the Content-Type is not application/activity+json")
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise _Refusal(415, "the body is encoded")  # a digest is over what was sent, which is not what we would read
    if (request.content_length or 0) > BODY_LIMIT:
        raise _Refusal(413, f"the body is larger than {BODY_LIMIT} bytes")
    if request.content.is_eof():  # all of it came with the headers, as small ones do
        whole = request.content.read_nowait()
        if len(whole) > BODY_LIMIT:
            raise _Refusal(413, f"the body is larger than {BODY_LIMIT} bytes")
        return whole
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
        inbound = Inbound(load(body, parts=PARTS_LIMIT), ctx.town.clock())
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


def _is_farewell(inbound: Inbound) -> bool:
    """Whether its actor says to be gone. Mastodon sends that for every removed account to every server it knows."""
    return inbound.type == "Delete" and inbound.object_uri == inbound.actor_uri


def _is_known(session: Session, inbound: Inbound) -> bool:
    """Whether its actor was ever met here. Raises a refusal for hosts that this town has nothing to do with."""
    if towns.is_refused(session, authority(inbound.actor_uri) or ""):
        raise _Refusal(403, _UNWELCOME)
    return actors.by_uri(session, inbound.actor_uri) is not None


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


async def _prove(ctx: Federation, signed: signatures.SignedRequest, inbound: Inbound) -> str:
    """Who made the signature: the actor of the activity, or whoever sends on what may be sent on."""
    may_be_sent_on = forwarded.is_possible(inbound)
    try:
        if not may_be_sent_on and not same_origin(signed.key_id, inbound.actor_uri):
            raise _Refusal(403, "the key is of another host than the actor")  # and nobody has to be asked for it
        signer = await keys.prove(ctx, signed)
    except keys.HostRefused as refusal:
        raise _Refusal(403, str(refusal)) from refusal
    except keys.KeyGone as gone:
        if not _is_farewell(inbound) or not same_origin(signed.key_id, inbound.actor_uri):
            raise _Refusal(401, str(gone)) from gone
        raise _Unprovable from gone
    except signatures.SignatureInvalid as problem:
        raise _Refusal(401, str(problem)) from problem
    except keys.KeyUnavailable as problem:
        raise _Refusal(503, str(problem), retry_after=_RETRY_AFTER) from problem
    if signer != inbound.actor_uri and not may_be_sent_on:
        raise _Refusal(403, "the signer is not the actor of the activity")
    return signer


def _accepted() -> web.Response:
    return web.Response(body=b"{}", status=202, headers=_JSON)


def _refused(refusal: _Refusal) -> web.Response:
    response = negotiation.refusal(refusal.status, str(refusal))
    if refusal.retry_after:
        response.headers["Retry-After"] = str(refusal.retry_after)
    return response
