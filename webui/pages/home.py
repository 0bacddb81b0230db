"""ホーム: asking first, then where one's own strengths would help, then what those one follows have said."""

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import announcements, flag_lists, strengths, timelines
from community.visibility import Viewer
from webui import auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages import cards
from webui.rendering import page, redirect

PAGE = 20
_NEWEST = 5
_FLAGS = 3


routes = web.RouteTableDef()


@routes.post("/announcements/{id}/dismiss")
@auth.require_member
async def dismiss(request: web.Request) -> web.Response:
    """まちからのお知らせ was read; it stands on this member's home no more."""
    announcement_id, me = forms.id_in_path(request), auth.me(request)
    await request.app[DATABASE].write(
        lambda session: announcements.dismiss(session, account_id=me, announcement_id=announcement_id)
    )
    return redirect(request, "/")


async def home(request: web.Request) -> web.Response:
    """The home page of a member; `/` belongs to the welcome page, which calls this for members."""
    viewer = await auth.viewer(request)
    before = forms.cursor(request)

    def unit(session: Session) -> dict[str, Any]:
        return _surroundings(session, viewer, before)

    return page(request, "home.html", form=Form(), **await request.app[DATABASE].read(unit))


def _surroundings(session: Session, viewer: Viewer, before: int | None) -> dict[str, Any]:
    posts = timelines.home(session, viewer, max_id=before, limit=PAGE + 1)
    shown = posts[:PAGE]
    first = before is None
    return {
        "first": first,
        "timeline": cards.load(session, viewer, shown),
        "older": f"/?max_id={shown[-1].id}" if len(posts) > PAGE else None,
        "helpful": cards.load(session, viewer, strengths.matching_questions(session, viewer, 3))
        if first
        else [],
        "newest": cards.load(session, viewer, timelines.questions(session, viewer, limit=_NEWEST))
        if first
        else [],
        "flags": cards.load(session, viewer, flag_lists.coming(session, viewer, limit=_FLAGS)) if first else [],
        "announcements": announcements.unread(session, viewer.account_id or 0) if first else [],
        "has_strengths": bool(strengths.of(session, viewer.account_id or 0)),
    }
