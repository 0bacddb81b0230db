"""あいことば: how the asker of an anonymous question goes on, logged in or not. No session is ever read here.

Whoever holds the phrase is the asker; every act needs it again. The same sentence answers a wrong phrase and a question that
is not there, so that a question for the town alone does not betray itself to strangers.
"""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import anonymity, answers, posts, questions
from community.errors import CommunityError, Invalid, NotFound
from community.models import Account, Post
from community.text import Body
from community.visibility import Viewer, require
from webui import auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages.thanks import give_words
from webui.pages.thread import surroundings
from webui.rendering import again, form_of, page, sentence
from webui.writing import rendered

routes = web.RouteTableDef()
_WRONG = "あいことばが合いませんでした。写しまちがいがないか、もう一度たしかめてください。"
_DONE = {
    "open": "",
    "comment": "補足をとどけました。",
    "solve": "決め手を選びました。解決、おめでとうございます。",
    "reopen": "もう一度、答えを待つことにしました。",
    "thank": "ありがとうを贈りました。",
    "delete": "質問を取り下げました。おつかれさまでした。",
}
_WORDS = {"comment": "body", "thank": "message"}
"""The field that holds the words of a deed."""
FormAt = Callable[..., Form]


@routes.get("/questions/{id}/phrase")
@auth.blind
async def form(request: web.Request) -> web.Response:
    return _locked(request, Form())


@routes.post("/questions/{id}/phrase")
@auth.blind
async def act(request: web.Request) -> web.Response:
    question_id, typed = forms.id_in_path(request), form_of(request)
    deed, database = typed.text("act") or "open", request.app[DATABASE]
    try:
        if deed not in _DONE:
            raise Invalid("act", "どれをするか、もう一度えらんでください。")
        field = _WORDS.get(deed, "body")
        words = await rendered(typed.text(field), field=field)
        context = await database.write(lambda session: _do(session, question_id, typed, deed, words))
    except CommunityError as error:
        context = await database.read(lambda session: _opened(session, question_id, typed))
        return _refused(request, typed, error, context)
    done = sentence(request, _DONE[deed]) if _DONE[deed] else ""
    return _unlocked(request, Form(), context, done=done)


def _locked(request: web.Request, typed: Form, error: CommunityError | None = None) -> web.Response:
    """The form that asks for the phrase, with all that was to be done once it is right."""
    context: dict[str, Any] = {
        "question_id": forms.id_in_path(request),
        "act": typed.text("act") if typed.text("act") in _WORDS else "open",
    }
    if error is None:
        return page(request, "phrase.html", form=typed, **context)
    return again(request, "phrase.html", typed, error, **context)


def _unlocked(request: web.Request, typed: Form, context: dict[str, Any], *, done: str = "") -> web.Response:
    """The question with every form of its asker. It bears the phrase, so no cache keeps it."""
    shown: dict[str, Any] = {
        "form": typed,
        "done": done,
        "refused": None,
        "reply_to": None,
        "form_at": _blank_at,
    } | context
    response = page(request, "asker.html", **shown)
    response.headers["Cache-Control"] = "no-store"
    return response


def _refused(
    request: web.Request, typed: Form, error: CommunityError, context: dict[str, Any]
) -> web.Response:
    if not context:
        return _locked(request, typed, error)
    deed, named = typed.text("act"), typed.text("answer")
    chosen = next((it for it in context["thread"].answers if named in {str(it.id), it.uri}), None)
    at_hand = deed in _WORDS and (chosen is not None or (deed == "comment" and not named))

    def form_at(act: str, answer: Post | None = None) -> Form:
        """The form of a deed on the page: the one that was refused as it was typed, the others empty."""
        mine = at_hand and act == deed and answer is chosen
        return (typed if mine else Form()).at(_place(act, answer))

    shown: dict[str, Any] = {
        "done": "",
        "refused": not at_hand,
        "reply_to": None,
        "form_at": form_at,
    } | context
    response = again(request, "asker.html", typed, error, **shown)
    response.headers["Cache-Control"] = "no-store"
    return response


def _blank_at(act: str, answer: Post | None = None) -> Form:
    return Form().at(_place(act, answer))


def _place(act: str, answer: Post | None) -> str:
    return f"{act}-{answer.id}" if answer else act


def _do(session: Session, question_id: int, typed: Form, deed: str, words: Body) -> dict[str, Any]:
    question = _recognised(session, question_id, typed)
    relay = session.get_one(Account, question.author_id)
    viewer = Viewer(account_id=relay.id, unnamed=True)
    if deed == "comment":
        parent = _answer(session, viewer, question, typed) if typed.text("answer") else question
        forms.once(
            session,
            typed.submission,
            lambda: answers.reply(session, author=relay, parent=parent, body=words, from_asker=True).uri,
        )
    elif deed == "solve":
        questions.solve(
            session, question=question, answer=_answer(session, viewer, question, typed), by=relay
        )
    elif deed == "reopen":
        questions.reopen(session, question=question, by=relay)
    elif deed == "thank":
        give_words(session, relay, _answer(session, viewer, question, typed), typed, words, from_asker=True)
    elif deed == "delete":
        posts.delete(session, post=question, by=relay)
        return {"thread": None, "question_id": question_id}
    session.flush()
    session.expire_all()  # counts are added up in the database
    return _context(session, question, typed)


def _opened(session: Session, question_id: int, typed: Form) -> dict[str, Any]:
    """The thread beside a form that was not taken, if the phrase is right; else nothing."""
    try:
        question = _recognised(session, question_id, typed)
    except CommunityError:
        return {}
    return _context(session, question, typed)


def _context(session: Session, question: Post, typed: Form) -> dict[str, Any]:
    viewer = Viewer(account_id=question.author_id, unnamed=True)
    return {
        **surroundings(session, viewer, question),
        "question_id": question.id,
        "phrase": typed.text("phrase"),
    }


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
