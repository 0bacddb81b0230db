"""Announce by boards: taken from the board's own host, fetched from any other (FEP-1b12)."""

from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from community import follows, posts, town
from community.models import Account, Post
from federation import actors
from federation.inbox import registry
from federation.inbox.inbound import Ignored, Inbound
from federation.models import InboxItem
from tests import factories
from tests.federation.inbox import mail

SOUMU = "https://l.example/c/soumu"


def follow_board(session: Session, name: str) -> Account:
    """Hanako follows the board."""
    hanako = factories.member(session, "hanako")
    board = actors.upsert(session, mail.load(name))
    follows.accept(session, follow=follows.request(session, follower=hanako, followee=board))
    return board


def stored(session: Session, uri: str) -> Post:
    post = posts.by_uri(session, uri)
    assert post is not None
    return post


@pytest.fixture
def page(session: Session) -> Post:
    """A post of a Lemmy community that Hanako follows."""
    follow_board(session, "lemmy/group")
    mail.deliver(session, mail.load("lemmy/announce_create_page"))
    return stored(session, "https://l.example/post/7")


def test_a_lemmy_page_is_a_question_on_its_board(session: Session, page: Post) -> None:
    board = session.get_one(Account, page.board_id)
    assert (page.kind, page.title, board.uri) == ("question", "防災用品の期限管理はどうしていますか", SOUMU)
    assert page.body_text.startswith("水と食料です。")


def test_nobody_here_follows_the_board(session: Session) -> None:
    assert "follows the board" in mail.refusal(session, mail.load("lemmy/announce_create_page"))


def test_a_sisters_board_needs_no_follower(session: Session) -> None:
    factories.sister(session, "yamate.example")
    mail.deliver(session, mail.load("machi/announce_create"))
    assert stored(session, "https://yamate.example/posts/500").kind == "question"


def test_comments_edits_likes_and_deletes_come_through_the_board(session: Session, page: Post) -> None:
    mail.deliver(session, mail.load("lemmy/announce_create_comment"))
    assert stored(session, "https://l.example/comment/9").kind == "comment"  # the asker's own
    mail.deliver(session, mail.load("lemmy/announce_update_page"))
    assert page.title == "防災用品の期限管理、どうしていますか"
    mail.deliver(session, mail.load("lemmy/announce_like"))
    session.refresh(page)
    assert page.likes_count == 1
    mail.deliver(session, mail.load("lemmy/announce_undo_like"))
    session.refresh(page)
    assert page.likes_count == 0
    assert mail.refusal(session, mail.load("lemmy/announce_dislike"))
    mail.deliver(session, mail.load("lemmy/announce_delete"))
    assert page.deleted_at is not None


def test_a_moderator_removes_from_the_boards_own_posts(session: Session, page: Post) -> None:
    mail.deliver(session, mail.load("lemmy/announce_delete_by_moderator"))
    assert page.deleted_at is not None


def test_a_moderator_removes_nothing_of_ours(session: Session, page: Post) -> None:
    ours = factories.question(session, factories.local(session, "hanako"))
    ours.board_id = page.board_id
    letter = mail.load("lemmy/announce_delete_by_moderator")
    letter["object"]["object"] = ours.uri
    assert mail.refusal(session, letter)
    assert ours.deleted_at is None


class TestThirdHosts:
    """What somebody of another host said is fetched from there (§2.3)."""

    def announced(self, inner: dict[str, Any]) -> dict[str, Any]:
        return mail.load("lemmy/announce_create_page") | {
            "id": "https://l.example/activities/announce/99",
            "object": inner,
        }

    def ken_says(self) -> dict[str, Any]:
        letter = mail.load("mastodon/create_reply")
        letter["object"] |= {"inReplyTo": "https://l.example/post/7"}
        return letter

    def test_a_forged_activity_is_not_believed(self, session: Session, page: Post) -> None:
        letter = self.ken_says()
        letter["object"]["content"] = "<p>言っていないこと</p>"
        assert "could not be had" in mail.refusal(session, self.announced(letter))
        told = self.ken_says()
        mail.deliver(session, self.announced(letter), told)
        assert "市役所" in stored(session, told["object"]["id"]).body_text

    def test_the_post_is_fetched_where_the_activity_cannot_be(self, session: Session, page: Post) -> None:
        letter = self.ken_says()
        forged = letter | {"object": letter["object"] | {"content": "<p>言っていないこと</p>"}}
        mail.deliver(session, self.announced(forged), letter["object"])
        assert "市役所" in stored(session, letter["object"]["id"]).body_text

    def test_a_favourite_that_cannot_be_fetched_is_ignored(self, session: Session, page: Post) -> None:
        letter = mail.load("mastodon/like") | {"object": page.uri}
        assert "could not be had" in mail.refusal(session, self.announced(letter))

    def test_a_delete_is_believed_when_the_origin_has_buried_it(self, session: Session, page: Post) -> None:
        letter = self.ken_says()
        uri = letter["object"]["id"]
        mail.deliver(session, self.announced(letter), letter)
        gone = self.announced(mail.load("mastodon/delete_reply")) | {
            "id": "https://l.example/activities/announce/98"
        }
        assert "still stands" in mail.refusal(session, gone, letter["object"])
        mail.deliver(session, gone, buried=uri)
        assert stored(session, uri).deleted_at is not None

    @pytest.mark.parametrize(
        "told", [{"type": "Update"}, {"actor": "https://m.example/users/rin"}, {"id": "https://m.example/activities/2"}]
    )
    def test_what_its_origin_tells_otherwise_is_not_believed(
        self, session: Session, page: Post, told: dict[str, str]
    ) -> None:
        """The id is the origin's word for this very deed of this very actor, and for nothing else."""
        letter = self.ken_says()
        inbound = Inbound(self.announced(letter), town.now(session))
        inbound.documents[letter["id"]] = letter | told
        with pytest.raises(Ignored, match="tells it otherwise"):
            registry.handle(session, inbound)

    def test_the_id_must_be_of_the_actors_host(self, session: Session, page: Post) -> None:
        letter = self.ken_says() | {"id": "https://l.example/activities/forged"}
        assert "not of its actor" in mail.refusal(session, self.announced(letter))


