"""Who is looking, and who may. A session is a random token in a cookie; the database holds its hash."""

from collections.abc import Awaitable, Callable
from functools import wraps
from urllib.parse import quote

from aiohttp import web

from community.errors import CommunityError, NotAllowed
from community.visibility import Viewer
from webui import cookies, visitors
from webui.keys import COOKIES, DATABASE, SESSION_TOKEN, SETTINGS, VISITOR
from webui.visitors import STRANGER, Visitor

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
SESSION_DAYS = 60
_BLIND: set[Handler] = set()
_WITHOUT_VISITOR = ("/static/", "/avatars/", "/api/", "/healthz", "/readyz", "/.well-known/", "/nodeinfo/", "/inbox")


class LoginNeeded(CommunityError):
    """A form came from somebody who is not logged in (any more). What was typed is in the request's form."""


def blind(handler: Handler) -> Handler:
    """Mark a handler that must not know who is looking: its requests' session cookies are never read."""
    _BLIND.add(handler)
    return handler


@web.middleware
async def recognise(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Find out who is looking before any page runs; costs nothing for requests without a session cookie."""
    token = request.cookies.get(request.app[COOKIES].session)
    seen = request.match_info.handler not in _BLIND and not request.path.startswith(_WITHOUT_VISITOR)
    if token and seen:
        database = request.app[DATABASE]
        found = await database.read(lambda session: visitors.recognise(session, token))
        if found.member:
            remember(request, found, token)
    return await handler(request)


def remember(request: web.Request, found: Visitor, token: str) -> None:
    """Answer this request as to the member `found`, whose session is `token`."""
    request[VISITOR] = found
    request[SESSION_TOKEN] = token


def visitor(request: web.Request) -> Visitor:
    """Who is looking at the page: a member or a stranger."""
    found: Visitor = request.get(VISITOR, STRANGER)
    return found


async def viewer(request: web.Request) -> Viewer:
    """The same as the domain wants it."""
    return visitor(request).viewer


def me(request: web.Request) -> int:
    """The account id of the member, in handlers that `require_member` guards."""
    account_id = visitor(request).account_id
    if account_id is None:
        raise LoginNeeded("ここから先は、なかまの方のページです。")
    return account_id


def require_member(handler: Handler) -> Handler:
    """Have a page seen by members only: strangers are led to the log-in page and back.

    A form of somebody whose session ended raises LoginNeeded, which shows what was typed once more.
    """

    @wraps(handler)
    async def guarded(request: web.Request) -> web.StreamResponse:
        if visitor(request).member:
            return await handler(request)
        if request.method in {"GET", "HEAD"}:
            return web.Response(
                status=303, headers={"Location": "/login?next=" + quote(request.path_qs, safe="")}
            )
        raise LoginNeeded("ログインの時間が切れたため、送れませんでした。書いたものは下に残っています。")

    return guarded


def require_role(*roles: str) -> Callable[[Handler], Handler]:
    """Have a page seen only by members with one of these roles. Raises NotAllowed for other members."""

    def decorate(handler: Handler) -> Handler:
        @require_member
        @wraps(handler)
        async def guarded(request: web.Request) -> web.StreamResponse:
            if visitor(request).viewer.role not in roles:
                raise NotAllowed("このページは、まちの運営を引き受けた方だけが開けます。")
            return await handler(request)

        return guarded

    return decorate


def welcome_in(request: web.Request, response: web.StreamResponse, token: str) -> None:
    """Give the browser the cookie of a session that `doors.open_session` opened."""
    cookies.put(response, request.app[SETTINGS], request.app[COOKIES].session, token, days=SESSION_DAYS)
    cookies.drop(response, request.app[SETTINGS], request.app[COOKIES].pre_session)


def see_off(request: web.Request, response: web.StreamResponse) -> None:
    """Have the browser forget its session."""
    cookies.drop(response, request.app[SETTINGS], request.app[COOKIES].session)
