"""Create: replies become answers, posts to a board become questions, and what does not concern us is left alone."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import follows, media, posts
from community.models import Account, Notification, Post
from federation import actors
from federation.inbox import memory
from tests import factories
from tests.federation.inbox import mail


@pytest.fixture
def question(session: Session) -> Post:
    """Hanako's question; `…/posts/1` in the documents."""
    return factories.question(session, factories.member(session, "hanako"))


def post_of(session: Session, letter: dict[str, Any]) -> Post:
    post = posts.by_uri(session, letter["object"]["id"])
    assert post is not None
    return post


def watch(session: Session, uri: str) -> None:
    """Hanako follows the known actor `uri`."""
    hanako, followee = factories.local(session, "hanako"), actors.by_uri(session, uri)
    assert followee is not None
    follows.accept(session, follow=follows.request(session, follower=hanako, followee=followee))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("mastodon/create_reply", "市役所に電話で予約します。\n前の日までに。"),
        ("misskey/create_reply", "役所のサイトから予約できました :blobcat:"),
        ("gotosocial/create_reply", "回収は有料です。"),
        ("lemmy/create_comment", "市の粗大ごみ受付です"),
        ("piefed/create_reply", "月ぎめで2台です。"),
        ("machi/create_answer", "年5日はパートも対象です。"),
    ],
)
def test_a_strangers_reply_stands_as_an_answer_at_once(
    session: Session, question: Post, name: str, words: str
) -> None:
    letter = mail.load(name, {1: question.uri})
    mail.deliver(session, letter)
    answer = post_of(session, letter)
    assert (answer.kind, answer.parent_id, answer.root_id) == ("answer", question.id, question.id)
    assert (answer.visibility, answer.local) == ("open", False)
    assert answer.body_text == words
    session.refresh(question)
    assert question.answers_count == 1
    notice = session.scalars(select(Notification)).one()
    assert (notice.kind, notice.account_id) == ("answer", question.author_id)


def test_what_an_answer_of_ours_says_besides(session: Session, question: Post) -> None:
    jun = factories.member(session, "jun")
    earlier = factories.answer(
        session, jun, factories.question(session, jun_asks := factories.member(session, "aki"))
    )
    assert jun_asks.id != jun.id
    letter = mail.load("machi/create_answer", {1: question.uri, 2: earlier.uri})
    mail.deliver(session, letter)
    answer = post_of(session, letter)
    assert (answer.as_of, answer.basis, answer.ai_draft) == ("2026-03", "労働基準法39条", True)
    assert answer.passed_on_from_id == earlier.id
    assert answer.sample
    assert answer.body_source == "年5日は**パート**も対象です。"
    assert answer.language == "ja"


def test_received_twice_it_stands_once(session: Session, question: Post) -> None:
    letter = mail.load("mastodon/create_reply", {1: question.uri})
    mail.deliver(session, letter)
    mail.deliver(session, letter)
    session.refresh(question)
    assert question.answers_count == 1


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("mastodon/create_to_board", "有給休暇の年5日は、パートの人にも必要ですか"),
        ("piefed/create_question", "来客用の駐車場は"),
    ],
)
def test_a_post_to_a_board_of_ours_is_a_question_there(session: Session, name: str, title: str) -> None:
    letter = mail.load(name)
    mail.deliver(session, letter)
    question = post_of(session, letter)
    assert (question.kind, question.title) == ("question", title)
    assert question.board_id == factories.board(session, "roumu").id


@pytest.mark.parametrize("circle", ["followers", "direct"])
def test_what_is_said_to_a_few_stands_on_no_board(session: Session, circle: str) -> None:
    """Whatever board it is addressed to: there everybody could read it."""
    factories.member(session, "hanako")
    letter, board = mail.load("mastodon/create_to_board"), factories.board(session, "roumu")
    ken = actors.upsert(session, mail.load("mastodon/actor"))
    narrow = [f"{ken.uri}/followers"] if circle == "followers" else []
    letter["object"] |= {"to": [*narrow, board.uri], "cc": []}
    watch(session, ken.uri)
    mail.deliver(session, letter)
    note = post_of(session, letter)
    assert (note.kind, note.board_id, note.visibility) == ("note", None, circle)


def test_a_stranger_who_speaks_to_nobody_here_is_ignored(session: Session) -> None:
    letter = mail.load("machi/create_question")
    assert "nobody here follows" in mail.refusal(session, letter)
    assert actors.by_uri(session, "https://yamate.example/boards/kurashi") is None


def test_a_sister_towns_question_is_stored_on_its_board(session: Session) -> None:
    factories.sister(session, "yamate.example")
    letter = mail.load("machi/create_question")
    mail.deliver(session, letter)
    question = post_of(session, letter)
    board = session.get_one(Account, question.board_id)
    assert (board.kind, board.handle) == ("board", "kurashi@yamate.example")
    assert (question.title, question.body_text) == ("粗大ごみはどこに出しますか", "引っ越したばかりです。")
    assert (question.as_of, question.context_uri) == ("2026-04", "https://yamate.example/posts/500/context")


