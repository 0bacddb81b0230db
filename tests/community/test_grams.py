"""Words as they are kept and found: one form for every spelling, pairs for every word."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community import grams, synonyms


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("３６協定（サブロク）", "36協定 さぶろく"),
        ("ｻｰﾊﾞｰの、ｶﾞｲﾄﾞ", "さーばーの がいど"),
        ("Excel VBA\nでPDF化", "excel vba でpdf化"),
        ("ＢＣＰ_計画", "bcp 計画"),
        ("㈱みなと", "株 みなと"),
        ("、。！？", ""),
        ("", ""),
        ("ヴァイオリン", "ゔぁいおりん"),
    ],
)
def test_every_spelling_has_one_form(typed, kept):
    assert grams.folded(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("サーバー", "さーば"), ("データベースサーバー", "でーたべーすさーば"), ("コピー", "こぴー"), ("キー", "きー"), ("メーカー名", "めーか名")],
)
def test_a_long_end_is_no_part_of_what_is_looked_for(typed, kept):
    assert grams.folded_word(typed) == kept


def test_pairs_and_a_last_character():
    assert grams.grams("労災") == ["労災", "災"]
    assert grams.grams_of("労災 鍵") == ["労災", "災", "鍵"]
    assert grams.grams_of("") == []
    assert grams.needed("年末調整") == ["年末", "末調", "調整"]
    assert grams.needed("鍵") == ["鍵"]


@given(st.text(max_size=80), st.integers(0, 80), st.integers(1, 10))
def test_whatever_stands_in_a_text_is_found_by_its_pairs(text, at, length):
    kept = grams.folded(text)
    for run in kept.split():
        part = run[at % len(run) :][:length]
        pairs = grams.grams(run)
        sought = grams.needed(part)
        if len(part) == 1:
            assert any(pair.startswith(part) for pair in pairs)
        else:
            assert any(pairs[place : place + len(sought)] == sought for place in range(len(pairs)))


@given(st.text(max_size=200))
def test_what_is_folded_is_letters_and_digits(text):
    kept = grams.folded(text)
    assert all(unicodedata.category(char)[0] in "LN" or char.isalnum() for char in kept.replace(" ", ""))
    assert "  " not in kept
    assert kept == kept.strip()


def test_words_of_the_trade_stand_for_each_other():
    assert set(synonyms.widened("有休")) == {"有休", "年休", "有給"}
    assert set(synonyms.widened("年次有給休暇の付与")) == {"有休の付与", "年休の付与", "有給の付与", "有給休暇の付与"}
    assert "電子帳簿保存法" in synonyms.widened(grams.folded("電帳法"))
    assert {"36協定", "三六協定"} < set(synonyms.widened(grams.folded("サブロク")))
    assert synonyms.widened("しおり") == {"しおり": ""}
