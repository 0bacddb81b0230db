"""What keepers and moderators do on a thread's page: have its question stand first, take off what came from elsewhere."""

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import stewardship, visibility
from community.errors import CommunityError
from community.models import Account
from webui import auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages import thread
from webui.pages.places import beginning, place
from webui.rendering import again, form_of, page, redirect

routes = web.RouteTableDef()
_keepers = auth.require_role(*stewardship.KEEPERS)
_moderators = auth.require_role(*stewardship.MODERATORS)


@routes.post("/posts/{id}/{deed:first|unfirst}")
@_keepers
async def first(request: web.Request) -> web.Response:
    post_id, viewer = forms.id_in_path(request), await auth.viewer(request)
    puts = request.match_info["deed"] == "first"

    def unit(session: Session) -> str:
        post, me = visibility.require(session, viewer, post_id), session.get_one(Account, auth.me(request))
        (stewardship.show_first if puts else stewardship.show_among_others)(session, post=post, by=me)
        return place(session, viewer, post)

    try:
        address = await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return await thread.once_more(request, post_id, form_of(request), error)
    return redirect(request, address, "カテゴリーの先頭に置きました。" if puts else "カテゴリーの先頭から外しました。")


@routes.get("/posts/{id}/take-off")
@_moderators
async def ask_first(request: web.Request) -> web.Response:
    return page(request, "take_off.html", form=Form(), **await _shown(request))


@routes.post("/posts/{id}/take-off")
@_moderators
async def take_off(request: web.Request) -> web.Response:
    post_id, viewer, typed = forms.id_in_path(request), await auth.viewer(request), form_of(request)
    shown = await _shown(request)

    def unit(session: Session) -> str:
        post = visibility.require(session, viewer, post_id)
        root = beginning(session, viewer, post)
        me = session.get_one(Account, auth.me(request))
        stewardship.take_off(session, post=post, by=me, reason=typed.text("reason"))
        return "/questions" if root is post else place(session, viewer, root)

    try:
        address = await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return again(request, "take_off.html", typed, error, **shown)
    return redirect(request, address, "カテゴリーから外しました。理由が、書いた方のまちに伝わります。")


async def _shown(request: web.Request) -> dict[str, Any]:
    post_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> dict[str, Any]:
        post = visibility.require(session, viewer, post_id)
        return {"post": post, "back": place(session, viewer, post)}

    return await request.app[DATABASE].read(unit)
