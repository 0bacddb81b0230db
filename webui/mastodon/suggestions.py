"""People to find: suggestions by 得意技, and the directory of those who want to be found."""

from typing import Any

import orjson
from aiohttp import web
from sqlalchemy.orm import Session

from community import directory, suggestions
from webui.mastodon import people
from webui.mastodon.entities import accounts
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()
_SOURCES = {
    suggestions.STRENGTHS: ("past_interactions", "similar_to_recently_followed"),
    suggestions.THANKED_BY_FRIENDS: ("past_interactions", "friends_of_friends"),
    suggestions.ABOUT: ("global", "most_interactions"),
}
"""Why somebody is suggested, in the words that clients know: `source` of old, and one of `sources`."""


@routes.get("/api/v2/suggestions", scope="read:accounts")
async def suggested(call: Call) -> web.Response:
    limit = call.window(default=people.DEFAULT, most=people.MOST).limit

    def unit(session: Session) -> list[dict[str, Any]]:
        found = suggestions.of(session, call.viewer, limit)
        shown = accounts.by_id(session, call.viewer, [each.account_id for each in found])
        return [
            {
                "source": _SOURCES[each.reason][0],
                "sources": [_SOURCES[each.reason][1]],
                "account": shown[each.account_id],
                "machi": {"reason": each.reason},
            }
            for each in found
            if each.account_id in shown
        ]

    return reply(await call.read(unit))


@routes.get("/api/v1/suggestions", scope="read:accounts")
async def suggested_of_old(call: Call) -> web.Response:
    """The accounts alone."""
    limit = call.window(default=people.DEFAULT, most=people.MOST).limit

    def unit(session: Session) -> list[orjson.Fragment]:
        found = suggestions.of(session, call.viewer, limit)
        return accounts.many(session, call.viewer, [each.account_id for each in found])

    return reply(await call.read(unit))


@routes.delete("/api/v1/suggestions/{id}", scope="write:accounts")
async def dismiss(call: Call) -> web.Response:
    target_id = call.path_id()

    def unit(session: Session) -> None:
        target = people.require(session, call.viewer, target_id)
        suggestions.dismiss(session, account=people.mine(session, call), target_id=target.id)

    await call.write(unit)
    return reply({})


@routes.get("/api/v1/directory", scope="read:accounts", access="public")
async def listed(call: Call) -> web.Response:
    params = call.params
    limit = call.window(default=people.DEFAULT, most=people.MOST).limit
    offset = max(params.integer("offset") or 0, 0)
    order = directory.NEW if params.text("order") == "new" else directory.ACTIVE

    def unit(session: Session) -> list[orjson.Fragment]:
        found = directory.listed(
            session, call.viewer, order=order, local=bool(params.flag("local")), limit=limit, offset=offset
        )
        return accounts.many(session, call.viewer, found)

    return reply(await call.read(unit))
