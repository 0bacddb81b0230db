"""Consent to quotes as it comes in (FEP-044f): requests, answers, stamps of others, and stamps that are taken back."""

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import blocks, composing, events, posts, quote_stamps, quotes, towns
from community.composing import Draft
from community.models import Account, Notification, Post, QuoteStamp
from federation import actors
from federation.models import OutboxItem
from tests.federation.inbox import mail

KEN = "https://m.example/users/ken"
REI = "https://mi.example/users/9abc"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
QUOTING = f"{KEN}/statuses/9"
THEIRS = "https://mi.example/notes/7"
STAMP = "https://mi.example/stamps/1"


def note(**facts: Any) -> dict[str, Any]:
    return {
        "id": QUOTING, "type": "Note", "attributedTo": KEN, "content": "<p>見て</p>", "to": [PUBLIC],
        "published": "2026-03-01T00:00:00Z", **facts,
    }  # fmt: skip


def theirs(**facts: Any) -> dict[str, Any]:
    policy = {"canQuote": {"automaticApproval": [PUBLIC]}}
    return note(id=THEIRS, attributedTo=REI, content="<p>もとの話</p>", interactionPolicy=policy) | facts


def stamp(**facts: Any) -> dict[str, Any]:
    return {
        "id": STAMP, "type": "QuoteAuthorization", "attributedTo": REI, "interactingObject": QUOTING,
        "interactionTarget": THEIRS, **facts,
    }  # fmt: skip


def said(kind: str, about: Any, actor: str = KEN, number: int = 1, **more: Any) -> dict[str, Any]:
    return {"id": f"{actor}/{kind}/{number}", "type": kind, "actor": actor, "object": about, **more}


@pytest.fixture
def hanako(session: Session) -> Account:
    return mail.follower_of_ken(session)


def ours(session: Session, author: Account, **facts: Any) -> Post:
    return composing.write(session, author=author, draft=Draft(**{"text": "こちらの話", "visibility": "open"} | facts))


def stored(session: Session, uri: str = QUOTING) -> Post:
    post = posts.by_uri(session, uri)
    assert post is not None
    session.refresh(post)
    return post


class TestRequests:
    def ask(self, post: Post, instrument: Any = QUOTING, **more: Any) -> dict[str, Any]:
        return said("QuoteRequest", post.uri, instrument=instrument, **more)

    def test_an_enclosed_post_is_kept_counted_and_told(self, session: Session, hanako: Account, told) -> None:
        post = ours(session, hanako)
        told()
        mail.deliver(session, self.ask(post, note(quote=post.uri)))
        row = session.scalars(select(QuoteStamp)).one()
        assert (row.post_id, row.quoting_uri, row.revoked_at) == (post.id, QUOTING, None)
        assert events.QuoteGranted(row.id, f"{KEN}/QuoteRequest/1") in told()
        quoting = stored(session)
        session.refresh(post)
        assert (quoting.quote_of_id, quoting.quote_state, post.quotes_count) == (post.id, "accepted", 1)
        assert quoting.quote_authorization == quote_stamps.uri_of(session, row)
        assert session.scalars(select(Notification.kind)).all() == ["quote"]

    def test_a_post_that_is_named_alone_is_fetched(self, session: Session, hanako: Account) -> None:
        post = ours(session, hanako)
        mail.deliver(session, self.ask(post), note(quote=post.uri))
        assert stored(session).quote_state == "accepted"

    def test_a_stamp_is_given_for_a_post_that_cannot_be_had(self, session: Session, hanako: Account) -> None:
        mail.deliver(session, self.ask(ours(session, hanako)))
        assert posts.by_uri(session, QUOTING) is None
        assert len(session.scalars(select(QuoteStamp)).all()) == 1

    def test_the_create_that_follows_stays_by_its_stamp(self, session: Session, hanako: Account) -> None:
        post = ours(session, hanako, quote_policy="nobody")
        row = quote_stamps.grant(
            session, quoted=post, account=actors.by_uri(session, KEN), quoting_uri=QUOTING  # type: ignore[arg-type]
        )
        assert row is not None
        named = quote_stamps.uri_of(session, row)
        mail.deliver(session, said("Create", note(quote=post.uri, quoteAuthorization=named)))
        assert (stored(session).quote_state, stored(session).quote_authorization) == ("accepted", named)

    @pytest.mark.parametrize("instrument", ["https://mi.example/notes/9", f"{mail.HERE}/posts/1", 7, None])
    def test_a_post_of_another_host_gets_no_stamp(self, session: Session, hanako: Account, instrument: Any) -> None:
        reason = mail.refusal(session, self.ask(ours(session, hanako), instrument))
        assert "of another host" in reason
        assert session.scalars(select(QuoteStamp)).all() == []

    def test_what_somebody_else_wrote_gets_no_stamp(self, session: Session, hanako: Account) -> None:
        mail.deliver(session, said("Create", note()))
        other = mail.load("mastodon/actor") | {
            "id": f"{KEN}2", "preferredUsername": "ken2", "inbox": f"{KEN}2/inbox", "publicKey": None,
        }  # fmt: skip
        actors.upsert(session, other)
        letter = said("QuoteRequest", ours(session, hanako).uri, f"{KEN}2", instrument=QUOTING)
        assert "somebody else wrote" in mail.refusal(session, letter)
        assert session.scalars(select(QuoteStamp)).all() == []

    def test_an_enclosed_post_of_somebody_else_is_not_believed(self, session: Session, hanako: Account) -> None:
        post = ours(session, hanako)
        mail.deliver(session, self.ask(post, note(quote=post.uri, attributedTo=f"{KEN}2")))
        assert posts.by_uri(session, QUOTING) is None

    def test_a_post_that_quotes_something_else_is_shown_without(self, session: Session, hanako: Account) -> None:
        mail.deliver(session, self.ask(ours(session, hanako), note()))
        assert stored(session).quote_state is None

    def test_the_blocked_are_refused(self, session: Session, hanako: Account, told) -> None:
        post = ours(session, hanako)
        ken = actors.by_uri(session, KEN)
        assert ken is not None
        blocks.block(session, account=hanako, target=ken)
        told()
        assert "refused" in mail.refusal(session, self.ask(post))
        assert told() == [events.QuoteRefused(f"{KEN}/QuoteRequest/1", QUOTING, post.id, ken.id)]

    @pytest.mark.parametrize("visibility", ["followers", "direct"])
    def test_who_cannot_know_of_it_hears_nothing(
        self, session: Session, hanako: Account, visibility: str, told
    ) -> None:
        post = ours(session, hanako, visibility=visibility)
        told()
        with pytest.raises(Exception, match="見つかりません"):
            mail.deliver(session, self.ask(post))
        assert told() == []

    def test_what_is_not_there_is_ignored(self, session: Session, hanako: Account) -> None:
        post = ours(session, hanako)
        letter = self.ask(post)
        posts.delete(session, post=post, by=hanako)
        assert "nothing that stands here" in mail.refusal(session, letter)
        assert "nothing that stands here" in mail.refusal(session, letter | {"object": f"{mail.HERE}/posts/4"})


