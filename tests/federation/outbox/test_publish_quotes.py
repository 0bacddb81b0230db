"""Quotes with consent as we say them: the policy on every post, requests, answers with stamps, and taking them back."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import blocks, composing, posts, quotes
from community.composing import Draft
from community.db import Database
from community.events import Bus
from community.models import Account, Post, QuoteStamp
from federation import documents
from federation.outbox import publish
from tests import factories
from tests.federation.outbox import rules
from tests.federation.outbox.said import Bell, Said, everything, follow

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
HERE = "https://minato.example"
THERE = "https://yamate.example"
THEIRS = f"{THERE}/posts/7"
THEIR_QUOTE = f"{THERE}/posts/8"
ASKED = f"{THERE}/requests/1"


@pytest.fixture(autouse=True)
def _publishing(bus: Bus) -> None:
    publish.subscribe(bus, Bell())


def scene(session: Session, *, policy: str | None = "public") -> tuple[Account, Account, Post]:
    """はなこ here, たろう elsewhere, and a post of his."""
    hanako, taro = factories.member(session, "hanako"), factories.remote(session, "taro")
    body = composing.render(session, "もとの話", {}).body
    post = composing.notes.write(session, author=taro, body=body, visibility="open", origin=factories.origin(THEIRS))
    post.quote_policy = policy
    session.flush()
    return hanako, taro, post


def ours(session: Session, author: Account, **facts: Any) -> Post:
    return composing.write(session, author=author, draft=Draft(**{"text": "こちらの話", "visibility": "open"} | facts))


async def said(database: Database, deed: Callable[[Session], object], *types: str) -> list[Said]:
    await database.write(lambda session: deed(session) and None)
    return await database.read(lambda session: everything(session, *types))


@pytest.mark.parametrize(
    ("policy", "visibility", "whose"),
    [
        ("public", "open", PUBLIC),
        ("public", "unlisted", PUBLIC),
        ("followers", "open", f"{HERE}/users/hanako/followers"),
        ("nobody", "open", f"{HERE}/users/hanako"),
        ("public", "followers", f"{HERE}/users/hanako"),
    ],
)
async def test_a_post_says_who_may_quote_it_and_promises_nothing_else(
    database: Database, policy: str, visibility: str, whose: str
) -> None:
    def deed(session: Session) -> None:
        ours(session, factories.member(session, "hanako"), quote_policy=policy, visibility=visibility)

    (create,) = await said(database, deed, "Create")
    assert create.document["object"]["interactionPolicy"] == {"canQuote": {"automaticApproval": [whose]}}
    rules.check(create.document, "minato.example")


async def test_a_new_policy_is_told(database: Database) -> None:
    def deed(session: Session) -> None:
        hanako, taro, _ = scene(session)
        follow(session, taro, hanako)
        quotes.set_policy(session, by=hanako, post=ours(session, hanako), policy="nobody")

    (update,) = await said(database, deed, "Update")
    assert update.document["object"]["interactionPolicy"]["canQuote"] == {"automaticApproval": [f"{HERE}/users/hanako"]}


class TestAsking:
    async def test_who_wants_to_be_asked_is_asked_with_the_post_enclosed(self, database: Database) -> None:
        def deed(session: Session) -> None:
            hanako, _, post = scene(session)
            ours(session, hanako, quoted_id=post.id)

        create, request = await said(database, deed, "Create", "QuoteRequest")
        document = request.document
        assert (document["object"], document["actor"]) == (THEIRS, f"{HERE}/users/hanako")
        assert document["instrument"]["id"] == create.document["object"]["id"]
        assert (document["to"], request.inboxes) == ([f"{THERE}/users/taro"], [f"{THERE}/users/taro/inbox"])
        assert "quoteAuthorization" not in create.document["object"]
        rules.check(document, "minato.example")

    async def test_of_what_is_for_few_only_the_id_is_told(self, database: Database) -> None:
        def deed(session: Session) -> None:
            hanako, _, post = scene(session)
            ours(session, hanako, quoted_id=post.id, visibility="followers")

        (request,) = await said(database, deed, "QuoteRequest")
        assert isinstance(request.document["instrument"], str)

    async def test_who_says_nothing_of_quoting_is_not_asked(self, database: Database) -> None:
        def deed(session: Session) -> None:
            hanako, _, post = scene(session, policy=None)
            ours(session, hanako, quoted_id=post.id)

        assert await said(database, deed, "QuoteRequest") == []

    async def test_consent_is_shown_with_the_post_and_a_refusal_ends_the_quote(self, database: Database) -> None:
        stamp = f"{THERE}/quotes/1"

        def deed(session: Session) -> None:
            hanako, taro, post = scene(session)
            follow(session, taro, hanako)
            mine = ours(session, hanako, quoted_id=post.id)
            assert quotes.accept(session, post=mine, stamp=stamp)
            assert not quotes.accept(session, post=mine, stamp=stamp)

        (update,) = await said(database, deed, "Update")
        note = update.document["object"]
        assert (note["quote"], note["quoteAuthorization"]) == (THEIRS, stamp)
        assert "quote-inline" in note["content"]
        rules.check(update.document, "minato.example")

        def refuse(session: Session) -> None:
            mine = session.scalars(select(Post).where(Post.quote_authorization == stamp)).one()
            quotes.refuse(session, post=mine)

        _, update = await said(database, refuse, "Update")
        assert not {"quote", "quoteAuthorization"} & update.document["object"].keys()
        counted = await database.read(lambda session: posts.by_uri(session, THEIRS).quotes_count)  # type: ignore[union-attr]
        assert counted == 0

    async def test_a_deleted_post_leaves_its_words_in_no_request(self, database: Database) -> None:
        def deed(session: Session) -> None:
            hanako, _, post = scene(session)
            ours(session, hanako, quoted_id=post.id)

        def delete(session: Session) -> None:
            hanako = factories.local(session, "hanako")
            (mine,) = session.scalars(select(Post).where(Post.author_id == hanako.id))
            posts.delete(session, post=mine, by=hanako)

        await said(database, deed)
        kinds = [each.document["type"] for each in await said(database, delete)]
        assert kinds == ["emptied Create", "emptied QuoteRequest", "Delete"]


class TestAnswering:
    def ask(self, session: Session, *, policy: str = "public", blocked: bool = False) -> tuple[Post, Account]:
        hanako, taro, _ = scene(session)
        post = ours(session, hanako, quote_policy=policy)
        if blocked:
            blocks.block(session, account=hanako, target=taro)
        quotes.ask(session, author=taro, quoted=post, quoting_uri=THEIR_QUOTE, request_uri=ASKED)
        return post, taro

    async def test_a_stamp_is_given_and_can_be_fetched(self, database: Database) -> None:
        (accept,) = await said(database, self.ask, "Accept")
        document = accept.document
        assert document["object"] == {
            "type": "QuoteRequest", "id": ASKED, "actor": f"{THERE}/users/taro",
            "object": document["object"]["object"], "instrument": THEIR_QUOTE,
        }  # fmt: skip
        assert accept.inboxes == [f"{THERE}/users/taro/inbox"]
        number = int(document["result"].removeprefix(f"{HERE}/quotes/"))
        found = await database.read(lambda session: documents.quote_stamp(session, number))
        assert found is not None
        assert found.status == 200
        assert found.document == {
            "id": document["result"], "type": "QuoteAuthorization", "attributedTo": f"{HERE}/users/hanako",
            "interactingObject": THEIR_QUOTE, "interactionTarget": document["object"]["object"],
        }  # fmt: skip
        rules.check(document, "minato.example")

    @pytest.mark.parametrize("facts", [{"policy": "nobody"}, {"policy": "followers"}, {"blocked": True}])
    async def test_what_is_not_wanted_is_refused(self, database: Database, facts: dict[str, Any]) -> None:
        def deed(session: Session) -> None:
            self.ask(session, **facts)

        (reject,) = await said(database, deed, "Reject", "Accept")
        assert reject.type == "Reject"
        assert "result" not in reject.document
        assert reject.document["object"]["id"] == ASKED
        assert await database.read(lambda session: session.scalars(select(QuoteStamp)).all()) == []

    async def test_asked_again_the_same_stamp_is_given(self, database: Database) -> None:
        def deed(session: Session) -> None:
            post, taro = self.ask(session)
            quotes.ask(session, author=taro, quoted=post, quoting_uri=THEIR_QUOTE, request_uri=f"{ASKED}/again")

        first, second = await said(database, deed, "Accept")
        assert first.document["result"] == second.document["result"]
        assert second.document["object"]["id"] == f"{ASKED}/again"

    async def test_a_consent_taken_back_is_told_and_never_given_again(self, database: Database) -> None:
        def deed(session: Session) -> None:
            post, taro = self.ask(session)
            body = composing.render(session, "見て", {}).body
            quoting = composing.notes.write(
                session, author=taro, body=body, visibility="open", origin=factories.origin(THEIR_QUOTE)
            )
            quotes.attach(session, quoting, author=taro, quoted=post)
            quotes.revoke(session, by=session.get_one(Account, post.author_id), quoted=post, quoting=quoting)
            quotes.ask(session, author=taro, quoted=post, quoting_uri=THEIR_QUOTE, request_uri=f"{ASKED}/again")

        accept, delete, reject = await said(database, deed, "Accept", "Delete", "Reject")
        assert delete.document["object"] == accept.document["result"]
        assert f"{THERE}/inbox" in delete.inboxes
        assert reject.document["object"]["id"] == f"{ASKED}/again"
        number = int(delete.document["object"].rpartition("/")[2])
        found = await database.read(lambda session: documents.quote_stamp(session, number))
        assert found is not None
        assert (found.status, found.document["type"]) == (410, "Tombstone")

    async def test_a_stamp_goes_with_its_post(self, database: Database) -> None:
        def deed(session: Session) -> None:
            post, _ = self.ask(session)
            posts.delete(session, post=post, by=session.get_one(Account, post.author_id))

        (accept,) = await said(database, deed, "Accept")
        number = int(accept.document["result"].rpartition("/")[2])
        assert await database.read(lambda session: documents.quote_stamp(session, number)) is None


async def test_one_of_us_quotes_another_by_a_stamp_that_others_can_fetch(database: Database) -> None:
    def deed(session: Session) -> None:
        hanako, hotate = factories.member(session, "hanako"), factories.member(session, "hotate")
        ours(session, hanako, quoted_id=ours(session, hotate).id)
        ours(session, hotate, quoted_id=ours(session, hotate).id)

    created = await said(database, deed, "Create")
    notes = [each.document["object"] for each in created]
    stamps = [note.get("quoteAuthorization") for note in notes]
    assert [stamp is not None for stamp in stamps] == [False, True, False, False]  # nobody needs it for oneself
    number = int(stamps[1].rpartition("/")[2])
    found = await database.read(lambda session: documents.quote_stamp(session, number))
    assert found is not None
    assert found.document["interactingObject"] == notes[1]["id"]
    assert found.document["attributedTo"] == f"{HERE}/users/hotate"
