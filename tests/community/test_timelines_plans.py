"""Timelines walk indexes, as SQLite says of its plans."""

import pytest
from sqlalchemy import event

from community import timelines
from tests import factories

ENGINES = ["sqlite"]


@pytest.fixture
def plan(session):
    """How SQLite goes about the last query of a call, as lines of text."""
    def of(call):
        sent = []
        event.listen(session.get_bind(), "before_cursor_execute", lambda *args: sent.append(args[2:4]))
        call()
        statement, parameters = sent[-1]
        explained = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
        return [row[3] for row in explained if row[1] == 0]

    return of


def test_reading_home_walks_one_index(session, plan):
    hanako = factories.member(session)
    steps = plan(lambda: timelines.home(session, factories.viewer(session, hanako), max_id=2**62))
    assert "home_entries USING PRIMARY KEY" in steps[0]
    assert not any("TEMP B-TREE" in step or "SCAN" in step for step in steps)


@pytest.mark.parametrize(
    ("tab", "index"),
    [
        ("new", "ix_posts_kind_id"),
        ("solved", "ix_posts_kind_id"),
        ("waiting", "ix_posts_kind_answers_count_id"),
        ("others", "ix_posts_kind_local_id"),
    ],
)
def test_each_tab_walks_an_index_of_its_own(session, plan, tab, index):
    viewer = factories.viewer(session, factories.member(session))
    steps = plan(lambda: timelines.questions(session, viewer, tab=tab, max_id=2**62))
    assert f"posts USING INDEX {index}" in steps[0]
    assert not any("TEMP B-TREE" in step or "SCAN" in step for step in steps)


def test_the_questions_of_a_tag_walk_the_index_of_the_tag(session, plan):
    viewer = factories.viewer(session, factories.member(session))
    steps = plan(lambda: timelines.questions(session, viewer, tag="36協定", max_id=2**62))
    assert any("post_tags USING COVERING INDEX ix_post_tags_tag_id_post_id" in step for step in steps)
    assert not any("TEMP B-TREE" in step or "SCAN" in step for step in steps)
