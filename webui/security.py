"""What every answer says to browsers about safety, and from which address a request comes."""

import ipaddress
from collections.abc import Awaitable, Callable, Sequence

from aiohttp import web

from community.config import Settings
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
    address = request.remote or "unknown"
    trusted = _networks(request.app[SETTINGS])
    hops = [hop.strip() for line in request.headers.getall("X-Forwarded-For", []) for hop in line.split(",")]
    while hops and _within(address, trusted):
        address = hops.pop()
    return _household(address)


def _networks(settings: Settings) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(proxy, strict=False) for proxy in settings.server.trusted_proxies]


def _within(address: str, networks: Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)


def _household(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((int(parsed), 64), strict=False))
    return str(parsed)
