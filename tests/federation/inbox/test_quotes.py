"""Quotes that come in: found under every name in use, and judged by what the quoted author says."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import composing, follows, posts
from community.models import Notification, Post
from federation import actors
from tests import factories
from tests.federation.inbox import mail

KEN = "https://m.example/users/ken"
REI = "https://mi.example/users/9abc"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
THEIRS = "https://mi.example/notes/7"


def note(**facts: Any) -> dict[str, Any]:
    return {
        "id": f"{KEN}/statuses/9", "type": "Note", "attributedTo": KEN, "content": "<p>見て</p>", "to": [PUBLIC],
        "published": "2026-03-01T00:00:00Z", **facts,
    }  # fmt: skip


def theirs(**facts: Any) -> dict[str, Any]:
    return note(id=THEIRS, attributedTo=REI, content="<p>もとの話</p>") | facts


@pytest.fixture
def ours(session: Session) -> Post:
    ken = actors.upsert(session, mail.load("mastodon/actor"))
    hanako = factories.member(session, "hanako")
    follows.accept(session, follow=follows.request(session, follower=hanako, followee=ken))
    return composing.write(session, author=hanako, draft=composing.Draft(text="こちらの話", visibility="open"))


def quoting(session: Session, document: dict[str, Any], *more: dict[str, Any]) -> Post:
    mail.deliver(session, {"id": f"{KEN}/create", "type": "Create", "actor": KEN, "object": document}, *more)
    post = posts.by_uri(session, document["id"])
    assert post is not None
    return post


@pytest.mark.parametrize("name", ["quote", "quoteUri", "quoteUrl", "_misskey_quote"])
def test_a_quote_of_ours_counts_and_is_told(session: Session, ours: Post, name: str) -> None:
    post = quoting(session, note(**{name: ours.uri}))
    session.refresh(ours)
    assert (post.quote_of_id, post.quote_state, ours.quotes_count) == (ours.id, "accepted", 1)
    assert session.scalars(select(Notification.kind).where(Notification.account_id == ours.author_id)).all() == ["quote"]


def test_who_wants_no_quotes_is_not_shown_in_one(session: Session, ours: Post) -> None:
    ours.quote_policy = "nobody"
    session.flush()
    post = quoting(session, note(quote=ours.uri))
    session.refresh(ours)
    assert (post.quote_state, ours.quotes_count) == ("rejected", 0)


@pytest.mark.parametrize(
    ("policy", "state"),
    [
        ({}, "accepted"),
        ({"interactionPolicy": {"canQuote": {"automaticApproval": [PUBLIC]}}}, "pending"),
        ({"interactionPolicy": {"canQuote": {"automaticApproval": [REI]}}}, "rejected"),
    ],
)
def test_theirs_is_fetched_and_their_author_decides(
    session: Session, ours: Post, policy: dict[str, Any], state: str
) -> None:
    post = quoting(session, note(quote=THEIRS), theirs(**policy))
    quoted = posts.by_uri(session, THEIRS)
    assert quoted is not None
    assert (post.quote_of_id, post.quote_state) == (quoted.id, state)


def test_what_cannot_be_had_stays_an_address(session: Session, ours: Post) -> None:
    post = quoting(session, note(quote=THEIRS))
    assert (post.quote_of_id, post.quote_uri, post.quote_state) == (None, THEIRS, "pending")


def test_an_edit_lets_go_of_the_quote(session: Session, ours: Post) -> None:
    post = quoting(session, note(quote=ours.uri))
    edited = note(updated="2026-03-02T00:00:00Z", content="<p>やめました</p>")
    mail.deliver(session, {"id": f"{KEN}/update", "type": "Update", "actor": KEN, "object": edited})
    for each in (post, ours):
        session.refresh(each)
    assert (post.quote_of_id, post.quote_state, ours.quotes_count, post.body_text) == (None, None, 0, "やめました")


def test_a_stranger_who_quotes_one_of_us_is_heard(session: Session) -> None:
    """Misskey asks nobody, and tells who is quoted."""
    mail.know(session, "mastodon/actor")
    hanako = factories.member(session, "hanako")
    ours = composing.write(session, author=hanako, draft=composing.Draft(text="こちらの話", visibility="open"))
    assert quoting(session, note(quote=ours.uri)).quote_state == "accepted"
    elsewhere = note(id=f"{KEN}/statuses/10", quote=THEIRS)
    letter = {"id": f"{KEN}/create/2", "type": "Create", "actor": KEN, "object": elsewhere}
    assert "nobody here" in mail.refusal(session, letter)
