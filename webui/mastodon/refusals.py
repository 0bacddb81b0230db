"""From whatever a handler raises to `{"error": …}`, in the words that clients know (client-API reference §1.1)."""

import logging
import secrets

from aiohttp import web

from community.errors import CommunityError, Gone, Invalid, NotFound, TooMany
from webui import statuses
from webui.mastodon.params import Unreadable
from webui.mastodon.replies import Refusal, reply
from webui.rendering import sentence

log = logging.getLogger(__name__)
_WORDS = {
    400: "The request could not be read",
    404: "Record not found",
    405: "Method not allowed",
    413: "Validation failed: the request is too large",
}
_OURS = "Something went wrong on our side. Please try again."


def tell(request: web.Request, error: Exception) -> web.StreamResponse:
    """The answer for `error`. What nobody foresaw is logged under a mark and tells nothing."""
    if isinstance(error, Refusal):
        return error.response()
    if isinstance(error, CommunityError):
        return _community(request, error)
    if isinstance(error, Unreadable):
        return reply({"error": f"{_WORDS[400]}: {error}"}, status=400)
    if isinstance(error, web.HTTPException):
        if error.status < 400:
            raise error
        return http(error)
    mark = secrets.token_hex(4)
    log.error("request %s failed: %s %s", mark, request.method, request.rel_url.raw_path, exc_info=error)
    return reply({"error": _OURS}, status=500)


def http(error: web.HTTPException) -> web.Response:
    """What the framework refuses, in our shape."""
    headers = {"Allow": error.headers["Allow"]} if "Allow" in error.headers else None
    return reply({"error": _WORDS.get(error.status, error.reason)}, status=error.status, headers=headers)


def _community(request: web.Request, error: CommunityError) -> web.Response:
    status = statuses.of(error)
    if isinstance(error, Gone | NotFound):
        return reply({"error": _WORDS[404]}, status=404)
    told = sentence(request, error.message, error.facts)
    if isinstance(error, Invalid):
        told = f"Validation failed: {told}"
    headers = {"Retry-After": str(error.retry_after)} if isinstance(error, TooMany) else None
    return reply({"error": told}, status=status, headers=headers)
