"""Bodies that bring files: larger than any other, and kept on disk while they are read."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from webui.mastodon import params
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal
from webui.media.pictures import SIZE_MOST

BODY_MOST = 2 * SIZE_MOST + 1024 * 1024
"""Bytes: two pictures and the words with them."""

SECONDS = 120.0
"""How long a picture may be on its way: a slow line is patient, a stranger who sends drop by drop makes room."""


@asynccontextmanager
async def received(request: web.Request) -> AsyncIterator[Params]:
    """Everything that came with `request`, files too; they are gone when the block ends.

    Raises Refusal 413 for more than BODY_MOST, 408 after SECONDS, and what `params.read` raises.
    """
    if not request.content_type.startswith("multipart/"):
        yield await params.read(request)
        return
    if (request.content_length or 0) > BODY_MOST:
        raise _too_large()
    roomy = request.clone(client_max_size=BODY_MOST)
    try:
        async with asyncio.timeout(SECONDS):
            sent = await params.read(roomy)
    except web.HTTPRequestEntityTooLarge as error:
        raise _too_large() from error
    except TimeoutError as error:
        raise Refusal(408, "The upload took too long") from error
    try:
        yield sent
    finally:
        for file in sent.files():
            file.file.close()


def _too_large() -> Refusal:
    return Refusal(413, f"Validation failed: File must be smaller than {SIZE_MOST // 1024**2} MB")
