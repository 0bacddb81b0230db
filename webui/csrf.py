"""Nobody else's page may press a button here: a token bound to the browser's session, and the Origin of the request.

The token is an HMAC over the session token, or over a random pre-session cookie before log-in, so the server keeps nothing.
"""

import hashlib
import hmac
import secrets
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from community.errors import CommunityError, NotAllowed
from webui import forms
from webui.keys import COOKIES, FORM, PAGE_HANDLERS, PRE_SESSION, SESSION_TOKEN, SETTINGS, TOWN

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_ORIGIN_ONLY: set[Handler] = set()
_ASKED_ANEW: set[Handler] = set()


class ForeignOrigin(CommunityError):
    """Another site sent the form."""


class StaleToken(CommunityError):
    """The form is older than the session (or cookies are off). What was typed is in the request's form."""


class StaleAnswer(NotAllowed):
    """The same for a form that is a question: it has to be put again, for somebody else may be logged in by now."""


def origin_is_enough(handler: Handler) -> Handler:
    """Mark a handler whose deed is so small (choosing a language) that the Origin check alone guards it."""
    _ORIGIN_ONLY.add(handler)
    return handler


def asked_anew(handler: Handler) -> Handler:
    """Mark a handler whose form is a question (may this app …?): one that is too old raises StaleAnswer."""
    _ASKED_ANEW.add(handler)
    return handler


def token(request: web.Request) -> str:
    """The token for the forms of this answer; makes a pre-session if the browser has no session of any kind."""
    secret = request.app[TOWN].keys.secret
    binding = _binding(request).encode(errors="surrogatepass")  # a cookie may hold any bytes
    return hmac.new(secret, b"csrf\0" + binding, hashlib.sha256).hexdigest()


def _binding(request: web.Request) -> str:
    session_token: str | None = request.get(SESSION_TOKEN)
    if session_token:
        return "session:" + session_token
    before = request.cookies.get(request.app[COOKIES].pre_session) or request.get(PRE_SESSION)
    if not before:
        before = secrets.token_hex(16)
        request[PRE_SESSION] = before
    return "before:" + before


def same_origin(request: web.Request) -> bool:
    """Whether the browser says that the request comes from this town, or says nothing (old browsers, tools)."""
    if request.headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    try:
        said = urlsplit(origin)
        host = said.hostname
    except ValueError:  # nothing that a browser would send
        return False
    instance = request.app[SETTINGS].instance
    here = {request.host.lower(), instance.domain}
    if said.netloc.lower() in here:
        return True
    # A proxy that speaks https for an http town listens on a port of its own and may pass on another Host.
    proxied = instance.scheme == "http" and said.scheme == "https"
    return proxied and host in {name.partition(":")[0] for name in here}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a form through to a page only if it was sent from a page of ours. Raises ForeignOrigin or StaleToken."""
    target = request.match_info.handler
    if request.method in SAFE or target not in request.app[PAGE_HANDLERS]:
        return await handler(request)
    if not same_origin(request):
        raise ForeignOrigin(
            "この送信は、ほかのサイトから来たため受け取りませんでした。このまちの画面から送ってください。"
        )
    form = await forms.receive(request)
    request[FORM] = form
    if target not in _ORIGIN_ONLY and not hmac.compare_digest(
        form.text("csrf").encode(), token(request).encode()
    ):
        if target in _ASKED_ANEW:
            raise StaleAnswer("画面を開いてから時間がたったため、送れませんでした。もう一度、はじめの画面でおえらびください。")
        raise StaleToken("画面を開いてから時間がたったため、送れませんでした。書いたものは下に残っています。")
    return await handler(request)
