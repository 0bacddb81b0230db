"""Conversations: direct posts, by who is in on them. The cursor of the list is the last post, not the conversation."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import conversations
from community.models import Conversation
from webui.mastodon import paging
from webui.mastodon.entities import conversations as entities
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call

routes = Api()
_DEFAULT, _MOST = 20, 40
_WRITE = "write:conversations"


@routes.get("/api/v1/conversations", scope="read:statuses")
async def listing(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)

    def unit(session: Session) -> paging.Shown:
        statement = select(Conversation).where(Conversation.account_id == call.me)
        rows = [row[0] for row in window.rows(session, statement, Conversation.last_post_id)]
        return paging.Shown(entities.many(session, call.viewer, rows), [it.last_post_id for it in rows])

    return call.paged(await call.read(unit), window)


@routes.post("/api/v1/conversations/{id}/read", scope=_WRITE)
async def read(call: Call) -> web.Response:
    return await _marked(call, unread=False)


@routes.post("/api/v1/conversations/{id}/unread", scope=_WRITE)
async def unread(call: Call) -> web.Response:
    return await _marked(call, unread=True)


@routes.delete("/api/v1/conversations/{id}", scope=_WRITE)
async def remove(call: Call) -> web.Response:
    found = call.path_id()
    await call.write(
        lambda session: conversations.remove(session, conversations.require(session, call.me, found))
    )
    return reply({})


async def _marked(call: Call, *, unread: bool) -> web.Response:
    found = call.path_id()

    def unit(session: Session) -> Mapping[str, Any]:
        row = conversations.mark(session, conversations.require(session, call.me, found), unread=unread)
        return entities.many(session, call.viewer, [row])[0]

    return reply(await call.write(unit))
