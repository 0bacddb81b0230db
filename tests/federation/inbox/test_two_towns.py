"""Two of our own towns, sisters, over real connections: what one says is what the other keeps."""

import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeVar

import pytest
from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import answers, books, founding, posts, questions, text, thanks
from community.db import Database, open_database
from community.events import Bus
from community.models import Account, Post, Thanks
from community.visibility import PUBLIC
from federation import actors, routes
from federation.context import FEDERATION, Federation, make_federation
from federation.http import Limits
from federation.inbox.process import InboxWorker
from federation.outbox import publish
from federation.outbox.deliver import DeliveryWorker
from tests import factories
from tests.engines import SqliteFiles
from tests.towns import FixedClock, make_town

T = TypeVar("T")


class Town:
    """A town that listens, speaks and works off what it receives when told to."""

    def __init__(self, ctx: Federation, database: Database) -> None:
        self.ctx = ctx
        self.database = database
        self.inbox = InboxWorker(ctx)
        self.delivery = DeliveryWorker(ctx)
        self.domain = ctx.town.uris.domain

    async def do(self, unit: Callable[[Session], T]) -> T:
        return await self.database.write(unit)

    async def post(self, uri: str) -> Post:
        found = await self.do(lambda session: posts.by_uri(session, uri))
        assert found is not None, uri
        return found


@asynccontextmanager
async def town_at(folder: Path, files: SqliteFiles, clock: FixedClock) -> AsyncIterator[Town]:
    folder.mkdir()
    with socket.socket() as place, files.fresh(folder / "machi.db") as url:
        place.bind(("127.0.0.1", 0))
        facts = make_town(
            url, clock=clock, domain=f"localhost:{place.getsockname()[1]}", instance={"scheme": "http"},
            federation={"allow_private_addresses": True}, anonymity={"delay_minutes": [0, 0]},
        )  # fmt: skip
        bus = Bus()
        database = open_database(facts, bus)
        await database.start()
        await database.write(founding.found)
        ctx = make_federation(facts, database, limits=Limits(connect=2, idle=5, total=8))
        publish.subscribe(bus, ctx)
        await ctx.start()
        app = web.Application()
        app[FEDERATION] = ctx
        routes.add_routes(app)
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        await web.SockSite(runner, place).start()
        yield Town(ctx, database)
        await runner.cleanup()
        await ctx.close()
        await database.close()


