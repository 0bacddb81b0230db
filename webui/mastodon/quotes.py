"""Quotes of a post: who quotes it, taking oneself out of a quote, and who may quote from now on."""

import orjson
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import quotes, visibility
from community.models import Account, Post
from webui.mastodon import drafts, paging
from webui.mastodon.entities import statuses
from webui.mastodon.replies import reply
from webui.mastodon.routing import Api, Call
from webui.mastodon.statuses import own

routes = Api()
_DEFAULT, _MOST = 20, 40


@routes.get("/api/v1/statuses/{id}/quotes", scope="read:statuses")
async def several(call: Call) -> web.Response:
    post_id, window = call.path_id(), call.window(default=_DEFAULT, most=_MOST)

    def unit(session: Session) -> paging.Shown:
        visibility.require(session, call.viewer, post_id)
        quoting = select(Post.id).where(
            Post.quote_of_id == post_id, Post.quote_state == quotes.ACCEPTED, visibility.visible_to(call.viewer)
        )
        ids = [row.id for row in window.rows(session, quoting, Post.id)]
        return paging.Shown(statuses.many(session, call.viewer, ids), ids)

    return call.paged(await call.read(unit), window)


@routes.post("/api/v1/statuses/{id}/quotes/{quote}/revoke", scope="write:statuses")
async def revoke(call: Call) -> web.Response:
    post_id, quoting_id = call.path_id(), call.path_id("quote")

    def unit(session: Session) -> orjson.Fragment:
        quoted = own(session, call, post_id)
        quoting = visibility.require(session, call.viewer, quoting_id)
        quotes.revoke(session, by=session.get_one(Account, call.me), quoted=quoted, quoting=quoting)
        return statuses.one(session, call.viewer, quoting_id)

    return reply(await call.write(unit))


@routes.put("/api/v1/statuses/{id}/interaction_policy", scope="write:statuses")
async def set_policy(call: Call) -> web.Response:
    post_id, policy = call.path_id(), call.params.text("quote_approval_policy") or ""

    def unit(session: Session) -> orjson.Fragment:
        mine = own(session, call, post_id)
        quotes.set_policy(session, by=session.get_one(Account, call.me), post=mine, policy=policy)
        return statuses.one(session, call.viewer, post_id)

    return reply(await drafts.in_their_words(call, unit))
