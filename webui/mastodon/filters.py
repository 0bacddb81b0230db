"""Filters (v2): words and posts that a member does not want to meet."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import filters
from community.filters import Word
from webui.mastodon.entities import filters as entities
from webui.mastodon.params import Params
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import NOT_FOUND, Api, Call

routes = Api()
READ, WRITE = "read:filters", "write:filters"
Entity = Mapping[str, Any]


@routes.get("/api/v2/filters", scope=READ)
async def listing(call: Call) -> web.Response:
    def unit(session: Session) -> Sequence[Entity]:
        return [entities.full(it) for it in filters.every(session, call.me)]

    return reply(await call.read(unit))


@routes.post("/api/v2/filters", scope=WRITE)
async def create(call: Call) -> web.Response:
    params = call.params

    def unit(session: Session) -> Entity:
        row = filters.create(
            session,
            account_id=call.me,
            title=params.text("title") or "",
            contexts=params.all("context"),
            action=params.text("filter_action"),
            expires_in=params.integer("expires_in"),
            words=_words(params),
        )
        return entities.full(filters.full(session, [row])[0])

    return reply(await call.write(unit))


@routes.get("/api/v2/filters/{id}", scope=READ)
async def one(call: Call) -> web.Response:
    filter_id = call.path_id()

    def unit(session: Session) -> Entity:
        return entities.full(filters.full(session, [filters.require(session, call.me, filter_id)])[0])

    return reply(await call.read(unit))


@routes.put("/api/v2/filters/{id}", scope=WRITE)
async def change(call: Call) -> web.Response:
    filter_id, params = call.path_id(), call.params

    def unit(session: Session) -> Entity:
        row = filters.change(
            session,
            row=filters.require(session, call.me, filter_id),
            title=params.string("title"),
            contexts=params.all("context") if params.given("context") else None,
            action=params.text("filter_action"),
            words=_words(params),
            **until(params),
        )
        return entities.full(filters.full(session, [row])[0])

    return reply(await call.write(unit))


@routes.delete("/api/v2/filters/{id}", scope=WRITE)
async def remove(call: Call) -> web.Response:
    filter_id = call.path_id()
    await call.write(lambda session: filters.remove(session, filters.require(session, call.me, filter_id)))
    return reply({})


@routes.get("/api/v2/filters/{id}/keywords", scope=READ)
async def keywords(call: Call) -> web.Response:
    filter_id = call.path_id()

    def unit(session: Session) -> Sequence[Entity]:
        row = filters.require(session, call.me, filter_id)
        return [entities.keyword(it) for it in filters.words_of(session, row)]

    return reply(await call.read(unit))


@routes.post("/api/v2/filters/{id}/keywords", scope=WRITE)
async def add_keyword(call: Call) -> web.Response:
    filter_id, params = call.path_id(), call.params

    def unit(session: Session) -> Entity:
        row = filters.require(session, call.me, filter_id)
        text, whole = params.text("keyword"), params.flag("whole_word")
        return entities.keyword(filters.add_word(session, row=row, text=text, whole=whole))

    return reply(await call.write(unit))


@routes.get("/api/v2/filters/keywords/{id}", scope=READ)
async def keyword(call: Call) -> web.Response:
    word_id = call.path_id()
    return reply(await call.read(lambda session: entities.keyword(filters.word(session, call.me, word_id)[1])))


@routes.put("/api/v2/filters/keywords/{id}", scope=WRITE)
async def change_keyword(call: Call) -> web.Response:
    word_id, params = call.path_id(), call.params

    def unit(session: Session) -> Entity:
        row, entry = filters.word(session, call.me, word_id)
        text, whole = params.string("keyword"), params.flag("whole_word")
        return entities.keyword(filters.change_word(session, row=row, entry=entry, text=text, whole=whole))

    return reply(await call.write(unit))


@routes.delete("/api/v2/filters/keywords/{id}", scope=WRITE)
async def remove_keyword(call: Call) -> web.Response:
    word_id = call.path_id()

    def unit(session: Session) -> None:
        row, entry = filters.word(session, call.me, word_id)
        filters.remove_word(session, row=row, entry=entry)

    await call.write(unit)
    return reply({})


@routes.get("/api/v2/filters/{id}/statuses", scope=READ)
async def statuses(call: Call) -> web.Response:
    filter_id = call.path_id()

    def unit(session: Session) -> Sequence[Entity]:
        row = filters.require(session, call.me, filter_id)
        return [entities.status(it) for it in filters.posts_of(session, row)]

    return reply(await call.read(unit))


@routes.post("/api/v2/filters/{id}/statuses", scope=WRITE)
async def add_status(call: Call) -> web.Response:
    filter_id, post_id = call.path_id(), call.params.identifier("status_id")
    if post_id is None:
        raise Refusal(404, NOT_FOUND)

    def unit(session: Session) -> Entity:
        row = filters.require(session, call.me, filter_id)
        return entities.status(filters.add_post(session, viewer=call.viewer, row=row, post_id=post_id))

    return reply(await call.write(unit))


@routes.get("/api/v2/filters/statuses/{id}", scope=READ)
async def status(call: Call) -> web.Response:
    entry_id = call.path_id()
    return reply(await call.read(lambda session: entities.status(filters.post(session, call.me, entry_id)[1])))


@routes.delete("/api/v2/filters/statuses/{id}", scope=WRITE)
async def remove_status(call: Call) -> web.Response:
    entry_id = call.path_id()

    def unit(session: Session) -> Entity:
        row, entry = filters.post(session, call.me, entry_id)
        shown = entities.status(entry)
        filters.remove_post(session, row=row, entry=entry)
        return shown

    return reply(await call.write(unit))


def until(params: Params) -> dict[str, Any]:
    """When a filter ends, as an app changes it: an empty `expires_in` takes the end away."""
    seconds = params.integer("expires_in")
    return {"expires_in": seconds, "for_ever": params.given("expires_in") and seconds is None}


def _words(params: Params) -> list[Word]:
    """The changes in `keywords_attributes`; an id that cannot be one names nothing that is there."""
    return [
        Word(
            id=(it.identifier("id") or 0) if it.text("id") else None,
            text=it.string("keyword"),
            whole=it.flag("whole_word"),
            gone=bool(it.flag("_destroy")),
        )
        for it in params.hashes("keywords_attributes")
    ]
