"""Words, languages, addresses, moments, quotes and polls, in every form met in practice."""

from typing import Any

import pytest

from federation.vocabulary.reading import moment
from tests.federation.composed import AUTHOR, note
from tests.peer_shapes import Document

# Languages and words


@pytest.mark.parametrize(
    ("said", "html", "language"),
    [
        ({"content": "text", "contentMap": {"ja": "text"}}, "text", "ja"),
        ({"content": None, "contentMap": {"ja": "本文"}}, "本文", "ja"),
        ({"content": "text", "contentMap": {"en": "other", "ja": "text"}}, "text", "ja"),
        ({"content": "text", "contentMap": {"und": "text"}}, "text", None),
        ({"content": "text", "language": {"identifier": "ja", "name": "日本語"}}, "text", "ja"),
        ({"content": "text", "language": "ja"}, "text", "ja"),
        ({"content": "text", "language": 5, "contentMap": []}, "text", None),
        ({"content": "text", "contentMap": {"x" * 40: "text"}}, "text", None),
    ],
)
def test_languages(said: Document, html: str, language: str | None):
    read = note(**said)
    assert (read.html, read.language) == (html, language)


def test_a_title_and_a_warning_in_several_languages():
    read = note(type="Page", nameMap={"ja": "題"}, summaryMap={"ja": "注意"})
    assert (read.name, read.summary) == ("題", "注意")


@pytest.mark.parametrize("media_type", ["text/plain", "text/markdown"])
def test_plain_words_keep_their_lines(media_type: str):
    read = note(content="一行目\r\n<b>二行目</b>\n\n三行目", mediaType=media_type)
    assert read.html == "<p>一行目<br>&lt;b&gt;二行目&lt;/b&gt;</p><p>三行目</p>"


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ({"content": "**本文**", "mediaType": "text/markdown"}, "**本文**"),  # Lemmy, PieFed, ours
        ({"content": "$[x 本文]", "mediaType": "text/x.misskeymarkdown"}, ""),
        ({"content": "[b]本文[/b]", "mediaType": "text/bbcode"}, ""),  # Friendica, Hubzilla
        ("本文", ""), (["本文"], ""), ({"mediaType": "text/markdown"}, ""),
    ],
)  # fmt: skip
def test_only_markdown_is_a_source(source: Any, kept: str):
    assert note(source=source).source == kept


# Addresses and authors


@pytest.mark.parametrize("author", [AUTHOR, [AUTHOR], {"type": "Person", "id": AUTHOR}, [{"id": AUTHOR}, "https://a.example/c/x"]])
def test_an_author_in_every_form(author: Any):
    assert note(attributedTo=author).attributed_to == AUTHOR


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("https://a.example/@ume/1", "https://a.example/@ume/1"),
        (["https://a.example/@ume/1"], "https://a.example/@ume/1"),
        ({"type": "Link", "href": "https://a.example/@ume/1", "mediaType": "text/html"}, "https://a.example/@ume/1"),
        ([{"type": "Link", "href": "https://a.example/1.mp4", "mediaType": "video/mp4"}, {"type": "Link", "href": "https://a.example/@ume/1", "mediaType": "text/html"}], "https://a.example/@ume/1"),
        (["https://evil.example/1", "https://a.example/@ume/1"], "https://a.example/@ume/1"),
        ("https://evil.example/1", "https://a.example/posts/1"),
        ("javascript:alert(1)", "https://a.example/posts/1"),
        (None, "https://a.example/posts/1"),
    ],
)  # fmt: skip
def test_a_page_is_on_the_host_of_its_post(url: Any, page: str):
    assert note(url=url).url == page


@pytest.mark.parametrize(
    "parent",
    ["https://b.example/1", ["https://b.example/1"], {"type": "Link", "href": "https://b.example/1"}, ["https://b.example/1", "https://c.example/1"], {"type": "Note", "id": "https://b.example/1", "content": "x"}],
)  # fmt: skip
def test_what_it_answers_in_every_form(parent: Any):
    assert note(inReplyTo=parent).in_reply_to == "https://b.example/1"


