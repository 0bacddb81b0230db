"""Where pictures are shown: the files of the store, the drawn avatars, and what stands for a header that is none."""

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Callable

from aiohttp import web

from community.config import Settings
from webui import forms, security
from webui.media import outlines
from webui.media.workshop import WORKSHOP, make_workshop
from webui.staticfiles import YEAR

routes = web.RouteTableDef()
_DRAWN_MOST = 1_000  # pictures of about 3 kB


@routes.get("/media/{folder}/{file}")
async def stored(request: web.Request) -> web.StreamResponse:
    """A file of the store. Its address is its secret, so nobody is asked who they are."""
    key = f"{request.match_info['folder']}/{request.match_info['file']}"
    return await request.app[WORKSHOP].store.answer(request, key)


@routes.get("/avatars/{id}.png")
async def avatar(request: web.Request) -> web.Response:
    """The drawn picture of an account, for apps. It depends on the id alone, so it never tells whether there is one."""
    identifier = forms.id_in_path(request)
    return _answer(request, await _drawings(request).get(identifier, lambda: outlines.avatar(identifier)))


@routes.get("/headers/original/missing.png")
async def missing_header(request: web.Request) -> web.Response:
    return _answer(request, await _drawings(request).get(0, outlines.missing_header))


class Drawings:
    """The latest drawn pictures, kept in memory. One at a time is drawn: they take some ten milliseconds."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, bytes] = OrderedDict()
        self._turn = asyncio.Lock()

    async def get(self, identifier: int, draw: Callable[[], bytes]) -> bytes:
        if identifier not in self._kept:
            async with self._turn:
                if identifier not in self._kept:
                    self._kept[identifier] = await asyncio.to_thread(draw)
            if len(self._kept) > _DRAWN_MOST:
                self._kept.popitem(last=False)
        self._kept.move_to_end(identifier)
        return self._kept[identifier]


DRAWINGS: web.AppKey[Drawings] = web.AppKey("machi.drawings", Drawings)


def _drawings(request: web.Request) -> Drawings:
    return request.app[DRAWINGS]


def _answer(request: web.Request, body: bytes) -> web.Response:
    headers = {
        "Content-Type": "image/png",
        "Cache-Control": YEAR,
        "Content-Security-Policy": security.PICTURE_POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:16]}"',
    }
    if request.headers.get("If-None-Match") == headers["ETag"]:
        return web.Response(status=304, headers=headers)
    return web.Response(body=body, headers=headers)


def attach(app: web.Application, settings: Settings) -> None:
    """Have `app` take and show pictures."""
    workshop = app[WORKSHOP] = make_workshop(settings)
    app[DRAWINGS] = Drawings()
    app.add_routes(routes)

    async def close(_: web.Application) -> None:
        workshop.close()

    app.on_cleanup.append(close)
