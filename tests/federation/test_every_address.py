"""A lively town, walked through from document to document: whatever one names is there, and every one obeys the rules.

What stands in a document is an address that others will ask for, sooner or later (federation reference §1.0).
"""

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import (
    answers,
    boosts,
    founding,
    likes,
    members,
    notes,
    pins,
    polls,
    posts,
    questions,
    quotes,
    tag_follows,
    text,
    thanks,
)
from community.db import Database
from community.models import Account, Post
from federation.models import OutboxItem
from tests import factories
from tests.federation.asking import HERE, Wire
from tests.federation.outbox.said import follow

pytestmark = pytest.mark.usefixtures("speaking")

MOST = 256 * 1024  # bytes that Misskey reads
LONGEST_ID = 100  # characters that PieFed keeps
_WORDS = {"content", "contentMap", "source", "_misskey_content", "summary", "value"}
_FOR_POSTS_ALONE = {"inbox", "sharedInbox"}  # nobody GETs them
_PAGES = {"url"}  # for people


@pytest.fixture
def engine() -> Iterator[str]:
    """What is said does not depend on the engine; the statements behind it are tried on both elsewhere."""
    yield "sqlite"


def lively(session: Session) -> None:
    """Everything that can be said, said once; はなこ is there already, with a follower in やまて."""
    hanako, natsu = factories.local(session, "hanako"), factories.member(session, "natsu")
    natsu.hides_collections = False
    taro, bob = (
        factories.remote(session),
        factories.remote(session, "bob", "mast.example", shared_inbox=False),
    )
    for follower, followee in (
        (taro, hanako),
        (bob, hanako),
        (bob, factories.board(session)),
        (hanako, bob),
        (hanako, natsu),
    ):
        follow(session, follower, followee)
    question = factories.question(session, hanako, tags=("社会保険", "C&A"))
    answer = answers.reply(
        session, author=natsu, parent=question, body=text.from_markdown("はい。\n\n- 一\n- 二"), as_of="2026-11",
        basis="健康保険法", ai_draft=True, mentions=[taro],
    )  # fmt: skip
    factories.answer(session, hanako, answer, body="`code` から始まる返事")
    theirs = answers.reply(
        session, author=taro, parent=question, body=text.from_html("<p>はい</p>"), origin=factories.origin(),
        visibility="open",
    )  # fmt: skip
    factories.question(session, natsu, title="姉妹まちだけに聞きたいこと", visibility="sister")
    factories.question(session, natsu, title="まちの中だけで聞きたいこと", visibility="town")
    hidden = factories.anonymous_question(session, hanako)
    passed = answers.reply(
        session,
        author=factories.member(session, "ken"),
        parent=hidden,
        body=text.from_markdown("教わりました。"),
        passed_on_from=answer,
    )
    thanks.give(
        session,
        giver=founding.relay(session),
        answer=passed,
        from_asker=True,
        message=text.from_markdown("どうも"),
    )
    thanks.give(session, giver=hanako, answer=answer, message=text.from_markdown("とても"), tone="clear")
    likes.like(session, account=hanako, post=theirs)
    likes.like(session, account=natsu, post=question)
    questions.solve(session, question=question, answer=answer, by=hanako)
    factories.flag(session, hanako)
    _notes(session, hanako, natsu, bob)


def _notes(session: Session, hanako: Account, natsu: Account, bob: Account) -> None:
    """What apps write, and what is shown on profiles."""

    def write(author: Account, words: str, visibility: str = "open", **more: Any) -> Post:
        return notes.write(
            session, author=author, body=text.from_markdown(words), visibility=visibility, **more
        )

    sea = write(natsu, "朝の海", tags=["ごみ拾い"])
    write(hanako, "よい写真", "unlisted", mentions=[bob])
    polls.attach(
        session,
        write(natsu, "どちら？"),
        polls.check(["海", "山"], 86_400, multiple=True, hides_totals=False),
    )
    for visibility in ("followers", "direct", "town"):
        write(hanako, "内輪の話", visibility, mentions=[bob])
    boosts.boost(session, account=hanako, post=sea)
    pins.pin(session, account=natsu, post=sea)
    tag_follows.feature(session, account=natsu, name="ごみ拾い")
    posts.delete(session, post=write(natsu, "まちがい"), by=natsu)
    quoting = write(hanako, "これです")
    quotes.attach(session, quoting, author=hanako, quoted=sea)
    members.leave(session, account_id=factories.member(session, "tabibito").id)


async def test_whatever_a_document_names_is_there(wire: Wire, database: Database) -> None:
    await database.write(lively)
    seen = await walk(wire, await database.read(beginnings))
    assert len(seen) > 100
    kinds = {document["type"] for document in seen.values()}
    assert kinds >= {
        "Person", "Group", "Application", "Note", "Question", "Create", "Announce", "Tombstone", "OrderedCollection",
        "OrderedCollectionPage", "Collection", "CollectionPage",
    }  # fmt: skip


async def test_whatever_a_sister_is_told_is_there_for_her(wire: Wire, database: Database) -> None:
    await database.write(lively)

    def beginnings_for_sisters(session: Session) -> list[str]:
        posts_of = Post.visibility == "sister"
        said = select(OutboxItem.id).join(Post, Post.id == OutboxItem.post_id).where(posts_of)
        activities = [f"{HERE}/activities/{number}" for number in session.scalars(said)]
        return [*session.scalars(select(Post.uri).where(posts_of)), *activities]

    begin = await database.read(beginnings_for_sisters)
    assert len(begin) >= 2
    assert (await wire.get(begin[0].removeprefix(HERE))).status == 404
    seen = await walk(wire, begin, signed=True)
    assert f"{HERE}/sisters" in seen


def beginnings(session: Session) -> list[str]:
    """The ids of what everybody may have."""
    found = [*session.scalars(select(Account.uri).where(Account.domain == ""))]
    found += session.scalars(
        select(Post.uri).where(Post.local, Post.visibility.in_(("open", "unlisted")), Post.kind != "boost")
    )
    found += [
        f"{HERE}/activities/{number}"
        for number in session.scalars(select(OutboxItem.id).where(OutboxItem.public))
    ]
    return [*found, f"{HERE}/sisters", f"{HERE}/tags/nothing"]


async def walk(wire: Wire, begin: list[str], *, signed: bool = False) -> dict[str, dict[str, Any]]:
    """Every document that can be reached from `begin`, each checked."""
    seen: dict[str, dict[str, Any]] = {}
    left = dict.fromkeys(begin, "the beginning")
    while left:
        uri, named_by = left.popitem()
        reply = await wire.get(uri.removeprefix(HERE), signed=signed)
        assert reply.status in (200, 410), f"{uri}, named by {named_by}, answers {reply.status}"
        document = reply.document()
        assert document["id"] == uri, f"{uri} is about {document['id']}"
        assert len(uri) < LONGEST_ID
        assert len(orjson.dumps(document)) < MOST
        assert (await wire.get(uri.removeprefix(HERE), signed=signed)).body == document
        seen[uri] = document
        for each in _named(document):
            if each not in seen and each not in left:
                left[each] = uri
    return seen


def _named(value: Any, key: str = "") -> Iterator[str]:
    """The addresses of this town in a document, but for pages, pictures, inboxes and keys."""
    if key in _WORDS | _FOR_POSTS_ALONE | _PAGES or key in {
        "publicKey",
        "assertionMethod",
        "proof",
        "icon",
        "image",
        "@context",
    }:
        return
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _named(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from _named(inner, key)
    elif isinstance(value, str) and value.startswith(f"{HERE}/"):
        yield value
