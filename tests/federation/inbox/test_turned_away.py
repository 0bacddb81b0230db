"""Nothing comes through from somebody with whom one has nothing to do: every activity, for every way to turn away.

A row for each thing that others can do to a member, a column for each reason: a block in either direction, a whole server
that the member shut out, a server with which the town has nothing to do.
"""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from community import blocks, composing, domain_blocks, follows, gatherings, polls, posts, quotes, town, towns
from community import text as words
from community.composing import Draft
from community.errors import CommunityError
from community.models import (
    Account,
    Follow,
    Join,
    Like,
    Mention,
    Notification,
    Pin,
    PollVote,
    Post,
    QuoteStamp,
    Thanks,
)
from federation import actors
from federation.inbox.inbound import Ignored
from tests import factories
from tests.federation.inbox import mail

KEN = "https://m.example/users/ken"
NEW = "https://o.example/users/ken"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
HANAKO = f"{mail.HERE}/users/hanako"
Document = dict[str, Any]


class Scene:
    """はなこ and what she wrote; けん elsewhere, whom somebody else here follows."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.hanako, self.yuki = factories.member(session, "hanako"), factories.member(session, "yuki")
        self.ken = actors.upsert(session, mail.load("mastodon/actor"))
        follows.accept(session, follow=follows.request(session, follower=self.yuki, followee=self.ken))
        self.note = self.write("こちらの話")
        self.poll = self.write("いつ？", poll=polls.Draft(("月曜", "火曜"), 600))
        self.answer = factories.answer(session, self.hanako, factories.question(session, self.yuki))
        self.flag = gatherings.hoist(
            session, author=self.hanako, board=factories.board(session), title="川そうじをしませんか",
            body=words.from_markdown("橋のたもとで。"), plan=gatherings.Plan(starts_at=town.now(session) + 86_400_000),
        )  # fmt: skip
        session.flush()

    def write(self, said: str, **facts: Any) -> Post:
        return composing.write(self.session, author=self.hanako, draft=Draft(text=said, visibility="open", **facts))

    def said(self, kind: str, about: Any, **more: Any) -> Document:
        return {"id": f"{KEN}/does/{kind}", "type": kind, "actor": KEN, "object": about, "to": [PUBLIC], **more}

    def post(self, **facts: Any) -> Document:
        note = {
            "id": f"{KEN}/statuses/9", "type": "Note", "attributedTo": KEN, "content": "<p>やあ</p>", "to": [PUBLIC],
            "published": "2026-03-01T00:00:00Z",
        }  # fmt: skip
        return self.said("Create", note | facts)

    def reached(self) -> dict[str, int]:
        """Everything of けん's that stands with はなこ or hers."""
        hers = select(Post.id).where(Post.author_id == self.hanako.id)
        ken, hanako = self.ken.id, self.hanako.id
        target = actors.by_uri(self.session, NEW)
        theirs = [ken] + ([target.id] if target is not None else [])
        counted = {
            "notices": select(func.count()).where(Notification.account_id == hanako, Notification.actor_id.in_(theirs)),
            "likes": select(func.count()).where(Like.account_id == ken, Like.post_id.in_(hers)),
            "thanks": select(func.count()).where(Thanks.giver_id == ken, Thanks.receiver_id == hanako),
            "boosts": select(func.count()).where(Post.author_id == ken, Post.boost_of_id.in_(hers)),
            "replies": select(func.count()).where(Post.author_id == ken, Post.parent_id.in_(hers)),
            "quotes": select(func.count()).where(
                Post.author_id == ken, Post.quote_of_id.in_(hers), Post.quote_state == quotes.ACCEPTED
            ),
            "stamps": select(func.count()).where(QuoteStamp.account_id == ken, QuoteStamp.post_id.in_(hers)),
            "votes": select(func.count()).where(PollVote.account_id == ken, PollVote.post_id.in_(hers)),
            "joins": select(func.count()).where(Join.account_id == ken, Join.post_id.in_(hers)),
            "pins": select(func.count()).where(Pin.post_id.in_(hers), Pin.account_id == ken),
            "follows": select(func.count()).where(
                or_(
                    (Follow.follower_id.in_(theirs)) & (Follow.followee_id == hanako),
                    (Follow.follower_id == hanako) & (Follow.followee_id.in_(theirs)),
                )
            ),
        }
        return {name: self.session.scalar(query) or 0 for name, query in counted.items()}


