"""Whose GET it is: the signature of a request for a document, verified when the answer depends on it."""

from aiohttp import web

from community import towns
from federation import documents, keys, signatures
from federation.context import Federation
from federation.documents import NOBODY, Asker
from federation.networks import client_network, is_elsewhere
from federation.vocabulary.reading import authority


class Unproven(Exception):
    """The request bears a signature that does not hold, or, where one is demanded, none.

    `status` is 401, or 503 while the key cannot be had, or 429: then it is worth asking again.
    """

    def __init__(self, reason: str, status: int = 401) -> None:
        super().__init__(reason)
        self.status = status


def is_signed(request: web.Request) -> bool:
    return "Signature" in request.headers or "Signature-Input" in request.headers


async def is_unwelcome(ctx: Federation, request: web.Request) -> bool:
    """Whether the request is signed in the name of a host that this town has nothing to do with.

    It is taken at its word, nothing is verified: whoever lies about it may as well ask unsigned.
    """
    try:
        host = authority(signatures.claimed_key(request.headers))
    except signatures.SignatureInvalid:
        return False
    return host is not None and await ctx.database.glance(lambda session: towns.is_refused(session, host))


async def asker_of(ctx: Federation, request: web.Request, *, demanded: bool = False) -> Asker:
    """Who asks. NOBODY for an unsigned request and for a refused host, or Unproven where a signature is `demanded`.

    Raises Unproven for a signature that fails.
    """
    if not is_signed(request):
        if demanded:
            raise Unproven("unsigned")
        return NOBODY
    try:
        signed = signatures.read(
            request.method,
            request.raw_path,
            request.headers,
            None,
            host=ctx.town.uris.domain,
            scheme=ctx.town.uris.scheme,
            now=ctx.town.clock(),
        )
        await _not_too_fast(ctx, request, signed.key_id)
        owner = await keys.prove(ctx, signed)
    except signatures.SignatureInvalid as problem:
        raise Unproven(str(problem)) from problem
    except keys.KeyUnavailable as problem:
        raise Unproven(str(problem), 503) from problem
    host = authority(owner) or ""
    asker = await ctx.database.read(lambda session: documents.asker_from(session, host))
    if demanded and asker == NOBODY:
        raise Unproven(f"{host} is refused here")
    return asker


async def _not_too_fast(ctx: Federation, request: web.Request, key_id: str) -> None:
    """Before a key that is not at hand is looked for, and fetched: whoever asks is nobody yet, and would have us ask others."""
    if ctx.keyring.others.get(key_id) is not None:
        return
    network = client_network(request, ctx.proxies)
    if (is_elsewhere(network) and ctx.rates.from_network(network)) or await keys.until_met(ctx, key_id):
        raise Unproven("too many keys that are not known here", 429)
