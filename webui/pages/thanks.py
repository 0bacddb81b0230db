"""ありがとうを贈る: words, a tone, for all or for the receiver alone; at any later time, and taken back if need be."""

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import anonymity, thanks, visibility
from community.errors import CommunityError
from community.models import Account, Post
from community.text import EMPTY, Body
from community.visibility import Viewer
from webui import auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages.thread import place
from webui.rendering import again, form_of, page, redirect
from webui.writing import rendered

routes = web.RouteTableDef()


@routes.get("/posts/{id}/thanks")
@auth.require_member
async def form(request: web.Request) -> web.Response:
    context = await _context(request, await auth.viewer(request))
    return page(request, "thanks.html", form=Form(), **context)


async def _context(request: web.Request, viewer: Viewer) -> dict[str, Any]:
    answer_id = forms.id_in_path(request)

    def unit(session: Session) -> dict[str, Any]:
        answer = visibility.require(session, viewer, answer_id)
        return {
            "answer": answer,
            "receiver": anonymity.public_author(session, answer),
            "given": thanks.between(session, viewer.account_id or 0, answer.id),
            "back": place(session, answer),
        }

    return await request.app[DATABASE].read(unit)


@routes.post("/posts/{id}/thanks")
@auth.require_member
async def give(request: web.Request) -> web.Response:
    answer_id, viewer = forms.id_in_path(request), await auth.viewer(request)
    typed = form_of(request)

    def deed(session: Session, words: Body) -> str:
        answer = visibility.require(session, viewer, answer_id)
        giver = session.get_one(Account, auth.me(request))
        give_words(session, giver, answer, typed, words, from_asker=False)
        return place(session, answer)

    try:
        words = await rendered(typed.text("message"), field="message")
        address = await request.app[DATABASE].write(
            lambda session: forms.once(session, typed.submission, lambda: deed(session, words))
        )
    except CommunityError as error:
        return again(request, "thanks.html", typed, error, **await _context(request, viewer))
    return redirect(request, address, "ありがとうを贈りました。")


def give_words(session: Session, giver: Account, answer: Post, typed: Form, words: Body, *, from_asker: bool) -> None:
    """Give what the form says: for the page of a member and for the page of an anonymous asker."""
    thanks.give(
        session,
        giver=giver,
        answer=answer,
        message=words if words != EMPTY else None,
        tone=typed.text("tone") or None,
        private=typed.checked("private"),
        from_asker=from_asker,
    )


@routes.post("/posts/{id}/thanks/withdraw")
@auth.require_member
async def withdraw(request: web.Request) -> web.Response:
    answer_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> str:
        answer = visibility.require(session, viewer, answer_id)
        thanks.withdraw(session, giver=session.get_one(Account, auth.me(request)), answer=answer)
        return place(session, answer)

    return redirect(request, await request.app[DATABASE].write(unit), "ありがとうを取り下げました。")
