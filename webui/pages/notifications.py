"""お知らせ: what was said to a member, thanks first among the new ones, and who asks to follow."""

from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import follows, nametags, notifications
from community.models import Post, Thanks
from community.visibility import Viewer
from webui import auth, forms
from webui.keys import DATABASE
from webui.pages import cards
from webui.rendering import page

routes = web.RouteTableDef()
PAGE = 30


@routes.get("/notifications")
@auth.require_member
async def listing(request: web.Request) -> web.Response:
    viewer, before = await auth.viewer(request), forms.cursor(request)
    database = request.app[DATABASE]
    context = await database.read(lambda session: _listed(session, viewer, before))
    if before is None and auth.visitor(request).unseen:
        await database.write(lambda session: notifications.mark_seen(session, viewer))
    return page(request, "notifications.html", **context)


def _listed(session: Session, viewer: Viewer, before: int | None) -> dict[str, Any]:
    found = notifications.page(session, viewer, max_id=before, limit=PAGE + 1)
    shown = found[:PAGE]
    older = shown[-1].id if len(found) > PAGE else None
    if before is None:
        # Thanks first, then the rest as it came: among what is new, nothing else matters as much.
        shown.sort(key=lambda notice: not (notice.unseen and notice.kind == "thanks"))
    posts = list(session.scalars(select(Post).where(Post.id.in_({it.post_id for it in shown if it.post_id}))))
    requests = follows.waiting(session, viewer.account_id or 0) if before is None else []
    people = {it.actor_id for it in shown} | {tie.follower_id for tie in requests}
    by_id = nametags.shown(session, viewer, {account_id: account_id for account_id in people})
    return {
        "notices": [it for it in shown if it.kind != "follow_request"],
        "requests": requests,
        "cards": {card.post.id: card for card in cards.load(session, viewer, posts)},
        "words": _words(session, [it.thanks_id for it in shown if it.thanks_id]),
        "people": by_id,
        "older": f"/notifications?max_id={older}" if older else None,
    }


def _words(session: Session, thanks_ids: list[int]) -> dict[int, Post]:
    """The letters, by the id of their thanks. A notice is the receiver's own, so 本人だけに words show as well."""
    rows = session.execute(
        select(Thanks.id, Post).join(Post, Post.id == Thanks.message_post_id).where(
            Thanks.id.in_(thanks_ids), Post.deleted_at.is_(None)
        )
    )  # fmt: skip
    return dict(rows.all())
