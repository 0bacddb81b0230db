"""設定のアプリ: whom a member lets in besides themselves, what those may do, and taking it back."""

from aiohttp import web
from sqlalchemy.orm import Session

from community import apps
from webui import auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.oauth import scopes
from webui.rendering import form_of, page, redirect

routes = web.RouteTableDef()


@routes.get("/settings/apps")
@auth.require_member
async def show(request: web.Request) -> web.Response:
    me = auth.me(request)
    found = await request.app[DATABASE].read(lambda session: apps.of_member(session, me))
    return page(request, "settings/apps.html", found=[(each, scopes.grouped(each.scopes)) for each in found])


@routes.post("/settings/apps")
@auth.require_member
async def shut_out(request: web.Request) -> web.Response:
    form, me = form_of(request), auth.me(request)
    await request.app[DATABASE].write(lambda session: _shut_out(session, me, form))
    return redirect(request, "/settings/apps", "アプリとのつながりを切りました。もう、あなたの代わりには動けません。")


def _shut_out(session: Session, me: int, form: Form) -> None:
    """End what the form names: an app, or a token that the operator made. Raises NotFound."""
    if form.text("token"):
        apps.shut_out_token(session, account_id=me, token_id=forms.identifier(form.text("token")))
    else:
        apps.shut_out(session, account_id=me, app_id=forms.identifier(form.text("app")))
