"""What somebody typed, understood; and nothing that is typed is an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import search_terms
from community.search_terms import TERMS_MOST, read

MIDNIGHT_OF_APRIL = 1_775_001_600_000 - 9 * 3_600_000  # 2026-04-01 00:00 in Japan


def words(typed):
    return [set(term) for term in read(typed).terms]


def test_words_are_all_wanted_and_widened():
    assert words("就業規則　印刷") == [{"就業規則", "就規"}, {"印刷"}]
    assert read("有休").also == ("年休", "有給")
    assert words('"有休"') == [{"有休"}]  # in quotes: exactly that


def test_signs_split_a_word_and_mean_nothing():
    assert words("第1条(目的)") == [{"第1条 目的"}]
    assert not read("…！？")
    assert not read("")
    assert words("a:b") == [{"a b"}]


def test_a_word_may_be_unwanted():
    wanted = read('備蓄 -水 -"賞味期限"')
    assert [set(term) for term in wanted.terms] == [{"備蓄"}]
    assert wanted.without == (("水",), ("賞味期限",))


def test_operators_narrow():
    wanted = read("給与 from:@harukaze@yamate.example has:media -is:reply language:ja")
    assert wanted.author == "harukaze@yamate.example"
    assert wanted.narrowed == (("has:media", False), ("is:reply", True))
    assert wanted.language == "ja"
    assert words("ｆｒｏｍ：＠ｍｅ 給与") == [{"給与", "給料"}]
    assert read("has:nothing").terms == (("has nothing",),)


def test_days_begin_in_japan():
    assert read("給与 after:2026-03-31").after == MIDNIGHT_OF_APRIL
    assert read("給与 before:2026-04-01").before == MIDNIGHT_OF_APRIL
    during = read("給与 during:2026/4/1")
    assert (during.after, during.before) == (MIDNIGHT_OF_APRIL, MIDNIGHT_OF_APRIL + 86_400_000)
    assert read("before:きのう").before is None


def test_what_only_narrows_finds_nothing_by_itself():
    assert not read("has:media is:reply")
    assert read("from:me")


def test_long_queries_are_cut():
    assert len(read(" ".join(f"語{number}番" for number in range(100))).terms) == TERMS_MOST


@pytest.mark.parametrize("typed", ["before:99999999999-1-1", "after:0-0-0", "during:2026-02-30", '"', "-", "--", ":", "from:", '""', "-from:x"])
def test_odd_queries_are_taken_as_they_are(typed):
    read(typed)


@given(st.text(max_size=300))
def test_nothing_that_is_typed_is_an_error(typed):
    read(typed)
    search_terms.words(typed)
