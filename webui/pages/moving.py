"""引っ越し: naming earlier accounts, whose followers may come along, and going on under another account."""

from collections.abc import Awaitable
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import moves
from community.errors import CommunityError, Invalid, NotAllowed, NotFound
from community.models import Account
from federation import afresh, lookup
from webui import addresses, auth, confirming, statuses
from webui.forms import Form
from webui.keys import DATABASE, FEDERATION
from webui.rendering import again, explain, form_of, page, redirect

routes = web.RouteTableDef()
_PAGE = "/settings/moving"
_TEMPLATE = "settings/moving.html"


@routes.get(_PAGE)
@auth.require_member
async def show(request: web.Request) -> web.Response:
    return page(request, _TEMPLATE, form=Form(), alias_form=Form(), **await _mine(request))


@routes.post(f"{_PAGE}/aliases")
@auth.require_member
async def add_alias(request: web.Request) -> web.Response:
    """An earlier account of the member, by its handle or address."""
    form, me = form_of(request), auth.me(request)
    try:
        other_id = await _found(lookup.account(request.app[FEDERATION], form.text("alias")), "alias")
        await request.app[DATABASE].write(
            lambda session: moves.add_alias(
                session, account=session.get_one(Account, me), other=session.get_one(Account, other_id)
            )
        )
    except CommunityError as error:
        explain(request, form, error)
        return page(
            request, _TEMPLATE, status=statuses.of(error), form=Form(), alias_form=form, **await _mine(request)
        )
    return redirect(request, _PAGE, "もとのアカウントを書きとめました。もとのまちで、引っ越しを始められます。")


@routes.post(f"{_PAGE}/aliases/remove")
@auth.require_member
async def remove_alias(request: web.Request) -> web.Response:
    form, me = form_of(request), auth.me(request)
    await request.app[DATABASE].write(
        lambda session: moves.remove_alias(session, account=session.get_one(Account, me), uri=form.text("uri"))
    )
    return redirect(request, _PAGE, "もとのアカウントから外しました。")


@routes.post(f"{_PAGE}/leave")
@auth.require_member
async def leave(request: web.Request) -> web.Response:
    """Go on elsewhere: the other account is looked at anew, and has to name this one."""
    form, me = form_of(request), auth.me(request)
    try:
        await confirming.passphrase(request, form, "old_passphrase")
        await request.app[DATABASE].read(
            lambda session: moves.check_pause(session, session.get_one(Account, me))
        )
        target_id = await _found(afresh.account(request.app[FEDERATION], form.text("target")), "target")
        await request.app[DATABASE].write(
            lambda session: moves.leave_for(
                session, account=session.get_one(Account, me), target=session.get_one(Account, target_id)
            )
        )
    except CommunityError as error:
        return again(request, _TEMPLATE, form, error, alias_form=Form(), **await _mine(request))
    return redirect(request, _PAGE, "引っ越しを知らせました。フォローしている人たちが、順に移っていきます。")


@routes.post(f"{_PAGE}/stay")
@auth.require_member
async def stay(request: web.Request) -> web.Response:
    me = auth.me(request)
    await request.app[DATABASE].write(
        lambda session: moves.stay(session, account=session.get_one(Account, me))
    )
    return redirect(request, _PAGE, "引っ越しの案内を下ろしました。またフォローを受けられます。")


async def _found(search: Awaitable[int], field: str) -> int:
    """Whom `search` finds; what goes wrong is told beside `field`."""
    try:
        return await search
    except (NotFound, NotAllowed) as error:
        raise Invalid(field, error.message, **error.facts) from error


async def _mine(request: web.Request) -> dict[str, Any]:
    """The member, their earlier accounts as far as they are known, and where they went."""
    me = auth.me(request)

    def unit(session: Session) -> dict[str, Any]:
        account = session.get_one(Account, me)
        uris = list(account.also_known_as or ())
        known = {each.uri: each for each in session.scalars(select(Account).where(Account.uri.in_(uris)))}
        target = moves.destination(session, account)
        return {
            "account": account,
            "aliases": [(uri, known.get(uri)) for uri in uris],
            "target": target,
            "target_page": addresses.of_account(target) if target is not None else account.moved_to_uri,
            "address_of": addresses.of_account,
            "aliases_most": moves.ALIASES_MOST,
        }

    return await request.app[DATABASE].read(unit)
