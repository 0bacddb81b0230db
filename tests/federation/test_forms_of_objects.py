"""What a post shows and what kind of thing it is, in every form met in practice. Whole documents of each software are in `wire/`."""

from typing import Any

import pytest

from federation.vocabulary.notes import read_note
from tests.federation.composed import FILE, note
from tests.federation.inbox import mail
from tests.peer_shapes import Document

# Attachments


def shown(**said: Any) -> list[tuple[str, str, str]]:
    """Kind, address and description of each picture."""
    return [(each.kind, each.url, each.description) for each in note(**said).pictures]


@pytest.mark.parametrize(
    "attachment",
    [
        [{"type": "Document", "mediaType": "image/png", "url": f"{FILE}/1.png", "name": "机"}],
        {"type": "Image", "url": f"{FILE}/1.png", "name": "机"},  # one without a list, without a media type
        [{"type": "Document", "url": f"{FILE}/1.png", "name": "机"}],  # known by its ending alone
        [{"type": "Image", "url": [{"type": "Link", "href": f"{FILE}/1.png", "mediaType": "image/png"}], "name": "机"}],
        [{"type": "Image", "url": {"type": "Link", "href": f"{FILE}/1.png"}, "summary": "机"}],
        [{"type": "Link", "href": f"{FILE}/1.png", "mediaType": "image/png", "name": "机"}],  # Lemmy
        [{"type": "Link", "href": f"{FILE}/1.png", "name": "机"}],
        [{"url": f"{FILE}/1.png", "name": "机"}],  # no type at all
    ],
)  # fmt: skip
def test_a_picture_is_one_in_every_form(attachment: Any):
    assert shown(attachment=attachment) == [("image", f"{FILE}/1.png", "机")]
    assert "1.png" not in note(attachment=attachment).html


def test_a_link_to_a_page_stays_a_link():
    read = note(attachment=[{"type": "Link", "href": "https://news.example/1", "mediaType": "text/html; charset=utf-8"}])
    assert read.pictures == ()
    assert 'href="https://news.example/1"' in read.html


@pytest.mark.parametrize(
    ("ending", "kind"),
    [("jpg?x=1", "image"), ("WEBP", "image"), ("mp4", "video"), ("mov#t", "video"), ("mp3", "audio"), ("txt", "unknown"), ("", "unknown")],
)
def test_an_ending_tells_where_nothing_else_does(ending: str, kind: str):
    assert shown(attachment=[{"type": "Document", "url": f"{FILE}/1.{ending}"}])[0][0] == kind


def test_all_that_is_said_of_a_picture_is_kept():
    (read,) = note(
        attachment=[
            {
                "type": "Document", "mediaType": "image/webp", "url": f"{FILE}/1.webp", "name": "机の上", "width": 1200,
                "height": 800, "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "focalPoint": [0.25, -0.5],
            }
        ]
    ).pictures  # fmt: skip
    assert (read.width, read.height, read.focus) == (1200, 800, (0.25, -0.5))
    assert read.blurhash == "LEHV6nWB2yk8pyo0adR*.7kCMdnj"
    (film,) = note(
        attachment={
            "type": "Video", "mediaType": "video/mp4", "url": f"{FILE}/1.mp4", "icon": {"type": "Image", "url": f"{FILE}/1.jpg"},
        }
    ).pictures  # fmt: skip
    assert (film.kind, film.preview_url) == ("video", f"{FILE}/1.jpg")


@pytest.mark.parametrize("focus", [[0.25], ["x", "y"], {"x": 1}, "0,0", [True, {}]])
def test_a_strange_focus_is_none(focus: Any):
    (read,) = note(attachment=[{"type": "Image", "url": f"{FILE}/1.png", "focalPoint": focus}]).pictures
    assert read.focus is None


def test_the_picture_of_a_page_or_an_article_is_shown():
    picture = {"type": "Image", "url": f"{FILE}/1.jpg", "name": "表紙"}
    for kind in ("Page", "Article", "Event"):
        assert shown(type=kind, name="題", image=picture) == [("image", f"{FILE}/1.jpg", "表紙")]
    assert shown(type="Page", image=f"{FILE}/1.jpg") == [("image", f"{FILE}/1.jpg", "")]
    assert shown(type="Page", image=picture, attachment=[picture]) == [("image", f"{FILE}/1.jpg", "表紙")]
    assert shown(type="Note", image=picture) == []


@pytest.mark.parametrize("sensitive", [{"sensitive": True}, {"attachment": {"type": "Image", "url": f"{FILE}/1.png", "sensitive": True}}])
def test_sensitive_as_a_whole_or_in_a_part(sensitive: Document):
    assert note(**sensitive).sensitive
    assert not note(attachment={"type": "Image", "url": f"{FILE}/1.png", "sensitive": "yes"}).sensitive


# Kinds of objects


@pytest.mark.parametrize("kind", ["Note", "Page", "Article", "Event", "Video", "Audio", "Image", "Document", "ChatMessage", ["Note", "Article"]])
def test_whatever_has_words_is_a_post(kind: Any):
    assert note(type=kind).html.endswith("<p>こんにちは</p>")


@pytest.mark.parametrize("kind", ["Place", "Profile", "Relationship", "Tombstone", "Collection", "Person", "", None, [], 5])
def test_what_is_no_post_is_refused(kind: Any):
    with pytest.raises(ValueError, match="not a kind of post"):
        note(type=kind)


def test_peertube():
    """Title, words in Markdown, several addresses, and the film inside the Link of a play list."""
    read = read_note(mail.load("peertube/video"))
    assert (read.name, read.attributed_to) == ("避難訓練のようす", "https://pt.example/accounts/bousai")
    assert read.url == "https://pt.example/w/abc"
    assert read.html == "<p>今年の訓練です。<br>資料は下に。</p><p>ご覧ください。</p>"
    (film,) = read.pictures
    assert (film.kind, film.url) == ("video", "https://pt.example/static/streaming/abc-720.mp4")
    assert film.preview_url == "https://pt.example/lazy-static/thumbnails/abc.jpg"
    assert (read.language, read.tags) == ("ja", ("防災",))


def test_mobilizon():
    """When and where are words in front of the others."""
    read = read_note(mail.load("mobilizon/event"))
    assert read.name == "総務の勉強会"
    assert read.html.startswith("<p>📅 2026-05-16 10:00:00+09:00<br>📍 みなと公民館</p>")
    assert "はじめての方もどうぞ" in read.html
    assert [each.url for each in read.pictures] == ["https://mz.example/media/hall.jpg"]


def test_funkwhale():
    read = read_note(mail.load("funkwhale/audio"))
    assert read.name == "朝の体操"
    assert [(each.kind, each.url) for each in read.pictures] == [("audio", "https://fw.example/listen/1.ogg")]


def test_wordpress():
    """An article is shown with its words; the lead is no warning."""
    read = read_note(mail.load("wordpress/article"))
    assert (read.name, read.summary) == ("年末調整の手引き", "")
    assert "書類をそろえましょう" in read.html
    assert [each.url for each in read.pictures] == ["https://wp.example/cover.webp"]
