"""What every answer says to browsers about safety, and from which address a request comes."""

from collections.abc import Awaitable, Callable
from functools import cache

from aiohttp import web

from community.config import Settings
from federation import networks
from webui.keys import SETTINGS

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_POPUPS = ("/oauth/",)
"""Apps open these in a popup and wait for it: a policy that cuts the tie to the opener would leave them waiting."""

PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""For pictures opened by themselves: an SVG is a document."""


@web.middleware
async def refuse_nul(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Nothing stands at an address with a NUL in it, and no database can be asked for one."""
    if "%00" in request.raw_path:
        raise web.HTTPNotFound
    return await handler(request)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Put the headers on an answer as it leaves (a signal: it sees every answer, errors too)."""
    headers = response.headers
    headers["Server"] = "Machi"  # no version: that would only help those who look for old ones
    headers.setdefault("X-Content-Type-Options", "nosniff")
    # Not no-referrer: browsers would then send `Origin: null` with forms, and the Origin check would have nothing.
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()")
    https = request.app[SETTINGS].instance.scheme == "https"
    if https:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if response.content_type == "text/html":
        policy = CONTENT_SECURITY_POLICY + ("; upgrade-insecure-requests" if https else "")
        headers.setdefault("Content-Security-Policy", policy)
        if not request.path.startswith(_POPUPS):
            headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")


def client_network(request: web.Request) -> str:
    """Who asks, for counting tries: the IPv4 address, or the /64 of an IPv6 one, for a household has them all.

    X-Forwarded-For is believed from right to left as long as a trusted proxy vouches for the entry.
    """
    return networks.client_network(request, _trusted(request.app[SETTINGS]))


@cache
def _trusted(settings: Settings) -> tuple[networks.Network, ...]:
    return networks.parsed(settings.server.trusted_proxies)
