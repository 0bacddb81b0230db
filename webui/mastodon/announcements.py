"""まちからのお知らせ in apps: read them, put them aside, react."""

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import announcements
from webui.mastodon.entities import announcements as entities
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()
_REACTION = "/api/v1/announcements/{id}/reactions/{name}"


@routes.get("/api/v1/announcements", scope="read:accounts")
async def listing(call: Call) -> web.Response:
    def unit(session: Session) -> list[dict[str, Any]]:
        return entities.many(session, call.viewer, announcements.standing(session))

    return reply(await call.read(unit))


@routes.post("/api/v1/announcements/{id}/dismiss", scope="write:accounts")
async def dismiss(call: Call) -> web.Response:
    announcement_id = call.path_id()
    await call.write(
        lambda session: announcements.dismiss(session, account_id=call.me, announcement_id=announcement_id)
    )
    return reply({})


@routes.put(_REACTION, scope="write:favourites")
async def react(call: Call) -> web.Response:
    announcement_id, name = call.path_id(), call.request.match_info["name"]

    def unit(session: Session) -> None:
        announcements.react(session, account_id=call.me, announcement_id=announcement_id, name=name)

    await call.write(unit)
    return reply({})


@routes.delete(_REACTION, scope="write:favourites")
async def unreact(call: Call) -> web.Response:
    announcement_id, name = call.path_id(), call.request.match_info["name"]

    def unit(session: Session) -> None:
        announcements.unreact(session, account_id=call.me, announcement_id=announcement_id, name=name)

    await call.write(unit)
    return reply({})
