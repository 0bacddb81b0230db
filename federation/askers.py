"""Whose GET it is: the signature of a request for a document, verified when the answer depends on it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from federation import documents, keys, signatures
from federation.context import Federation
from federation.documents import NOBODY, Asker


@dataclass(frozen=True, slots=True)
class Unproven(Exception):
    """The request bears a signature that does not hold, or, where one is demanded, none."""

    reason: str


def is_signed(request: web.Request) -> bool:
    return "Signature" in request.headers


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
            request.method, request.raw_path, request.headers, None, host=ctx.town.uris.domain, now=ctx.town.clock()
        )
        key, owner = await keys.public_key(ctx, signed.key_id)
        signatures.verify(signed, key)
    except Exception as error:  # placeholder narrowed below
        raise Unproven(str(error)) from error
    host = urlsplit(owner).netloc.lower()
    asker = await ctx.database.read(lambda session: documents.asker_from(session, host))
    if demanded and asker == NOBODY:
        raise Unproven(f"{host} is refused here")
    return asker
