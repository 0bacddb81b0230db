"""The Mastodon client API, one module per family of paths. `ALL` is what the application serves."""

from aiohttp import web

from webui.mastodon import crossorigin, instance, media, rates, timelines
from webui.mastodon.routing import Api, add_routes

ALL: tuple[Api, ...] = (
    timelines.routes,
    instance.routes,
    media.routes,
)  # fmt: skip


def attach(app: web.Application) -> None:
    """Serve the API from `app`, to pages of any origin too."""
    app[rates.COUNTS] = {}
    app.on_response_prepare.append(crossorigin.allow)
    for routes in ALL:
        add_routes(app, routes)
