"""Update: edits, 解決, changed actors; and who may not."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import posts, tags
from community.models import Account, Post, Revision
from federation import actors
from federation.models import RemoteActor
from tests import factories
from tests.federation.inbox import mail

KOMOREBI = "https://yamate.example/users/komorebi"


@pytest.fixture
def question(session: Session) -> Post:
    """A question of a sister town: `…/posts/500` of やまて."""
    factories.sister(session, "yamate.example")
    factories.member(session, "hanako")
    letter = mail.load("machi/create_question")
    mail.deliver(session, letter)
    found = posts.by_uri(session, letter["object"]["id"])
    assert found is not None
    return found


def test_an_edited_reply_says_the_new_words_and_keeps_the_old(session: Session) -> None:
    question = factories.question(session, factories.member(session, "hanako"))
    letter = mail.load("mastodon/create_reply", {1: question.uri})
    mail.deliver(session, letter)
    mail.deliver(session, mail.load("mastodon/update_reply", {1: question.uri}))
    answer = posts.by_uri(session, letter["object"]["id"])
    assert answer is not None
    assert answer.body_text == "市役所に電話かネットで予約します。"
    assert session.scalars(select(Revision.post_id)).all() == [answer.id]


def test_an_older_update_changes_nothing(session: Session, question: Post) -> None:
    letter = mail.load("machi/update_solved")
    letter["object"] |= {"updated": "2026-03-31T22:00:00Z", "name": "まえの題名"}
    assert "older" in mail.refusal(session, letter)
    assert question.title == "粗大ごみはどこに出しますか"


def test_an_update_of_another_persons_post_is_ignored(session: Session, question: Post) -> None:
    mallory = mail.load("machi/member") | {
        "id": "https://yamate.example/users/mallory",
        "preferredUsername": "mallory",
    }
    mallory["publicKey"] = None
    actors.upsert(session, mallory)
    letter = mail.load("machi/update_solved") | {"actor": mallory["id"]}
    assert "by somebody else" in mail.refusal(session, letter)
    letter["object"]["attributedTo"] = mallory["id"]
    assert "somebody else wrote" in mail.refusal(session, letter)


def test_words_for_a_few_do_not_take_the_place_of_words_for_everybody(session: Session, question: Post) -> None:
    """Elsewhere an edit may say who sees it from now on. Here the old words stand until the author takes them off."""
    letter = mail.load("machi/update_solved")
    letter["object"] |= {"to": [f"{KOMOREBI}/followers"], "cc": [], "updated": "2026-04-02T00:00:00Z", "name": "内緒です"}
    letter |= {"to": letter["object"]["to"], "cc": []}
    assert "fewer" in mail.refusal(session, letter)
    assert question.title == "粗大ごみはどこに出しますか"


def test_an_update_never_widens_who_may_see_it(session: Session) -> None:
    factories.sister(session, "yamate.example")
    letter = mail.load("machi/create_sister_question")
    mail.deliver(session, letter)
    public = mail.load("machi/create_question")["object"]
    edited = letter["object"] | {
        "to": public["to"],
        "updated": "2026-04-01T00:00:00Z",
        "name": "新しい題名です",
    }
    mail.deliver(
        session, letter | {"type": "Update", "id": "https://yamate.example/activities/90", "object": edited}
    )
    stored = posts.by_uri(session, edited["id"])
    assert stored is not None
    assert (stored.title, stored.visibility) == ("新しい題名です", "sister")


def test_an_update_of_an_unknown_question_stores_it_if_it_concerns_us(session: Session) -> None:
    factories.sister(session, "yamate.example")
    letter = mail.load("machi/update_reopened")
    mail.deliver(session, letter)
    assert posts.by_uri(session, letter["object"]["id"]) is not None


def test_an_update_of_something_deleted_is_ignored(session: Session, question: Post) -> None:
    mail.deliver(session, mail.load("machi/delete_question"))
    assert "was deleted" in mail.refusal(session, mail.load("machi/update_reopened"))


class TestSolved:
    """解決: the truth is what the question says of itself (§1.4)."""

    @pytest.fixture
    def answer(self, session: Session, question: Post) -> Post:
        """Jun's answer to it: `…/posts/3` of ours."""
        return factories.answer(session, factories.member(session, "jun"), question)

    def test_solved_and_open_again(self, session: Session, question: Post, answer: Post) -> None:
        mail.deliver(session, mail.load("machi/update_solved", {3: answer.uri}))
        assert question.accepted_answer_id == answer.id
        assert question.body_text == "引っ越したばかりです。"
        assert tags.labels_of(session, question) == ["ごみ"]
        mail.deliver(session, mail.load("machi/update_reopened"))
        assert question.accepted_answer_id is None

    def test_a_new_choice_replaces_the_old(self, session: Session, question: Post, answer: Post) -> None:
        other = factories.answer(session, factories.member(session, "aki"), question, body="別の答えです。")
        mail.deliver(session, mail.load("machi/update_solved", {3: answer.uri}))
        again = mail.load("machi/update_solved", {3: other.uri})
        again["object"]["updated"] = "2026-04-01T00:00:15Z"
        mail.deliver(session, again)
        assert question.accepted_answer_id == other.id

    def test_the_deciding_answer_is_fetched_if_it_never_came(self, session: Session, question: Post) -> None:
        theirs = mail.load("mastodon/create_reply")["object"] | {"inReplyTo": question.uri}
        mail.deliver(session, mail.load("machi/update_solved", {3: theirs["id"]}), theirs)
        chosen = session.get_one(Post, question.accepted_answer_id)
        assert chosen.uri == theirs["id"]

    def test_an_answer_to_another_question_is_not_chosen(self, session: Session, question: Post) -> None:
        stray = factories.answer(
            session,
            factories.member(session, "jun"),
            factories.question(session, factories.local(session, "hanako")),
        )
        mail.deliver(session, mail.load("machi/update_solved", {3: stray.uri}))
        assert question.accepted_answer_id is None