DEEDS: dict[str, Callable[[Scene], Document]] = {
    "Follow": lambda it: it.said("Follow", HANAKO),
    "Like": lambda it: it.said("Like", it.note.uri),
    "EmojiReact": lambda it: it.said("EmojiReact", it.note.uri, content="🎉"),
    "Like with thanks": lambda it: it.said("Like", it.answer.uri, **{"machi:kind": "thanks"}),
    "Announce": lambda it: it.said("Announce", it.note.uri),
    "Create: reply": lambda it: it.post(inReplyTo=it.note.uri),
    "Create: answer": lambda it: it.post(inReplyTo=it.flag.uri),
    "Create: mention": lambda it: it.post(to=[PUBLIC, HANAKO], tag=[{"type": "Mention", "href": HANAKO, "name": "@hanako"}]),
    "Create: direct": lambda it: it.post(to=[HANAKO], tag=[{"type": "Mention", "href": HANAKO, "name": "@hanako"}]),
    "Create: quote": lambda it: it.post(quote=it.note.uri),
    "Create: vote": lambda it: it.post(inReplyTo=it.poll.uri, name="火曜", content=None, to=[HANAKO]),
    "QuoteRequest": lambda it: it.said("QuoteRequest", it.note.uri, instrument=f"{KEN}/statuses/9"),
    "Join": lambda it: it.said("Join", it.flag.uri),
    "Add: featured": lambda it: it.said("Add", it.note.uri, target=f"{KEN}/collections/featured"),
}  # fmt: skip

REASONS: dict[str, Callable[[Scene], object]] = {
    "she blocks him": lambda it: blocks.block(it.session, account=it.hanako, target=it.ken),
    "he blocks her": lambda it: blocks.block(it.session, account=it.ken, target=it.hanako, uri=f"{KEN}/b"),
    "she shut his server out": lambda it: domain_blocks.block(it.session, account=it.hanako, domain="m.example"),
    "the town has nothing to do with it": lambda it: towns.suspend(it.session, "m.example"),
}


def deliver(session: Session, activity: Document, *documents: Document) -> None:
    session.flush()
    session.expire_all()  # as the unit of work that it would be
    with contextlib.suppress(Ignored, CommunityError):
        mail.deliver(session, activity, *documents)
    session.flush()


@pytest.mark.parametrize("deed", DEEDS)
def test_otherwise_it_comes_through(session: Session, deed: str) -> None:
    """Each row of the table does something, so that nothing coming of it means something."""
    it = Scene(session)
    before = it.reached()
    deliver(session, DEEDS[deed](it))
    if deed == "Add: featured":  # what she wrote is nobody else's to show first
        assert it.reached() == before
    else:
        assert it.reached() != before


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_comes_through(session: Session, deed: str, reason: str) -> None:
    it = Scene(session)
    REASONS[reason](it)
    before = it.reached()
    deliver(session, DEEDS[deed](it))
    assert it.reached() == before


@pytest.mark.parametrize("reason", ["she blocks him", "he blocks her", "she shut his server out"])
def test_a_follow_across_it_is_refused_and_not_left_waiting(session: Session, reason: str, told) -> None:
    it = Scene(session)
    REASONS[reason](it)
    told()
    deliver(session, DEEDS["Follow"](it))
    assert [type(each).__name__ for each in told()] == ["FollowRejected"]


def test_nobody_is_carried_to_whom_they_turned_from(session: Session) -> None:
    """She follows けん and blocks who he says he is now."""
    it = Scene(session)
    follows.accept(session, follow=follows.request(session, follower=it.hanako, followee=it.ken))
    new = {"id": NEW, "type": "Person", "preferredUsername": "ken", "inbox": f"{NEW}/inbox", "alsoKnownAs": [KEN]}
    blocks.block(session, account=it.hanako, target=actors.upsert(session, new))
    old = mail.load("mastodon/actor") | {"movedTo": NEW}
    deliver(session, it.said("Move", KEN, target=NEW), old, new)
    assert it.reached()["follows"] == 0


def test_of_a_silenced_host_who_is_met_later_is_silenced_too(session: Session) -> None:
    towns.block(session, domain="m.example", policy="silence")
    assert actors.upsert(session, mail.load("mastodon/actor")).silenced_at is not None


