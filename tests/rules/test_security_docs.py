"""docs/security.md says what the list of guards says, and every guard and test of the list is there."""

import re

import pytest

from tests.mutations import guards
from tests.mutations.guards import Guard
from tests.rules.places import ROOT

LISTED = guards.load()


def test_the_page_shows_the_list():
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    assert guards.table(LISTED).strip() in page, "python -m tests.mutations --table prints what belongs there"


def test_no_guard_is_listed_twice():
    assert len({each.id for each in LISTED}) == len(LISTED)


@pytest.mark.parametrize("guard", LISTED, ids=lambda guard: guard.id)
def test_the_guard_stands_where_the_list_says(guard: Guard):
    assert guard.broken((ROOT / guard.file).read_text(encoding="utf-8")) != ""


@pytest.mark.parametrize("guard", LISTED, ids=lambda guard: guard.id)
def test_its_tests_exist(guard: Guard):
    for test in guard.tests:
        file, *names = test.split("::")
        text = (ROOT / file).read_text(encoding="utf-8")
        for name in names:
            assert re.search(rf"^ *(async )?(def|class) {re.escape(name)}\b", text, re.MULTILINE), test
