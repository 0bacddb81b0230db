"""Every setting and command is explained, and explained as it is."""

import re
import tomllib

import click
import msgspec
import pytest

from community import config
from tests.rules.places import ROOT
from webui.cli import cli

PAGE = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / "instance.example.toml").read_text(encoding="utf-8")
SETTINGS = [
    (table, field.name) for table, kind in config.TABLES.items() for field in msgspec.structs.fields(kind)
]


def in_toml(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def rows() -> dict[tuple[str, str], list[str]]:
    """The rows of the page's tables of settings: (table, key) → default, allowed, what it does."""
    found: dict[tuple[str, str], list[str]] = {}
    table = ""
    for line in PAGE.splitlines():
        if line.startswith("## "):
            heading = re.match(r"## `\[(\w+)\]`", line)
            table = heading[1] if heading else ""
        row = re.match(r"\| `(\w+)` \|(.*)\|$", line)
        if table and row:
            found[table, row[1]] = [cell.strip() for cell in row[2].split(" | ")]
    return found


@pytest.mark.parametrize(("table", "key"), SETTINGS)
def test_a_setting_is_explained_with_its_default_and_what_is_allowed(table: str, key: str):
    field = next(field for field in msgspec.structs.fields(config.TABLES[table]) if field.name == key)
    default, allowed, does = rows()[table, key]
    if field.required:
        assert default.strip("`| ") == ""
    else:
        assert tomllib.loads(f"x = {default.strip('` ')}")["x"] == in_toml(field.default)
    assert allowed == config.allowed(config.hints(config.TABLES[table])[key])
    assert does


def test_the_page_explains_no_setting_that_does_not_exist():
    assert set(rows()) == set(SETTINGS)


def test_the_example_holds_every_setting_at_its_default():
    tables = tomllib.loads(EXAMPLE)
    assert {(table, key) for table, keys in tables.items() for key in keys} == set(SETTINGS)
    for table, kind in config.TABLES.items():
        for field in msgspec.structs.fields(kind):
            if not field.required:
                assert tables[table][field.name] == in_toml(field.default), (table, field.name)
    config.from_tables(tables)


def test_a_comment_stands_above_each_setting_or_group():
    lines = EXAMPLE.splitlines()
    for number, line in enumerate(lines):
        if re.match(r"\w+ = ", line):
            assert lines[number - 1].startswith("#") or re.match(r"\w+ = ", lines[number - 1]), line


def test_what_init_writes_is_the_example():
    assert (ROOT / "webui/instance.example.toml").read_text(encoding="utf-8") == EXAMPLE


def commands(group: click.Group, path: str = "machi") -> list[str]:
    context = click.Context(group)
    found = []
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        assert command.help, name
        found += (
            commands(command, f"{path} {name}") if isinstance(command, click.Group) else [f"{path} {name}"]
        )
    return found


def test_every_command_is_explained():
    explained = re.findall(r"^\| `(machi [^`]+)`((?:, `\w+`)*)", PAGE, flags=re.MULTILINE)
    named = set()
    for first, others in explained:
        words = [word for word in first.split() if word.islower() and not word.startswith("-")]
        named.add(" ".join(words))
        named |= {" ".join([*words[:-1], other]) for other in re.findall(r"`(\w+)`", others)}
    assert set(commands(cli)) == named
