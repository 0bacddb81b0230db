"""Two members of one company who had to do with each other before they knew, and one of somewhere else."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from community import answers, boosts, follows, likes, lists, notes, questions, shield, text
from community.extras import Extras
from community.models import Account, Post
from tests import factories

COMPANY = "kaisha.co.jp"
HANDLE, NAME, SKILL = "kogarashi", "こがらし", "源泉徴収の達人"


@dataclass(frozen=True, slots=True)
class Colleagues:
    """みずたま (mizutama) and こがらし (kogarashi) work at the same place; ほたて (hotate) does not."""

    me: int
    other: int
    third: int
    question: int  # of me, solved by the other's answer
    asked: int  # of the other, answered by me
    answer: int  # of the other, chosen and thanked
    own_answer: int  # of me, thanked by the other with words
    note: int  # of the other
    boost: int  # by the other, of the third's note
    reply: int  # of the third to the other's note, which mentions them
    quoting: int  # of the third
    direct: int  # of the other, to me
    list: int  # of me, with the other

    @property
    def telltales(self) -> tuple[str, ...]:
        """What nobody may read from whom the other is veiled."""
        return HANDLE, NAME, SKILL, str(self.other)

    @property
    def posts(self) -> tuple[int, ...]:
        return (
            self.question, self.asked, self.answer, self.own_answer, self.note, self.boost, self.reply, self.quoting, self.direct,
        )  # fmt: skip


def build(session: Session) -> Colleagues:
    """The scene before anybody set a mark."""
    me = factories.member(session, "mizutama", nickname="みずたま", strengths=["年末調整"])
    other = factories.member(session, HANDLE, nickname=NAME, strengths=[SKILL])
    third = factories.member(session, "hotate", nickname="ほたて")
    for one, another in ((me, other), (other, me), (me, third), (third, me), (third, other), (other, third)):
        follows.request(session, follower=one, followee=another)
    mine = lists.create(session, account=me, title="なかま")
    lists.add(session, row=mine, accounts=[other])
    question = factories.question(session, me, tags=["年末調整"])
    answer = factories.answer(session, other, question)
    questions.solve(session, question=question, answer=answer, by=me)
    factories.thank(session, third, answer, words="第三者からのお礼です。")
    asked = factories.question(session, other, title="押印はまだ要りますか", tags=["年末調整"])
    own_answer = factories.answer(session, me, asked)
    factories.thank(session, other, own_answer, words="たすかりました。")
    factories.answer(session, other, own_answer, body="さらにうかがいます。")
    note = _note(session, other, "きょうは晴れです。")
    said = _note(session, third, "あすは雨だそうです。")
    likes.like(session, account=other, post=said)
    boost = boosts.boost(session, account=other, post=said)
    likes.like(session, account=other, post=question)
    reply = answers.reply(session, author=third, parent=note, body=text.from_markdown("ほんとうですね。"), mentions=[other])
    quoting = notes.write(
        session, author=third, body=text.from_markdown("いい天気の話です。"), visibility="open", extras=Extras(quoted=note)
    )
    direct = _note(session, other, "ないしょの話です。", visibility="direct", mentions=[me])
    session.flush()
    return Colleagues(
        me=me.id, other=other.id, third=third.id, question=question.id, asked=asked.id, answer=answer.id,
        own_answer=own_answer.id, note=note.id, boost=boost.id, reply=reply.id, quoting=quoting.id, direct=direct.id,
        list=mine.id,
    )  # fmt: skip


def veil(session: Session, scene: Colleagues) -> None:
    """Both set the mark of their company, each in their own words."""
    shield.add(session, account_id=scene.me, typed="soumu@mail.KAISHA.co.jp")
    shield.add(session, account_id=scene.other, typed=COMPANY)


def _note(session: Session, author: Account, said: str, *, visibility: str = "open", mentions: tuple[Account, ...] | list[Account] = ()) -> Post:
    return notes.write(session, author=author, body=text.from_markdown(said), visibility=visibility, mentions=mentions)
