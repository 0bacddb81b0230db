import pytest
from sqlalchemy import select

from community import emojis, events, media, notes, posts, text
from community.emojis import Foreign
from community.errors import Conflict, Invalid, NotFound
from community.models import CustomEmoji
from tests import factories

HERE = "https://minato.example/media/ab/"


@pytest.fixture
def own(session):
    return [
        emojis.add(session, shortcode=code, url=f"{HERE}{code}.png", category=category)
        for code, category in (("neko", "動物"), ("inu", "動物"), ("hanko", None))
    ]


def test_those_of_the_town_by_category_and_name(session, own):
    own[0].visible = False
    emojis.learn(session, "yamate.example", [Foreign("neko", "https://yamate.example/neko.png")])
    assert [row.shortcode for row in emojis.of_town(session)] == ["hanko", "inu"]
    assert own[0].uri.startswith("https://minato.example/emojis/")


@pytest.mark.parametrize("shortcode", ["a", "", "ne-ko", "猫猫", "x" * 65, ":neko:"])
def test_names_that_cannot_be(session, shortcode):
    with pytest.raises(Invalid) as refused:
        emojis.add(session, shortcode=shortcode, url=HERE)
    assert refused.value.field == "shortcode"


def test_one_picture_for_a_name(session, own):
    with pytest.raises(Conflict):
        emojis.add(session, shortcode="neko", url=HERE)


def test_found_in_a_text(session, own, queries):
    shown = {"shortcode": "neko", "url": f"{HERE}neko.png", "static_url": f"{HERE}neko.png"}
    assert emojis.in_text(session, "猫:neko:です :neko: ::inu:: a:inu:b :unknown:") == [shown]
    assert [each["shortcode"] for each in emojis.in_text(session, ":hanko:", ":neko::inu:")] == ["hanko"]
    with queries() as sent:
        assert emojis.in_text(session, "12時、絵文字のない文") == []
    assert sent == []


def test_of_another_server(session, own):
    found = [
        Foreign("blob", "https://yamate.example/blob.png", "https://yamate.example/emojis/1"),
        Foreign("x", "https://yamate.example/x.png"),
        Foreign("script", "javascript:alert(1)"),
        Foreign("long", "https://yamate.example/" + "x" * 2_100),
    ]
    shown = {"shortcode": "blob", "url": "https://yamate.example/blob.png", "static_url": "https://yamate.example/blob.png"}
    for _ in range(2):
        assert emojis.learn(session, "yamate.example", found) == [shown]
    row = session.scalars(select(CustomEmoji).where(CustomEmoji.domain == "yamate.example")).one()
    assert (row.shortcode, row.uri) == ("blob", "https://yamate.example/emojis/1")
    emojis.learn(session, "yamate.example", [Foreign("blob", "https://yamate.example/new.png")])
    assert row.url == row.static_url == "https://yamate.example/new.png"
    many = [Foreign(f"n{number}", "https://yamate.example/n.png") for number in range(100)]
    assert len(emojis.learn(session, "yamate.example", many)) == emojis.MOST
    assert emojis.in_text(session, ":blob:") == []


def test_taken_away_with_its_picture(session, own):
    emojis.remove(session, shortcode="neko")
    assert emojis.in_text(session, ":neko:") == []
    assert [row.file for row in media.forgotten(session)] == ["ab/neko.png"]
    with pytest.raises(NotFound):
        emojis.remove(session, shortcode="neko")


def test_on_what_is_written_here(session, own, told):
    hanako = factories.member(session, "hanako")
    question = factories.question(session, hanako, title="ご相談 :inu:", body="よろしく :neko:")
    assert [each["shortcode"] for each in question.emojis] == ["inu", "neko"]
    answer = factories.answer(session, hanako, question, body="はい")
    assert answer.emojis is None
    told()
    posts.edit(session, post=answer, by=hanako, body=text.from_markdown("はい :hanko:"))
    assert [each["shortcode"] for each in answer.emojis] == ["hanko"]
    assert told() == [events.PostEdited(answer.id)]
    posts.edit(session, post=answer, by=hanako, body=text.from_markdown("はい :hanko:"))
    assert told() == []
    theirs = notes.write(
        session,
        author=factories.remote(session),
        body=text.from_html("<p>:neko:</p>"),
        visibility="open",
        origin=factories.origin(),
    )
    assert theirs.emojis is None
