"""Delete: of a post by its author, of an actor by itself, and of a board's post by its moderators."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import follows, posts
from community.models import Account, Follow, Post
from community.visibility import PUBLIC, may_see
from federation import actors
from tests import factories
from tests.federation.inbox import mail


@pytest.fixture
def question(session: Session) -> Post:
    return factories.question(session, factories.member(session, "hanako"))


@pytest.mark.parametrize(
    ("create", "delete"),
    [
        ("mastodon/create_reply", "mastodon/delete_reply"),
        ("misskey/create_reply", "misskey/delete_note"),
        ("gotosocial/create_reply", "gotosocial/delete"),
    ],
)
def test_a_deleted_reply_leaves_a_stub(session: Session, question: Post, create: str, delete: str) -> None:
    letter = mail.load(create, {1: question.uri})
    mail.deliver(session, letter)
    mail.deliver(session, mail.load(delete))
    stub = posts.by_uri(session, letter["object"]["id"])
    assert stub is not None
    assert (stub.deleted_at is not None, stub.body_text) == (True, "")
    session.refresh(question)
    assert question.answers_count == 0


def test_nobody_deletes_what_another_wrote(session: Session, question: Post) -> None:
    letter = mail.load("mastodon/create_reply", {1: question.uri})
    mail.deliver(session, letter)
    mail.know(session, "misskey/actor")
    forged = mail.load("misskey/delete_note") | {"object": letter["object"]["id"]}
    assert "another host" in mail.refusal(session, forged)
    neighbour = mail.load("mastodon/delete_reply") | {"actor": "https://m.example/users/other"}
    assert "somebody else wrote" in mail.refusal(session, neighbour)
    assert "another host" in mail.refusal(
        session, mail.load("mastodon/delete_reply") | {"object": question.uri}
    )
    assert may_see(session, PUBLIC, question)


def test_an_actor_that_leaves_takes_everything_along(session: Session, question: Post) -> None:
    letter = mail.load("mastodon/create_reply", {1: question.uri})
    mail.deliver(session, letter)
    mail.deliver(session, mail.load("mastodon/follow"))
    mail.deliver(session, mail.load("mastodon/delete_actor"))
    account = actors.by_uri(session, letter["actor"])
    assert account is not None
    assert account.deleted_at is not None
    assert session.scalar(select(func.count()).select_from(Follow)) == 0
    answer = posts.by_uri(session, letter["object"]["id"])
    assert answer is not None
    assert answer.deleted_at is not None
    again = mail.load("mastodon/create_direct")
    assert "suspended or gone" in mail.refusal(session, again)
    assert actors.upsert(session, mail.load("mastodon/actor")).deleted_at is not None


def test_a_large_account_goes_in_parts_but_is_out_of_sight_at_once(session: Session) -> None:
    hanako = factories.member(session, "hanako")
    mail.know(session, "mastodon/actor")
    ken = actors.by_uri(session, "https://m.example/users/ken")
    assert ken is not None
    follows.accept(session, follow=follows.request(session, follower=hanako, followee=ken))
    template = mail.load("mastodon/create_note_with_warning")
    for number in range(130):
        note = template["object"] | {
            "id": f"https://m.example/users/ken/statuses/{number}",
            "to": ["as:Public"],
        }
        mail.deliver(session, template | {"id": f"{note['id']}/activity", "object": note})
    first = mail.deliver(session, mail.load("mastodon/delete_actor"))
    assert first.unfinished
    left = session.scalars(select(Post).where(Post.deleted_at.is_(None))).all()
    assert left
    assert not any(may_see(session, PUBLIC, post) for post in left)
    assert not mail.deliver(session, mail.load("mastodon/delete_actor")).unfinished
    assert session.scalars(select(Post).where(Post.deleted_at.is_(None))).all() == []


def test_an_unknown_actors_farewell_is_nothing(session: Session) -> None:
    assert "not known here" in mail.refusal(session, mail.load("mastodon/delete_actor"))
    assert session.scalars(select(Account).where(Account.domain == "m.example")).all() == []
