"""設定: what others see of me, how the town treats me, my ways in, and leaving."""

import re
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import members, passphrases, strengths, taxonomy, text
from community.errors import CommunityError, Invalid
from community.models import Account, Member
from webui import auth, confirming, cookies, statuses
from webui.forms import Form
from webui.keys import COOKIES, DATABASE, PASSPHRASES, SESSION_TOKEN, SETTINGS
from webui.rendering import again, explain, form_of, page, redirect

routes = web.RouteTableDef()
_SEPARATORS = re.compile(r"[\n、,，]")


@dataclass(frozen=True, slots=True)
class Mine:
    """What the member set so far."""

    account: Account
    member: Member
    strengths: list[str]
    learnings: list[str]


@routes.get("/settings")
@auth.require_member
async def profile(request: web.Request) -> web.Response:
    mine = await _mine(request)
    form = Form.blank(
        nickname=mine.account.display_name,
        bio=mine.account.summary_source,
        strengths="\n".join(mine.strengths),
        learnings="\n".join(mine.learnings),
        accepting="yes" if mine.account.accepting else "no",
    )
    return page(request, "settings/profile.html", form=form, **_offers())


@routes.post("/settings")
@auth.require_member
async def change_profile(request: web.Request) -> web.Response:
    form, me = form_of(request), auth.me(request)
    chosen = _labels(form.text("strengths")) + form.all("topic")
    bio = text.from_markdown(form.text("bio"))
    try:
        await request.app[DATABASE].write(
            lambda session: members.update_profile(
                session,
                account_id=me,
                nickname=form.text("nickname"),
                bio=bio,
                strengths=chosen,
                learnings=_labels(form.text("learnings")),
                accepting=form.text("accepting") != "no",
            )
        )
    except CommunityError as error:
        return again(request, "settings/profile.html", form, error, **_offers())
    return redirect(request, "/settings", "プロフィールを新しくしました。")


@routes.get("/settings/preferences")
@auth.require_member
async def preferences(request: web.Request) -> web.Response:
    mine = await _mine(request)
    account, member = mine.account, mine.member
    switches = {
        "locked": account.locked,
        "discoverable": account.discoverable,
        "indexable": account.indexable,
    }
    form = Form.blank(
        locale=member.locale,
        default_visibility=member.default_visibility or "",
        email=member.email or "",
        shows_collections=None if account.hides_collections else "on",
        **{name: "on" if on else None for name, on in switches.items()},
    )
    return page(request, "settings/preferences.html", form=form)


@routes.post("/settings/preferences")
@auth.require_member
async def change_preferences(request: web.Request) -> web.Response:
    form, me = form_of(request), auth.me(request)
    try:
        await request.app[DATABASE].write(
            lambda session: members.update_profile(
                session,
                account_id=me,
                locale=form.text("locale"),
                default_visibility=form.text("default_visibility"),
                email=form.text("email"),
                locked=form.checked("locked"),
                discoverable=form.checked("discoverable"),
                indexable=form.checked("indexable"),
                hides_collections=not form.checked("shows_collections"),
            )
        )
    except CommunityError as error:
        return again(request, "settings/preferences.html", form, error)
    response = redirect(request, "/settings/preferences", "設定を新しくしました。")
    cookies.drop(
        response, request.app[SETTINGS], request.app[COOKIES].language
    )  # the member's own choice counts now
    return response


@routes.get("/settings/keys")
@auth.require_member
async def ways_in(request: web.Request) -> web.Response:
    return page(request, "settings/keys.html", form=Form(), code_form=Form())


@routes.post("/settings/passphrase")
@auth.require_member
async def change_passphrase(request: web.Request) -> web.Response:
    form, me, token = form_of(request), auth.me(request), request[SESSION_TOKEN]
    try:
        new = form.text("passphrase", strip=False)
        passphrases.check(new)
        await confirming.passphrase(request, form, "old_passphrase")
        new_hash = await request.app[PASSPHRASES].hash(new)
        await request.app[DATABASE].write(
            lambda session: members.change_passphrase(
                session, account_id=me, passphrase_hash=new_hash, keep=token
            )
        )
    except CommunityError as error:
        return again(request, "settings/keys.html", form, error, code_form=Form())
    return redirect(
        request, "/settings/keys", "パスフレーズを新しくしました。ほかの機器では、入りなおしてください。"
    )


@routes.post("/settings/code")
@auth.require_member
async def renew_code(request: web.Request) -> web.Response:
    form, me = form_of(request), auth.me(request)
    try:
        await confirming.passphrase(request, form, "confirm_passphrase")
    except CommunityError as error:
        explain(request, form, error)
        return page(request, "settings/keys.html", status=statuses.of(error), form=Form(), code_form=form)
    code = await request.app[DATABASE].write(
        lambda session: members.renew_recovery_code(session, account_id=me)
    )
    response = page(request, "code.html", code=code, occasion="renewed")
    response.headers["Cache-Control"] = "no-store"
    return response


@routes.get("/settings/leave")
@auth.require_member
async def parting(request: web.Request) -> web.Response:
    return page(request, "settings/leave.html", form=Form())


@routes.post("/settings/leave")
@auth.require_member
async def leave(request: web.Request) -> web.Response:
    form, me = form_of(request), auth.me(request)
    choice = form.text("posts")
    try:
        if choice not in {"keep", "delete"}:
            raise Invalid("posts", "書いたものをどうするか、どちらかを選んでください。")
        await confirming.passphrase(request, form, "old_passphrase")
        await request.app[DATABASE].write(
            lambda session: members.leave(session, account_id=me, delete_posts=choice == "delete")
        )
    except CommunityError as error:
        return again(request, "settings/leave.html", form, error)
    response = redirect(request, "/", "まちを出ました。これまで、ありがとうございました。")
    auth.see_off(request, response)
    return response


async def _mine(request: web.Request) -> Mine:
    me = auth.me(request)

    def unit(session: Session) -> Mine:
        return Mine(
            account=session.get_one(Account, me),
            member=session.get_one(Member, me),
            strengths=[strength.label for strength in strengths.of(session, me)],
            learnings=[learning.label for learning in strengths.learnings_of(session, me)],
        )

    return await request.app[DATABASE].read(unit)


def _labels(typed: str) -> list[str]:
    """What stands on the lines of a field, or between commas."""
    return [label.strip() for label in _SEPARATORS.split(typed) if label.strip()]


def _offers() -> dict[str, Any]:
    return {"categories": taxonomy.CATEGORIES, "most": strengths.MOST}
