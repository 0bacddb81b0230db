import pytest
from sqlalchemy import select

from community import events, filters
from community.errors import Invalid, NotFound, TooMany
from community.filters import Word
from community.models import Filter, FilterKeyword, FilterStatus, Member
from tests import factories


@pytest.fixture(autouse=True)
def _fresh():
    filters.forget()


@pytest.fixture
def hanako(session):
    return factories.member(session, "hanako")


def make(session, member, *words, whole=True, **facts):
    given = {"title": "年末", "contexts": ["home"], **facts}
    return filters.create(
        session, account_id=member.id, words=[Word(text=it, whole=whole) for it in words], **given
    )


def version(session, member):
    return session.scalar(select(Member.filters_version).where(Member.account_id == member.id))


@pytest.mark.parametrize(
    ("word", "whole", "text", "met"),
    [
        ("年末調整", True, "今年の年末調整は", True),  # Japanese knows no gaps
        ("Excel", True, "Ｅｘｃｅｌで表を作る", True),  # full width, and kana beside it
        ("excel", True, "An excellent idea", False),
        ("excel", False, "An excellent idea", True),
        ("excel", True, "an EXCEL-sheet", True),
        ("excel", True, "excel2024", False),
        ("#決算", True, "これは#決算 です", True),
        ("カ゛", False, "ｶﾞ", False),  # a lone mark is no voiced kana
        ("ガ", False, "ｶﾞｽ", True),
        ("a  b", True, "A\nB", True),
        ("c++", True, "C++ と C", True),
        ("caffè", True, "CAFFÈ", True),
        ("caff", True, "CAFFÈ", False),
    ],
)
def test_words_are_met_as_people_read_them(session, hanako, *, word, whole, text, met):
    make(session, hanako, word, whole=whole)
    assert [hit["keyword_matches"] for hit in filters.of(session, hanako.id).match(text, 1)] == (
        [[word]] if met else []
    )


def test_what_is_met_is_told_as_apps_read_it(session, hanako, clock):
    question = factories.question(session, hanako)
    row = make(session, hanako, "決算", "監査", action="blur", contexts=["thread", "home", "bogus"], expires_in=60)
    filters.add_post(session, viewer=factories.viewer(session, hanako), row=row, post_id=question.id)
    make(session, hanako, "株主")
    (found,) = filters.of(session, hanako.id).match("監査の話", question.id)
    assert found == {
        "filter": {
            "id": str(row.id),
            "title": "年末",
            "context": ["home", "thread"],
            "expires_at": found["filter"]["expires_at"],
            "filter_action": "blur",
        },
        "keyword_matches": ["監査"],
        "status_matches": [str(question.id)],
    }
    assert found["filter"]["expires_at"].endswith("Z")
    assert filters.of(session, hanako.id).match("監査", 0)[0]["status_matches"] is None
    assert filters.of(session, hanako.id).match("", question.id)[0]["keyword_matches"] is None


def test_only_those_for_the_place_count_where_a_place_is_asked_for(session, hanako):
    make(session, hanako, "決算", contexts=["public"], action="hide")
    mine = filters.of(session, hanako.id)
    assert len(mine.match("決算", 1)) == len(mine.match("決算", 1, "public")) == 1
    assert mine.match("決算", 1, "home") == []
    assert mine.hides("決算", 1, "public") and not mine.hides("決算", 1, "home")


def test_a_filter_ends_by_itself_also_when_it_was_compiled_before(session, hanako, clock):
    make(session, hanako, "決算", expires_in=60)
    make(session, hanako, "監査")
    assert len(filters.of(session, hanako.id).match("決算と監査", 1)) == 2
    clock.advance(seconds=60)
    assert [hit["keyword_matches"] for hit in filters.of(session, hanako.id).match("決算と監査", 1)] == [["監査"]]


def test_each_change_counts_and_is_seen_at_once(session, hanako, told):
    told()
    row = make(session, hanako, "決算")
    assert told() == [events.FiltersChanged(hanako.id)]
    mine = filters.of(session, hanako.id)
    assert mine.match("決算", 1) and filters.of(session, hanako.id) is mine
    (word,) = filters.words_of(session, row)
    filters.change_word(session, row=row, entry=word, text="監査", whole=None)
    assert not filters.of(session, hanako.id).match("決算", 1)
    filters.change(session, row=row, title="別名", words=[Word(id=word.id, gone=True), Word(text="株主")])
    assert filters.of(session, hanako.id).match("株主", 1)[0]["filter"]["title"] == "別名"
    assert not filters.of(session, hanako.id).match("監査", 1)
    filters.remove(session, row)
    assert not filters.of(session, hanako.id)
    assert version(session, hanako) == 4
    assert session.scalars(select(FilterKeyword)).all() == []


def test_a_compiled_filter_costs_one_query_and_none_with_the_version(session, hanako, queries):
    make(session, hanako, "決算")
    me = hanako.id
    filters.of(session, me)
    with queries() as sent:
        filters.of(session, me)
    assert len(sent) == 1
    with queries() as sent:
        assert filters.compiled(session, me, 1).match("決算", 1)
        assert not filters.compiled(session, me, 0)
    assert sent == []


def test_posts_that_are_not_seen_cannot_be_put_in(session, hanako):
    harukaze = factories.member(session, "harukaze")
    row = make(session, hanako)
    secret = factories.question(session, harukaze)
    secret.visibility = "direct"
    session.flush()
    with pytest.raises(NotFound):
        filters.add_post(session, viewer=factories.viewer(session, hanako), row=row, post_id=secret.id)
    assert session.scalars(select(FilterStatus)).all() == []


def test_others_filters_are_not_there(session, hanako):
    harukaze = factories.member(session, "harukaze")
    row = make(session, hanako, "決算")
    (word,) = filters.words_of(session, row)
    entry = filters.add_post(
        session, viewer=factories.viewer(session, hanako), row=row, post_id=factories.question(session, hanako).id
    )
    for ask in (
        lambda: filters.require(session, harukaze.id, row.id),
        lambda: filters.word(session, harukaze.id, word.id),
        lambda: filters.post(session, harukaze.id, entry.id),
        lambda: filters.change(session, row=make(session, harukaze), words=[Word(id=word.id, text="x")]),
    ):
        with pytest.raises(NotFound):
            ask()
    assert filters.every(session, harukaze.id)[0].words == []


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "あ" * 201}, "title"),
        ({"contexts": ["bogus"]}, "context"),
        ({"action": "shout"}, "filter_action"),
        ({"expires_in": 10**12}, "expires_in"),
        ({"words": [Word(text=" ")]}, "keyword"),
        ({"words": [Word(text="あ" * 201)]}, "keyword"),
    ],
)
def test_what_does_not_fit(session, hanako, facts, field):
    with pytest.raises(Invalid) as refused:
        filters.create(session, account_id=hanako.id, **{"title": "年末", "contexts": ["home"], **facts})
    assert refused.value.field == field


def test_there_is_an_end_to_filters_and_to_words(session, hanako, monkeypatch):
    monkeypatch.setattr(filters, "FILTERS_MOST", 2)
    monkeypatch.setattr(filters, "PARTS_MOST", 2)
    make(session, hanako, "a", "b")
    make(session, hanako)
    with pytest.raises(TooMany):
        make(session, hanako)
    row = session.scalars(select(Filter).order_by(Filter.id)).first()
    with pytest.raises(TooMany):
        filters.add_word(session, row=row, text="c", whole=None)
