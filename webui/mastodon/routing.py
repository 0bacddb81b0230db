"""Routes of the client API: who may call what, and what every handler is given.

Each route is answered with and without a trailing slash, PUT and PATCH are one (client-API reference §1.1). A `scope`
alone asks for a member's token; `access` says otherwise: "public" (a token is optional), "app" (an app's own will do),
"open" (no token is looked at). Of several scopes, "a|b", one will do.
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from aiohttp import web
from sqlalchemy.orm import Session

from community import doors
from community.db import Database
from community.doors import TokenHolder
from community.town import Town
from community.visibility import PUBLIC, Viewer
from federation.context import Federation
from webui.keys import DATABASE, FEDERATION, TOWN
from webui.mastodon import paging, params, rates, refusals
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal, reply
from webui.oauth.scopes import allows
from webui.rendering import sentence

T = TypeVar("T")
NOT_FOUND = "Record not found"
INVALID_TOKEN = "The access token is invalid"  # noqa: S105 - a sentence
_STATES = {
    "pending": "Your login is currently pending approval",
    "disabled": "Your login is currently disabled",
}


class Call:
    """One request of an app."""

    __slots__ = ("holder", "params", "request", "viewer")

    def __init__(self, request: web.Request, holder: TokenHolder | None, params: Params) -> None:
        self.request = request
        self.holder = holder
        self.params = params
        self.viewer: Viewer = PUBLIC if holder is None else holder.viewer

    @property
    def me(self) -> int:
        """The account id of the member whose token this is."""
        assert self.viewer.account_id is not None
        return self.viewer.account_id

    @property
    def database(self) -> Database:
        return self.request.app[DATABASE]

    @property
    def town(self) -> Town:
        return self.request.app[TOWN]

    @property
    def federation(self) -> Federation:
        return self.request.app[FEDERATION]

    async def read(self, unit: Callable[[Session], T]) -> T:
        return await self.database.read(unit)

    async def glance(self, unit: Callable[[Session], T]) -> T:
        """`read` for a few short indexed statements (`Database.glance`)."""
        return await self.database.glance(unit)

    async def write(self, unit: Callable[[Session], T]) -> T:
        return await self.database.write(unit)

    def sentence(self, message: str, facts: Mapping[str, object] | None = None) -> str:
        """A sentence in the language of the member or of the request."""
        return sentence(self.request, message, facts)

    def path_id(self, name: str = "id") -> int:
        """An id in the path. Refusal 404 for what cannot be one."""
        found = params.as_identifier(self.request.match_info[name])
        if found is None:
            raise Refusal(404, NOT_FOUND)
        return found

    def window(self, *, default: int, most: int) -> paging.Window:
        return paging.Window.of(self.params, default=default, most=most)

    def paged(self, shown: paging.Shown, window: paging.Window) -> web.Response:
        """A page of a list with its Link header."""
        return reply(list(shown.items), headers=self.link(window, shown.ids))

    def link(self, window: paging.Window, ids: Sequence[int]) -> dict[str, str] | None:
        """The Link header of a page with these cursor ids, for answers that are no bare list."""
        # As it came, percent-encoded: a header holds ASCII alone, and apps divide this one at commas.
        base = self.town.uris.origin + self.request.rel_url.raw_path.replace(",", "%2C")
        found = paging.link(base, self.request.query, window, ids)
        return None if found is None else {"Link": found}


ApiHandler = Callable[[Call], Awaitable[web.StreamResponse]]


class Api:
    """The routes of one module: decorators that note a handler, and what the application adds."""

    def __init__(self) -> None:
        self._routes: list[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]] = []

    def __iter__(self) -> Iterator[tuple[str, str, Callable[[web.Request], Awaitable[web.StreamResponse]]]]:
        return iter(self._routes)

    def get(self, path: str, *, scope: str | None = None, access: str = "user") -> Callable[[ApiHandler], ApiHandler]:
        return self._route(("GET",), path, scope, access)

    def post(
        self, path: str, *, scope: str | None = None, access: str = "user", uploads: bool = False
    ) -> Callable[[ApiHandler], ApiHandler]:
        """`uploads`: the handler reads the body itself, for it may be large; `call.params` has the query alone."""
        return self._route(("POST",), path, scope, access, uploads=uploads)

    def put(
        self, path: str, *, scope: str | None = None, access: str = "user", uploads: bool = False
    ) -> Callable[[ApiHandler], ApiHandler]:
        return self._route(("PUT", "PATCH"), path, scope, access, uploads=uploads)

    patch = put

    def delete(self, path: str, *, scope: str | None = None, access: str = "user") -> Callable[[ApiHandler], ApiHandler]:
        return self._route(("DELETE",), path, scope, access)

    def _route(
        self, methods: Sequence[str], path: str, scope: str | None, access: str, *, uploads: bool = False
    ) -> Callable[[ApiHandler], ApiHandler]:
        def note(handler: ApiHandler) -> ApiHandler:
            guarded = _guarded(handler, scope, access, uploads=uploads)
            self._routes.extend((method, path, guarded) for method in methods)
            return handler

        return note


def add_routes(app: web.Application, routes: Api) -> None:
    """Have `app` answer `routes`."""
    for method, path, handler in routes:
        for address in (path, path + "/"):
            if method == "GET":
                app.router.add_get(address, handler)
            else:
                app.router.add_route(method, address, handler)


def bearer(request: web.Request) -> str | None:
    """The token that came with a request: in the Authorization header, or as `access_token` in the query."""
    header = request.headers.get("Authorization")
    if header is not None:
        kind, _, token = header.partition(" ")
        return token.strip() if kind.lower() == "bearer" and token else None
    return request.query.get("access_token")


def _guarded(
    handler: ApiHandler, scope: str | None, access: str, *, uploads: bool
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            holder = None if access == "open" else await _holder(request, scope, access)
            allowance = rates.count(request, holder)
            if uploads or request.method in {"GET", "HEAD"}:
                sent = params.of_query(request)
            else:
                sent = await params.read(request)
            response = await handler(Call(request, holder, sent))
            if allowance:
                response.headers.update(allowance)
        except Exception as error:  # noqa: BLE001 - whatever it is, the app gets JSON
            return refusals.tell(request, error)
        return response

    return guarded


async def _holder(request: web.Request, scope: str | None, access: str) -> TokenHolder | None:
    """Whose token came, if it may do this. Raises Refusal as Mastodon words it."""
    token = bearer(request)
    if token is None:
        if access == "public":
            return None
        raise _unauthorised(INVALID_TOKEN)
    holder = await request.app[DATABASE].glance(lambda session: doors.viewer_of_token(session, token))
    if holder is None:
        raise _unauthorised(INVALID_TOKEN)
    if holder.state != "active":
        raise Refusal(403, _STATES.get(holder.state, _STATES["disabled"]))
    if holder.viewer.account_id is None and access == "user":
        raise Refusal(422, "This method requires an authenticated user")
    if scope is not None and not any(allows(holder.scopes, each) for each in scope.split("|")):
        raise Refusal(403, "This action is outside the authorized scopes")
    return holder


def _unauthorised(error: str) -> Refusal:
    challenge = f'Bearer realm="Machi", error="invalid_token", error_description="{error}"'
    return Refusal(401, error, headers={"WWW-Authenticate": challenge})


