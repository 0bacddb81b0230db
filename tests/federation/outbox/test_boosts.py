"""What goes out of boosts, polls, quotes and pins (federation reference §1)."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from community import boosts, composing, pins, polls, posts, quotes
from community.composing import Draft
from community.db import Database
from community.events import Bus
from community.models import Post
from federation import listings
from federation.outbox import publish
from federation.vocabulary import hanging
from tests import factories
from tests.federation.outbox import rules
from tests.federation.outbox.said import Bell, Said, everything, follow

HERE = "https://minato.example"
PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
FOLLOWER = "https://mast.example/inbox"
ELSEWHERE = "https://yamate.example/inbox"


@pytest.fixture(autouse=True)
def bell(bus: Bus) -> Bell:
    bell = Bell()
    publish.subscribe(bus, bell)
    return bell


class Scene:
    """hanako has a follower on mast.example; taro of yamate.example has written something."""

    def __init__(self, session: Session) -> None:
        self.hanako = factories.member(session, "hanako")
        self.taro = factories.remote(session, "taro", "yamate.example")
        follow(session, factories.remote(session, "ken", "mast.example"), self.hanako)
        self.theirs = Post(
            id=7, uri="https://yamate.example/posts/7", url="https://yamate.example/@taro/7", kind="note", local=False,
            visibility="open", author_id=self.taro.id, root_id=7, body_source="", body_html="<p>x</p>", body_text="x",
            created_at=1,
        )  # fmt: skip
        session.add(self.theirs)
        session.flush()


async def said(database: Database, deed: Callable[[Session, Scene], object], *types: str) -> list[Said]:
    await database.write(lambda session: deed(session, Scene(session)) and None)
    return await database.read(lambda session: everything(session, *types))


async def test_a_boost_is_announced_by_its_own_id(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        boosts.boost(session, account=scene.hanako, post=scene.theirs)

    (announce,) = await said(database, deed, "Announce")
    document = announce.document
    assert document["object"] == "https://yamate.example/posts/7"
    assert document["to"] == [PUBLIC]
    assert document["cc"] == [f"{HERE}/users/hanako/followers", "https://yamate.example/users/taro"]
    assert (announce.inboxes, announce.public) == ([FOLLOWER, ELSEWHERE], True)
    boost_uri = await database.read(lambda session: session.query(Post).filter_by(kind="boost").one().uri)
    assert document["id"] == boost_uri
    rules.check(document, "minato.example")


async def test_undo_goes_to_those_who_heard(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        boosts.boost(session, account=scene.hanako, post=scene.theirs, visibility="unlisted")

    (announce,) = await said(database, deed, "Announce")
    assert (announce.public, announce.document["cc"][0]) == (False, PUBLIC)

    def undo(session: Session) -> None:
        boosts.unboost(session, account=factories.local(session, "hanako"), post=session.get_one(Post, 7))

    await database.write(undo)
    (undone,) = await database.read(lambda session: everything(session, "Undo{Announce}"))
    assert undone.document["object"]["id"] == announce.document["id"]
    assert undone.inboxes == announce.inboxes


async def test_boosts_of_others_are_not_said_again(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        ours = composing.write(session, author=scene.hanako, draft=Draft(text="x", visibility="open"))
        boosts.boost(session, account=scene.taro, post=ours, uri="https://yamate.example/b/1")

    assert await said(database, deed, "Announce") == []


async def test_shares_count_people_and_boards(database: Database) -> None:
    def deed(session: Session) -> tuple[int, dict[str, Any]]:
        scene = Scene(session)
        question = factories.question(session, scene.hanako)
        boosts.boost(session, account=scene.taro, post=question, uri="https://yamate.example/b/1")
        boosts.boost(session, account=factories.member(session, "hotate"), post=question)
        return question.id, {}

    question_id, _ = await database.write(deed)

    def look(session: Session) -> tuple[int, list[object]]:
        row = session.get_one(Post, question_id)
        asker = listings.Asker(host="yamate.example")
        page = listings.shares(session, row, asker, listings.Page())
        return hanging.shares_of(session, row), page["items"]

    total, listed = await database.read(look)
    assert total == len(listed) == 4  # two boards, two people
    assert "https://yamate.example/b/1" in listed


async def test_a_poll_is_a_question_of_the_wire(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        draft = Draft(text="いつ？", visibility="open", poll=polls.Draft(("月曜", "火曜"), 600, multiple=True))
        post = composing.write(session, author=scene.hanako, draft=draft)
        polls.vote(session, account=scene.taro, post=post, choices=[1])

    (create,) = await said(database, deed, "Create")
    poll = create.document["object"]
    assert (poll["type"], poll["votersCount"], "name" in poll) == ("Question", 1, False)
    assert [(each["name"], each["replies"]["totalItems"]) for each in poll["anyOf"]] == [("月曜", 0), ("火曜", 1)]
    assert poll["endTime"]
    assert "closed" not in poll
    rules.check(create.document, "minato.example")


async def test_counts_go_to_those_who_have_the_poll_and_are_no_edit(database: Database, clock: Any) -> None:
    def deed(session: Session, scene: Scene) -> None:
        draft = Draft(text="いつ？", visibility="open", poll=polls.Draft(("月曜", "火曜"), 600, hides_totals=True))
        post = composing.write(session, author=scene.hanako, draft=draft)
        polls.vote(session, account=scene.taro, post=post, choices=[1])

    await said(database, deed)
    await database.write(polls.tell_counts)
    (first,) = await database.read(lambda session: everything(session, "Update"))
    assert first.inboxes == [FOLLOWER]
    assert "replies" not in first.document["object"]["oneOf"][0]
    assert "updated" not in first.document["object"]
    clock.advance(minutes=10)
    await database.write(polls.close_due)
    last = (await database.read(lambda session: everything(session, "Update")))[-1]
    assert last.document["object"]["closed"]
    assert last.document["object"]["oneOf"][1]["replies"]["totalItems"] == 1
    assert "updated" not in last.document["object"]


async def test_a_vote_is_a_note_with_a_name_to_the_author_alone(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        polls.take(session, scene.theirs, polls.Foreign((("A", 0), ("B", 0)), multiple=True))
        polls.vote(session, account=scene.hanako, post=scene.theirs, choices=[0, 1])

    created = await said(database, deed, "Create")
    assert [each.document["object"]["name"] for each in created] == ["A", "B"]
    for each in created:
        note = each.document["object"]
        assert (note["inReplyTo"], "content" in note) == ("https://yamate.example/posts/7", False)
        assert note["to"] == ["https://yamate.example/users/taro"]
        assert (each.inboxes, each.public) == ([ELSEWHERE], False)


async def test_a_quote_stands_under_every_name_and_in_the_words(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        composing.write(session, author=scene.hanako, draft=Draft(text="見て", visibility="open", quoted_id=7))

    (create,) = await said(database, deed, "Create")
    note = create.document["object"]
    names = ("quote", "quoteUri", "quoteUrl", "_misskey_quote")
    assert {note[name] for name in names} == {"https://yamate.example/posts/7"}
    assert note["content"].startswith(
        '<p class="quote-inline">RE: <a href="https://yamate.example/@taro/7">https://yamate.example/@taro/7</a></p>'
    )
    assert create.inboxes == [FOLLOWER, ELSEWHERE]
    assert "quoteAuthorization" not in note  # nobody has been asked
    rules.check(create.document, "minato.example")


async def test_a_revoked_quote_is_quoted_no_more(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        hotate = factories.member(session, "hotate")
        quoted = composing.write(session, author=hotate, draft=Draft(text="もと", visibility="open"))
        quoting = composing.write(
            session, author=scene.hanako, draft=Draft(text="見て", visibility="open", quoted_id=quoted.id)
        )
        quotes.revoke(session, by=hotate, quoted=quoted, quoting=quoting)

    (update,) = await said(database, deed, "Update")
    assert "quote" not in update.document["object"]
    assert "quote-inline" not in update.document["object"]["content"]


async def test_pins_are_featured(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        post = composing.write(session, author=scene.hanako, draft=Draft(text="はじめまして", visibility="open"))
        narrow = composing.write(session, author=scene.hanako, draft=Draft(text="内輪", visibility="followers"))
        for each in (post, narrow):
            pins.pin(session, account=scene.hanako, post=each)

    (add,) = await said(database, deed, "Add")
    assert add.document["target"] == f"{HERE}/users/hanako/featured"

    def look(session: Session) -> dict[str, Any]:
        return listings.featured(session, factories.local(session, "hanako"), None)

    featured = await database.read(look)
    assert featured["orderedItems"] == [add.document["object"]]

    def unpin(session: Session) -> None:
        hanako = factories.local(session, "hanako")
        post = posts.by_uri(session, add.document["object"])
        assert post is not None
        pins.unpin(session, account=hanako, post=post)

    await database.write(unpin)
    (removed,) = await database.read(lambda session: everything(session, "Remove"))
    assert removed.document["object"] == add.document["object"]


async def test_plain_text_says_so_and_names_people_in_full(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        factories.member(session, "hotate")
        composing.write(session, author=scene.hanako, draft=Draft(text="@hotate さん\n*どうぞ*", visibility="open"))

    (create,) = await said(database, deed, "Create")
    note = create.document["object"]
    assert note["source"] == {"mediaType": "text/plain", "content": "@hotate さん\n*どうぞ*"}
    assert note["_misskey_content"] == "@hotate@minato.example さん\n*どうぞ*"
    assert [tag["name"] for tag in note["tag"]] == ["@hotate@minato.example"]


async def test_a_reply_of_an_app_names_whom_it_answers_once(database: Database) -> None:
    def deed(session: Session, scene: Scene) -> None:
        draft = Draft(text="@taro@yamate.example そうですね", visibility="open", in_reply_to_id=7)
        composing.write(session, author=scene.hanako, draft=draft)

    (create,) = await said(database, deed, "Create")
    assert create.document["object"]["content"].count(">@taro<") == 1
