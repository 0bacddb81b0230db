"""The emoji of the town, for an app's picker."""

from aiohttp import web

from community import emojis
from webui.mastodon.entities import emojis as entities
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()


@routes.get("/api/v1/custom_emojis", access="open")
async def of_town(call: Call) -> web.Response:
    found = await call.read(emojis.of_town)
    return reply([entities.one(each) for each in found])
