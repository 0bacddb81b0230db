"""ありがとうを贈る: words, a tone, for all or for the receiver alone; at any later time, and taken back if need be."""

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import anonymity, thanking, thanks, visibility
from community.errors import CommunityError, NotAllowed, NotFound
from community.models import Account, Post
from community.text import EMPTY, Body
from community.visibility import Viewer
from webui import auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages.places import place
from webui.rendering import again, form_of, kept, page, redirect
from webui.writing import rendered

routes = web.RouteTableDef()


@routes.get("/posts/{id}/thanks")
@auth.require_member
async def form(request: web.Request) -> web.Response:
    context = await _context(request, await auth.viewer(request))
    if context["answer"].kind != "answer":
        raise NotAllowed("ありがとうは、回答に贈れます。")
    if context["receiver"].id == auth.me(request):
        raise NotAllowed("ご自分の回答には贈れません。その気持ち、きっとだれかから届きます。")
    return page(request, "thanks.html", form=Form(), **context)


async def _context(request: web.Request, viewer: Viewer) -> dict[str, Any]:
    answer_id = forms.id_in_path(request)

    def unit(session: Session) -> dict[str, Any]:
        answer = visibility.require(session, viewer, answer_id)
        given = thanks.between(session, viewer.account_id or 0, answer.id)
        return {
            "answer": answer,
            "receiver": anonymity.public_author(session, answer, viewer),
            "given": given,
            "wordless": given is None or given.message_post_id is None,
            "back": place(session, viewer, answer),
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
        return place(session, viewer, answer)

    try:
        words = await rendered(typed.text("message"), field="message")
        address = await request.app[DATABASE].write(
            lambda session: forms.once(session, typed.submission, lambda: deed(session, words))
        )
    except CommunityError as error:
        return await _again(request, viewer, typed, error)
    return redirect(request, address, "ありがとうを贈りました。")


async def _again(request: web.Request, viewer: Viewer, typed: Form, error: CommunityError) -> web.Response:
    try:
        context = await _context(request, viewer)
    except NotFound as gone:
        return kept(request, typed, gone)
    return again(request, "thanks.html", typed, error, **context)


def give_words(
    session: Session, giver: Account, answer: Post, typed: Form, words: Body, *, from_asker: bool
) -> None:
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


@routes.post("/posts/{id}/thanks/words")
@auth.require_member
async def from_reply(request: web.Request) -> web.Response:
    """Make one's own reply, which says ありがとう, the words of one (`community.thanking`)."""
    reply_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> str:
        reply = visibility.require(session, viewer, reply_id)
        given = thanking.give_words(session, author=session.get_one(Account, auth.me(request)), reply=reply)
        return place(session, viewer, session.get_one(Post, given.post_id))

    return redirect(request, await request.app[DATABASE].write(unit), "ありがとうを贈りました。")


@routes.post("/posts/{id}/thanks/withdraw")
@auth.require_member
async def withdraw(request: web.Request) -> web.Response:
    answer_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> str:
        answer = visibility.require(session, viewer, answer_id)
        thanks.withdraw(session, giver=session.get_one(Account, auth.me(request)), answer=answer)
        return place(session, viewer, answer)

    try:
        address = await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return await _again(request, viewer, form_of(request), error)
    return redirect(request, address, "ありがとうを取り下げました。")