def test_an_anonymous_question_is_the_relays(session: Session) -> None:
    factories.sister(session, "yamate.example")
    letter = mail.load("machi/create_anonymous_question")
    mail.deliver(session, letter)
    question = post_of(session, letter)
    assert question.anonymous
    assert session.get_one(Account, question.author_id).kind == "relay"


def test_a_person_cannot_claim_anonymity(session: Session) -> None:
    factories.sister(session, "yamate.example")
    letter = mail.load("machi/create_question")
    letter["object"]["machi:anonymous"] = True
    mail.deliver(session, letter)
    assert not post_of(session, letter).anonymous


def test_a_question_for_sister_towns_comes_from_sisters_only(session: Session) -> None:
    letter = mail.load("machi/create_sister_question")
    factories.member(session, "hanako")
    mail.know(session, "machi/member")
    watch(session, letter["actor"])
    assert "no sister" in mail.refusal(session, letter)
    factories.sister(session, "yamate.example")
    mail.deliver(session, letter)
    assert post_of(session, letter).visibility == "sister"


def test_another_hosts_circle_is_no_sister_post(session: Session) -> None:
    """Who names the collection of somebody else's sisters speaks to nobody here."""
    factories.sister(session, "yamate.example")
    letter = mail.load("machi/create_sister_question")
    letter["object"] |= {"to": ["https://kawabe.example/sisters"], "cc": []}
    assert "direct post to nobody" in mail.refusal(session, letter)


def test_a_followed_persons_notes_are_kept_with_their_warning(session: Session) -> None:
    factories.member(session, "hanako")
    mail.know(session, "mastodon/actor")
    letter = mail.load("mastodon/create_note_with_warning")
    assert "nobody here follows" in mail.refusal(session, letter)
    watch(session, letter["actor"])
    mail.deliver(session, letter)
    note = post_of(session, letter)
    assert (note.kind, note.visibility, note.summary, note.sensitive) == ("note", "followers", "ごはん", True)
    assert [picture.description for picture in media.of(session, [note.id])[note.id]] == ["カレー"]


def test_public_in_cc_is_unlisted(session: Session) -> None:
    factories.member(session, "hanako")
    mail.know(session, "misskey/actor")
    letter = mail.load("misskey/create_home_note")
    watch(session, letter["actor"])
    mail.deliver(session, letter)
    assert post_of(session, letter).visibility == "unlisted"


def test_a_direct_note_reaches_whom_it_mentions(session: Session) -> None:
    hanako = factories.member(session, "hanako")
    letter = mail.load("mastodon/create_direct")
    mail.deliver(session, letter)
    note = post_of(session, letter)
    assert (note.kind, note.visibility) == ("note", "direct")
    assert session.scalars(select(Notification.account_id)).all() == [hanako.id]


def test_a_mention_without_an_address_is_no_mention(session: Session, question: Post) -> None:
    aki = factories.member(session, "aki")
    letter = mail.load("mastodon/create_reply", {1: question.uri})
    letter["object"]["tag"].append({"type": "Mention", "href": aki.uri, "name": "@aki"})
    mail.deliver(session, letter)
    assert aki.id not in session.scalars(select(Notification.account_id)).all()


def test_a_reply_is_never_wider_than_its_thread_nor_made_by_those_who_cannot_see_it(session: Session) -> None:
    hidden = factories.question(session, factories.member(session, "hanako"), visibility="town")
    letter = mail.load("mastodon/create_reply", {1: hidden.uri})
    with pytest.raises(Exception, match="見つかりませんでした"):
        mail.deliver(session, letter)
    assert posts.by_uri(session, letter["object"]["id"]) is None


def test_a_vote_where_there_is_no_poll_is_ignored(session: Session, question: Post) -> None:
    assert "vote" in mail.refusal(session, mail.load("mastodon/create_poll_vote", {1: question.uri}))


def test_a_reply_to_something_gone_is_ignored(session: Session) -> None:
    factories.member(session, "hanako")
    letter = mail.load("mastodon/create_reply")
    assert "not here any more" in mail.refusal(session, letter)


