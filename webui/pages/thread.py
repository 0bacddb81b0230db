"""質問ページ: the question, its answers with their letters, and every way to go on from there."""

from collections.abc import Callable
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import anonymity, answers, boards, media, posts, questions, tags, thanking, visibility
from community.errors import CommunityError, Gone, NotFound
from community.models import Account, Post
from community.text import Body
from community.threads import Thread
from community.visibility import Viewer
from federation import lookup
from webui import addresses, auth, forms, spreading
from webui.forms import Form
from webui.keys import DATABASE, FEDERATION
from webui.pages import conversation, flag_page, passed_on, tended
from webui.pages.places import beginning, place
from webui.rendering import (
    again,
    form_of,
    found_by_consent,
    kept,
    name_document,
    page,
    redirect,
    to_document,
    wants_activity,
)
from webui.writing import rendered

routes = web.RouteTableDef()
_TAKEN_BACK = "この書きこみは、書いたご本人が取り下げました。"


@routes.get(r"/@{handle}/{id:\d+}")
@spreading.made_once
async def show(request: web.Request) -> web.Response:
    """The page of a thread. What stands further down in it leads to its place there, a wrong name to the right one.

    410 for what was taken back; the answers to a question that was taken back still stand on its page.
    """
    post_id, viewer = forms.id_in_path(request), await auth.viewer(request)
    handle, program = request.match_info["handle"], wants_activity(request)

    def unit(session: Session) -> tuple[Post, str, dict[str, Any]]:
        post, root = _found(session, viewer, post_id)
        shown = anonymity.public_author(session, root, viewer)
        if program or post is not root or post.id != post_id or handle != shown.handle:
            return post, addresses.in_thread(root, shown, post.id), {}
        return post, "", surroundings(session, viewer, root)

    post, address, context = await request.app[DATABASE].read(unit)
    if program:
        return to_document(post.uri)
    if address:
        return web.Response(status=303, headers={"Location": address, "Vary": "Accept"})
    if not post.local and viewer.account_id is not None:
        lookup.thread_opened(request.app[FEDERATION], post.id)
    status = 200 if post.deleted_at is None else 410
    response = page(request, "thread.html", status=status, form=Form(), reply_to=None, **context)
    found_by_consent(response, context["thread"].authors.values())
    return name_document(response, post.uri) if post.local else response


def _found(session: Session, viewer: Viewer, post_id: int) -> tuple[Post, Post]:
    """The post, and the beginning of the thread it is shown in. Raises NotFound, Gone."""
    post = session.get(Post, post_id)
    if post is None or post.deleted_at is None:
        post = visibility.require(session, viewer, post_id)
        if post.boost_of_id is not None:
            post = visibility.require(session, viewer, post.boost_of_id)
        return post, beginning(session, viewer, post)
    if not visibility.was_taken_back(session, viewer, post):
        return visibility.require(session, viewer, post_id), post  # raises NotFound
    below = posts.thread(session, viewer, post)
    if not below.answers and not below.comments:
        raise Gone(_TAKEN_BACK)
    return post, post


def surroundings(session: Session, viewer: Viewer, root: Post) -> dict[str, Any]:
    """All that the templates of a thread need; a fixed number of queries."""
    thread = posts.thread(session, viewer, root)
    me = viewer.account_id
    board = session.get(Account, root.board_id) if root.board_id else None
    return {
        "thread": thread,
        "under": lambda post: conversation.under(thread, post.id),
        "pictures": media.of(session, _shown(thread, root)),
        "root": root,
        "tags": tags.of(session, [root])[root.id],
        "board": board,
        "board_label": lambda locale: boards.label(board, locale) if board else "",
        "board_entry": boards.by_slug(session, board.name) if board is not None and board.local else None,
        "sources": passed_on.load(session, viewer, thread.answers),
        "asker": me is not None and root.author_id == me and not root.anonymous,
        "offers": thanking.offers(session, viewer, [each for below in thread.comments.values() for each in below]),
        "given": {it.post_id for given in thread.thanks.values() for it in given if it.giver_id == me},
        **flag_page.surroundings(session, viewer, root),
        **tended.surroundings(session, viewer, root),
    }


