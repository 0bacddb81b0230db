"""Follow, Accept, Reject and their Undo, as Mastodon, Misskey, GoToSocial and Lemmy write them."""

import pytest
from sqlalchemy.orm import Session

from community import events, follows
from community.models import Account, Follow
from federation import actors
from tests import factories
from tests.federation.inbox import mail

KEN = "https://m.example/users/ken"


def between(session: Session, follower: str, followee: str) -> Follow | None:
    ends = [actors.by_uri(session, uri) for uri in (follower, followee)]
    assert all(ends), ends
    return follows.between(session, ends[0].id, ends[1].id)


def asked(session: Session, followee_uri: str) -> Follow:
    """Hanako asked to follow; the wire calls it …/activities/9."""
    follower, followee = factories.member(session, "hanako"), actors.by_uri(session, followee_uri)
    assert followee is not None
    return follows.request(session, follower=follower, followee=followee, uri=f"{mail.HERE}/activities/9")


@pytest.mark.parametrize("name", ["mastodon/follow", "misskey/follow", "gotosocial/follow", "machi/follow"])
def test_a_follow_of_a_member_is_accepted_at_once(session: Session, told, name: str) -> None:
    hanako = factories.member(session, "hanako")
    letter = mail.load(name)
    mail.deliver(session, letter)
    follow = between(session, letter["actor"], hanako.uri)
    assert follow is not None
    assert (follow.state, follow.uri) == ("accepted", letter["id"])
    assert any(isinstance(event, events.FollowAccepted) for event in told())


def test_a_locked_member_is_asked(session: Session) -> None:
    hanako = factories.member(session, "hanako", locked=True)
    mail.deliver(session, mail.load("mastodon/follow"))
    follow = between(session, KEN, hanako.uri)
    assert follow is not None
    assert follow.state == "requested"


@pytest.mark.parametrize("name", ["mastodon/follow_board", "lemmy/follow", "piefed/follow"])
def test_boards_are_followed(session: Session, name: str) -> None:
    letter = mail.load(name)
    mail.deliver(session, letter)
    follow = between(session, letter["actor"], f"{mail.HERE}/boards/roumu")
    assert follow is not None
    assert follow.state == "accepted"


def test_the_town_itself_is_not_followed(session: Session) -> None:
    letter = mail.load("mastodon/follow") | {"object": f"{mail.HERE}/actor"}
    assert "nobody of this town" in mail.refusal(session, letter)


@pytest.mark.parametrize("name", ["mastodon", "misskey"])
def test_an_undo_ends_the_follow(session: Session, name: str) -> None:
    hanako = factories.member(session, "hanako")
    letter = mail.load(f"{name}/follow")
    mail.deliver(session, letter)
    mail.deliver(session, mail.load(f"{name}/undo_follow"))
    assert between(session, letter["actor"], hanako.uri) is None


def test_an_undo_that_comes_first_is_remembered(session: Session) -> None:
    hanako = factories.member(session, "hanako")
    assert "kept in mind" in mail.refusal(session, mail.load("mastodon/undo_follow"))
    assert "before it came" in mail.refusal(session, mail.load("mastodon/follow"))
    assert session.query(Follow).where(Follow.followee_id == hanako.id).count() == 0


def test_nobody_ends_the_follow_of_another(session: Session) -> None:
    hanako = factories.member(session, "hanako")
    mail.deliver(session, mail.load("mastodon/follow"))
    mail.know(session, "misskey/actor")
    forged = mail.load("misskey/undo_follow") | {"object": mail.load("mastodon/follow")}
    assert "somebody else" in mail.refusal(session, forged)
    by_id = mail.load("misskey/undo_follow") | {"object": mail.load("mastodon/follow")["id"]}
    assert "somebody else" in mail.refusal(session, by_id)
    assert between(session, KEN, hanako.uri) is not None


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        ("mastodon/actor", "mastodon/accept_follow"),
        ("gotosocial/actor", "gotosocial/accept_follow"),
        ("lemmy/group", "lemmy/accept_follow"),
    ],
)
@pytest.mark.parametrize("shape", ["embedded", "id"])
def test_an_accept_completes_our_follow(session: Session, actor: str, name: str, shape: str) -> None:
    mail.know(session, actor)
    letter = mail.load(name)
    follow = asked(session, letter["actor"])
    if shape == "id":
        letter["object"] = letter["object"]["id"]
    mail.deliver(session, letter)
    assert follow.state == "accepted"


def test_an_accept_finds_the_follow_by_its_ends_when_the_id_is_lost(session: Session) -> None:
    mail.know(session, "mastodon/actor")
    follow = asked(session, KEN)
    letter = mail.load("mastodon/accept_follow")
    letter["object"]["id"] = "https://m.example/unknown"
    mail.deliver(session, letter)
    assert follow.state == "accepted"


def test_only_the_followee_accepts(session: Session) -> None:
    mail.know(session, "mastodon/actor", "misskey/actor")
    follow = asked(session, KEN)
    forged = mail.load("mastodon/accept_follow") | {"actor": "https://mi.example/users/9abc"}
    assert "asked of somebody else" in mail.refusal(session, forged)
    assert follow.state == "requested"


def test_a_reject_removes_our_follow(session: Session) -> None:
    mail.know(session, "mastodon/actor")
    asked(session, KEN)
    mail.deliver(session, mail.load("mastodon/reject_follow"))
    assert between(session, f"{mail.HERE}/users/hanako", KEN) is None


def test_an_actor_that_cannot_be_had_is_ignored(session: Session) -> None:
    factories.member(session, "hanako")
    letter = mail.load("mastodon/follow") | {"actor": "https://m.example/users/nobody"}
    assert "could not be had" in mail.refusal(session, letter)


def test_a_suspended_actor_is_ignored(session: Session) -> None:
    factories.member(session, "hanako")
    mail.know(session, "mastodon/actor")
    session.query(Account).where(Account.uri == KEN).update({"suspended_at": 1})
    assert "suspended" in mail.refusal(session, mail.load("mastodon/follow"))
