"""Polls: looking at one and voting."""

import orjson
from aiohttp import web
from sqlalchemy.orm import Session

from community import polls, visibility
from community.models import Account
from federation import lookup
from webui.mastodon import drafts
from webui.mastodon.entities import polls as entities
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import NOT_FOUND, Api, Call

routes = Api()


@routes.get("/api/v1/polls/{id}", scope="read:statuses", access="public")
async def show(call: Call) -> web.Response:
    post_id = call.path_id()
    shown = await call.read(lambda session: _shown(session, call, post_id))
    if call.viewer.account_id is not None:
        lookup.poll_opened(call.federation, post_id)
    return reply(shown)


@routes.post("/api/v1/polls/{id}/votes", scope="write:statuses")
async def vote(call: Call) -> web.Response:
    post_id = call.path_id()
    chosen = [_place(each) for each in call.params.all("choices")]

    def unit(session: Session) -> orjson.Fragment:
        post = visibility.require(session, call.viewer, post_id)
        polls.vote(session, account=session.get_one(Account, call.me), post=post, choices=chosen)
        session.flush()
        return _shown(session, call, post_id)

    return reply(await drafts.in_their_words(call, unit))


def _shown(session: Session, call: Call, post_id: int) -> orjson.Fragment:
    visibility.require(session, call.viewer, post_id)
    found = entities.many(session, call.viewer, [post_id])
    if post_id not in found:
        raise Refusal(404, NOT_FOUND)
    return orjson.Fragment(found[post_id])


def _place(said: str) -> int:
    """Which option is meant; -1, which no poll has, for what is no number."""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 6 else -1
