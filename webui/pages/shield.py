"""同僚シールド: a member names where they work, and is not recognised by those who work there too. What was typed is not kept."""

from aiohttp import web
from sqlalchemy.orm import Session

from community import shield
from community.errors import CommunityError
from webui import auth
from webui.forms import Form
from webui.keys import DATABASE, THROTTLE
from webui.rendering import again, form_of, page, redirect
from webui.throttle import Limit

routes = web.RouteTableDef()
_CHANGES = Limit(tries=6, minutes=24 * 60)
_TOO_OFTEN = "同僚シールドは、一日に何度もは変えられません。%(minutes)s分ほどしてから、もう一度どうぞ。"


@routes.get("/settings/shield")
@auth.require_member
async def show(request: web.Request) -> web.Response:
    return page(request, "settings/shield.html", form=Form(), held=await _held(request), most=shield.MOST)


@routes.post("/settings/shield")
@auth.require_member
async def add(request: web.Request) -> web.Response:
    """Set one more. Trying workplaces out, to see who disappears, is held to a few a day."""
    form, me, throttle = form_of(request), auth.me(request), request.app[THROTTLE]
    typed, limits = form.text("workplace"), {f"shield@{me}": _CHANGES}

    def unit(session: Session) -> None:
        shield.add(session, account_id=me, typed=typed)

    try:
        throttle.check(limits, _TOO_OFTEN)
        await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return again(request, "settings/shield.html", form, error, held=await _held(request), most=shield.MOST)
    throttle.count(limits)
    return redirect(request, "/settings/shield", "同僚シールドを入れました。入れた内容は、どこにも残っていません。")


@routes.post("/settings/shield/clear")
@auth.require_member
async def clear(request: web.Request) -> web.Response:
    me = auth.me(request)
    await request.app[DATABASE].write(lambda session: shield.clear(session, account_id=me))
    return redirect(request, "/settings/shield", "同僚シールドをぜんぶ外しました。名前がもとどおり見えます。")


async def _held(request: web.Request) -> int:
    me = auth.me(request)
    return await request.app[DATABASE].read(lambda session: shield.count(session, me))
