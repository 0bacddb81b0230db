"""書きなおす and 取り下げる: for one's own posts."""

from aiohttp import web
from sqlalchemy.orm import Session

from community import anonymity, composing, posts, questions, tags, visibility
from community.errors import CommunityError, NotAllowed
from community.models import Account, Post
from community.text import Body
from community.visibility import Viewer
from webui import auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages.places import beginning, place
from webui.rendering import again, form_of, kept, page, redirect
from webui.writing import labels, rendered

routes = web.RouteTableDef()


@routes.get("/posts/{id}/edit")
@auth.require_member
async def form(request: web.Request) -> web.Response:
    post, labelled, back = await _own(request)
    if post.kind == "flag":
        return redirect(request, f"/flags/{post.id}/edit")
    blank = Form.blank(
        title=post.title,
        body=post.body_source,
        tags="、".join(labelled),
        as_of=post.as_of,
        basis=post.basis,
        ai_draft="1" if post.ai_draft else None,
    )
    return page(request, "edit.html", form=blank, post=post, back=back)


async def _own(request: web.Request) -> tuple[Post, list[str], str]:
    """The member's own post with its tags and its place. Raises NotFound, NotAllowed."""
    post_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> tuple[Post, list[str], str]:
        post = _mine(session, viewer, post_id)
        return post, tags.labels_of(session, post), place(session, viewer, post)

    return await request.app[DATABASE].read(unit)


def _mine(session: Session, viewer: Viewer, post_id: int) -> Post:
    post = visibility.require(session, viewer, post_id)
    if anonymity.public_author(session, post).id != viewer.account_id:
        raise NotAllowed("書きなおしたり取り下げたりできるのは、書いたご本人だけです。")
    return post


@routes.post("/posts/{id}/edit")
@auth.require_member
async def edit(request: web.Request) -> web.Response:
    post_id, viewer, typed = forms.id_in_path(request), await auth.viewer(request), form_of(request)
    try:
        post, _, back = await _own(request)
    except CommunityError as error:
        return kept(request, typed, error)
    try:
        body = await rendered(typed.text("body"))

        def unit(session: Session) -> None:
            me = session.get_one(Account, auth.me(request))
            mine = _mine(session, viewer, post_id)
            as_of = typed.text("as_of") or None
            words = body if mine.application is None else plain(session, typed.text("body"), by=me.id)
            if mine.kind == "question":
                questions.edit(
                    session, post=mine, by=me, title=typed.text("title"), body=words,
                    tags=labels(typed.text("tags")), as_of=as_of,
                )  # fmt: skip
            else:
                posts.edit(
                    session, post=mine, by=me, body=words, as_of=as_of,
                    basis=typed.text("basis"), ai_draft=typed.checked("ai_draft"),
                )  # fmt: skip

        await request.app[DATABASE].write(unit)
    except CommunityError as error:
        return again(request, "edit.html", typed, error, post=post, back=back)
    return redirect(request, back, "書きなおしました。")


def plain(session: Session, typed: str, *, by: int) -> Body:
    """What an app wrote stays plain text: no Markdown, but addresses, mentions and hashtags are linked."""
    return composing.render(session, typed, composing.accounts_in(session, typed, by=by)).body


@routes.get("/posts/{id}/delete")
@auth.require_member
async def ask_first(request: web.Request) -> web.Response:
    post, _, back = await _own(request)
    return page(request, "delete.html", post=post, back=back)


@routes.post("/posts/{id}/delete")
@auth.require_member
async def delete(request: web.Request) -> web.Response:
    post_id, viewer = forms.id_in_path(request), await auth.viewer(request)

    def unit(session: Session) -> str:
        post = _mine(session, viewer, post_id)
        root = beginning(session, viewer, post)
        posts.delete(session, post=post, by=session.get_one(Account, auth.me(request)))
        gone_from = "/flags" if post.kind == "flag" else "/questions"
        return gone_from if root is post else place(session, viewer, root)

    return redirect(request, await request.app[DATABASE].write(unit), "取り下げました。")
