"""通報 (S18): a reason in six words, a note if one likes, and what happens next."""

from dataclasses import dataclass
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import reports, veils, visibility
from community.errors import CommunityError, NotFound
from community.models import Account, Post
from community.reports import Complaint
from community.visibility import Viewer
from webui import addresses, auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages.places import place
from webui.rendering import again, form_of, page, redirect

routes = web.RouteTableDef()
_THANKS = "知らせてくださって、ありがとうございます。運営の方だけが読みます。あなたのお名前は、相手には伝わりません。"
REASONS: dict[str, tuple[str, tuple[int, ...]]] = {
    "harsh": (reports.VIOLATION, (2,)),
    "exposing": (reports.VIOLATION, (4,)),
    "selling": (reports.SPAM, ()),
    "unlawful": (reports.LEGAL, ()),
    "pretending": (reports.OTHER, ()),
    "other": (reports.OTHER, ()),
}
"""What each word on the page means: the category, the promises it is about."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is to be reported: a post, or somebody. `remote`: their own town can be told too."""

    account: Account
    post: Post | None
    back: str

    @property
    def remote(self) -> bool:
        return not self.account.local


@routes.get("/report")
@auth.require_member
async def begin(request: web.Request) -> web.Response:
    viewer = await auth.viewer(request)
    post, account = forms.query(request, "post"), forms.query(request, "account")
    subject = await request.app[DATABASE].read(lambda session: _subject(session, viewer, post, account))
    return page(request, "report.html", form=Form.blank(), **_surroundings(subject))


@routes.post("/report")
@auth.require_member
async def file(request: web.Request) -> web.Response:
    form, viewer, me = form_of(request), await auth.viewer(request), auth.me(request)
    category, rules = REASONS.get(form.text("reason"), REASONS["other"])

    def unit(session: Session) -> str:
        return forms.once(session, form.submission, lambda: filed(session))

    def filed(session: Session) -> str:
        subject = _subject(session, viewer, form.text("post"), form.text("account"))
        complaint = Complaint(
            post_ids=[subject.post.id] if subject.post else [],
            rule_ids=rules,
            category=category,
            comment=form.text("comment"),
        )
        reports.file(
            session,
            reporter=session.get_one(Account, me),
            target=subject.account,
            complaint=complaint,
            forward=form.checked("forward"),
        )
        return subject.back

    try:
        back = await request.app[DATABASE].write(unit)
    except NotFound:
        raise
    except CommunityError as error:
        subject = await request.app[DATABASE].read(
            lambda session: _subject(session, viewer, form.text("post"), form.text("account"))
        )
        return again(request, "report.html", form, error, **_surroundings(subject))
    return redirect(request, back, _THANKS)


def _subject(session: Session, viewer: Viewer, post_id: str, account_id: str) -> Subject:
    """NotFound for what `viewer` may not see: nobody learns by a report what is there."""
    if post_id:
        post = visibility.require(session, viewer, forms.identifier(post_id))
        author = session.get_one(Account, post.author_id)
        return Subject(author, post, place(session, viewer, post))
    account = session.get(Account, forms.identifier(account_id))
    if account is None or account.deleted_at is not None or account.suspended_at is not None:
        raise NotFound(forms.NOT_HERE)
    veils.check(session, viewer, account.id)
    return Subject(account, None, addresses.of_account(account))


def _surroundings(subject: Subject) -> dict[str, Any]:
    return {"subject": subject}
