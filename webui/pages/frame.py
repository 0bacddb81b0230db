"""What the frame of every page leads to: the choice of language, the neutral page of すぐ隠す, the drawn avatars."""

from aiohttp import web

from webui import avatars, cookies, csrf, forms, security
from webui.keys import COOKIES, SETTINGS
from webui.rendering import form_of, local_address, page, redirect
from webui.staticfiles import YEAR

routes = web.RouteTableDef()
_YEAR_DAYS = 365


@routes.post("/language")
@csrf.origin_is_enough
async def choose_language(request: web.Request) -> web.Response:
    form = form_of(request)
    settings = request.app[SETTINGS]
    response = redirect(request, local_address(form.text("back")))
    locale = form.text("locale")
    if locale in settings.instance.languages:
        cookies.put(response, settings, request.app[COOKIES].language, locale, days=_YEAR_DAYS)
    return response


@routes.get("/note")
async def note(request: web.Request) -> web.Response:
    """A page that says nothing about where one was."""
    return page(request, "note.html")


@routes.get("/avatars/{id}.svg")
async def avatar(request: web.Request) -> web.Response:
    """The drawn picture of an account. It depends on the id alone, so it never tells whether the account exists."""
    picture = avatars.draw(forms.id_in_path(request))
    headers = {"Cache-Control": YEAR, "Content-Security-Policy": security.PICTURE_POLICY}
    return web.Response(text=picture, content_type="image/svg+xml", headers=headers)
