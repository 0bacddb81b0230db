"""Polls of others as we show them, and votes of others in ours."""

import contextlib
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import composing, polls, posts
from community.models import Poll, PollOption, PollVote, Post
from tests import factories
from tests.federation.inbox import mail
from tests.towns import FixedClock

KEN = "https://m.example/users/ken"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
POLL = f"{KEN}/statuses/9"


def question(counts: tuple[int, ...] = (1, 2), **facts: Any) -> dict[str, Any]:
    options = [
        {"type": "Note", "name": name, "replies": {"type": "Collection", "totalItems": count}}
        for name, count in zip("ABC", counts, strict=False)
    ]
    return {
        "id": POLL, "type": "Question", "attributedTo": KEN, "content": "<p>どちら？</p>", "to": [PUBLIC], "cc": [],
        "published": "2026-03-01T00:00:00Z", "endTime": "2099-01-01T00:00:00Z", "votersCount": sum(counts),
        "oneOf": options, **facts,
    }  # fmt: skip


def said(kind: str, document: dict[str, Any], number: int = 1) -> dict[str, Any]:
    return {"id": f"{KEN}/{kind}/{number}", "type": kind, "actor": KEN, "object": document}


def counts(session: Session, post: Post) -> list[int]:
    return list(
        session.scalars(
            select(PollOption.votes_count).where(PollOption.post_id == post.id).order_by(PollOption.position)
        )
    )


def stored(session: Session) -> Post:
    post = posts.by_uri(session, POLL)
    assert post is not None
    return post


def test_a_poll_is_a_note_with_options_and_counts(session: Session) -> None:
    mail.follower_of_ken(session, "hotate")
    mail.deliver(session, said("Create", question()))
    post = stored(session)
    poll = session.get_one(Poll, post.id)
    assert (post.kind, post.body_text) == ("note", "どちら？")
    assert (polls.titles(session, post), counts(session, post)) == (["A", "B"], [1, 2])
    assert (poll.multiple, poll.votes_count, poll.voters_count, poll.closed) == (False, 3, 3, False)


def test_new_counts_come_without_a_new_moment(session: Session) -> None:
    hotate = mail.follower_of_ken(session, "hotate")
    mail.deliver(session, said("Create", question()))
    post = stored(session)
    polls.vote(session, account=hotate, post=post, choices=[0])
    mail.deliver(session, said("Update", question((5, 6))))
    session.refresh(post)
    assert (counts(session, post), post.edited_at) == ([5, 6], None)
    assert len(session.scalars(select(PollVote.id)).all()) == 1
    mail.deliver(session, said("Update", question((5, 6), closed="2026-03-02T00:00:00Z"), 2))
    poll = session.get_one(Poll, post.id)
    session.refresh(poll)
    assert poll.expires_at is not None
    assert poll.expires_at <= session.info["machi.town"].clock()


def test_no_count_of_theirs_is_taken_larger_than_ten_million(session: Session) -> None:
    mail.follower_of_ken(session, "hotate")
    mail.deliver(session, said("Create", question((10**15, 2), votersCount=10**15)))
    assert counts(session, stored(session)) == [10**7, 2]
    assert session.get_one(Poll, stored(session).id).voters_count == 10**7


def test_nobody_else_counts_for_it(session: Session) -> None:
    mail.follower_of_ken(session, "hotate")
    mail.deliver(session, said("Create", question()))
    other = "https://mi.example/users/9abc"
    forged = {"id": f"{other}/1", "type": "Update", "actor": other, "object": question((99, 0), attributedTo=other)}
    assert mail.refusal(session, forged)
    assert counts(session, stored(session)) == [1, 2]


@pytest.mark.parametrize(
    "told", [{"oneOf": "x"}, {"oneOf": []}, {"oneOf": [{"name": ""}]}, {"oneOf": [{"name": "a", "replies": "x"}], "votersCount": -3}]
)
def test_strange_polls_harm_nothing(session: Session, told: dict[str, Any]) -> None:
    mail.follower_of_ken(session, "hotate")
    mail.deliver(session, said("Create", question(**told)))
    assert stored(session).kind == "note"


