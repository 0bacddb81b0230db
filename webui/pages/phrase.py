"""あいことば: how the asker of an anonymous question goes on, logged in or not. No session is ever read here.

Whoever holds the phrase is the asker; every act needs it again. The same sentence answers a wrong phrase and a question that
is not there, so that a question for the town alone does not betray itself to strangers.
"""

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import anonymity, answers, posts, questions
from community.errors import CommunityError, Invalid, NotFound
from community.models import Account, Post
from community.text import Body
from community.visibility import Viewer, require
from webui import forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages.thanks import give_words
from webui.pages.thread import surroundings
from webui.rendering import again, form_of, page, sentence
from webui.writing import rendered

routes = web.RouteTableDef()
_WRONG = "あいことばが合いませんでした。写しまちがいがないか、もう一度たしかめてください。書いた文は下に残っています。"
_DONE = {
    "open": "",
    "comment": "補足をとどけました。",
    "solve": "決め手を選びました。解決、おめでとうございます。",
    "reopen": "もう一度、答えを待つことにしました。",
    "thank": "ありがとうを贈りました。",
    "delete": "質問を取り下げました。おつかれさまでした。",
}


@routes.get("/questions/{id}/phrase")
async def form(request: web.Request) -> web.Response:
    return page(request, "phrase.html", form=Form(), question_id=forms.id_in_path(request), thread=None)


@routes.post("/questions/{id}/phrase")
async def act(request: web.Request) -> web.Response:
    question_id, typed = forms.id_in_path(request), form_of(request)
    deed = typed.text("act") or "open"
    try:
        if deed not in _DONE:
            raise Invalid("act", "どれをするか、もう一度えらんでください。")
        words = await rendered(typed.text("body" if deed == "comment" else "message"), field="body")
        context = await request.app[DATABASE].write(lambda session: _do(session, question_id, typed, deed, words))
    except CommunityError as error:
        context = await request.app[DATABASE].read(lambda session: _opened(session, question_id, typed))
        return again(request, "phrase.html", typed, error, question_id=question_id, **context)
    return page(request, "phrase.html", form=Form(), question_id=question_id, done=sentence(request, _DONE[deed]) if _DONE[deed] else "", **context)


def _do(session: Session, question_id: int, typed: Form, deed: str, words: Body) -> dict[str, Any]:
    question = _recognised(session, question_id, typed)
    relay = session.get_one(Account, question.author_id)
    viewer = Viewer(account_id=relay.id)
    if deed == "comment":
        parent = _answer(session, viewer, question, typed) if typed.text("answer") else question
        forms.once(
            session,
            typed.submission,
            lambda: answers.reply(session, author=relay, parent=parent, body=words, from_asker=True).uri,
        )
    elif deed == "solve":
        questions.solve(session, question=question, answer=_answer(session, viewer, question, typed), by=relay)
    elif deed == "reopen":
        questions.reopen(session, question=question, by=relay)
    elif deed == "thank":
        give_words(session, relay, _answer(session, viewer, question, typed), typed, words, from_asker=True)
    elif deed == "delete":
        posts.delete(session, post=question, by=relay)
        return {"thread": None, "phrase": ""}
    session.expire_all()  # counts are added up in the database
    return {**surroundings(session, viewer, question), "phrase": typed.text("phrase")}


def _opened(session: Session, question_id: int, typed: Form) -> dict[str, Any]:
    """The thread beside a form that was not taken, if the phrase is right."""
    try:
        question = _recognised(session, question_id, typed)
    except CommunityError:
        return {"thread": None, "phrase": ""}
    return {**surroundings(session, Viewer(account_id=question.author_id), question), "phrase": typed.text("phrase")}


def _recognised(session: Session, question_id: int, typed: Form) -> Post:
    """The question, if the phrase is its own. Raises Invalid("phrase")."""
    question = session.get(Post, question_id)
    hidden = question is not None and question.anonymous and question.local and question.deleted_at is None
    if question is None or not hidden or not anonymity.asker_of(session, question, typed.text("phrase")):
        raise Invalid("phrase", _WRONG)
    return question


def _answer(session: Session, viewer: Viewer, question: Post, typed: Form) -> Post:
    """The answer that the form names by its number or its lasting address."""
    named = typed.text("answer")
    known = posts.by_uri(session, named)
    post = require(session, viewer, known.id if known else forms.identifier(named))
    if post.root_id != question.id:
        raise NotFound("その回答は、この質問のものではないようです。")
    return post

