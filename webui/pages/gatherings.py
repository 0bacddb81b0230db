"""旗の一覧・旗を立てる: what is coming, raising a flag, gathering round it. Its own page is that of a thread (`thread`)."""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import boards, flag_lists, gatherings, joins, plans, questions, tags, visibility
from community.errors import CommunityError, Invalid, NotAllowed
from community.models import Account, Post
from community.plans import Plan
from community.visibility import Viewer
from webui import addresses, auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages import cards, thread
from webui.pages.places import place
from webui.rendering import again, form_of, found_by_consent, kept, page, redirect
from webui.writing import labels, rendered

routes = web.RouteTableDef()
PAGE = 20
_PAGES_MOST = 50
_NUMBERS = {"minutes": "長さは、90 のように分数で書いてください。", "capacity": "定員は、12 のように数字で書いてください。"}


@routes.get("/flags")
async def listing(request: web.Request) -> web.Response:
    viewer = await auth.viewer(request)
    tab = "past" if forms.query(request, "tab") == "past" else "coming"
    typed = forms.query(request, "page")
    number = min(int(typed), _PAGES_MOST) if typed.isascii() and typed.isdigit() and len(typed) < 4 else 1
    before = forms.cursor(request)

    def unit(session: Session) -> dict[str, Any]:
        if tab == "past":
            found = flag_lists.past(session, viewer, max_id=before, limit=PAGE + 1)
            older = f"/flags?tab=past&max_id={found[PAGE - 1].id}" if len(found) > PAGE else None
        else:
            offset = (max(number, 1) - 1) * PAGE
            found = flag_lists.coming(session, viewer, limit=PAGE + 1, offset=offset)
            older = f"/flags?page={max(number, 1) + 1}" if len(found) > PAGE and number < _PAGES_MOST else None
        shown = found[:PAGE]
        return {
            "cards": cards.load(session, viewer, shown),
            "mine": flag_lists.joined_by(session, viewer, [each.id for each in shown]),
            "older": older,
        }

    context = await request.app[DATABASE].read(unit)
    response = page(request, "flags.html", tab=tab, **context)
    return found_by_consent(response, (card.author for card in context["cards"]))


@routes.get("/flags/new")
@auth.require_member
async def form(request: web.Request) -> web.Response:
    viewer = await auth.viewer(request)

    def unit(session: Session) -> tuple[list[boards.Entry], str]:
        me = session.get_one(Account, viewer.account_id)
        return boards.askable(session), questions.default_visibility(session, me)

    entries, wide = await request.app[DATABASE].read(unit)
    blank = Form.blank(board=forms.query(request, "board"), visibility=wide, listening="on")
    return page(request, "flag_new.html", form=blank, boards=entries)


@routes.post("/flags")
@auth.require_member
async def hoist(request: web.Request) -> web.Response:
    typed, me = form_of(request), auth.me(request)
    try:
        body = await rendered(typed.text("body"))
        plan = _plan(typed)

        def deed(session: Session) -> str:
            author = session.get_one(Account, me)
            flag = gatherings.hoist(
                session, author=author, board=_board(session, typed), title=typed.text("title"), body=body, plan=plan,
                visibility=typed.text("visibility") or None, tags=labels(typed.text("tags")),
            )  # fmt: skip
            return addresses.of_post(flag, author)

        address = await request.app[DATABASE].write(
            lambda session: forms.once(session, typed.submission, lambda: deed(session))
        )
    except CommunityError as error:
        entries = await request.app[DATABASE].read(boards.askable)
        return again(request, "flag_new.html", typed, error, boards=entries)
    return redirect(request, address, "旗を立てました。集まるのを、ゆっくり待ちましょう。")


@routes.get("/flags/{id}/edit")
@auth.require_member
async def edit_form(request: web.Request) -> web.Response:
    flag_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> tuple[Form, str]:
        flag = _own(session, viewer, flag_id)
        return _filled(session, flag), place(session, viewer, flag)

    filled, back = await request.app[DATABASE].read(unit)
    return page(request, "flag_edit.html", form=filled, flag_id=flag_id, back=back)