class TestVotes:
    @pytest.fixture
    def post(self, session: Session) -> Post:
        hanako = factories.member(session, "hanako")
        poll = polls.Draft(("月曜", "火曜"), 600)
        return composing.write(session, author=hanako, draft=composing.Draft(text="いつ？", visibility="open", poll=poll))

    def vote(self, post: Post, name: str, number: int = 1) -> dict[str, Any]:
        letter = mail.load("mastodon/create_poll_vote", {1: post.uri})
        note = letter["object"] | {"name": name, "id": f"{KEN}#votes/{number}"}
        return letter | {"id": f"{KEN}#votes/{number}/activity", "object": note}

    def test_one_counts_once_and_is_shown_to_nobody(self, session: Session, post: Post) -> None:
        mail.deliver(session, self.vote(post, "火曜"))
        assert counts(session, post) == [0, 1]
        assert session.scalars(select(Post.id)).all() == [post.id]
        with pytest.raises(Exception, match="もう答え"):
            mail.deliver(session, self.vote(post, "月曜", 2))
        assert counts(session, post) == [0, 1]

    def test_a_vote_may_carry_words_of_its_server(self, session: Session, post: Post) -> None:
        letter = self.vote(post, "火曜")
        mail.deliver(session, letter | {"object": letter["object"] | {"content": "火曜"}})
        assert counts(session, post) == [0, 1]

    def test_a_vote_by_an_id_of_another_host_counts_for_nothing(self, session: Session, post: Post) -> None:
        letter = self.vote(post, "火曜")
        letter["object"]["id"] = "https://mi.example/votes/1"
        assert "another host" in mail.refusal(session, letter)
        assert counts(session, post) == [0, 0]

    def test_what_is_not_offered_is_no_vote(self, session: Session, post: Post) -> None:
        assert "does not offer" in mail.refusal(session, self.vote(post, "土曜"))
        assert counts(session, post) == [0, 0]

    def test_several_choices_may_come_at_once(self, session: Session) -> None:
        """GoToSocial: one Create with a list of notes."""
        hanako = factories.member(session, "hanako")
        poll = polls.Draft(("月曜", "火曜", "水曜"), 600, multiple=True)
        post = composing.write(session, author=hanako, draft=composing.Draft(text="いつ？", visibility="open", poll=poll))
        letter = self.vote(post, "火曜")
        choices = [letter["object"] | {"name": name, "id": f"{KEN}#votes/{name}"} for name in ("月曜", "水曜")]
        mail.deliver(session, letter | {"object": choices})
        assert counts(session, post) == [1, 0, 1]
        assert session.get_one(Poll, post.id).voters_count == 1

    @pytest.mark.parametrize("spoiled", ["another poll", "no vote", "somebody else's", "too many"])
    def test_several_things_that_are_no_votes_count_for_nothing(self, session: Session, post: Post, spoiled: str) -> None:
        letter = self.vote(post, "火曜")
        good = letter["object"]
        bad = {
            "another poll": good | {"id": f"{KEN}#2", "inReplyTo": "https://m.example/polls/2"},
            "no vote": good | {"id": f"{KEN}#2", "name": None, "content": "<p>やあ</p>"},
            "somebody else's": good | {"id": f"{KEN}2#2", "attributedTo": f"{KEN}2"},
            "too many": good | {"id": f"{KEN}#2", "name": "月曜"},
        }[spoiled]
        with contextlib.suppress(Exception):
            mail.deliver(session, letter | {"object": [good, bad]})
        assert counts(session, post) == [0, 0]

    @pytest.mark.parametrize("closed", [True, False])
    def test_a_poll_that_is_over_counts_no_more(
        self, session: Session, post: Post, clock: FixedClock, closed: bool
    ) -> None:
        clock.advance(minutes=11)
        if closed:
            polls.close_due(session)
        with pytest.raises(Exception, match="もう終わって"):
            mail.deliver(session, self.vote(post, "火曜"))
        assert counts(session, post) == [0, 0]

    def test_misskeys_vote_counts(self, session: Session, post: Post) -> None:
        """Without `content`, `published` and Public, and with the poll's author alone in `to`."""
        mail.know(session, "misskey/actor")
        rei = "https://mi.example/users/9abc"
        note = {
            "id": f"{rei}#votes/1", "type": "Note", "attributedTo": rei, "to": [f"{mail.HERE}/users/hanako"],
            "inReplyTo": post.uri, "name": "月曜",
        }  # fmt: skip
        mail.deliver(session, {"id": f"{rei}#votes/1/activity", "type": "Create", "actor": rei, "object": note})
        assert counts(session, post) == [1, 0]
