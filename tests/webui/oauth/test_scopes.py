import pytest

from webui.oauth import scopes
from webui.oauth.scopes import UnknownScope, allows, parse


@pytest.mark.parametrize(
    ("granted", "needed", "enough"),
    [
        ("read", "read:statuses", True),
        ("read", "read:search", True),
        ("read", "write:statuses", False),
        ("read", "profile", False),
        ("read", "push", False),
        ("read:statuses", "read", False),
        ("read:statuses", "read:statuses", True),
        ("read:statuses", "read:accounts", False),
        ("write", "write:media", True),
        ("write", "read:statuses", False),
        ("follow", "read:blocks", True),
        ("follow", "write:mutes", True),
        ("follow", "write:follows", True),
        ("follow", "write:statuses", False),
        ("follow", "read:accounts", False),
        ("admin:read", "admin:read:accounts", True),
        ("admin:read", "admin:write:accounts", False),
        ("read write", "admin:read:accounts", False),
        ("push", "push", True),
        ("", "read:statuses", False),
    ],
)
def test_what_contains_what(granted: str, needed: str, *, enough: bool) -> None:
    assert allows(frozenset(granted.split()), needed) is enough


def test_words_are_kept_as_they_were_asked_each_once() -> None:
    assert parse(" write  read:lists write ") == ("write", "read:lists")
    assert parse(None) == parse("") == ("read",)


@pytest.mark.parametrize("text", ["everything", "read:everything", "READ", "admin", "read,write"])
def test_words_that_nobody_knows_are_refused(text: str) -> None:
    with pytest.raises(UnknownScope):
        parse(f"read {text}")


def test_for_people_a_whole_group_stands_for_its_parts() -> None:
    assert scopes.grouped(["read", "read:lists", "write:media", "push"]) == [
        ("read", []),
        ("write", ["media"]),
        ("push", []),
    ]
    assert scopes.grouped(["admin:read:reports"]) == [("admin:read", ["reports"])]
