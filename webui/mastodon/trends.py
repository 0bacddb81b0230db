"""Trends: topics by how many people wrote of them, solved questions in the place of popular posts, no links.

The town ranks neither posts nor people (docs/mastodon-api.md).
"""

from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import trends
from community.models import Tag
from webui.mastodon.entities import statuses, tags
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()
OFFSET_MOST = 200
KEPT_MS = 5 * 60_000


@routes.get("/api/v1/trends", access="public")
async def first(call: Call) -> web.Response:
    return await _tags(call)


@routes.get("/api/v1/trends/tags", access="public")
async def topics(call: Call) -> web.Response:
    return await _tags(call)


@routes.get("/api/v1/trends/statuses", access="public")
async def posts(call: Call) -> web.Response:
    limit, offset = call.window(default=20, most=40).limit, _offset(call)

    def unit(session: Session) -> list[Any]:
        found = trends.solved(session, call.viewer, limit=limit, offset=offset)
        return list(statuses.many(session, call.viewer, found, context="public"))

    return reply(await call.read(unit))


@routes.get("/api/v1/trends/links", access="public")
async def links(call: Call) -> web.Response:
    """Which pages are linked most, nobody counts here."""
    return reply([])


async def _tags(call: Call) -> web.Response:
    limit, offset = call.window(default=10, most=20).limit, _offset(call)

    def unit(session: Session) -> list[dict[str, Any]]:
        shown = _counted(session, call)[offset : offset + limit]
        rows = {tag.id: tag for tag in session.scalars(select(Tag).where(Tag.id.in_(shown)))}
        return tags.many(session, call.viewer, [rows[each] for each in shown if each in rows])

    return reply(await call.read(unit))


def _counted(session: Session, call: Call) -> list[int]:
    """The ids of the tags, counted anew after a few minutes."""
    memory, now = call.town.memory, call.town.clock()
    found: tuple[int, list[int]] | None = memory.get("trends")
    if found is None or not found[0] <= now < found[0] + KEPT_MS:
        found = memory["trends"] = (now, [tag.id for tag in trends.tags(session)])
    return found[1]


def _offset(call: Call) -> int:
    return min(max(call.params.integer("offset") or 0, 0), OFFSET_MOST)