def test_what_answers_nothing():
    assert note(inReplyTo={"type": "Collection", "items": ["https://b.example/1"]}).in_reply_to is None


# Times


@pytest.mark.parametrize(
    "written",
    [
        "2026-04-01T00:00:00Z", "2026-04-01T00:00:00.000Z", "2026-04-01T00:00:00.000000Z", "2026-04-01T09:00:00+09:00",
        "2026-04-01T09:00:00.000000+09:00", "2026-04-01T09:00:00+0900", "2026-04-01T00:00:00", "2026-04-01T00:00:00.0000000Z",
    ],
)  # fmt: skip
def test_a_moment_in_every_form(written: str):
    assert moment(written) == 1_775_001_600_000


@pytest.mark.parametrize("written", ["yesterday", "", 1_775_001_600, None, "1800-01-01T00:00:00Z", "9999-99-99T00:00:00Z", ["2026-04-01T00:00:00Z"]])
def test_what_is_no_moment(written: Any):
    assert moment(written) is None


# Quotes and polls

QUOTED = "https://b.example/notes/1"
AS2_LINK = {
    "type": "Link", "mediaType": 'application/ld+json; profile="https://www.w3.org/ns/activitystreams"', "href": QUOTED,
    "name": f"RE: {QUOTED}",
}  # fmt: skip


@pytest.mark.parametrize(
    "said",
    [
        *({name: QUOTED} for name in ("quote", "quoteUri", "quoteUrl", "_misskey_quote")),
        {"quote": {"type": "Note", "id": QUOTED}},
        {"tag": [AS2_LINK | {"rel": "https://misskey-hub.net/ns#_misskey_quote"}]},  # FEP-e232
        {"tag": AS2_LINK | {"rel": ["https://w3id.org/fep/044f#quote"]}},
        {"quoteUrl": "nonsense", "tag": [AS2_LINK | {"rel": "http://fedibird.com/ns#quoteUri"}]},
    ],
)
def test_a_quote_in_every_form(said: Document):
    assert note(**said).quote == QUOTED


@pytest.mark.parametrize("tag", [AS2_LINK, AS2_LINK | {"rel": "license"}, {"type": "Mention", "href": QUOTED, "rel": "https://misskey-hub.net/ns#_misskey_quote"}])
def test_a_link_to_a_post_is_no_quote(tag: Document):
    assert note(tag=[tag]).quote is None


def option(name: str, count: int, **more: Any) -> Document:
    return {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": count}} | more


@pytest.mark.parametrize("name", ["oneOf", "anyOf"])
def test_a_poll_of_mastodon(name: str):
    poll = note(
        type="Question", endTime="2026-04-02T00:00:00Z", votersCount=3, **{name: [option("朝", 1), option("夜", 2)]}
    ).poll
    assert poll is not None
    assert (poll.options, poll.multiple, poll.voters) == ((("朝", 1), ("夜", 2)), name == "anyOf", 3)
    assert (poll.expires_at, poll.closed) == (1_775_088_000_000, False)


def test_a_poll_of_misskey():
    poll = note(type="Question", oneOf=[{"type": "Note", "name": "朝", "_misskey_votes": 4}, option("夜", 2)]).poll
    assert poll is not None
    assert (poll.options, poll.voters) == ((("朝", 4), ("夜", 2)), None)


def test_a_poll_of_akkoma_says_when_it_will_be_closed():
    poll = note(type="Question", closed="2026-04-02T00:00:00Z", oneOf=[option("朝", 1)], anyOf=[]).poll
    assert poll is not None
    assert (poll.expires_at, poll.closed, poll.multiple) == (1_775_088_000_000, False, False)


def test_a_poll_that_is_closed():
    poll = note(type="Question", closed=True, oneOf=option("朝", 1)).poll
    assert poll is not None
    assert (poll.options, poll.closed) == ((("朝", 1),), True)
