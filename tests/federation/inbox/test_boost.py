"""Announce by people: boosts of what is known, and of what those whom somebody here follows pass on."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import boosts, posts
from community.models import HomeEntry, Notification, Post
from tests import factories
from tests.federation.inbox import mail

KEN = "https://m.example/users/ken"
FAR = "https://mi.example/notes/7"


@pytest.fixture
def question(session: Session) -> Post:
    return factories.question(session, factories.member(session, "hanako"))


def boost_of(target: str, number: int = 1) -> dict[str, Any]:
    return mail.load("mastodon/announce_by_person") | {"id": f"{KEN}/statuses/{number}/activity", "object": target}


def note(**facts: Any) -> dict[str, Any]:
    public = "https://www.w3.org/ns/activitystreams#Public"
    return {
        "id": FAR, "type": "Note", "attributedTo": "https://mi.example/users/9abc", "content": "<p>遠くのお知らせ</p>",
        "published": "2026-03-01T00:00:00Z", "to": [public], "cc": [], **facts,
    }  # fmt: skip


@pytest.mark.parametrize("name", ["mastodon/announce_by_person", "misskey/renote"])
def test_a_boost_of_ours_counts_once_and_is_told(session: Session, question: Post, name: str) -> None:
    letter = mail.load(name, {1: question.uri})
    for _ in range(2):
        mail.deliver(session, letter)
    session.refresh(question)
    assert question.boosts_count == 1
    boost = session.scalars(select(Post).where(Post.kind == "boost")).one()
    assert (boost.uri, boost.boost_of_id, boost.visibility, boost.local) == (letter["id"], question.id, "open", False)
    told = session.scalars(select(Notification.kind).where(Notification.account_id == question.author_id)).all()
    assert told == ["boost"]


def test_what_somebody_followed_passes_on_is_fetched_and_comes_home(session: Session) -> None:
    hotate = mail.follower_of_ken(session, "hotate")
    mail.deliver(session, boost_of(FAR), note())
    stored = posts.by_uri(session, FAR)
    assert stored is not None
    boost = session.scalars(select(Post).where(Post.kind == "boost")).one()
    assert (boost.boost_of_id, stored.boosts_count) == (stored.id, 1)
    homes = session.scalars(select(HomeEntry.post_id).where(HomeEntry.account_id == hotate.id)).all()
    assert homes == [boost.id]


def test_what_strangers_pass_on_among_themselves_is_ignored(session: Session) -> None:
    factories.member(session, "hanako")
    assert "nobody here follows" in mail.refusal(session, boost_of(FAR), note())
    assert session.scalar(select(func.count()).select_from(Post)) == 0


@pytest.mark.parametrize(
    "facts", [{"to": ["https://mi.example/users/9abc/followers"]}, {"attributedTo": "https://evil.example/users/x"}]
)
def test_what_is_not_public_or_not_its_authors_is_not_passed_on(session: Session, facts: dict[str, Any]) -> None:
    mail.follower_of_ken(session, "hotate")
    with pytest.raises(Exception, match=r"."):
        mail.deliver(session, boost_of(FAR), note(**facts))
    assert not session.scalars(select(Post).where(Post.kind == "boost")).all()


def test_an_embedded_post_of_another_host_counts_for_nothing(session: Session) -> None:
    mail.follower_of_ken(session, "hotate")
    forged = boost_of(FAR) | {"object": note(content="<p>にせもの</p>")}
    mail.deliver(session, forged, note())
    stored = posts.by_uri(session, FAR)
    assert stored is not None
    assert stored.body_text == "遠くのお知らせ"


@pytest.mark.parametrize("shape", ["embedded", "bare", "other id"])
def test_undo_takes_it_back(session: Session, question: Post, shape: str) -> None:
    letter = boost_of(question.uri)
    mail.deliver(session, letter)
    told: Any = {"bare": letter["id"], "embedded": letter, "other id": letter | {"id": f"{KEN}/else"}}[shape]
    undo = {"id": f"{KEN}#undo", "type": "Undo", "actor": KEN, "object": told}
    mail.deliver(session, undo)
    session.refresh(question)
    assert question.boosts_count == 0
    assert not session.scalars(select(Post).where(Post.kind == "boost")).all()


def test_nobody_takes_back_what_another_did(session: Session, question: Post) -> None:
    letter = boost_of(question.uri)
    mail.deliver(session, letter)
    rei = "https://mi.example/users/9abc"
    undo = {"id": f"{rei}#undo", "type": "Undo", "actor": rei, "object": letter["id"]}
    assert "somebody else" in mail.refusal(session, undo)
    assert boosts.by_uri(session, letter["id"]) is not None


def test_an_undo_may_come_first(session: Session, question: Post) -> None:
    letter = boost_of(question.uri)
    mail.deliver(session, {"id": f"{KEN}#undo", "type": "Undo", "actor": KEN, "object": letter})
    assert "before it came" in mail.refusal(session, letter)


def test_a_reply_to_a_boost_is_one_to_what_it_passes_on(session: Session, question: Post) -> None:
    letter = boost_of(question.uri)
    mail.deliver(session, letter)
    answer = mail.load("mastodon/create_reply", {1: letter["id"]})
    mail.deliver(session, answer)
    stored = posts.by_uri(session, answer["object"]["id"])
    assert stored is not None
    assert (stored.parent_id, stored.kind) == (question.id, "answer")
