"""まちの約束・安全のしくみ: the rules, and what the town can and cannot promise, in plain words."""

from aiohttp import web

from community.promises import PROMISES
from webui.keys import SETTINGS
from webui.rendering import page

routes = web.RouteTableDef()


@routes.get("/promise")
async def show(request: web.Request) -> web.Response:
    return page(request, "promise.html", promises=PROMISES, anonymity=request.app[SETTINGS].anonymity)
