"""Pictures and emoji in the words of others, and in ours."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from community import emojis, media, notes, profiles, text
from community.emojis import Foreign as Emoji
from community.media import Foreign
from community.profiles import Changes
from federation.vocabulary import attachments, render
from federation.vocabulary.notes import read_note
from federation.vocabulary.parse import read_actor
from tests import factories
from tests.community.conftest import session
from tests.federation.inbox import mail
from tests.federation.outbox import rules

__all__ = ["session"]
HERE = "https://minato.example/media/"
PEM = "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n"


def test_as_mastodon_writes_a_picture() -> None:
    note = read_note(mail.load("mastodon/create_note_with_warning")["object"])
    assert note.pictures == (
        Foreign(
            "https://files.m.example/media/1.jpg", "image", "image/jpeg", description="カレー", blurhash="UBL_:rOpGG-;",
            width=800, height=600,
        ),
    )  # fmt: skip
    assert "カレー" not in note.html


@pytest.mark.parametrize(
    ("attachment", "read"),
    [
        ({"type": "Document", "mediaType": "video/mp4", "url": "https://a.example/1", "icon": {"type": "Image", "url": "https://a.example/2"}},
         Foreign("https://a.example/1", "video", "video/mp4", preview_url="https://a.example/2")),
        ({"type": "Image", "url": [{"type": "Link", "href": "https://a.example/1", "mediaType": "image/webp"}], "summary": "猫"},
         Foreign("https://a.example/1", "image", "image/webp", description="猫")),
        ({"type": "Audio", "href": "https://a.example/1"}, Foreign("https://a.example/1", "audio")),
        ({"type": "Document", "url": "https://a.example/1"}, Foreign("https://a.example/1", "unknown")),
        ({"type": "Document", "mediaType": "application/pdf", "url": "https://a.example/1"},
         Foreign("https://a.example/1", "unknown", "application/pdf")),
        ({"type": "Image", "url": "https://a.example/1", "focalPoint": [0.5, -2], "width": 0, "height": "9", "blurhash": "<script>"},
         Foreign("https://a.example/1", "image", focus=(0.5, -2.0))),
        ({"type": "Image", "url": "https://a.example/1", "focalPoint": [0.5], "width": True, "height": 10**9},
         Foreign("https://a.example/1", "image")),
    ],
)  # fmt: skip
def test_in_every_spelling(attachment: dict[str, Any], read: Foreign) -> None:
    assert attachments.pictures(attachment) == (read,)
    assert attachments.links(attachment) == ""


@pytest.mark.parametrize(
    "attachment",
    [
        None, "x", 7, [], [None], {"type": "Image"}, {"type": "Image", "url": "javascript:alert(1)"},
        {"type": "Image", "url": {"href": "file:///etc/passwd"}}, {"type": "Image", "url": "https://u:p@a.example/"},
        {"type": "PropertyValue", "url": "https://a.example/"}, {"url": "https://a.example/"},
    ],
)  # fmt: skip
def test_what_shows_nothing(attachment: Any) -> None:
    assert attachments.pictures(attachment) == ()


def test_links_stay_links_and_no_more_than_sixteen_pictures_are_read() -> None:
    page = {"type": "Link", "href": "https://news.example/<1>", "name": "記事"}
    assert attachments.links([page]) == '<p><a href="https://news.example/&lt;1&gt;">記事</a></p>'
    many = [{"type": "Image", "url": f"https://a.example/{number}"} for number in range(40)]
    assert len(attachments.pictures([page, *many])) == media.MOST_FOREIGN


def test_emoji_of_others() -> None:
    tags = [
        {"type": "Emoji", "id": "https://a.example/emojis/1", "name": ":blob:", "icon": {"type": "Image", "url": "https://a.example/b.png"}},
        {"type": "Emoji", "name": "bare", "icon": {"type": "Image", "url": [{"href": "https://a.example/c.png"}]}},
        {"type": "Emoji", "name": ":none:"},
        {"type": "Hashtag", "name": "#x", "href": "https://a.example/x"},
        "nonsense",
    ]  # fmt: skip
    assert attachments.emojis(tags) == (
        Emoji("blob", "https://a.example/b.png", "https://a.example/emojis/1"),
        Emoji("bare", "https://a.example/c.png"),
    )


def test_our_pictures_and_emoji_on_the_wire_come_back_as_they_are(session: Session) -> None:
    hanako = factories.member(session, "hanako")
    emojis.add(session, shortcode="neko", url=f"{HERE}ab/neko.png")
    post = notes.write(session, author=hanako, body=text.from_markdown("机 :neko:"), visibility="open")
    post.emojis, post.sensitive = emojis.in_text(session, post.body_source), True
    upload = media.new(
        session,
        account_id=hanako.id,
        kind="image",
        mime="image/jpeg",
        file="ab/desk.jpg",
        preview="ab/small.webp",
        blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
        meta={"original": media.sized(1200, 800), "small": media.sized(640, 426)},
        size=4_000,
        description="机の上",
        focus=(0.25, -0.5),
    )
    media.attach(session, post, [upload.id])
    document = render.with_context(render.note(session, post))
    rules.check(document, "minato.example")
    assert document["attachment"] == [
        {
            "type": "Document", "mediaType": "image/jpeg", "url": f"{HERE}ab/desk.jpg", "name": "机の上",
            "blurhash": "LEHV6nWB2yk8pyo0adR*.7kCMdnj", "width": 1200, "height": 800, "focalPoint": [0.25, -0.5],
            "sensitive": True,
        }
    ]  # fmt: skip
    read = read_note(document)
    assert read.pictures == (
        Foreign(
            f"{HERE}ab/desk.jpg", "image", "image/jpeg", description="机の上", blurhash="LEHV6nWB2yk8pyo0adR*.7kCMdnj",
            width=1200, height=800, focus=(0.25, -0.5),
        ),
    )  # fmt: skip
    assert read.emojis == (Emoji("neko", f"{HERE}ab/neko.png"),)
    bare = notes.write(session, author=hanako, body=text.from_markdown("文だけ"), visibility="open")
    assert {"attachment", "tag"}.isdisjoint(render.note(session, bare))


def test_our_member_with_pictures_and_fields(session: Session) -> None:
    hanako = factories.member(session, "hanako", strengths=("36協定",))
    emojis.add(session, shortcode="neko", url=f"{HERE}ab/neko.png")
    changes = Changes(
        nickname="はなこ :neko:", bot=True, avatar="ab/me.png", header="ab/head.jpg", avatar_description="湯のみ",
        fields=[("ブログ", "https://example.org/")],
    )  # fmt: skip
    profiles.update(session, account_id=hanako.id, changes=changes)
    document = render.with_context(render.actor(session, hanako, PEM))
    rules.check(document, "minato.example")
    assert document["type"] == "Service"
    assert document["icon"] == {"type": "Image", "mediaType": "image/png", "url": f"{HERE}ab/me.png", "name": "湯のみ"}
    assert document["image"] == {"type": "Image", "mediaType": "image/jpeg", "url": f"{HERE}ab/head.jpg"}
    assert [each["name"] for each in document["attachment"]] == ["得意技", "ブログ"]
    read = read_actor(document)
    assert (read.strengths, [field.name for field in read.fields]) == (("36協定",), ["ブログ"])
    assert 'rel="me' in read.fields[0].html
    assert (read.avatar_url, read.avatar_description, read.header_description) == (f"{HERE}ab/me.png", "湯のみ", "")
    assert read.emojis == (Emoji("neko", f"{HERE}ab/neko.png"),)