class TestAnswers:
    @pytest.fixture
    def asked(self, session: Session, hanako: Account) -> Post:
        """A post of ours that quotes れい's and waits for her word; the request is the activity 5."""
        mail.know(session, "misskey/actor")
        mail.deliver(session, said("Create", note(quote=THEIRS)), theirs())
        post = ours(session, hanako, quoted_id=stored(session, THEIRS).id)
        assert post.quote_state == "pending"
        session.add(
            OutboxItem(
                id=5, account_id=hanako.id, type="QuoteRequest", object_uri=f"{post.uri}#quote", post_id=post.id,
                public=False, body=b"{}", created_at=1,
            )
        )  # fmt: skip
        session.flush()
        return post

    def answer(self, kind: str, actor: str = REI, **facts: Any) -> dict[str, Any]:
        return said(kind, f"{mail.HERE}/activities/5", actor, **{"result": STAMP} | facts)

    def state(self, session: Session, post: Post) -> tuple[str | None, str | None]:
        session.refresh(post)
        return post.quote_state, post.quote_authorization

    def test_consent_by_id_alone(self, session: Session, asked: Post, told) -> None:
        told()
        mail.deliver(session, self.answer("Accept"))
        assert self.state(session, asked) == ("accepted", STAMP)
        assert told() == [events.QuoteDecided(asked.id)]
        assert stored(session, THEIRS).quotes_count == 1

    def test_consent_with_the_request_enclosed(self, session: Session, asked: Post) -> None:
        request = {"type": "QuoteRequest", "id": "urn:lost", "object": THEIRS, "instrument": asked.uri}
        mail.deliver(session, self.answer("Accept", object=request))
        assert self.state(session, asked) == ("accepted", STAMP)

    def test_a_refusal(self, session: Session, asked: Post) -> None:
        mail.deliver(session, self.answer("Reject"))
        assert self.state(session, asked) == ("rejected", None)

    def test_only_who_is_quoted_decides(self, session: Session, asked: Post) -> None:
        for kind in ("Accept", "Reject"):
            assert "not quoted" in mail.refusal(session, self.answer(kind, KEN))
        assert self.state(session, asked) == ("pending", None)

    @pytest.mark.parametrize("result", [None, "https://m.example/stamps/1", {"type": "QuoteAuthorization"}])
    def test_a_stamp_of_another_host_is_none(self, session: Session, asked: Post, result: Any) -> None:
        assert "without a stamp" in mail.refusal(session, self.answer("Accept", result=result))
        assert self.state(session, asked) == ("pending", None)

    def test_a_stamp_that_is_deleted_ends_the_quote(self, session: Session, asked: Post, told) -> None:
        mail.deliver(session, self.answer("Accept"))
        told()
        assert "another host" in mail.refusal(session, said("Delete", STAMP, KEN))
        assert self.state(session, asked) == ("accepted", STAMP)
        mail.deliver(session, said("Delete", STAMP, REI))
        assert self.state(session, asked) == ("revoked", None)
        assert told() == [events.QuoteDecided(asked.id)]
        mail.deliver(session, self.answer("Accept") | {"id": f"{REI}/late"})
        assert self.state(session, asked) == ("revoked", None)


