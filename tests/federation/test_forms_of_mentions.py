"""Whom a post means, and what it is about, in every form met in practice."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import names, text, town
from community.emojis import Foreign as Emoji
from community.models import Mention, Post
from community.uris import Uris
from federation.inbox import sight
from federation.vocabulary.notes import without_leading_mention
from federation.vocabulary.parse import read_actor
from tests import factories
from tests.community.conftest import session
from tests.federation.composed import FILE, HERE, note
from tests.federation.inbox import mail
from tests.peer_shapes import Document

__all__ = ["session"]


# Mentions

PAGE = "https://minato.example/@hanako"
MENTIONS = {
    "mastodon": f'<p><span class="h-card" translate="no"><a href="{PAGE}" class="u-url mention">@<span>hanako</span></a></span> はい</p>',
    "misskey": f'<p><a href="{PAGE}" class="u-url mention">@hanako@minato.example</a> はい</p>',
    "pleroma": f'<p><span class="h-card"><a class="u-url mention" data-user="A1" href="{HERE}" rel="ugc">@<span>hanako</span></a></span> はい</p>',
    "gotosocial": f'<p><span class="h-card"><a href="{PAGE}" class="u-url mention" rel="nofollow noreferrer noopener" target="_blank">@<span>hanako</span></a></span> はい</p>',
    "lemmy": f'<p><a href="{HERE}" rel="nofollow">@hanako@minato.example</a> はい</p>',
    "hubzilla": f'<p><span class="h-card">@<a class="u-url" href="{PAGE}">はなこ</a></span> はい</p>',
    "friendica": f'<p>@<span class="vcard"><a href="{PAGE}" class="url u-url mention" title="はなこ"><span class="fn nickname mention">hanako</span></a></span> はい</p>',
}


@pytest.mark.parametrize("software", MENTIONS)
def test_the_mention_of_whom_it_answers_comes_off_in_every_form(software: str):
    bare = without_leading_mention(MENTIONS[software], (HERE, PAGE))
    assert bare.replace("<p> ", "<p>") == "<p>はい</p>"
    assert without_leading_mention(MENTIONS[software], ("https://elsewhere.example/@hanako",)) == MENTIONS[software]


def test_a_link_that_names_nobody_stays_in_front():
    html = f'<p><a href="{PAGE}">この人</a> に聞いて</p>'
    assert without_leading_mention(html, (HERE, PAGE)) == html


@pytest.mark.parametrize(
    "tag",
    [
        [{"type": "Mention", "href": HERE, "name": "@hanako@minato.example"}],  # Mastodon, Misskey, Lemmy
        {"type": "Mention", "href": HERE, "name": "@hanako@minato.example"},  # GoToSocial: one without a list
        [{"type": "Mention", "href": HERE}],  # without a name
        [{"type": "Mention", "href": HERE, "name": "@hanako"}],  # Pleroma: without the host
        [{"type": ["Mention"], "href": HERE, "name": "はなこ"}],  # Friendica
        [{"type": "as:Mention", "href": HERE, "name": "@hanako"}],  # compacted by somebody else's context
        [{"type": "Mention", "href": [HERE], "name": "@hanako"}],
    ],
)
def test_a_mention_is_one_in_every_form_of_its_tag(tag: Any):
    assert note(tag=tag).mentions == (HERE,)


@pytest.mark.parametrize("tag", [{"href": HERE, "name": "@hanako"}, {"type": "Mention"}, "@hanako", None, 7, [[]]])
def test_what_is_no_mention_is_none(tag: Any):
    assert note(tag=tag).mentions == ()


@pytest.mark.parametrize("software", ["mastodon", "misskey", "pleroma", "gotosocial", "friendica"])
def test_without_tags_the_links_that_look_like_mentions_count(software: str):
    assert note(content=MENTIONS[software]).mentions in ((HERE,), (PAGE,))
    assert note(content=f'<p><a href="{PAGE}">はなこ</a></p>').mentions == ()


def test_a_page_stands_for_its_person_or_board():
    uris = Uris("https", "minato.example")
    behind = ("https://minato.example/users/hanako", "https://minato.example/boards/hanako")
    assert uris.behind("https://minato.example/@Hanako") == behind
    assert uris.behind("https://minato.example/@hanako@minato.example") == behind
    for other in ("https://minato.example/@hanako/17", "https://a.example/@hanako", "https://minato.example/users/hanako"):
        assert uris.behind(other) == ()


def test_only_the_addressed_are_meant(session: Session):
    uris = town.of(session).uris
    factories.member(session, "hanako")
    hanako, ken = uris.account("person", "hanako"), uris.account("person", "ken")

    def tagged(*people: str) -> list[dict[str, str]]:
        return [{"type": "Mention", "href": each} for each in people]

    assert sight.meant_by(session, note(tag=tagged(hanako, ken), cc=[hanako]), "open") == [hanako]
    assert sight.meant_by(session, note(tag=tagged(uris.profile("hanako")), cc=[hanako]), "open") == [hanako]
    assert sight.meant_by(session, note(cc=[hanako]), "open") == []
    # A message to one person, as Lemmy and Pleroma send it, has no tags.
    message = note(type="ChatMessage", to=[hanako], cc=[])
    assert sight.meant_by(session, message, "direct") == [hanako]
    crowd = note(to=[uris.account("person", f"m{number}") for number in range(100)], cc=[])
    assert len(sight.meant_by(session, crowd, "direct")) == sight.MEANT_MOST


def test_a_message_without_tags_reaches_whom_it_is_for(session: Session):
    hanako = factories.member(session, "hanako")
    mail.know(session, "lemmy/person")
    mail.deliver(session, mail.load("lemmy/create_private_message"))
    told = select(Post, Mention.account_id).join(Mention, Mention.post_id == Post.id).where(Post.local.is_(False))
    ((post, seen_by),) = session.execute(told)
    assert (post.visibility, seen_by) == ("direct", hanako.id)
    assert "鍵を預かりました" in post.body_html


# Hashtags


@pytest.mark.parametrize(
    ("tag", "label"),
    [
        ({"type": "Hashtag", "name": "#ごみ", "href": "https://a.example/tags/x"}, "ごみ"),
        ({"type": "Hashtag", "name": "ごみ"}, "ごみ"),  # without its sign
        ({"type": "Hashtag", "name": "＃ごみ"}, "ごみ"),  # the full-width sign
        ({"type": "as:Hashtag", "name": "#Soumu"}, "Soumu"),
        ({"type": "Hashtag", "href": "https://a.example/tags/%E3%81%94%E3%81%BF"}, "ごみ"),  # by its page alone
        ({"type": "Hashtag", "href": "https://a.example/tag/Soumu/"}, "Soumu"),
        ({"type": ["Hashtag"], "name": " #soumu "}, "soumu"),
    ],
)  # fmt: skip
def test_hashtags(tag: Document, label: str):
    assert note(tag=[tag]).tags == (label,)


@pytest.mark.parametrize("tag", [{"type": "Hashtag"}, {"type": "Hashtag", "name": "#"}, {"name": "#ごみ"}, "#ごみ"])
def test_what_names_no_tag_is_none(tag: Any):
    assert note(tag=[tag]).tags == ()


# Emoji and names


@pytest.mark.parametrize(
    "tag",
    [
        {"type": "Emoji", "name": ":neko:", "icon": {"type": "Image", "url": f"{FILE}/n.png"}, "id": "https://a.example/emojis/n"},
        {"type": "toot:Emoji", "name": "neko", "icon": [{"type": "Image", "url": f"{FILE}/n.png"}], "id": "https://a.example/emojis/n"},
        {"type": "Emoji", "name": ":neko:", "icon": f"{FILE}/n.png", "id": "https://a.example/emojis/n"},
        {"type": "Emoji", "name": ":neko:", "icon": {"url": {"type": "Link", "href": f"{FILE}/n.png"}}, "id": "https://a.example/emojis/n", "_misskey_license": {"freeText": ""}},
    ],
)  # fmt: skip
def test_custom_emoji_in_every_form(tag: Document):
    assert note(tag=[tag]).emojis == (Emoji("neko", f"{FILE}/n.png", "https://a.example/emojis/n"),)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("はなこ\u202e oknah", "はなこ oknah"), ("ha\u200bna\u2060ko\ufeff", "hanako"), ("admin ✅", "admin"), ("運営☑️", "運営\ufe0f"),
        ("ad\u00admin", "admin"), ("はな\u200dこ\u200c", "はなこ"), ("\u3164\u2800", ""), ("👩\u200d💻", "👩\u200d💻"),
        ("می\u200cخواهم", "می\u200cخواهم"), ("\u2066x\u2069", "x"), ("a\u180e\u2063b", "ab"),
    ],
)  # fmt: skip
def test_names_show_what_they_are(written: str, shown: str):
    assert names.display_name(written) == shown
    if shown:
        assert read_actor(mail.load("mastodon/actor") | {"name": written}).display_name == shown.strip()
        assert text.line(written.replace("✅", "").replace("☑", "")) == shown