@pytest.fixture
async def towns(
    tmp_path: Path, sqlite_files: SqliteFiles, clock: FixedClock
) -> AsyncIterator[tuple[Town, Town]]:
    """みなと with はなこ, and やまて with じゅん; each named the other as its sister."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(town_at(tmp_path / "minato", sqlite_files, clock))
        second = await stack.enter_async_context(town_at(tmp_path / "yamate", sqlite_files, clock))
        await first.do(lambda session: factories.sister(session, second.domain) and None)
        await second.do(lambda session: factories.sister(session, first.domain) and None)
        await first.do(lambda session: factories.member(session, "hanako").id)
        await second.do(lambda session: factories.member(session, "jun", strengths=("社会保険",)).id)
        yield first, second


async def settle(*places: Town) -> None:
    """Deliver and work off until nobody has anything left to do."""
    busy = True
    while busy:
        busy = False
        for place in places:
            busy |= await place.delivery.run_once() > 0
            busy |= await place.inbox.run_once() > 0


async def asked(place: Town, visibility: str = "open") -> str:
    def unit(session: Session) -> str:
        hanako = factories.local(session, "hanako")
        return factories.question(session, hanako, visibility=visibility, tags=("社会保険",)).uri

    return await place.do(unit)


async def answered(place: Town, question: str) -> str:
    def unit(session: Session) -> str:
        parent = posts.by_uri(session, question)
        assert parent is not None
        body = text.from_markdown("1か月分です。**日割りはありません**。")
        jun = factories.local(session, "jun")
        return answers.reply(
            session, author=jun, parent=parent, body=body, as_of="2026-03", basis="健康保険法"
        ).uri

    return await place.do(unit)


@pytest.mark.parametrize("visibility", ["open", "sister"])
async def test_asked_here_answered_there_solved_and_thanked(
    towns: tuple[Town, Town], visibility: str
) -> None:
    minato, yamate = towns
    question = await asked(minato, visibility)
    await settle(minato, yamate)
    copy, original = await yamate.post(question), await minato.post(question)
    assert (copy.title, copy.body_html, copy.visibility) == (original.title, original.body_html, visibility)

    answer = await answered(yamate, question)
    await settle(minato, yamate)
    here, there = await minato.post(answer), await yamate.post(answer)
    assert (here.kind, here.body_html, here.as_of, here.basis) == (
        "answer",
        there.body_html,
        "2026-03",
        "健康保険法",
    )
    assert here.visibility == visibility

    def decide(session: Session) -> None:
        asker = factories.local(session, "hanako")
        found, chosen = posts.by_uri(session, question), posts.by_uri(session, answer)
        assert found is not None
        assert chosen is not None
        questions.solve(session, question=found, answer=chosen, by=asker)
        thanks.give(
            session, giver=asker, answer=chosen, message=text.from_markdown("助かりました！"), tone="clear"
        )

    await minato.do(decide)
    await settle(minato, yamate)
    copy, there = await yamate.post(question), await yamate.post(answer)
    assert copy.accepted_answer_id == there.id
    assert copy.body_html == original.body_html

    def letters(session: Session) -> tuple[int, list[str], list[str | None]]:
        jun = factories.local(session, "jun")
        book = books.book(session, factories.viewer(session, jun), jun.id)
        given = session.scalars(select(Thanks)).all()
        words = [session.get_one(Post, each.message_post_id).body_text for each in given]
        return book.other_towns, words, [each.tone for each in given]

    assert await yamate.do(letters) == (1, ["助かりました！"], ["clear"])
    nobody = await yamate.do(lambda session: posts.thread(session, PUBLIC, session.get_one(Post, copy.id)))
    assert (len(nobody.answers) == 1) == (visibility == "open")


async def test_edited_reopened_and_deleted(towns: tuple[Town, Town], clock: FixedClock) -> None:
    minato, yamate = towns
    question = await asked(minato)
    await settle(minato, yamate)
    answer = await answered(yamate, question)
    await settle(minato, yamate)
    clock.advance(minutes=5)

    def reword(session: Session) -> None:
        found = posts.by_uri(session, question)
        assert found is not None
        body = text.from_markdown("追記しました。")
        questions.edit(
            session,
            post=found,
            by=factories.local(session, "hanako"),
            title="新しい題名です",
            body=body,
            tags=["入社"],
        )

    await minato.do(reword)
    await settle(minato, yamate)
    copy = await yamate.post(question)
    assert (copy.title, copy.body_text) == ("新しい題名です", "追記しました。")

    def withdraw(session: Session) -> None:
        found = posts.by_uri(session, answer)
        assert found is not None
        posts.delete(session, post=found, by=factories.local(session, "jun"))

    await yamate.do(withdraw)
    await settle(minato, yamate)
    assert (await minato.post(answer)).deleted_at is not None
    assert (await minato.post(question)).answers_count == 0


async def test_a_hidden_name_tag_stays_hidden(towns: tuple[Town, Town]) -> None:
    minato, yamate = towns

    def hide(session: Session) -> str:
        return factories.anonymous_question(session, factories.local(session, "hanako")).uri

    question = await minato.do(hide)
    await settle(minato, yamate)
    copy = await yamate.post(question)
    author = await yamate.do(lambda session: session.get_one(Account, copy.author_id))
    assert (copy.anonymous, author.kind, author.name) == (True, "relay", "dareka")
    assert (
        await yamate.do(lambda session: actors.by_uri(session, f"http://{minato.domain}/users/hanako"))
        is None
    )


async def test_nothing_of_the_town_leaves_it(towns: tuple[Town, Town]) -> None:
    minato, yamate = towns
    await asked(minato, "town")
    await settle(minato, yamate)
    assert await yamate.do(lambda session: list(session.scalars(select(Post.id)))) == []
