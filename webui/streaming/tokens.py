"""Who opens a stream: the token may come as a header, in the address, or as the subprotocol that a browser can set."""

from collections.abc import Awaitable, Callable

from aiohttp import web

from community import doors, streaming
from community.doors import TokenHolder
from webui.keys import DATABASE
from webui.mastodon.replies import Refusal
from webui.mastodon.routing import INVALID_TOKEN, bearer

_INACTIVE = {"pending": "Your login is currently pending approval"}
_DISABLED = "Your login is currently disabled"


async def holder(request: web.Request) -> TokenHolder | None:
    """Whose token came; None if none did. Raises Refusal for one that opens nothing."""
    token = bearer(request) or subprotocol(request)
    if token is None:
        if "Authorization" in request.headers:
            raise Refusal(401, INVALID_TOKEN)
        return None
    found = await request.app[DATABASE].glance(lambda session: doors.viewer_of_token(session, token))
    if found is None:
        raise Refusal(401, INVALID_TOKEN)
    if found.state != "active":
        raise Refusal(403, _INACTIVE.get(found.state, _DISABLED))
    return found


def subprotocol(request: web.Request) -> str | None:
    """What was sent as `Sec-WebSocket-Protocol`, the first of several. It is accepted whatever it says."""
    offered = request.headers.get("Sec-WebSocket-Protocol", "").partition(",")[0].strip()
    return offered or None


def owner_of(request: web.Request) -> Callable[[int], Awaitable[int | None]]:
    """Looks up whose a list is."""
    database = request.app[DATABASE]

    async def look(list_id: int) -> int | None:
        return await database.glance(lambda session: streaming.owner_of_list(session, list_id))

    return look
