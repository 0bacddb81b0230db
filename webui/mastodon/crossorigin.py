"""Apps that run in a browser call from elsewhere: CORS for everything that apps ask (client-API reference §1.1)."""

from collections.abc import Awaitable, Callable

from aiohttp import web

_PREFIXES = ("/api/", "/.well-known/", "/nodeinfo/", "/oauth/token", "/oauth/revoke", "/oauth/userinfo", "/media/")
_EXPOSED = "Link, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset, X-Request-Id"
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE, OPTIONS",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Idempotency-Key",
    "Access-Control-Max-Age": "86400",
}


@web.middleware
async def preflight(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Answer what a browser asks before it calls, also for paths that do not exist; no token comes with it."""
    if request.method == "OPTIONS" and request.path.startswith(_PREFIXES):
        return web.Response(status=204, headers=_PREFLIGHT)
    return await handler(request)


async def allow(request: web.Request, response: web.StreamResponse) -> None:
    """Let pages of any origin read the answer, errors too; credentials are never part of it. An on_response_prepare."""
    if request.path.startswith(_PREFIXES):
        response.headers["Access-Control-Allow-Origin"] = "*"
        response.headers["Access-Control-Expose-Headers"] = _EXPOSED
