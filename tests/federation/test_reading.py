"""The small readers under everything: what counts as one place, as JSON, as text, and how long it may take."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.outward import checked
from federation.vocabulary import notes, reading
from federation.vocabulary.reading import Unreadable, authority, load, same_origin, type_of, uri


def seconds(deed: Callable[[], object]) -> float:
    before = time.thread_time()
    deed()
    return time.thread_time() - before


@pytest.mark.parametrize(
    "host", ["straße.example", "ﾏﾁ.example", "町.example", "ΣΑΣ.example", "MACHI.example", "a_b.example"]
)
def test_a_place_is_where_a_request_for_it_would_go(host: str) -> None:
    """Two ways to write a host as ASCII would let whoever owns the one speak for the other."""
    address = f"https://{host}/users/hanako"
    assert authority(address) == checked(address, allow_private=False).raw_host.lower()


def test_a_dot_at_the_end_makes_no_other_place() -> None:
    assert authority("https://m.example./users/ken") == authority("https://m.example/") == "m.example"
    assert same_origin("https://m.example./1", "https://M.example:443/2")


def test_two_names_that_an_older_idn_took_for_one_are_two() -> None:
    assert not same_origin("https://straße.example/1", "https://strasse.example/users/hanako")


@pytest.mark.parametrize("host", ["☃☃.example", "-a-あ.example", "\u0660a\u05d0.example"])
def test_a_host_that_no_idn_can_hold_is_no_place(host: str) -> None:
    assert authority(f"https://{host}/") is None


@pytest.mark.parametrize(
    "body",
    [b'{"a":"\\ud800"}', b'{"\\uDFFF":1}', b'{"a":["\\ude00\\ud83d"]}', b'{"a":"\xed\xa0\x80"}', b"\xff{}"],
)
def test_half_a_character_is_not_json(body: bytes) -> None:
    with pytest.raises(Unreadable):
        load(body)


def test_whole_characters_in_any_spelling_are() -> None:
    assert load(b'\xef\xbb\xbf{"a":"\\ud83d\\ude00"}') == {"a": "😀"}
    assert load(b'{"a":"\\\\ud800"}') == {"a": "\\ud800"}


@pytest.mark.parametrize(
    "value", ["https://a.example/\x00", "https://a.example/\n", "\x1b", {"id": "https://a.example/\x7f"}]
)
def test_an_address_has_no_control_characters(value: object) -> None:
    assert uri(value) is None
    assert authority(value if isinstance(value, str) else "https://a.example/\x7f") is None


def test_a_type_has_no_nul() -> None:
    assert type_of({"type": ["Fol\x00low"]}) == "Follow"


@pytest.mark.parametrize(
    "html", [" " * 100_000, "<p> " + "\n" * 100_000 + "<p", "<br" * 30_000, "<a @" * 25_000]
)
def test_looking_for_a_leading_mention_takes_no_time(html: str) -> None:
    assert seconds(lambda: notes.without_leading_mention(html, ("https://a.example/@a",))) < 0.5


def test_a_title_is_cut_before_anybody_works_on_it() -> None:
    document = {
        "type": "Page",
        "id": "https://a.example/1",
        "attributedTo": "https://a.example/u",
        "name": "あ" * 300_000,
    }
    assert len(notes.read_note(document).name) <= 1_000


_KEYS = st.sampled_from(["a", "b", "id", 'c":', "@graph", "@reverse", "f\\", " "])
_LEAVES = st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=5) | st.sampled_from(
    ['":', 'a":b', '\\":', "https://a.example/1234567890123456789012345", "1e999", "\ud83d"]
)  # fmt: skip
_PAIRS = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(_KEYS, inner), max_size=4).map(tuple), max_leaves=12
)


def written(value: Any, blank: str) -> str:
    """`value` as JSON; a tuple of pairs is an object, whose keys may stand in it twice."""
    if isinstance(value, tuple):
        members = (f"{json.dumps(key)}{blank}:{blank}{written(each, blank)}" for key, each in value)
        return "{" + f"{blank},".join(members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(each, blank) for each in value) + "]"
    return json.dumps(value)


@given(value=st.lists(st.tuples(_KEYS, _PAIRS), max_size=4).map(tuple), blank=st.sampled_from(["", " ", "\n\t"]))
def test_the_fast_way_to_read_takes_nothing_that_the_strict_one_refuses(value: Any, blank: str) -> None:
    body = written(value, blank).encode()
    fast = reading._plain(body)
    if fast is not None:
        assert json.dumps(fast) == json.dumps(reading._strict(body))


@pytest.mark.parametrize(
    "body",
    [b'{"a":1,"a":2}', b'{"a":{"b":1, "b" :2}}', b'{"a":NaN}', b'{"a":1e999}', b'{"a":123456789012345678901}', b'{"@graph":[]}',
     b'{"a":{"@included":1}}', b'{"a":' * 33 + b"1" + b"}" * 33, b"[1]", b"\xef\xbb\xbf[1]"],
)  # fmt: skip
def test_neither_way_takes(body: bytes) -> None:
    assert reading._plain(body) is None
    with pytest.raises(Unreadable):
        load(body)


def test_both_ways_read_what_is_plain() -> None:
    body = b'{"id":"https://a.example/1", "to" : ["x"], "n":12, "object":{"content":"a\\"b"}}'
    assert reading._plain(body) == reading._strict(body)


@pytest.mark.parametrize(
    "body",
    [
        b'{"a":[1.5,' + b",".join([b"[]"] * 340_000) + b"]}",
        b'{"a":1.5,' + b",".join(b'"%d":0' % number for number in range(100_000)) + b"}",
        b'{"a":"' + b'\\"' * 500_000,
        b'{"a":"' + b'\\"[,' * 250_000,
    ],
)
def test_a_megabyte_of_brackets_keeps_nobody_waiting(body: bytes) -> None:
    """It is read on the event loop, before it is known who sent it: as a whole it would take nearly a second."""

    def refuse() -> None:
        with pytest.raises(Unreadable):
            load(body)

    assert seconds(refuse) < 0.15


def test_what_looks_like_parts_within_a_text_is_text() -> None:
    text = 'a,b;[c,{d",' * 20_000
    assert load(json.dumps({"content": text}).encode(), parts=10) == {"content": text}
    with pytest.raises(Unreadable):
        load(json.dumps({"content": text, "tag": [1] * 20}).encode(), parts=10)
