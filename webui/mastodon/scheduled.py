"""Posts that are to be posted later: looking at them, moving and cancelling them."""

import orjson
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import scheduled
from community.models import ScheduledPost
from webui.mastodon import drafts, paging
from webui.mastodon.entities import scheduling
from webui.mastodon.entities.times import moment
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call

routes = Api()
_DEFAULT, _MOST = 20, 40


@routes.get("/api/v1/scheduled_statuses", scope="read:statuses")
async def several(call: Call) -> web.Response:
    window = call.window(default=_DEFAULT, most=_MOST)

    def unit(session: Session) -> paging.Shown:
        own = select(ScheduledPost.id).where(ScheduledPost.account_id == call.me)
        ids = [row.id for row in window.rows(session, own, ScheduledPost.id)]
        found = {row.id: row for row in session.scalars(select(ScheduledPost).where(ScheduledPost.id.in_(ids)))}
        return paging.Shown(scheduling.many(session, [found[each] for each in ids]), ids)

    return call.paged(await call.read(unit), window)


@routes.get("/api/v1/scheduled_statuses/{id}", scope="read:statuses")
async def show(call: Call) -> web.Response:
    scheduled_id = call.path_id()

    def unit(session: Session) -> orjson.Fragment:
        row = scheduled.own(session, account_id=call.me, scheduled_id=scheduled_id)
        return scheduling.one(session, row)

    return reply(await call.read(unit))


@routes.put("/api/v1/scheduled_statuses/{id}", scope="write:statuses")
async def move(call: Call) -> web.Response:
    scheduled_id, said = call.path_id(), call.params.text("scheduled_at")
    at = moment(said)
    if said is not None and at is None:
        raise Refusal(422, "Validation failed: Scheduled at is invalid")

    def unit(session: Session) -> orjson.Fragment:
        row = scheduled.own(session, account_id=call.me, scheduled_id=scheduled_id)
        if at is not None:
            row = scheduled.move(session, account_id=call.me, scheduled_id=scheduled_id, at=at)
        return scheduling.one(session, row)

    return reply(await drafts.in_their_words(call, unit))


@routes.delete("/api/v1/scheduled_statuses/{id}", scope="write:statuses")
async def cancel(call: Call) -> web.Response:
    scheduled_id = call.path_id()
    await call.write(lambda session: scheduled.cancel(session, account_id=call.me, scheduled_id=scheduled_id))
    return reply({})
