"""How the wire answers a GET: before anything of pages runs, to whom it may, and from memory where the facts allow.

A link that spreads brings a thousand servers within a minute, each with its own signature (federation reference §3): what
everybody may have is the same for all of them, so it is made once, and no signature is looked at.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from aiohttp import web
from sqlalchemy.orm import Session

from federation.askers import Unproven, asker_of, is_signed, is_unwelcome
from federation.context import Federation
from federation.documents import NOBODY, Asker, Found
from federation.negotiation import BY_SIGNATURE, document_response, not_found, refusal

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Unit = Callable[[Session, Asker], Found | None]
_UNWELCOME = "This town does not talk with that host"
_DEMANDED = "A valid signature is needed here"
_UNDERSTOOD = ("GET", "HEAD", "POST")
_OURS: set[object] = set()


def of_the_wire(handler: Handler) -> Handler:
    """Mark a handler that needs nothing of what pages need: no session, no form, no language."""
    _OURS.add(handler)
    return handler


@web.middleware
async def first(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Have the wire's own handlers answer a GET, or take what is POSTed, at once; everything else goes on its way."""
    own = request.match_info.handler
    if own in _OURS and request.method in _UNDERSTOOD and "%00" not in request.raw_path:
        return await own(request)
    return await handler(request)


async def found(
    ctx: Federation, request: web.Request, unit: Unit, *, signed_differs: bool = False
) -> web.StreamResponse:
    """What `unit` finds for the asker.

    A signature is only verified where the answer depends on it: where nothing is found for nobody in particular, where
    more is told to signers (`signed_differs`), where the town demands one.
    """
    asker = NOBODY
    demanded = ctx.town.settings.federation.authorized_fetch
    if is_signed(request) and await is_unwelcome(ctx, request):
        return refusal(403, _UNWELCOME)
    try:
        if demanded or (signed_differs and is_signed(request)):
            asker = await asker_of(ctx, request, demanded=demanded)
        told = await ctx.database.read(partial(_call, unit, asker))
        if told is None and asker == NOBODY and is_signed(request):
            asker = await asker_of(ctx, request)
            told = await ctx.database.read(partial(_call, unit, asker))
    except Unproven as problem:
        return unproven(problem)
    if told is None:
        return not_found()
    return document_response(told.document, status=told.status, vary=BY_SIGNATURE)


def _call(unit: Unit, asker: Asker, session: Session) -> Found | None:
    return unit(session, asker)


async def refused(ctx: Federation, request: web.Request) -> web.Response | None:
    """The refusal of a refused host, and of an unsigned request where the town demands signatures; else None."""
    if is_signed(request) and await is_unwelcome(ctx, request):
        return refusal(403, _UNWELCOME)
    if not ctx.town.settings.federation.authorized_fetch:
        return None
    try:
        await asker_of(ctx, request, demanded=True)
    except Unproven as problem:
        return unproven(problem)
    return None


def unproven(problem: Unproven) -> web.Response:
    """401, after which a peer tries its other way to sign, or 503 while its key cannot be had."""
    return refusal(problem.status, _DEMANDED)
