"""質問する: with one's name, or with the name tag hidden."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import anonymity, boards, passphrases, questions
from community.errors import CommunityError, Invalid
from community.models import Account
from community.text import Body
from community.visibility import OPEN
from webui import addresses, auth, forms
from webui.forms import Form
from webui.keys import DATABASE, TOWN
from webui.rendering import again, form_of, page, redirect
from webui.writing import labels, rendered

routes = web.RouteTableDef()
_TITLE_MOST = 200


@routes.get("/ask")
@auth.require_member
async def form(request: web.Request) -> web.Response:
    return await _blank(request, board=forms.query(request, "board"))


@routes.post("/ask/begin")
@auth.require_member
async def begin(request: web.Request) -> web.Response:
    """The form with the title that was typed at home. Never in an address: those stand in the logs of proxies, beside who
    asked for them.
    """
    return await _blank(request, title=form_of(request).text("title")[:_TITLE_MOST])


async def _blank(request: web.Request, *, title: str = "", board: str = "") -> web.Response:
    viewer = await auth.viewer(request)

    def unit(session: Session) -> tuple[_Boards, str]:
        me = session.get_one(Account, viewer.account_id)
        return _boards(session, board), questions.default_visibility(session, me)

    entries, visibility = await request.app[DATABASE].read(unit)
    blank = Form.blank(title=title, board=board, visibility="open" if entries.foreign else visibility)
    return page(request, "ask.html", form=blank, **_surroundings(request, entries))


@dataclass(frozen=True, slots=True)
class _Boards:
    """Where one may ask: the boards of this town, and one of another server where its page led here."""

    own: list[boards.Entry]
    foreign: Account | None


def _boards(session: Session, chosen: str) -> _Boards:
    return _Boards(boards.askable(session), boards.foreign(session, chosen))


def _surroundings(request: web.Request, entries: _Boards) -> dict[str, Any]:
    anonymity_rules = request.app[TOWN].settings.anonymity
    return {
        "boards": entries.own,
        "foreign_board": entries.foreign,
        # The browser puts a phrase of its own making in its place; without scripts this one serves.
        "phrase": passphrases.new_phrase(),
        "weekly_limit": anonymity_rules.weekly_limit,
        "delay": anonymity_rules.delay_minutes,
    }


@routes.post("/ask")
@auth.require_member
async def ask(request: web.Request) -> web.Response:
    typed = form_of(request)
    try:
        body = await rendered(typed.text("body"))
        if typed.checked("anonymous"):
            return await _ask_hidden(request, typed, body)
        address = await _ask_named(request, typed, body)
    except CommunityError as error:
        entries = await request.app[DATABASE].read(lambda session: _boards(session, typed.text("board")))
        return again(request, "ask.html", typed, error, **_surroundings(request, entries))
    return redirect(request, address, "質問をとどけました。")


async def _ask_named(request: web.Request, typed: Form, body: Body) -> str:
    me = auth.me(request)

    def deed(session: Session) -> str:
        author = session.get_one(Account, me)
        question = questions.ask(
            session,
            author=author,
            board=_board(session, typed),
            title=typed.text("title"),
            body=body,
            visibility=typed.text("visibility") or None,
            tags=labels(typed.text("tags")),
            as_of=typed.text("as_of") or None,
        )
        return addresses.of_post(question, author)

    return await request.app[DATABASE].write(
        lambda session: forms.once(session, typed.submission, lambda: deed(session))
    )


async def _ask_hidden(request: web.Request, typed: Form, body: Body) -> web.Response:
    """The draft key is made of the form's random key, so sending the form again makes nothing twice and leaves no other
    row.
    """
    me, phrase = auth.me(request), typed.text("phrase") or passphrases.new_phrase()

    def unit(session: Session) -> int:
        return anonymity.draft(
            session,
            member_id=me,
            board=_board(session, typed),
            title=typed.text("title"),
            body=body,
            visibility=typed.text("visibility") or request.app[TOWN].settings.instance.default_visibility,
            tags=labels(typed.text("tags")),
            phrase=phrase,
            draft_key=anonymity.key_of_form(typed.submission),
        )

    release_at = await request.app[DATABASE].write(unit)
    delay = request.app[TOWN].settings.anonymity.delay_minutes
    at_once = release_at <= request.app[TOWN].clock()
    response = page(request, "asked.html", phrase=phrase, delay=delay, at_once=at_once, switchable=False)
    response.headers["Cache-Control"] = "no-store"  # it bears the phrase
    return response


def _board(session: Session, typed: Form) -> Account:
    slug = typed.text("board")
    entry = next((entry for entry in boards.askable(session) if entry.slug == slug), None)
    if entry is not None:
        return entry.account
    foreign = boards.foreign(session, slug)
    if foreign is None:
        raise Invalid("board", "カテゴリーを選んでください。")
    if typed.text("visibility") != OPEN:
        raise Invalid("visibility", "ほかのまちのカテゴリーで聞くときは、「ひらく」を選んでください。")
    return foreign
