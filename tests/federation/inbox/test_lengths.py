"""Of what others write so much is kept and no more (federation reference §3, HTML)."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import follows, posts, text
from community.models import Post, PostTag
from federation import actors
from federation.vocabulary.notes import read_note
from federation.vocabulary.parse import read_actor
from tests import factories
from tests.federation.inbox import mail

KEN = "https://m.example/users/ken"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"


def sent(session: Session, **facts: Any) -> Post:
    """What stands here of a post by somebody who is followed."""
    ken = actors.upsert(session, mail.load("mastodon/actor"))
    follows.accept(session, follow=follows.request(session, follower=factories.member(session, "yuki"), followee=ken))
    note = {
        "id": f"{KEN}/statuses/9", "type": "Note", "attributedTo": KEN, "content": "<p>やあ</p>", "to": [PUBLIC],
        "published": "2026-03-01T00:00:00Z", **facts,
    }  # fmt: skip
    mail.deliver(session, {"id": f"{KEN}/a/9", "type": "Create", "actor": KEN, "object": note, "to": [PUBLIC]})
    post = posts.by_uri(session, note["id"])
    assert post is not None
    return post


def test_a_post(session: Session) -> None:
    tags = [{"type": "Hashtag", "name": f"#t{number}"} for number in range(100)]
    post = sent(session, content="あ" * 200_000, summary="い" * 200_000, tag=tags)
    assert len(post.body_html) == len(post.body_text) == text.HTML_LIMIT
    assert len(post.summary) == 20_000
    assert session.scalar(select(func.count()).select_from(PostTag).where(PostTag.post_id == post.id)) == 64


def test_a_post_before_anybody_works_on_it() -> None:
    note = {"id": f"{KEN}/statuses/9", "type": "Note", "attributedTo": KEN, "content": "x" * 200_000}
    assert len(read_note(note).html) == text.HTML_LIMIT


def test_its_source(session: Session) -> None:
    source = {"mediaType": "text/markdown", "content": "う" * 200_000}
    assert len(sent(session, source=source).body_source) == text.HTML_LIMIT


def test_a_title(session: Session) -> None:
    post = sent(session, name="え" * 5_000, **{"machi:kind": "question"})
    assert (post.kind, len(post.title or "")) == ("question", 300)


def test_a_person(session: Session) -> None:
    lines = [{"type": "PropertyValue", "name": "お" * 500, "value": "か" * 50_000} for _ in range(100)]
    told = mail.load("mastodon/actor") | {"name": "き" * 5_000, "summary": "く" * 200_000, "attachment": lines}
    read = read_actor(told)
    assert (len(read.display_name), len(read.summary_html)) == (100, 20_000)
    assert [(len(each.name), len(each.html)) for each in read.fields] == [(100, 2_000)] * 16


def test_more_tags_than_anybody_reads(session: Session) -> None:
    """Other tags than those of mentions are looked at up to the 64th alone."""
    filler = [{"type": "Emoji", "name": ":x:"}] * 64
    post = sent(session, tag=[*filler, {"type": "Hashtag", "name": "#late"}])
    assert session.scalars(select(PostTag.tag_id).where(PostTag.post_id == post.id)).all() == []
