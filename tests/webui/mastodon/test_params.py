"""What apps send, in every form they send it."""

import pytest

from webui.mastodon import params
from webui.mastodon.paging import Window, link
from webui.mastodon.params import Params


def tree(*pairs):
    found = {}
    for name, value in pairs:
        params._insert(found, name, value)
    return Params(found)


@pytest.mark.parametrize(
    "pairs",
    [
        [("media_ids[]", "1"), ("media_ids[]", "2")],
        [("media_ids[0]", "1"), ("media_ids[1]", "2")],
        [("media_ids", "1"), ("media_ids", "2")],
    ],
)
def test_arrays_come_in_many_spellings(pairs):
    assert tree(*pairs).identifiers("media_ids") == [1, 2]


def test_a_bare_value_is_an_array_of_one():
    assert tree(("timeline", "home")).all("timeline") == ["home"]
    assert Params({"timeline": ["home", None, 3]}).all("timeline") == ["home", "3"]


def test_hashes():
    sent = tree(("poll[options][]", "a"), ("poll[options][]", "b"), ("poll[multiple]", "1"))
    assert sent.hash("poll").all("options") == ["a", "b"]
    assert sent.hash("poll").flag("multiple") is True
    assert not sent.hash("nothing")


def test_lists_of_hashes():
    indexed = tree(("f[0][name]", "a"), ("f[0][value]", "1"), ("f[1][name]", "b"))
    appended = tree(("f[][name]", "a"), ("f[][value]", "1"), ("f[][name]", "b"))
    for sent in (indexed, appended):
        assert [each.text("name") for each in sent.hashes("f")] == ["a", "b"]
    assert [each.text("name") for each in Params({"f": [{"name": "c"}, 3]}).hashes("f")] == ["c"]


@pytest.mark.parametrize(("sent", "meant"), [("1", True), ("True", True), ("on", True), ("0", False), ("false", False), ("off", False), ("", None)])
def test_flags(sent, meant):
    assert tree(("x", sent)).flag("x") is meant
    assert Params({"x": True}).flag("x") is True
    assert Params({"x": False}).flag("x") is False
    assert Params({"x": None}).flag("x") is None


def test_what_is_no_number_or_id_is_none():
    assert tree(("x", "-5")).integer("x") == -5
    for wrong in ("x", "1.5", "９", "1" * 40, "-"):
        assert tree(("x", wrong)).integer("x") is None
        assert tree(("x", wrong)).identifier("x") is None
    assert tree(("x", str(2**63))).identifier("x") is None


def test_odd_keys_are_passed_over():
    for odd in ("a[", "a]b", "[x]", "a[b]c", "a[b][c][d][e][f][g]"):
        assert tree((odd, "1")).all("a") == []
    both = tree(("a", "1"), ("a[b]", "2"))
    assert both.text("a") == "1"


def test_empty_texts_count_as_not_given_but_can_be_told_apart():
    sent = tree(("note", ""))
    assert (sent.text("note"), sent.string("note"), sent.given("note")) == (None, "", True)
    assert (sent.string("other"), sent.given("other")) == (None, False)


def test_a_window_is_clamped():
    assert Window.of(tree(("limit", "500")), default=20, most=40).limit == 40
    assert Window.of(tree(("limit", "-5")), default=20, most=40).limit == 5
    assert Window.of(tree(("limit", "many")), default=20, most=40).limit == 20
    assert Window.of(tree(("limit", "0")), default=20, most=40).limit == 20


def test_links_keep_parameters_and_never_loop():
    window = Window(limit=2)
    header = link("https://t.example/api", {"limit": "2", "max_id": "9", "types[]": "a,b"}, window, [8, 7])
    assert header == (
        '<https://t.example/api?limit=2&types%5B%5D=a%2Cb&max_id=7>; rel="next", '
        '<https://t.example/api?limit=2&types%5B%5D=a%2Cb&min_id=8>; rel="prev"'
    )
    assert link("https://t.example/api", {}, window, []) is None
    short = link("https://t.example/api", {}, window, [8])
    assert 'rel="next"' not in short
