"""What a member kept: favourites and bookmarks."""

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community.models import Bookmark, Like
from webui.mastodon import paging
from webui.mastodon.entities import statuses
from webui.mastodon.routing import Api, Call

routes = Api()
_DEFAULT, _MOST = 20, 40


@routes.get("/api/v1/favourites", scope="read:favourites")
async def favourites(call: Call) -> web.Response:
    return await _kept(call, Like)


@routes.get("/api/v1/bookmarks", scope="read:bookmarks")
async def bookmarks(call: Call) -> web.Response:
    return await _kept(call, Bookmark)


async def _kept(call: Call, model: type[Like] | type[Bookmark]) -> web.Response:
    """The latest first by when it was kept: the cursor is the row's own id."""
    window = call.window(default=_DEFAULT, most=_MOST)

    def unit(session: Session) -> paging.Shown:
        own = select(model.id, model.post_id).where(model.account_id == call.me)
        rows = window.rows(session, own, model.id)
        return paging.Shown(
            statuses.many(session, call.viewer, [row.post_id for row in rows]), [row.id for row in rows]
        )

    return call.paged(await call.read(unit), window)