def test_an_announced_activity_and_the_same_sent_directly_have_one_effect(
    session: Session, page: Post
) -> None:
    letter = mail.load("lemmy/announce_like")
    mail.deliver(session, letter)
    mail.deliver(session, mail.load("lemmy/announce_undo_like"))
    assert "effect already" in mail.refusal(
        session, letter | {"id": "https://l.example/activities/announce/97"}
    )
    known = session.scalars(
        select(InboxItem.state).where(InboxItem.activity_uri == letter["object"]["id"])
    ).all()
    assert known == ["done"]


def test_a_bare_id_is_fetched(session: Session) -> None:
    factories.sister(session, "yamate.example")
    letter = mail.load("machi/announce_id")
    mail.deliver(session, letter, mail.load("machi/create_question")["object"])
    assert stored(session, letter["object"]).kind == "question"
    assert "known already" in mail.refusal(session, letter)


def test_what_was_said_here_needs_no_announcement(session: Session, page: Post) -> None:
    ours = factories.question(session, factories.local(session, "hanako"))
    letter = mail.load("lemmy/announce_create_page") | {"object": ours.uri}
    assert "said here" in mail.refusal(session, letter)


def test_piefed_answers_and_the_askers_choice(session: Session) -> None:
    """PieFed's own ChooseAnswer, judged by our test: the asker chose somebody else's reply."""
    follow_board(session, "piefed/group")
    rei = mail.load("piefed/person") | {"id": "https://p.example/u/rei", "preferredUsername": "rei"}
    rei |= {"inbox": "https://p.example/u/rei/inbox", "publicKey": None}
    for name in ("announce_create_page", "announce_create_comment", "announce_choose_answer"):
        mail.deliver(session, mail.load(f"piefed/{name}"), rei)
    question = stored(session, "https://p.example/post/21")
    answer = stored(session, "https://p.example/comment/22")
    assert (question.title, answer.kind) == ("来客用の駐車場は", "answer")
    assert question.accepted_answer_id == answer.id


def test_a_sister_thread_comes_through_the_sisters_board(session: Session) -> None:
    """Words of a town that is no sister of ours, in the thread of one that is."""
    factories.sister(session, "yamate.example")
    mail.deliver(session, mail.load("machi/create_sister_question"))
    kawabe = "https://kawabe.example"
    person = {
        key: value.replace("https://yamate.example", kawabe) if isinstance(value, str) else value
        for key, value in mail.load("machi/member").items()
    } | {"publicKey": None, "endpoints": {}}
    answer = mail.load("machi/create_answer")
    note = answer["object"] | {
        "id": f"{kawabe}/posts/1", "url": f"{kawabe}/posts/1", "attributedTo": person["id"], "tag": [],
        "inReplyTo": "https://yamate.example/posts/502", "to": [f"{kawabe}/sisters"], "cc": [],
    }  # fmt: skip
    inner = answer | {"id": f"{kawabe}/activities/1", "actor": person["id"], "object": note}
    letter = mail.load("machi/announce_create") | {
        "id": "https://yamate.example/activities/70",
        "object": inner,
    }
    mail.deliver(session, letter, inner, person)
    assert (stored(session, note["id"]).visibility, stored(session, note["id"]).kind) == ("sister", "answer")
    assert session.scalar(select(func.count()).select_from(Post)) == 2