def _shown(thread: Thread, root: Post) -> list[int]:
    said = [post.id for posts in thread.comments.values() for post in posts]
    return [root.id, *(post.id for post in thread.answers), *said]


@routes.post("/questions/{id}/answers")
@auth.require_member
async def answer(request: web.Request) -> web.Response:
    return await _reply(request, forms.id_in_path(request), "回答をとどけました。ありがとうございます。")


@routes.post("/posts/{id}/comments")
@auth.require_member
async def comment(request: web.Request) -> web.Response:
    return await _reply(request, forms.id_in_path(request), "コメントをとどけました。")


async def _reply(request: web.Request, parent_id: int, told: str) -> web.Response:
    typed, viewer = form_of(request), await auth.viewer(request)

    def deed(session: Session, body: Body) -> str:
        author = session.get_one(Account, auth.me(request))
        post = answers.reply(
            session,
            author=author,
            parent=visibility.require(session, viewer, parent_id),
            body=body,
            as_of=typed.text("as_of") or None,
            basis=typed.text("basis"),
            ai_draft=typed.checked("ai_draft"),
            passed_on_from=passed_on.find(session, viewer, typed.text("passed_on_from")),
        )
        return place(session, viewer, post)

    try:
        body = await rendered(typed.text("body"))
        address = await request.app[DATABASE].write(
            lambda session: forms.once(session, typed.submission, lambda: deed(session, body))
        )
    except CommunityError as error:
        return await _again(request, parent_id, typed, error)
    return redirect(request, address, told)


async def _again(
    request: web.Request, post_id: int, typed: Form, error: CommunityError, *, replying: bool = True
) -> web.Response:
    """The thread of `post_id` once more, with `error` and what was typed where it was typed.

    If the thread, or the form in it, is not there any more, a page with what was typed.
    """
    viewer = await auth.viewer(request)

    def unit(session: Session) -> dict[str, Any]:
        post = visibility.require(session, viewer, post_id)
        return surroundings(session, viewer, beginning(session, viewer, post))

    try:
        context = await request.app[DATABASE].read(unit)
    except NotFound as gone:
        return kept(request, typed, gone)
    if replying and not _has_form(context, post_id):
        return kept(request, typed, error)
    return again(request, "thread.html", typed, error, reply_to=post_id if replying else None, **context)


async def once_more(request: web.Request, post_id: int, typed: Form, error: CommunityError) -> web.Response:
    """The thread of `post_id` once more, with `error` on top: for a deed that is no reply."""
    return await _again(request, post_id, typed, error, replying=False)


def _has_form(context: dict[str, Any], post_id: int) -> bool:
    """Whether the page of the thread offers a reply to the post."""
    thread, root = context["thread"], context["root"]
    if root.deleted_at is not None:
        return False
    said = (post.id for below in thread.comments.values() for post in below)
    return post_id in {root.id, *(post.id for post in thread.answers), *said}


@routes.post("/questions/{id}/solve")
@auth.require_member
async def solve(request: web.Request) -> web.Response:
    viewer, typed = await auth.viewer(request), form_of(request)

    def deed(session: Session, question: Post, by: Account) -> str:
        chosen = visibility.require(session, viewer, forms.identifier(typed.text("answer")))
        questions.solve(session, question=question, answer=chosen, by=by)
        return place(session, viewer, chosen)

    return await _decide(request, deed, "決め手を選びました。解決、おめでとうございます。")


@routes.post("/questions/{id}/reopen")
@auth.require_member
async def reopen(request: web.Request) -> web.Response:
    viewer = await auth.viewer(request)

    def deed(session: Session, question: Post, by: Account) -> str:
        questions.reopen(session, question=question, by=by)
        return place(session, viewer, question)

    return await _decide(request, deed, "もう一度、答えを待つことにしました。")


async def _decide(
    request: web.Request, deed: Callable[[Session, Post, Account], str], told: str
) -> web.Response:
    """What the asker decides about the question: `deed` gives the address to lead to, `told` is said there."""
    question_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> str:
        question = visibility.require(session, viewer, question_id)
        return deed(session, question, session.get_one(Account, auth.me(request)))

    try:
        address = await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return await _again(request, question_id, form_of(request), error, replying=False)
    return redirect(request, address, told)