class TestSuspended:
    """A suspended host is not heard through others either (CVE-2026-23961)."""

    OTHER = "https://mi.example/users/9abc"

    def other(self, session: Session, it: Scene) -> Account:
        mail.know(session, "misskey/actor")
        rei = actors.by_uri(session, self.OTHER)
        assert rei is not None
        follows.accept(session, follow=follows.request(session, follower=it.yuki, followee=rei))
        return rei

    def note(self, **facts: Any) -> Document:
        return {
            "id": "https://mi.example/notes/9", "type": "Note", "attributedTo": self.OTHER, "content": "<p>見て</p>",
            "to": [PUBLIC], "published": "2026-03-01T00:00:00Z", **facts,
        }  # fmt: skip

    def says(self, kind: str, about: Any, **more: Any) -> Document:
        return {"id": f"{self.OTHER}/{kind}", "type": kind, "actor": self.OTHER, "object": about, "to": [PUBLIC], **more}

    @pytest.mark.parametrize("before", [True, False], ids=["known", "unknown"])
    @pytest.mark.parametrize("way", ["Announce", "quote", "reply", "mention", "Like"])
    def test_by_no_way(self, session: Session, way: str, before: bool) -> None:
        it = Scene(session)
        rei = self.other(session, it)
        theirs = it.post()["object"]
        if before:
            deliver(session, it.said("Create", theirs))
        towns.suspend(session, "m.example")
        letter = {
            "Announce": lambda: self.says("Announce", theirs["id"]),
            "quote": lambda: self.says("Create", self.note(quote=theirs["id"])),
            "reply": lambda: self.says("Create", self.note(inReplyTo=theirs["id"])),
            "mention": lambda: self.says(
                "Create", self.note(to=[PUBLIC, KEN], tag=[{"type": "Mention", "href": KEN, "name": "@ken"}])
            ),
            "Like": lambda: self.says("Like", theirs["id"]),
        }[way]()
        deliver(session, letter)  # nobody fetches of that host, so nothing of it can be had
        stored = posts.by_uri(session, theirs["id"])
        assert (stored is not None) == before
        led_here = select(Post).where(Post.author_id == rei.id)
        for post in session.scalars(led_here):
            assert post.boost_of_id is None
            assert post.quote_of_id is None and post.quote_uri is None
            assert stored is None or post.parent_id != stored.id
        assert it.reached()["notices"] == 0
        likes = session.scalar(select(func.count()).where(Like.account_id == rei.id))
        assert likes == 0

    def test_nobody_of_it_is_named_by_others(self, session: Session) -> None:
        it = Scene(session)
        self.other(session, it)
        towns.suspend(session, "m.example")
        named = self.note(to=[PUBLIC, KEN], tag=[{"type": "Mention", "href": KEN, "name": "@ken"}])
        deliver(session, self.says("Create", named))
        assert posts.by_uri(session, named["id"]) is not None
        assert session.scalars(select(Mention.account_id).where(Mention.account_id == it.ken.id)).all() == []

    def test_of_one_account_nothing_is_stored_that_others_lead_to(self, session: Session) -> None:
        """Its host is not refused, so what it wrote can be had."""
        it = Scene(session)
        self.other(session, it).suspended_at = 1
        note = self.note()
        deliver(session, it.post(quote=note["id"]), note)
        quoting = posts.by_uri(session, f"{KEN}/statuses/9")
        assert quoting is not None
        assert quoting.quote_of_id is None
        assert posts.by_uri(session, note["id"]) is None

    @pytest.mark.parametrize("kind", ["Person", "Group"])
    def test_not_announced_either_with_its_document_at_hand(self, session: Session, kind: str) -> None:
        """As if it had been fetched before: neither by a person nor by a board that is listened to here."""
        it = Scene(session)
        who = {"id": self.OTHER, "type": kind, "preferredUsername": "rei", "inbox": f"{self.OTHER}/inbox"}
        rei = actors.upsert(session, who)
        follows.accept(session, follow=follows.request(session, follower=it.yuki, followee=rei))
        towns.suspend(session, "m.example")
        nao = "https://m.example/users/nao"
        actor = {"id": nao, "type": "Person", "preferredUsername": "nao", "inbox": f"{nao}/inbox"}
        note = self.note(id=f"{nao}/1", attributedTo=nao)
        deliver(session, self.says("Announce", note["id"]), note, actor)
        assert posts.by_uri(session, note["id"]) is None
        assert actors.by_uri(session, nao) is None
