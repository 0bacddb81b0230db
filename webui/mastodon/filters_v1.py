"""Filters as v1 knew them: one word each, under the word's id. They are the same filters as those of v2."""

from collections.abc import Mapping, Sequence
from typing import Any

from aiohttp import web
from sqlalchemy.orm import Session

from community import filters
from community.filters import Word
from community.models import Filter, FilterKeyword
from webui.mastodon.entities import filters as entities
from webui.mastodon.filters import READ, WRITE, until
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call

routes = Api()
_SHARED = "Validation failed: this filter has several keywords; change it with v2"


@routes.get("/api/v1/filters", scope=READ)
async def listing(call: Call) -> web.Response:
    def unit(session: Session) -> Sequence[Mapping[str, Any]]:
        return [
            entities.old(it.filter, word) for it in filters.every(session, call.me) for word in it.words
        ]

    return reply(await call.read(unit))


@routes.post("/api/v1/filters", scope=WRITE)
async def create(call: Call) -> web.Response:
    params, phrase = call.params, call.params.text("phrase") or ""

    def unit(session: Session) -> Mapping[str, Any]:
        row = filters.create(
            session,
            account_id=call.me,
            title=phrase,
            contexts=params.all("context"),
            action="hide" if params.flag("irreversible") else "warn",
            expires_in=params.integer("expires_in"),
            words=[Word(text=phrase, whole=bool(params.flag("whole_word")))],
        )
        return entities.old(row, filters.words_of(session, row)[0])

    return reply(await call.write(unit))


@routes.get("/api/v1/filters/{id}", scope=READ)
async def one(call: Call) -> web.Response:
    word_id = call.path_id()
    return reply(await call.read(lambda session: entities.old(*filters.word(session, call.me, word_id))))


@routes.put("/api/v1/filters/{id}", scope=WRITE)
async def change(call: Call) -> web.Response:
    """The word changes; what belongs to the whole filter only where the word is all there is of it."""
    word_id, params = call.path_id(), call.params

    def unit(session: Session) -> Mapping[str, Any]:
        row, word = filters.word(session, call.me, word_id)
        text, whole = params.text("phrase"), params.flag("whole_word")
        filters.change_word(session, row=row, entry=word, text=text, whole=whole)
        facts = _of_filter(call, row)
        if facts:
            if not _alone(session, row, word):
                raise Refusal(422, _SHARED)
            filters.change(session, row=row, **facts)
        return entities.old(row, word)

    return reply(await call.write(unit))


@routes.delete("/api/v1/filters/{id}", scope=WRITE)
async def remove(call: Call) -> web.Response:
    """The word goes, and with the last one its filter."""
    word_id = call.path_id()

    def unit(session: Session) -> None:
        row, word = filters.word(session, call.me, word_id)
        if _alone(session, row, word):
            filters.remove(session, row)
        else:
            filters.remove_word(session, row=row, entry=word)

    await call.write(unit)
    return reply({})


def _alone(session: Session, row: Filter, word: FilterKeyword) -> bool:
    return [it.id for it in filters.words_of(session, row)] == [word.id]


def _of_filter(call: Call, row: Filter) -> dict[str, Any]:
    """What would change of the whole filter."""
    params = call.params
    facts: dict[str, Any] = {}
    contexts, hides, end = params.all("context"), params.flag("irreversible"), until(params)
    if contexts and set(contexts) & set(filters.CONTEXTS) != set(row.contexts):
        facts["contexts"] = contexts
    if hides is not None and hides != (row.action == "hide"):
        facts["action"] = "hide" if hides else "warn"
    if end["expires_in"] is not None or (end["for_ever"] and row.expires_at is not None):
        facts |= end
    return facts
