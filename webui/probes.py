"""What machines ask a server: is it alive, is it ready, what may be crawled. Answered under any host name."""

from aiohttp import web
from sqlalchemy import text

from community.errors import StorageFailed
from webui.keys import DATABASE, WORKERS

routes = web.RouteTableDef()

ROBOTS = """\
User-agent: *
Disallow: /settings
Disallow: /operate
Disallow: /notifications
Disallow: /ask
Disallow: /login
Disallow: /join
Disallow: /recover
Disallow: /lookup
Disallow: /note
"""


@routes.get("/healthz")
async def healthz(request: web.Request) -> web.Response:
    """The process answers."""
    return web.Response(text="ok\n", headers={"Cache-Control": "no-store"})


@routes.get("/readyz")
async def readyz(request: web.Request) -> web.Response:
    """The database reads, and the workers of the queues (where this process has them) are running; else 503."""
    troubles = [f"worker {task.get_name()} stopped" for task in request.app[WORKERS] if task.done()]
    try:
        await request.app[DATABASE].read(lambda session: session.execute(text("SELECT 1")).scalar_one())
    except StorageFailed:
        troubles.append("database does not answer")
    return web.Response(
        text="\n".join(troubles or ["ready"]) + "\n",
        status=503 if troubles else 200,
        headers={"Cache-Control": "no-store"},
    )


@routes.get("/robots.txt")
async def robots(request: web.Request) -> web.Response:
    return web.Response(text=ROBOTS, headers={"Cache-Control": "public, max-age=86400"})
