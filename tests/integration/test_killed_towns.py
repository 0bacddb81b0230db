"""A town that is killed in the middle of everything loses nothing and does nothing twice."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import answers, text
from community.models import Post
from tests import factories
from tests.integration.processes import TownProcess
from tests.integration.served import found, until
from tests.ports import free_ports

pytestmark = pytest.mark.slow

MANY = 36
SENT = "deliveries WHERE state = 'done'"
WAITING = "deliveries WHERE state = 'pending'"
UNREAD = "inbox_items WHERE state = 'pending'"


@pytest.fixture
async def towns(tmp_path: Path) -> AsyncIterator[tuple[TownProcess, TownProcess]]:
    """みなと with はなこ and やまて with じゅん, sisters; neither is open yet."""
    ports = free_ports(2)
    minato = TownProcess(tmp_path / "minato", "みなと", ports[0])
    yamate = TownProcess(tmp_path / "yamate", "やまて", ports[1])
    minato.do(lambda session: found(session, "hanako", sisters=(yamate.domain,)))
    yamate.do(lambda session: found(session, "jun", sisters=(minato.domain,)))
    yield minato, yamate
    for town in (minato, yamate):
        await town.close()


def ask_many(session: Session, who: str, number: int) -> None:
    author = factories.local(session, who)
    for each in range(number):
        factories.question(session, author, title=f"{who}の質問 {each}")


def answer_all(session: Session, who: str) -> None:
    """Answer each question of the other town, thank for nothing yet."""
    author = factories.local(session, who)
    for question in session.scalars(select(Post).where(Post.kind == "question", Post.local.is_(False))).all():
        answers.reply(
            session, author=author, parent=question, body=text.from_markdown(f"{question.title}への答え")
        )


def thank_all(session: Session, who: str) -> None:
    """Choose each answer that came, and thank for it with words."""
    giver = factories.local(session, who)
    for answer in session.scalars(select(Post).where(Post.kind == "answer", Post.local.is_(False))).all():
        factories.thank(session, giver, answer, words="ありがとうございました。")


async def settled(*towns: TownProcess) -> None:
    before: list[tuple[int, ...]] = []

    async def look() -> bool:
        nonlocal before
        last, before = (
            before,
            [
                (
                    town.count(WAITING) + town.count(UNREAD),
                    town.count("deliveries"),
                    town.count("inbox_items"),
                )
                for town in towns
            ],
        )
        return before == last and not any(waiting for waiting, *_ in before)

    await until("all to have arrived", look, patience=60)


async def reached(town: TownProcess, what: str, number: int) -> None:
    """Wait until `town` holds `number` rows of `what`: in the middle of a hundred of them."""

    async def look() -> bool:
        return town.count(what) >= number

    await until(f"{number} of {what}", look)


def same_everywhere(minato: TownProcess, yamate: TownProcess) -> None:
    """Each post, thanks and notice stands once on either side, and the two sides agree."""
    content = (
        "SELECT uri, kind, title, body_text, visibility, answers_count, thanks_count FROM posts ORDER BY uri"
    )
    assert minato.rows(content) == yamate.rows(content)
    thanked = "SELECT uri FROM thanks ORDER BY uri"
    assert minato.rows(thanked) == yamate.rows(thanked)
    for town in (minato, yamate):
        assert town.count("deliveries WHERE state != 'done'") == 0
        assert town.count("inbox_items WHERE state != 'done'") == 0
        twice = (
            "SELECT kind, actor_id, post_id, count(*) FROM notifications GROUP BY 1, 2, 3 HAVING count(*) > 1"
        )
        assert town.rows(twice) == []
        assert town.count("home_entries") == len(
            town.rows("SELECT DISTINCT account_id, post_id FROM home_entries")
        )


async def test_both_towns_are_killed_while_letters_fly_both_ways(
    towns: tuple[TownProcess, TownProcess],
) -> None:
    minato, yamate = towns
    # Everything is said while nobody listens, so that much is on its way at once.
    minato.do(lambda session: ask_many(session, "hanako", MANY))
    yamate.do(lambda session: ask_many(session, "jun", MANY))
    await asyncio.gather(minato.start(), yamate.start())
    await reached(minato, SENT, 5)
    await minato.kill()
    assert minato.count(WAITING) > 0  # it was in the middle
    await minato.start()
    await reached(yamate, "posts", MANY + MANY // 3)
    await yamate.kill()
    assert minato.count(WAITING) + yamate.count(WAITING) + yamate.count(UNREAD) > 0
    await back(minato, yamate)
    assert minato.count("posts WHERE kind = 'question'") == 2 * MANY + 1
    same_everywhere(minato, yamate)


async def test_answers_and_letters_of_thanks_survive_it_too(towns: tuple[TownProcess, TownProcess]) -> None:
    minato, yamate = towns
    minato.do(lambda session: ask_many(session, "hanako", MANY))
    await asyncio.gather(minato.start(), yamate.start())
    await settled(minato, yamate)
    yamate.do(lambda session: answer_all(session, "jun"))
    await reached(minato, "posts WHERE kind = 'answer'", 5)
    await yamate.kill()
    await minato.kill()
    assert yamate.count(WAITING) + minato.count(UNREAD) > 0
    await minato.start()
    await back(minato, yamate)
    minato.do(lambda session: thank_all(session, "hanako"))
    await reached(yamate, "thanks", 5)
    await yamate.kill()
    assert minato.count(WAITING) + yamate.count(UNREAD) > 0
    await back(minato, yamate)
    assert yamate.count("posts WHERE kind = 'answer'") == MANY
    assert yamate.count("thanks") == yamate.count("thanks WHERE message_post_id IS NOT NULL") == MANY
    assert minato.count("notifications WHERE kind = 'answer'") == MANY
    assert yamate.count("notifications WHERE kind = 'thanks'") == MANY
    same_everywhere(minato, yamate)


async def back(minato: TownProcess, yamate: TownProcess) -> None:
    """Open やまて again, and see all come right: what やまて has to say tells みなと that it is back."""
    yamate.do(lambda session: ask_many(session, "jun", 1))
    await yamate.start()
    await settled(minato, yamate)