class TestActors:
    def test_a_changed_actor_is_described_anew(self, session: Session) -> None:
        mail.know(session, "machi/member")
        changed = mail.load("machi/member") | {"name": "こもれび・改", "attachment": []}
        letter = {"id": f"{KOMOREBI}#u", "type": "Update", "actor": KOMOREBI, "object": changed}
        mail.deliver(session, letter)
        account = actors.by_uri(session, KOMOREBI)
        assert account is not None
        assert account.display_name == "こもれび・改"

    def test_nobody_describes_another_actor(self, session: Session) -> None:
        mail.know(session, "machi/member", "machi/board")
        letter = {
            "id": "https://yamate.example/activities/77", "type": "Update", "actor": KOMOREBI,
            "object": mail.load("machi/board") | {"name": "のっとり"},
        }  # fmt: skip
        assert "another actor" in mail.refusal(session, letter)

    def test_names_of_a_host_are_unique_and_the_latest_id_has_them(self, session: Session) -> None:
        mail.know(session, "machi/member")
        moved = mail.load("machi/member") | {"id": "https://yamate.example/u/2", "publicKey": None}
        moved["inbox"] = "https://yamate.example/u/2/inbox"
        account = actors.upsert(session, moved)
        assert account.handle == "komorebi@yamate.example"
        older = session.scalars(select(Account).where(Account.uri == KOMOREBI)).one()
        assert older.handle != account.handle

    def test_a_community_and_a_person_may_share_a_name(self, session: Session) -> None:
        mail.know(session, "lemmy/person")
        group = mail.load("lemmy/group") | {"preferredUsername": "mika"}
        assert actors.upsert(session, group).name == "mika~board"

    def test_a_key_speaks_for_one_actor(self, session: Session) -> None:
        mail.know(session, "mastodon/actor")
        thief = mail.load("mastodon/actor") | {
            "id": "https://m.example/users/thief",
            "preferredUsername": "thief",
        }
        thief["inbox"] = "https://m.example/users/thief/inbox"
        thief["publicKey"] = thief["publicKey"] | {"owner": thief["id"]}
        account = actors.upsert(session, thief)
        assert session.get_one(RemoteActor, account.id).key_id is None
