"""Lists and who is on them: /api/v1/lists. What they show is in `timelines`."""

from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import lists
from community.models import ListMember
from webui.mastodon import paging, people
from webui.mastodon.entities import accounts
from webui.mastodon.entities import lists as entities
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call

routes = Api()
_NO_TITLE = "Validation failed: Title can't be blank"


@routes.get("/api/v1/lists", scope="read:lists")
async def own(call: Call) -> web.Response:
    return reply(
        await call.read(lambda session: [entities.one(each) for each in lists.of(session, call.me)])
    )


@routes.post("/api/v1/lists", scope="write:lists")
async def create(call: Call) -> web.Response:
    params = call.params
    title = params.text("title")
    if title is None:
        raise Refusal(422, _NO_TITLE)

    def unit(session: Session) -> dict[str, Any]:
        row = lists.create(
            session,
            account=people.mine(session, call),
            title=title,
            replies_policy=params.text("replies_policy") or "list",
            exclusive=bool(params.flag("exclusive")),
        )
        return entities.one(row)

    return reply(await call.write(unit))


@routes.get("/api/v1/lists/{id}", scope="read:lists")
async def one(call: Call) -> web.Response:
    list_id = call.path_id()
    return reply(await call.read(lambda session: entities.one(lists.require(session, call.me, list_id))))


@routes.put("/api/v1/lists/{id}", scope="write:lists")
async def change(call: Call) -> web.Response:
    """Only what is sent changes."""
    list_id, params = call.path_id(), call.params
    if params.given("title") and params.text("title") is None:
        raise Refusal(422, _NO_TITLE)

    def unit(session: Session) -> dict[str, Any]:
        row = lists.require(session, call.me, list_id)
        lists.change(
            session,
            row=row,
            title=params.text("title"),
            replies_policy=params.text("replies_policy"),
            exclusive=params.flag("exclusive"),
        )
        return entities.one(row)

    return reply(await call.write(unit))


@routes.delete("/api/v1/lists/{id}", scope="write:lists")
async def remove(call: Call) -> web.Response:
    list_id = call.path_id()
    await call.write(
        lambda session: lists.remove(session, row=lists.require(session, call.me, list_id))
    )
    return reply({})


@routes.get("/api/v1/lists/{id}/accounts", scope="read:lists")
async def members(call: Call) -> web.Response:
    """Who is on it; with `limit=0` everybody at once."""
    list_id = call.path_id()
    window = call.window(default=people.DEFAULT, most=people.MOST)
    everybody = call.params.integer("limit") == 0

    def unit(session: Session) -> paging.Shown:
        lists.require(session, call.me, list_id)
        rows = select(ListMember.account_id, ListMember.id.label("cursor")).where(ListMember.list_id == list_id)
        if everybody:
            found = session.scalars(rows.order_by(ListMember.id.desc())).all()
            return paging.Shown(accounts.many(session, call.viewer, found), [])
        return people.page(session, call, window, rows, ListMember.id)

    return call.paged(await call.read(unit), window)


@routes.post("/api/v1/lists/{id}/accounts", scope="write:lists")
async def add(call: Call) -> web.Response:
    # One more than there may be is refused as any number is, and costs no more.
    list_id, ids = call.path_id(), call.params.identifiers("account_ids")[: lists.MEMBERS_MOST + 1]

    def unit(session: Session) -> None:
        row = lists.require(session, call.me, list_id)
        lists.add(session, row=row, accounts=[people.require(session, call.viewer, each) for each in ids])

    await call.write(unit)
    return reply({})


@routes.delete("/api/v1/lists/{id}/accounts", scope="write:lists")
async def take_off(call: Call) -> web.Response:
    list_id, ids = call.path_id(), call.params.identifiers("account_ids")

    def unit(session: Session) -> None:
        row = lists.require(session, call.me, list_id)
        lists.take_off(session, row=row, account_ids=ids)

    await call.write(unit)
    return reply({})
