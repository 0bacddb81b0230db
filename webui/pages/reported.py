"""通報を見る: what waits to be looked after, and what is done about it."""

from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import moderation, reports, visibility
from community.errors import NotFound
from community.models import Account, Post, Report
from community.promises import PROMISES
from community.visibility import Viewer
from webui import auth, forms
from webui.keys import DATABASE
from webui.pages.places import place
from webui.rendering import form_of, page, redirect

routes = web.RouteTableDef()
_moderators = auth.require_role("moderator", "admin")
_SETTLED_SHOWN = 20
_DONE = {
    "resolve": "対応を終えました。知らせてくださった方へ、ありがとうございました。",
    "reopen": "もう一度、対応を待つ通報にもどしました。",
    "silence": "この方の書きこみは、フォローしている方にだけ届くようにしました。",
    "suspend": "この方の利用を止めました。書きこみは見えなくなります。",
}


@dataclass(frozen=True, slots=True)
class Case:
    """A report as who looks after it reads it."""

    report: Report
    reporter: Account
    target: Account
    posts: list[tuple[Post, str | None]]  # each with its address, if it can still be seen
    promises: list[str]


@routes.get("/operate/reports")
@_moderators
async def listed(request: web.Request) -> web.Response:
    viewer = await auth.viewer(request)

    def unit(session: Session) -> tuple[list[Case], list[Case]]:
        settled = (
            select(Report)
            .where(Report.action_taken_at.is_not(None), reports.shown_to(viewer))
            .order_by(Report.id.desc())
            .limit(_SETTLED_SHOWN)
        )
        waiting = reports.waiting(session, viewer)
        return _cases(session, viewer, waiting), _cases(session, viewer, list(session.scalars(settled)))

    waiting, settled = await request.app[DATABASE].read(unit)
    return page(request, "reported.html", waiting=waiting, settled=settled)


@routes.post("/operate/reports/{id}")
@_moderators
async def decide(request: web.Request) -> web.Response:
    """Settle a report or take it up again; or do something about whom it is about, which settles it too."""
    report_id, me, viewer = forms.id_in_path(request), auth.me(request), await auth.viewer(request)
    decision = form_of(request).text("decision")
    if decision not in _DONE:
        raise NotFound(forms.NOT_HERE)

    def unit(session: Session) -> None:
        report = reports.require(session, viewer, report_id)
        if decision == "resolve":
            reports.resolve(session, report, by=me)
        elif decision == "reopen":
            reports.reopen(session, report)
        else:
            by = session.get_one(Account, me)
            moderation.act(session, by=by, account_id=report.target_id, deed=decision, report=report)

    await request.app[DATABASE].write(unit)
    return redirect(request, "/operate/reports", _DONE[decision])


def _cases(session: Session, viewer: Viewer, rows: list[Report]) -> list[Case]:
    """The reports with everybody concerned, loaded in three queries and one for each post that still stands."""
    people = {each for row in rows for each in (row.account_id, row.target_id)}
    accounts = {each.id: each for each in session.scalars(select(Account).where(Account.id.in_(people)))}
    ids = {each for row in rows for each in row.post_ids}
    posts = {each.id: each for each in session.scalars(select(Post).where(Post.id.in_(ids)))}
    return [
        Case(
            report=row,
            reporter=accounts[row.account_id],
            target=accounts[row.target_id],
            posts=[(posts[each], _address(session, viewer, posts[each])) for each in row.post_ids if each in posts],
            promises=[PROMISES[each] for each in row.rule_ids if each in PROMISES],
        )
        for row in rows
    ]


def _address(session: Session, viewer: Viewer, post: Post) -> str | None:
    return place(session, viewer, post) if visibility.may_see(session, viewer, post) else None
