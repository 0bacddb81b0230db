"""ミュートとブロック: turning away from somebody on their page, and the list of them in the settings."""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from community import blocks, mutes, town, veils
from community.errors import NotFound
from community.models import Account, Block, Mute
from webui import addresses, auth, forms
from webui.keys import DATABASE
from webui.rendering import form_of, page, redirect

routes = web.RouteTableDef()
_SHOWN_MOST = 500
_DEEDS: dict[str, tuple[Callable[[Session, Account, Account], object], str]] = {
    "mute": (
        lambda session, me, them: mutes.mute(session, account=me, target=them),
        "ミュートしました。この方の書きこみとお知らせは出てきません。相手には伝わりません。",
    ),
    "unmute": (
        lambda session, me, them: mutes.unmute(session, account=me, target=them),
        "ミュートをやめました。",
    ),
    "block": (
        lambda session, me, them: blocks.block(session, account=me, target=them),
        "ブロックしました。おたがいの書きこみは見えなくなり、返信やフォローも届きません。",
    ),
    "unblock": (
        lambda session, me, them: blocks.unblock(session, account=me, target=them),
        "ブロックをやめました。フォローは戻らないので、よければもう一度どうぞ。",
    ),
}


@routes.post("/accounts/{id}/{deed:mute|unmute|block|unblock}")
@auth.require_member
async def turn(request: web.Request) -> web.Response:
    """Turn away from somebody, or back; then their page again, or the list if one came from there."""
    account_id, me, viewer = forms.id_in_path(request), auth.me(request), await auth.viewer(request)
    deed, told = _DEEDS[request.match_info["deed"]]

    def unit(session: Session) -> str:
        account = session.get(Account, account_id)
        hidden = veils.among_these(session, viewer, [account_id])
        if account is None or account.deleted_at is not None or hidden:
            raise NotFound("この方は見つかりませんでした。まちを出られたか、名前がちがうようです。")
        deed(session, session.get_one(Account, me), account)
        return addresses.of_account(account)

    address = await request.app[DATABASE].write(unit)
    from_list = form_of(request).text("back") == "list"
    return redirect(request, "/settings/apart" if from_list else address, told)


@routes.get("/settings/apart")
@auth.require_member
async def listed(request: web.Request) -> web.Response:
    me, viewer = auth.me(request), await auth.viewer(request)

    def unit(session: Session) -> dict[str, Any]:
        seen = ~veils.veiled(viewer, Account.id)
        running = or_(Mute.expires_at.is_(None), Mute.expires_at > town.now(session))
        muted = select(Account).join(Mute, Mute.target_id == Account.id).where(Mute.account_id == me, running, seen)
        blocked = select(Account).join(Block, Block.target_id == Account.id).where(Block.account_id == me, seen)
        return {
            "muted": list(session.scalars(muted.order_by(Mute.id.desc()).limit(_SHOWN_MOST))),
            "blocked": list(session.scalars(blocked.order_by(Block.id.desc()).limit(_SHOWN_MOST))),
        }

    return page(request, "settings/apart.html", **await request.app[DATABASE].read(unit))
