"""A small town in which something was already said, for the tests of pages."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from community import notes, questions, text
from community.models import Post
from tests import factories

PHRASE = "あさひ いちご うさぎ えんぴつ"
HIDDEN_TITLE = "前任者の給与計算のまちがいを見つけました"


@dataclass(frozen=True, slots=True)
class Scene:
    """みずたま asked, はるかぜ answered, みずたま commented; ほたて is a member who has said nothing.

    Names are mizutama, harukaze, hotate. Numbers are ids.
    """

    asker: int
    answerer: int
    bystander: int
    question: int
    answer: int
    comment: int
    sister: int  # a question for sister towns, by mizutama
    town: int  # a question for the town alone, by mizutama
    hidden: int  # a question under a hidden name tag, by mizutama, for the town alone
    hidden_answer: int
    remote: int  # a question from yamate.example, by akari
    note: int  # a note without a title, from mastodon.example, by bob

    @property
    def page(self) -> str:
        return f"/@mizutama/{self.question}"

    @property
    def hidden_page(self) -> str:
        return f"/@dareka/{self.hidden}"


def build(session: Session) -> Scene:
    """The scene as rows; give it to `database.write`."""
    asker = factories.member(session, "mizutama", nickname="みずたま")
    answerer = factories.member(session, "harukaze", nickname="はるかぜ", strengths=["36協定"])
    bystander = factories.member(session, "hotate", nickname="ほたて印")
    factories.sister(session)
    question = factories.question(session, asker, tags=["入社手続き"])
    answer = factories.answer(session, answerer, question)
    comment = factories.answer(session, asker, answer, body="ほっとしました。")
    hidden = factories.anonymous_question(
        session, asker, title=HIDDEN_TITLE, phrase=PHRASE, visibility="town"
    )
    return Scene(
        asker=asker.id,
        answerer=answerer.id,
        bystander=bystander.id,
        question=question.id,
        answer=answer.id,
        comment=comment.id,
        sister=factories.question(session, asker, title="姉妹まちだけに聞きます", visibility="sister").id,
        town=factories.question(session, asker, title="まちの中だけで聞きます", visibility="town").id,
        hidden=hidden.id,
        hidden_answer=factories.answer(
            session, answerer, hidden, body="責めずに、事実だけを伝えましょう。"
        ).id,
        remote=_remote_question(session).id,
        note=_note(session).id,
    )


def _remote_question(session: Session) -> Post:
    uri = "https://yamate.example/posts/99"
    return questions.ask(
        session,
        author=factories.remote(session, "akari", "yamate.example"),
        board=None,
        title="やまてから聞きます",
        body=text.from_html("<p>毎日、電話がかかってきます。</p>"),
        origin=factories.origin(uri),
    )


def _note(session: Session) -> Post:
    uri = "https://mastodon.example/notes/5"
    return notes.write(
        session,
        author=factories.remote(session, "bob", "mastodon.example"),
        body=text.from_html("<p>Good morning from afar</p>"),
        visibility="open",
        origin=factories.origin(uri),
    )