class TestTheirStamps:
    """One of elsewhere quotes another of elsewhere, who has a say in it."""

    def test_a_stamp_at_the_quoted_host_proves_the_quote(self, session: Session, hanako: Account) -> None:
        mail.deliver(session, said("Create", note(quote=THEIRS, quoteAuthorization=STAMP)), theirs(), stamp())
        assert (stored(session).quote_state, stored(session).quote_authorization) == ("accepted", STAMP)

    @pytest.mark.parametrize(
        "forged",
        [
            {"attributedTo": KEN},
            {"interactingObject": f"{KEN}/statuses/10"},
            {"interactionTarget": "https://mi.example/notes/8"},
            {"type": "Note"},
            {"interactionTarget": None},
        ],
    )
    def test_a_stamp_that_says_something_else_proves_nothing(
        self, session: Session, hanako: Account, forged: dict[str, Any]
    ) -> None:
        letter = said("Create", note(quote=THEIRS, quoteAuthorization=STAMP))
        mail.deliver(session, letter, theirs(), stamp(**forged))
        assert (stored(session).quote_state, stored(session).quote_authorization) == ("pending", None)

    @pytest.mark.parametrize("named", [f"{KEN}/stamps/1", f"{mail.HERE}/quotes/1"])
    def test_a_stamp_of_another_host_is_not_even_fetched(self, session: Session, hanako: Account, named: str) -> None:
        letter = said("Create", note(quote=THEIRS, quoteAuthorization=named))
        inbound = mail.deliver(session, letter, theirs(), stamp(id=named))
        assert named not in inbound.documents
        assert stored(session).quote_state == "pending"

    def test_consent_may_come_later_without_a_newer_moment(self, session: Session, hanako: Account) -> None:
        mail.deliver(session, said("Create", note(quote=THEIRS)), theirs())
        assert stored(session).quote_state == "pending"
        touched = stored(session).touched
        mail.deliver(session, said("Update", note(quote=THEIRS, quoteAuthorization=STAMP)), stamp())
        post = stored(session)
        assert (post.quote_state, post.edited_at, post.touched > touched) == ("accepted", None, True)
        assert stored(session, THEIRS).quotes_count == 1

    def test_a_stamp_that_is_deleted_is_honoured(self, session: Session, hanako: Account) -> None:
        mail.deliver(session, said("Create", note(quote=THEIRS, quoteAuthorization=STAMP)), theirs(), stamp())
        mail.deliver(session, said("Delete", {"id": STAMP, "type": "QuoteAuthorization"}, REI))
        assert (stored(session).quote_state, stored(session, THEIRS).quotes_count) == ("revoked", 0)

    def test_our_own_stamp_that_was_taken_back_stays_so(self, session: Session, hanako: Account) -> None:
        post = ours(session, hanako)
        mail.deliver(session, said("Create", note(quote=post.uri)))
        quotes.revoke(session, by=hanako, quoted=post, quoting=stored(session))
        row = session.scalars(select(QuoteStamp)).one()
        named = quote_stamps.uri_of(session, row)
        without = note(updated="2026-03-02T00:00:00Z")
        mail.deliver(session, said("Update", without))
        again = note(quote=post.uri, quoteAuthorization=named, updated="2026-03-03T00:00:00Z")
        mail.deliver(session, said("Update", again, number=2))
        assert (stored(session).quote_state, stored(session).quote_authorization) == ("revoked", None)

    def test_what_a_suspended_host_wrote_is_not_shown_through_others(self, session: Session, hanako: Account) -> None:
        mail.deliver(session, said("Create", note(id=f"{KEN}/statuses/8", quote=THEIRS)), theirs())
        towns.suspend(session, "mi.example")
        mail.deliver(session, said("Create", note(quote=THEIRS), number=2))
        assert (stored(session).quote_of_id, stored(session).quote_uri, stored(session).quote_state) == (None, None, None)
