"""The tables of docs/federation-interop.md: every cell names a test that exists, and none is missing."""

import ast
import re

import pytest

from tests.federation.inbox.test_every_software import ACTS, SPOKEN
from tests.integration.test_what_reaches_whom import REACHES
from tests.rules.places import ROOT

PAGE = (ROOT / "docs/federation-interop.md").read_text(encoding="utf-8")
HEARD, SAID, FORMS, LEGEND = "What they say", "What a town says", "Forms within", "Legend"
COLUMNS = {
    "Mastodon": "mastodon", "Misskey": "misskey", "GoToSocial": "gotosocial", "Akkoma, Pleroma": "akkoma", "Lemmy": "lemmy",
    "PieFed": "piefed", "NodeBB": "nodebb", "Discourse": "discourse", "Mbin": "mbin", "Machi": "machi",
}  # fmt: skip
NOTHING = "–"


def section(title: str) -> str:
    found = re.search(rf"(?ms)^## {re.escape(title)}.*?(?=^## |\Z)", PAGE)
    assert found, title
    return found[0]


def table(title: str) -> list[list[str]]:
    """The cells of the table of a section, its heading first."""
    lines = [line for line in section(title).splitlines() if line.startswith("|") and not line.startswith("| ---")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def cells(title: str) -> dict[tuple[str, str], str]:
    """(row by its name in code, column) → cell."""
    heading, *rows = table(title)
    named = [(re.findall(r"`([^`]+)`", row[0])[-1], row) for row in rows]
    return {(name, column): cell for name, row in named for column, cell in zip(heading[1:], row[1:], strict=True)}


def legend() -> dict[str, str]:
    return {row[0]: row[1].strip("`") for row in table(LEGEND)[1:]}


def functions(path: str) -> set[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("mark", sorted(legend()))
def test_a_mark_stands_for_a_test_that_exists(mark: str):
    path, _, name = legend()[mark].partition("::")
    assert name.startswith("test_")
    assert name in functions(path)


def test_every_mark_is_explained_and_every_explanation_used():
    marks = {cell for title in (HEARD, SAID) for cell in cells(title).values()} - {NOTHING}
    assert marks == set(legend())


def test_what_they_say_is_what_is_tested():
    told = {(row, COLUMNS[column]): cell for (row, column), cell in cells(HEARD).items() if column in COLUMNS}
    assert {where for where, cell in told.items() if cell == "H"} == {
        (act, software) for act, speakers in SPOKEN.items() for software in speakers
    }
    assert set(told.values()) == {"H", NOTHING}
    assert {act for act, _ in told} == set(ACTS)


def test_what_a_town_says_is_what_is_tested():
    told = {(row, COLUMNS[column]): cell for (row, column), cell in cells(SAID).items() if column in COLUMNS}
    assert {where for where, cell in told.items() if cell == "R"} == {
        (label, software) for software, labels in REACHES.items() for label in labels
    }
    assert set(told.values()) == {"R", NOTHING}


def test_every_software_has_its_column():
    assert set(COLUMNS.values()) == set(REACHES) == {each for speakers in SPOKEN.values() for each in speakers}
    for title in (HEARD, SAID):
        assert table(title)[0][1:] == [*COLUMNS, "Fedify"]


def test_whatever_file_is_named_exists():
    for path in re.findall(r"`((?:tests|federation)/[\w/]+(?:\.py|/))(?:::\w+)?`", PAGE):
        assert (ROOT / path).exists(), path
