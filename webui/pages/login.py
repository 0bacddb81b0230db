"""入る and 出る: log-in by handle or e-mail address in one field."""

from aiohttp import web

from community import doors
from community.errors import CommunityError
from webui import auth, entering, forms
from webui.forms import Form
from webui.keys import DATABASE, SESSION_TOKEN
from webui.rendering import again, form_of, local_address, page, redirect

routes = web.RouteTableDef()


@routes.get("/login")
async def show(request: web.Request) -> web.Response:
    goal = local_address(forms.query(request, "next"))
    if auth.visitor(request).member:
        return redirect(request, goal)
    return page(request, "login.html", form=Form.blank(next=goal))


@routes.post("/login")
async def login(request: web.Request) -> web.Response:
    form = form_of(request)
    try:
        token = await entering.enter(request, form)
    except CommunityError as error:
        return again(request, "login.html", form, error)
    response = redirect(request, local_address(form.text("next")), "おかえりなさい。")
    auth.welcome_in(request, response, token)
    return response


@routes.post("/logout")
async def logout(request: web.Request) -> web.Response:
    token = request.get(SESSION_TOKEN)
    if token:
        await request.app[DATABASE].write(lambda session: doors.close_session(session, token))
    response = redirect(request, "/", "出ました。また、いつでもどうぞ。")
    auth.see_off(request, response)
    return response
