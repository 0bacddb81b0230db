"""Like: いいね or ありがとう, the words of thanks before or after, and Undo."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import posts
from community.models import Like, Notification, Post, Thanks
from tests import factories
from tests.federation.inbox import mail


@pytest.fixture
def question(session: Session) -> Post:
    return factories.question(session, factories.member(session, "hanako"))


@pytest.fixture
def answer(session: Session, question: Post) -> Post:
    """Jun's answer: `…/posts/2`."""
    return factories.answer(session, factories.member(session, "jun"), question)


@pytest.mark.parametrize(
    "name", ["mastodon/like", "misskey/like_reaction", "gotosocial/like", "lemmy/like", "piefed/like"]
)
def test_a_like_from_elsewhere_is_a_favourite_never_thanks(session: Session, answer: Post, name: str) -> None:
    mail.deliver(session, mail.load(name, {1: answer.uri}))
    session.refresh(answer)
    assert (answer.likes_count, answer.thanks_count) == (1, 0)


def test_an_emoji_reaction_is_a_favourite(session: Session, answer: Post) -> None:
    mail.deliver(session, mail.load("misskey/like_reaction", {1: answer.uri}) | {"type": "EmojiReact"})
    session.refresh(answer)
    assert answer.likes_count == 1


@pytest.mark.parametrize("name", ["mastodon", "misskey", "gotosocial"])
def test_a_favourite_is_taken_back(session: Session, answer: Post, name: str) -> None:
    like = {"mastodon": "like", "misskey": "like_reaction", "gotosocial": "like"}[name]
    mail.deliver(session, mail.load(f"{name}/{like}", {1: answer.uri}))
    mail.deliver(session, mail.load(f"{name}/undo_like", {1: answer.uri}))
    session.refresh(answer)
    assert answer.likes_count == 0


def test_a_favourite_is_taken_back_by_its_id_alone(session: Session, answer: Post) -> None:
    like = mail.load("misskey/like_reaction", {1: answer.uri})
    mail.deliver(session, like)
    mail.deliver(session, mail.load("misskey/undo_like") | {"object": like["id"]})
    assert session.scalars(select(Like)).all() == []


def test_nobody_takes_anothers_favourite_back(session: Session, answer: Post) -> None:
    like = mail.load("misskey/like_reaction", {1: answer.uri})
    mail.deliver(session, like)
    mail.know(session, "mastodon/actor")
    forged = mail.load("mastodon/undo_like") | {"object": like["id"]}
    assert "somebody else" in mail.refusal(session, forged)
    assert len(session.scalars(select(Like)).all()) == 1


def test_a_like_of_the_unknown_is_ignored(session: Session) -> None:
    factories.member(session, "hanako")
    assert "not known here" in mail.refusal(session, mail.load("mastodon/like"))


class TestThanks:
    def thanks(self, session: Session) -> Thanks:
        return session.scalars(select(Thanks)).one()

    def test_thanks_come_to_the_receiver(self, session: Session, answer: Post) -> None:
        mail.deliver(session, mail.load("machi/thanks", {2: answer.uri}))
        given = self.thanks(session)
        assert (given.receiver_id, given.tone, given.sample, given.private) == (
            answer.author_id,
            "clear",
            True,
            False,
        )
        session.refresh(answer)
        assert (answer.likes_count, answer.thanks_count) == (0, 1)
        kinds = session.scalars(
            select(Notification.kind).where(Notification.account_id == answer.author_id)
        ).all()
        assert kinds == ["thanks"]

    def test_once_however_often(self, session: Session, answer: Post) -> None:
        letter = mail.load("machi/thanks", {2: answer.uri})
        mail.deliver(session, letter)
        mail.deliver(session, letter | {"id": "https://yamate.example/activities/99"})
        session.refresh(answer)
        assert answer.thanks_count == 1

    @pytest.mark.parametrize("order", ["like first", "words first"])
    @pytest.mark.parametrize("private", [False, True])
    def test_the_words_come_before_or_after(
        self, session: Session, answer: Post, question: Post, order: str, private: bool
    ) -> None:
        like = mail.load("machi/thanks", {2: answer.uri})
        words = mail.load(
            "machi/thanks_message_private" if private else "machi/thanks_message", {2: answer.uri}
        )
        letters = [like, words] if order == "like first" else [words, like]
        for letter in letters:
            mail.deliver(session, letter)
        message = posts.by_uri(session, words["object"]["id"])
        given = self.thanks(session)
        assert message is not None
        assert (given.message_post_id, message.thanks_id) == (message.id, given.id)
        assert (given.private, message.visibility == "direct") == (private, private)
        assert message.body_text == "ほんとうに助かりました。"
        session.refresh(question)
        assert question.comments_count == 0

    def test_words_whose_like_named_no_note_find_their_thanks(self, session: Session, answer: Post) -> None:
        like = mail.load("machi/thanks", {2: answer.uri})
        del like["machi:message"]
        mail.deliver(session, like)
        mail.deliver(session, mail.load("machi/thanks_message", {2: answer.uri}))
        assert self.thanks(session).message_post_id is not None

    def test_thanks_are_taken_back(self, session: Session, answer: Post) -> None:
        mail.deliver(session, mail.load("machi/thanks", {2: answer.uri}))
        mail.deliver(session, mail.load("machi/undo_thanks", {2: answer.uri}))
        session.refresh(answer)
        assert answer.thanks_count == 0

    def test_thanks_for_a_question_are_refused(self, session: Session, question: Post) -> None:
        with pytest.raises(Exception, match="回答に贈れます"):
            mail.deliver(session, mail.load("machi/thanks", {2: question.uri}))


BLOB = {"type": "Emoji", "name": ":blob:", "icon": {"type": "Image", "url": "https://mi.example/blob.png"}}
REACTIONS = {
    "Misskey, an emoji": {"type": "Like", "content": "🎉", "_misskey_reaction": "🎉"},
    "Misskey, the plain heart": {"type": "Like", "content": "❤", "_misskey_reaction": "❤"},
    "Misskey, an emoji of its own": {"type": "Like", "content": ":blob:", "_misskey_reaction": ":blob:", "tag": [BLOB]},
    "Misskey, hands that say no thanks": {"type": "Like", "content": "🙏", "_misskey_reaction": "🙏"},
    "Pleroma, an emoji": {"type": "EmojiReact", "content": "🎉"},
    "Pleroma, an emoji of its own": {"type": "EmojiReact", "content": ":blob:", "tag": [BLOB]},
    "nothing that is an emoji": {"type": "EmojiReact", "content": {"ja": 5}, "tag": "x"},
}  # fmt: skip


@pytest.mark.parametrize("form", REACTIONS)
@pytest.mark.parametrize("undone", ["embedded", "by id", "by what it was for"])
def test_every_form_of_reaction_is_a_favourite_and_is_taken_back(
    session: Session, answer: Post, form: str, undone: str
) -> None:
    mail.know(session, "misskey/actor")
    rei = "https://mi.example/users/9abc"
    reaction = {"id": "https://mi.example/likes/77", "actor": rei, "object": answer.uri} | REACTIONS[form]
    mail.deliver(session, reaction)
    session.refresh(answer)
    assert (answer.likes_count, answer.thanks_count) == (1, 0)
    told = {
        "embedded": reaction,
        "by id": reaction["id"],
        "by what it was for": reaction | {"id": "https://mi.example/likes/77/other"},
    }[undone]
    mail.deliver(session, {"id": "https://mi.example/undo/77", "type": "Undo", "actor": rei, "object": told})
    session.refresh(answer)
    assert answer.likes_count == 0