@routes.post("/flags/{id}/edit")
@auth.require_member
async def edit(request: web.Request) -> web.Response:
    flag_id, viewer, typed = forms.id_in_path(request), await auth.viewer(request), form_of(request)
    try:
        back = await request.app[DATABASE].read(lambda s: place(s, viewer, _own(s, viewer, flag_id)))
    except CommunityError as error:
        return kept(request, typed, error)
    try:
        body = await rendered(typed.text("body"))
        plan = _plan(typed)

        def unit(session: Session) -> None:
            gatherings.edit(
                session, post=_own(session, viewer, flag_id), by=session.get_one(Account, auth.me(request)),
                title=typed.text("title"), body=body, plan=plan, tags=labels(typed.text("tags")),
            )  # fmt: skip

        await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return again(request, "flag_edit.html", typed, error, flag_id=flag_id, back=back)
    return redirect(request, back, "書きなおしました。集まる方にも伝わります。")


@routes.post("/flags/{id}/join")
@auth.require_member
async def join(request: web.Request) -> web.Response:
    return await _deed(request, lambda session, flag, me: joins.join(session, flag=flag, account=me), "旗に集まりました。当日お会いしましょう。")


@routes.post("/flags/{id}/leave")
@auth.require_member
async def leave(request: web.Request) -> web.Response:
    return await _deed(request, lambda session, flag, me: joins.leave(session, flag=flag, account=me), "今回はお休みにしました。また気が向いたらどうぞ。")


@routes.post("/flags/{id}/close")
@auth.require_member
async def close(request: web.Request) -> web.Response:
    return await _deed(request, lambda session, flag, me: gatherings.close(session, flag=flag, by=me), "おひらきにしました。おつかれさまでした。")


@routes.post("/flags/{id}/reopen")
@auth.require_member
async def reopen(request: web.Request) -> web.Response:
    return await _deed(request, lambda session, flag, me: gatherings.reopen(session, flag=flag, by=me), "もう一度、旗を立てました。")


async def _deed(request: web.Request, deed: Callable[[Session, Post, Account], object], told: str) -> web.Response:
    """Do something about the flag of the path, and lead back to it; where nothing comes of it, the flag says why."""
    flag_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> str:
        flag = visibility.require(session, viewer, flag_id)
        deed(session, flag, session.get_one(Account, auth.me(request)))
        return place(session, viewer, flag)

    try:
        address = await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return await thread.once_more(request, flag_id, form_of(request), error)
    return redirect(request, address, told)


def _own(session: Session, viewer: Viewer, flag_id: int) -> Post:
    flag = visibility.require(session, viewer, flag_id)
    gatherings.of(session, flag)
    if not gatherings.is_raised_by(flag, viewer.account_id):
        raise NotAllowed("書きなおしたり取り下げたりできるのは、書いたご本人だけです。")
    return flag


def _filled(session: Session, flag: Post) -> Form:
    plan = plans.of(gatherings.of(session, flag))
    return Form.blank(
        title=flag.title,
        body=flag.body_source,
        tags="、".join(tags.labels_of(session, flag)),
        starts_at=plans.typed(plan.starts_at),
        minutes=None if plan.minutes is None else str(plan.minutes),
        place=plan.place,
        form=plan.form,
        capacity=None if plan.capacity is None else str(plan.capacity),
        listening="on" if plan.listening else None,
    )


def _plan(typed: Form) -> Plan:
    """What was typed as a plan. Raises Invalid."""
    return Plan(
        form=typed.text("form"),
        starts_at=plans.from_typed(typed.text("starts_at")),
        minutes=_number(typed, "minutes"),
        place=typed.text("place"),
        capacity=_number(typed, "capacity"),
        listening=typed.checked("listening"),
    )


def _number(typed: Form, name: str) -> int | None:
    text = typed.text(name)
    if not text:
        return None
    if not (text.isdecimal() and len(text) < 7):  # full-width digits are digits as well
        raise Invalid(name, _NUMBERS[name])
    return int(text)


def _board(session: Session, typed: Form) -> Account:
    slug = typed.text("board")
    entry = next((entry for entry in boards.askable(session) if entry.slug == slug), None)
    if entry is None:
        raise Invalid("board", "カテゴリーを選んでください。")
    return entry.account
