"""姉妹まち come to be by agreement, and end at either's word."""

import pytest

from community import events, sisters, towns, traffic
from community.errors import Conflict, Invalid, NotFound, TooMany
from tests import factories

THEIRS = "https://yamate.example/activities/7"


@pytest.fixture
def told(session) -> list[events.Event]:
    return session.info.setdefault("machi.events", [])


def test_we_ask_and_they_agree(session, told):
    row = sisters.ask(session, "https://Yamate.example/", note=" よろしくお願いします ")
    assert (row.domain, row.state, row.note) == ("yamate.example", sisters.ASKED, "よろしくお願いします")
    assert sisters.ask(session, "yamate.example") is row
    assert told == [events.SisterAsked("yamate.example")]
    assert not towns.is_sister(session, "yamate.example")
    with pytest.raises(Conflict):
        sisters.accept(session, "yamate.example")  # nobody agrees for the other side
    for wrong in ("https://yamate.example/activities/1", ""):
        with pytest.raises(NotFound):
            sisters.accepted_from(session, "yamate.example", offer_uri=wrong)
    sisters.accepted_from(session, "yamate.example", offer_uri=row.offer_uri)
    assert towns.is_sister(session, "YAMATE.example")
    assert towns.sisters(session) == ["yamate.example"]
    assert told[1:] == [events.SisterAgreed("yamate.example")]


def test_they_ask_and_we_agree(session, told):
    row = sisters.asked_from(session, "yamate.example", offer_uri=THEIRS, note="ぜひ")
    assert row.state == sisters.ASKING
    assert not towns.is_sister(session, "yamate.example")
    with pytest.raises(NotFound):
        sisters.accepted_from(session, "yamate.example", offer_uri=THEIRS)  # whoever asked cannot also answer
    assert not towns.is_sister(session, "yamate.example")
    sisters.accept(session, "yamate.example")
    assert towns.is_sister(session, "yamate.example")
    assert told == [events.SisterAgreed("yamate.example"), events.SisterAccepted("yamate.example")]


def test_two_that_ask_each_other_have_agreed(session):
    sisters.ask(session, "yamate.example")
    sisters.asked_from(session, "yamate.example", offer_uri=THEIRS, note="")
    assert towns.is_sister(session, "yamate.example")
    sisters.asked_from(session, "kawabe.example", offer_uri="https://kawabe.example/activities/1", note="")
    sisters.ask(session, "kawabe.example")
    assert towns.sisters(session) == ["kawabe.example", "yamate.example"]


def test_a_request_is_declined_withdrawn_or_ended(session, told):
    sisters.asked_from(session, "yamate.example", offer_uri=THEIRS, note="")
    sisters.end(session, "yamate.example")
    assert told == [events.SisterEnded("yamate.example", THEIRS, ours=False, told=True)]
    asked = sisters.ask(session, "yamate.example").offer_uri
    sisters.end(session, "yamate.example")
    assert told[-1] == events.SisterEnded("yamate.example", asked, ours=True, told=True)
    factories.sister(session, "yamate.example")
    sisters.ended_from(session, "yamate.example")
    assert told[-1] == events.SisterEnded("yamate.example", None, ours=False, told=False)
    assert not towns.is_sister(session, "yamate.example")
    for end in (sisters.end, sisters.ended_from, sisters.accept):
        with pytest.raises(NotFound):
            end(session, "yamate.example")


def test_whom_nobody_can_ask(session):
    for domain in ("minato.example", "やまて の まち"):
        with pytest.raises(Invalid) as caught:
            sisters.ask(session, domain)
        assert caught.value.field == "domain"
    towns.suspend(session, "bad.example")
    with pytest.raises(Invalid):
        sisters.ask(session, "sub.bad.example")
    with pytest.raises(Invalid) as caught:
        sisters.ask(session, "yamate.example", note="あ" * (sisters.NOTE_MOST + 1))
    assert caught.value.field == "note"


def test_no_flood_of_requests(session, monkeypatch):
    monkeypatch.setattr(sisters, "_WAITING_MOST", 2)
    for number in range(2):
        sisters.asked_from(session, f"t{number}.example", offer_uri=f"https://t{number}.example/1", note="")
    with pytest.raises(TooMany):
        sisters.asked_from(session, "t2.example", offer_uri="https://t2.example/1", note="")
    sisters.asked_from(session, "t1.example", offer_uri="https://t1.example/2", note="もういちど")
    assert sisters.of(session, "t1.example").note == "もういちど"


def test_topics_are_counted_for_sisters_and_nobody_else(session):
    factories.sister(session, "yamate.example")
    hanako, taro = factories.member(session, "hanako"), factories.remote(session, "taro", "yamate.example")
    stranger = factories.remote(session, "sono", "elsewhere.example")
    mine = factories.question(session, hanako)
    hidden = factories.question(session, hanako, visibility="town")
    body = factories.text.from_markdown("はい。")
    answers = [
        factories.answers.reply(
            session, author=author, parent=mine, body=body, origin=factories.origin(f"https://{author.domain}/posts/1")
        )
        for author in (taro, stranger)
    ]
    for post in (mine, hidden, *answers):
        traffic.post_created(session, events.PostCreated(post.id))
    row = traffic.sums(session)["yamate.example"]
    assert (row.questions_out, row.questions_in, row.answers_in, row.answers_out) == (1, 0, 1, 0)
    assert list(traffic.sums(session)) == ["yamate.example"]
    given = factories.thank(session, hanako, answers[0])
    traffic.thanks_given(session, events.ThanksGiven(given.id))
    row = traffic.sums(session)["yamate.example"]
    assert (row.thanks_out, row.thanks_in) == (1, 0)
    assert [month.month for month in traffic.of(session, "yamate.example")] == ["2026-04"]
