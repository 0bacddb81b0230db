"""質問一覧: what was asked lately, what still waits, what is solved, what other towns ask; by board and by tag."""

from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy.orm import Session

from community import boards, tags, timelines
from community.visibility import Viewer
from webui import auth, forms
from webui.keys import DATABASE
from webui.pages import cards
from webui.rendering import found_by_consent, page

routes = web.RouteTableDef()
PAGE = 20


@routes.get("/questions")
async def listing(request: web.Request) -> web.Response:
    viewer = await auth.viewer(request)
    wish = forms.query(request, "tab")
    tab = wish if wish in timelines.TABS else timelines.TABS[0]
    slug, tag, before = forms.query(request, "board"), forms.query(request, "tag"), forms.cursor(request)

    def unit(session: Session) -> dict[str, Any]:
        return _listed(session, viewer, tab=tab, slug=slug, tag=tag, before=before)

    context = await request.app[DATABASE].read(unit)
    response = page(request, "questions.html", tab=tab, **context)
    return found_by_consent(response, (card.author for card in context["cards"]))


def _listed(
    session: Session, viewer: Viewer, *, tab: str, slug: str, tag: str, before: int | None
) -> dict[str, Any]:
    board = boards.by_slug(session, slug) if slug else None
    label = tags.label_of(session, tag) if tag else ""
    found = timelines.questions(
        session,
        viewer,
        tab=tab,
        board_id=board.account.id if board else None,
        tag=tag or None,
        max_id=before,
        limit=PAGE + 1,
    )
    shown = found[:PAGE]
    kept = {name: value for name, value in (("board", slug), ("tag", tag)) if value}
    return {
        "cards": cards.load(session, viewer, shown),
        "boards": boards.askable(session),
        "board": board,
        "tag_label": label,
        "addresses": {name: "/questions?" + urlencode({"tab": name, **kept}) for name in timelines.TABS},
        "older": "/questions?" + urlencode({"tab": tab, **kept, "max_id": shown[-1].id})
        if len(found) > PAGE
        else None,
    }


@routes.get("/boards")
async def all_boards(request: web.Request) -> web.Response:
    entries = await request.app[DATABASE].read(boards.all)
    return page(request, "boards.html", boards=entries)
