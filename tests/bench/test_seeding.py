"""What the seeder writes is what the services would have written."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson
import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from bench.seeding.rows import open_store
from bench.seeding.town import Plan, Refused, seed
from community import arrivals, ids, search, search_terms, tags
from community.db import open_database
from community.events import Bus
from community.grams import folded
from community.models import (
    Account,
    Follow,
    HomeEntry,
    Like,
    Post,
    PostWords,
    Thanks,
)
from community.town import Town
from tests import factories
from tests.towns import FixedClock, make_town
from webui.mastodon.entities import statuses

MEMBER = "yomite"
POSTS = 700


def _work(town: Town, unit: Callable[[Session], Any]) -> Any:
    """A unit of work, and the database closed again: the seeder has it for itself."""
    database = open_database(town, Bus())
    try:
        return database.write_now(unit)
    finally:
        database.close_now()


def _fill(town: Town, **facts: Any) -> int:
    """Found the town, with one member, and fill it; the id of the member."""
    member: int = _work(town, lambda session: factories.member(session, MEMBER).id)
    plan = Plan(
        **{"member": MEMBER, "posts": POSTS, "authors": 60, "follows": 25, "others_follow": 6, "now": town.clock(), **facts}
    )
    with _stored(town) as store:
        seed(store, town.uris, plan, say=lambda _line: None)
    return member


@contextmanager
def _stored(town: Town) -> Iterator[Any]:
    store = open_store(town.settings.database.url)
    try:
        yield store
    finally:
        store.close()


def _homes(session: Session) -> set[tuple[int, int]]:
    return {(row.account_id, row.post_id) for row in session.execute(select(HomeEntry.account_id, HomeEntry.post_id))}


def test_homes_are_what_arrivals_would_have_written(town: Town, database_url: str) -> None:
    member = _fill(town)

    def unit(session: Session) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
        seeded = _homes(session)
        session.execute(delete(HomeEntry))
        for post in session.scalars(select(Post).order_by(Post.id)).all():
            arrivals.enter(session, post)
        return seeded, _homes(session)

    seeded, entered = _work(town, unit)
    assert seeded == entered
    assert sum(1 for account_id, _ in seeded if account_id == member) > POSTS / 5


def test_counts_are_those_of_the_rows(town: Town, database_url: str) -> None:
    _fill(town)
    below, boost, quote = aliased(Post), aliased(Post), aliased(Post)

    def counted(of: Any, where: Any) -> Any:
        return select(func.count()).select_from(of).where(where).scalar_subquery()

    def unit(session: Session) -> list[Any]:
        return list(
            session.execute(
                select(
                    Post.replies_count, counted(below, below.parent_id == Post.id),
                    Post.boosts_count, counted(boost, boost.boost_of_id == Post.id),
                    Post.quotes_count, counted(quote, quote.quote_of_id == Post.id),
                    Post.likes_count, counted(Like, Like.post_id == Post.id),
                    Post.thanks_count, counted(Thanks, Thanks.post_id == Post.id),
                )
            )
        )  # fmt: skip

    rows = _work(town, unit)
    assert len(rows) == POSTS
    for at in range(0, 10, 2):
        assert [row[at] for row in rows] == [row[at + 1] for row in rows]
        assert sum(row[at] for row in rows) > 0


def test_accounts_are_counted(town: Town, database_url: str) -> None:
    member = _fill(town)

    def unit(session: Session) -> None:
        said = Counter(session.scalars(select(Post.author_id).where(Post.kind != "boost")))
        followed = Counter(session.scalars(select(Follow.followee_id)))
        following = Counter(session.scalars(select(Follow.follower_id)))
        for account in session.scalars(select(Account)):
            assert account.posts_count == said[account.id]
            assert account.followers_count == followed[account.id]
            assert account.following_count == following[account.id]
        assert following[member] == 25 + 3  # and three boards

    _work(town, unit)


def test_everything_lies_in_the_past_in_the_order_of_its_ids(town: Town, database_url: str) -> None:
    _fill(town)

    def unit(session: Session) -> None:
        rows = session.execute(select(Post.id, Post.created_at, Post.anonymous).order_by(Post.id)).all()
        moments = [ids.moment(row.id) for row in rows]
        assert moments == sorted(set(moments))
        assert moments[-1] < town.clock()
        assert all(row.anonymous or row.created_at == at for row, at in zip(rows, moments, strict=True))

    _work(town, unit)


def test_words_are_found_as_search_would_have_kept_them(town: Town, database_url: str) -> None:
    member = _fill(town)

    def unit(session: Session) -> None:
        words = {row.id: row.words for row in session.execute(select(PostWords.id, PostWords.words))}
        posts = session.scalars(select(Post).where(Post.kind != "boost")).all()
        labels = tags.of(session, posts)
        assert words.keys() == {post.id for post in posts}
        for post in posts:
            tagged = [each.label for each in labels[post.id]] if post.kind == "question" else []
            said = [post.title or "", post.summary, post.body_text, post.basis, *tagged]
            assert words[post.id] == folded("\n".join(said))
        viewer = factories.viewer(session, member)
        found = search.posts(session, viewer, search_terms.read("年末調整"))
        assert found
        assert all("年末調整" in words[each] for each in found)

    _work(town, unit)


def test_every_post_is_shown_in_an_app(town: Town, database_url: str) -> None:
    member = _fill(town)

    def unit(session: Session) -> list[dict[str, Any]]:
        home = [post_id for account_id, post_id in sorted(_homes(session)) if account_id == member]
        return [orjson.loads(each) for each in map(orjson.dumps, statuses.many(session, factories.viewer(session, member), home))]

    shown = _work(town, unit)
    assert len(shown) > POSTS / 5
    for what in ("reblog", "poll", "media_attachments", "mentions", "tags", "card", "spoiler_text", "in_reply_to_id"):
        assert any(status[what] for status in shown), what
    assert {status["account"]["machi"]["kind"] for status in shown} >= {"person"}


def test_the_same_arguments_give_the_same_town(new_database_url: Callable[[], str], clock: FixedClock, engine: str) -> None:
    def said(url: str, **facts: Any) -> list[Any]:
        town = make_town(url, clock=clock)
        _fill(town, **facts)
        columns = (Post.id, Post.uri, Post.kind, Post.body_html, Post.likes_count)
        return list(_work(town, lambda session: session.execute(select(*columns).order_by(Post.id)).all()))

    first = said(new_database_url())
    assert first == said(new_database_url())
    assert first != said(new_database_url(), seed=2)


def test_a_town_is_seeded_once_and_for_a_member(town: Town, database_url: str) -> None:
    _work(town, lambda session: factories.member(session, "hoka").id)
    plan = Plan(member=MEMBER, posts=10, now=town.clock())
    with _stored(town) as store, pytest.raises(Refused, match="no member yomite"):
        seed(store, town.uris, plan)
    _fill(town, posts=10)
    with _stored(town) as store, pytest.raises(Refused, match="posts already"):
        seed(store, town.uris, plan)


def test_every_reference_leads_somewhere(town: Town, database_url: str) -> None:
    """SQLite is written without looking at references; PostgreSQL looks at each."""
    _fill(town)
    if database_url.startswith("sqlite"):
        with sqlite3.connect(database_url.removeprefix("sqlite:///")) as connection:
            assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