class TestSameAuthority:
    """Federation reference §3."""

    def test_an_object_of_another_host_is_ignored(self, session: Session, question: Post) -> None:
        letter = mail.load("mastodon/create_reply", {1: question.uri})
        letter["object"]["id"] = "https://mi.example/notes/stolen"
        assert "another host" in mail.refusal(session, letter)

    def test_an_object_by_somebody_else_is_ignored(self, session: Session, question: Post) -> None:
        letter = mail.load("mastodon/create_reply", {1: question.uri})
        letter["object"]["attributedTo"] = "https://m.example/users/other"
        assert "somebody else" in mail.refusal(session, letter)

    def test_a_known_id_is_never_owned_anew(self, session: Session, question: Post) -> None:
        letter = mail.load("mastodon/create_reply", {1: question.uri})
        mail.deliver(session, letter)
        actor = mail.load("mastodon/actor") | {
            "id": "https://m.example/users/mallory",
            "preferredUsername": "mallory",
        }
        actor |= {"inbox": "https://m.example/users/mallory/inbox", "publicKey": None}
        actors.upsert(session, actor)
        stolen = mail.load("mastodon/create_reply", {1: question.uri}) | {
            "actor": actor["id"],
            "id": "https://m.example/x",
        }
        stolen["object"] |= {"attributedTo": actor["id"], "content": "<p>乗っ取り</p>"}
        assert "belongs to somebody else" in mail.refusal(session, stolen)
        assert "市役所" in post_of(session, letter).body_text

    def test_a_second_create_never_widens_who_may_see_it(self, session: Session) -> None:
        """Mastodon's CVE-2024-37903: a Create that names a known post, for a larger public."""
        factories.sister(session, "yamate.example")
        letter = mail.load("machi/create_sister_question")
        mail.deliver(session, letter)
        public = mail.load("machi/create_question")
        wider = letter["object"] | {each: public["object"][each] for each in ("to", "cc")}
        mail.deliver(session, letter | {"id": "https://yamate.example/activities/91", "object": wider})
        assert post_of(session, letter).visibility == "sister"

    @pytest.mark.parametrize("by", ["attributedTo", "actor"])
    def test_a_parent_by_somebody_of_another_host_is_not_taken_in(self, session: Session, by: str) -> None:
        """The rule of `placing` by itself: the fetching of documents has the same one before it."""
        factories.member(session, "hanako")
        parent = mail.load("mastodon/create_note_with_warning")["object"]
        del parent["attributedTo"]
        parent |= {"id": "https://mi.example/notes/forged", by: "https://m.example/users/ken"}
        letter = mail.load("misskey/create_reply")
        letter["object"] |= {"inReplyTo": parent["id"]}
        mail.know(session, "mastodon/actor")
        mail.deliver(session, letter, parent)
        assert posts.by_uri(session, parent["id"]) is None

    def test_a_post_of_ours_cannot_come_from_outside(self, session: Session) -> None:
        letter = mail.load("mastodon/create_direct")
        letter["object"]["id"] = f"{mail.HERE}/posts/99"
        assert "another host" in mail.refusal(session, letter)

    def test_a_deleted_id_never_comes_back(self, session: Session, question: Post) -> None:
        letter = mail.load("mastodon/create_reply", {1: question.uri})
        mail.deliver(session, letter)
        mail.deliver(session, mail.load("mastodon/delete_reply"))
        assert "never comes back" in mail.refusal(session, letter)

    def test_a_delete_that_comes_first_is_remembered_for_some_hours(
        self, session: Session, question: Post, clock
    ) -> None:
        letter = mail.load("mastodon/create_reply", {1: question.uri})
        assert "kept in mind" in mail.refusal(session, mail.load("mastodon/delete_reply"))
        clock.advance(hours=6)
        assert "before it came" in mail.refusal(session, letter)
        clock.advance(ms=memory.KEPT + 1)
        mail.deliver(session, letter)
        assert post_of(session, letter).kind == "answer"


class TestParents:
    """What a reply stands under is fetched from its origin, at most ten steps up."""

    def reply_to(self, session: Session, parent: str) -> dict[str, Any]:
        factories.member(session, "hanako")
        letter = mail.load("mastodon/create_reply")
        letter["object"] |= {"inReplyTo": parent}
        return letter

    def test_a_thread_is_fetched_up_to_its_question(self, session: Session) -> None:
        question = mail.load("machi/create_question")["object"]
        answer = mail.load("machi/create_answer")["object"] | {"inReplyTo": question["id"]}
        letter = self.reply_to(session, answer["id"])
        mail.deliver(session, letter, question, answer)
        comment = post_of(session, letter)
        stored = posts.by_uri(session, question["id"])
        assert stored is not None
        assert (comment.kind, comment.root_id) == ("comment", stored.id)

    def test_a_parent_that_was_deleted_before_it_came_stays_away(self, session: Session) -> None:
        question = mail.load("machi/create_question")["object"]
        mail.refusal(session, mail.load("machi/delete_question") | {"object": question["id"]})
        mail.deliver(session, self.reply_to(session, question["id"]), question)
        assert posts.by_uri(session, question["id"]) is None

    def test_an_endless_thread_is_cut(self, session: Session) -> None:
        base = mail.load("mastodon/create_note_with_warning")["object"] | {
            "to": ["as:Public"],
            "attachment": [],
        }
        chain = [
            base
            | {
                "id": f"https://m.example/users/ken/statuses/{n}",
                "inReplyTo": f"https://m.example/users/ken/statuses/{n + 1}",
            }
            for n in range(900, 940)
        ]
        letter = self.reply_to(session, chain[0]["id"])
        mail.deliver(session, letter, *chain)
        assert post_of(session, letter).parent_id is not None
        known = session.scalars(select(Post.uri).where(Post.uri.like("%/statuses/9%"))).all()
        assert len(known) == 10

    def test_without_its_parent_it_is_a_note(self, session: Session) -> None:
        letter = self.reply_to(session, "https://m.example/users/ken/statuses/1")
        mail.deliver(session, letter)
        note = post_of(session, letter)
        assert (note.kind, note.in_reply_to_uri) == ("note", "https://m.example/users/ken/statuses/1")
