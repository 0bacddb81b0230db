"""The application: every part made and joined here, and nowhere else."""

from collections.abc import AsyncIterator, Awaitable, Callable

from aiohttp import web

from community import echoes
from community.config import Settings
from community.db import open_database
from community.events import Bus
from community.keyfiles import KeyFiles
from community.town import Clock, Town, system_clock
from federation import routes as federation_routes
from federation import serving as federation_serving
from federation.catching_up import triggers
from federation.context import FEDERATION, make_federation
from federation.outbox import publish
from webui import auth, csrf, errors, i18n, mastodon, metrics, pages, probes, security, workers
from webui.cookies import CookieNames
from webui.keys import (
    COOKIES,
    DATABASE,
    PAGE_HANDLERS,
    PASSPHRASES,
    SETTINGS,
    STATIC,
    TEMPLATES,
    THROTTLE,
    TOWN,
    WORKERS,
)
from webui.mastodon.crossorigin import preflight
from webui.media import serving as media_serving
from webui.passphrase_pool import PassphrasePool
from webui.spreading import SPREAD, Spread
from webui.staticfiles import StaticFiles
from webui.streaming import service as streaming
from webui.templating import Templates
from webui.throttle import Throttle

BODY_LIMIT = 2 * 1024 * 1024
"""Bytes of any request; forms and inboxes have smaller limits of their own."""


def create_app(
    settings: Settings,
    *,
    clock: Clock = system_clock,
    background: bool = True,
    keys: KeyFiles | None = None,
) -> web.Application:
    """The whole server of a town, ready to be run.

    `background` says whether this process works on the queues too. `keys` stand in for the key files in tests.
    The database has to be migrated and founded before. Raises SettingsError, TranslationsMissing.
    """
    town = Town(settings, keys or KeyFiles.load(settings.keys_dir), clock)
    static = StaticFiles()
    # Outermost first: whatever goes wrong in the later ones becomes a page in the first. What other servers fetch needs
    # nothing of the rest.
    middlewares = [
        errors.tell, federation_serving.first, preflight, security.refuse_nul, auth.recognise, csrf.guard,
    ]  # fmt: skip
    app = web.Application(middlewares=middlewares, client_max_size=BODY_LIMIT)
    app[SETTINGS] = settings
    app[TOWN] = town
    app[STATIC] = static
    app[TEMPLATES] = Templates(i18n.load_catalogues(settings.instance.languages), static)
    app[COOKIES] = CookieNames.of(settings)
    app[SPREAD] = Spread()
    app[THROTTLE] = Throttle(clock, enabled=settings.limits.enabled)
    app[WORKERS] = []
    app.on_response_prepare.append(security.add_headers)
    bus = Bus()
    app[DATABASE] = open_database(town, bus)
    app[FEDERATION] = make_federation(town, app[DATABASE])
    echoes.subscribe(bus)
    publish.subscribe(bus, app[FEDERATION])
    triggers.subscribe(bus)
    media_serving.attach(app, settings)
    app.cleanup_ctx.append(_resources)
    streaming.attach(app, bus)
    if background:
        app.cleanup_ctx.append(workers.run)
    _add_routes(app)
    mastodon.attach(app)
    metrics.attach(app)
    return app


def _add_routes(app: web.Application) -> None:
    federation_routes.add_routes(app)
    app.add_routes(probes.routes)
    app.router.add_get("/static/{name:.+}", _static)
    handlers: set[Callable[[web.Request], Awaitable[web.StreamResponse]]] = set()
    for module in pages.ALL:
        for resource in app.add_routes(module.routes):
            handlers.add(resource.handler)
    app[PAGE_HANDLERS] = frozenset(handlers)


async def _resources(app: web.Application) -> AsyncIterator[None]:
    """What is open while the application serves, closed in the opposite order."""
    app[PASSPHRASES] = PassphrasePool()
    await app[DATABASE].start()
    await app[FEDERATION].start()
    yield
    await app[FEDERATION].close()
    await app[DATABASE].close()
    app[PASSPHRASES].close()


async def _static(request: web.Request) -> web.StreamResponse:
    return request.app[STATIC].answer(request, request.match_info["name"])
