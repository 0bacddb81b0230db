"""質問ページ: the question, its answers with their letters, and every way to go on from there."""

from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import anonymity, answers, posts, questions, tags, visibility
from community.errors import CommunityError, NotFound
from community.models import Account, Post
from community.text import Body
from community.visibility import Viewer
from webui import addresses, auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages import passed_on
from webui.rendering import again, form_of, page, redirect, to_document, wants_activity
from webui.writing import rendered

routes = web.RouteTableDef()


@routes.get(r"/@{handle}/{id:\d+}")
async def show(request: web.Request) -> web.Response:
    """The page of a post. What stands in a thread leads to its place there, a wrong name to the right one."""
    post_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> tuple[Post, str, dict[str, Any]]:
        post = visibility.require(session, viewer, post_id)
        root = session.get(Post, post.root_id or post.id) or post
        if root.deleted_at is not None or not visibility.may_see(session, viewer, root):
            root = post  # the beginning is gone: what is left stands for itself
        address = addresses.in_thread(root, anonymity.public_author(session, root), post.id)
        return post, address, surroundings(session, viewer, root)

    post, address, context = await request.app[DATABASE].read(unit)
    if wants_activity(request):
        return to_document(post.uri)
    if request.path != address:
        return web.Response(status=303, headers={"Location": address})
    return page(request, "thread.html", form=Form(), reply_to=None, **context)


def surroundings(session: Session, viewer: Viewer, root: Post) -> dict[str, Any]:
    """All that the templates of a thread need; a fixed number of queries."""
    thread = posts.thread(session, viewer, root)
    me = viewer.account_id
    return {
        "thread": thread,
        "root": root,
        "tags": tags.of(session, [root])[root.id],
        "board": session.get(Account, root.board_id) if root.board_id else None,
        "sources": passed_on.load(session, viewer, thread.answers),
        "asker": me is not None and root.author_id == me and not root.anonymous,
        "given": {it.post_id for given in thread.thanks.values() for it in given if it.giver_id == me},
    }


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
        return place(session, post)

    try:
        body = await rendered(typed.text("body"))
        address = await request.app[DATABASE].write(
            lambda session: forms.once(session, typed.submission, lambda: deed(session, body))
        )
    except CommunityError as error:
        return await _again(request, viewer, parent_id, typed, error)
    return redirect(request, address, told)


def place(session: Session, post: Post) -> str:
    """The address of a post within its thread."""
    root = session.get(Post, post.root_id or post.id) or post
    return addresses.in_thread(root, anonymity.public_author(session, root), post.id)


async def _again(
    request: web.Request, viewer: Viewer, parent_id: int, typed: Form, error: CommunityError
) -> web.Response:
    """The thread once more, with what was typed where it was typed. If the thread itself is gone, say only that."""

    def unit(session: Session) -> dict[str, Any]:
        parent = visibility.require(session, viewer, parent_id)
        root = session.get(Post, parent.root_id or parent.id) or parent
        return surroundings(session, viewer, root)

    try:
        context = await request.app[DATABASE].read(unit)
    except NotFound as gone:
        return again(request, "reply_lost.html", typed, gone)
    return again(request, "thread.html", typed, error, reply_to=parent_id, **context)


@routes.post("/questions/{id}/solve")
@auth.require_member
async def solve(request: web.Request) -> web.Response:
    question_id, viewer = forms.id_in_path(request), await auth.viewer(request)
    answer_id = forms.identifier(form_of(request).text("answer"))

    def unit(session: Session) -> str:
        question = visibility.require(session, viewer, question_id)
        chosen = visibility.require(session, viewer, answer_id)
        questions.solve(session, question=question, answer=chosen, by=session.get_one(Account, auth.me(request)))
        return place(session, chosen)

    address = await request.app[DATABASE].write(unit)
    return redirect(request, address, "決め手を選びました。解決、おめでとうございます。")


@routes.post("/questions/{id}/reopen")
@auth.require_member
async def reopen(request: web.Request) -> web.Response:
    question_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> str:
        question = visibility.require(session, viewer, question_id)
        questions.reopen(session, question=question, by=session.get_one(Account, auth.me(request)))
        return place(session, question)

    return redirect(request, await request.app[DATABASE].write(unit), "もう一度、答えを待つことにしました。")
