"""What is done about our boards, in the words of 1b12 software; and what an Announce never carries (reference §1.1)."""

from typing import Any

import pytest
from sqlalchemy.orm import Session

from community import answers, joins, moderation, questions, reports, stewardship, text
from community.db import Database
from community.events import Bus
from community.models import Account, Post
from community.reports import Complaint
from federation import documents, listings
from federation.documents import NOBODY
from federation.outbox import boards, publish
from tests import factories
from tests.federation.outbox import rules
from tests.federation.outbox.said import Bell, Said, everything
from tests.federation.outbox.test_publish import HERE, Scene

BOARD = f"{HERE}/boards/roumu"
STEWARD = f"{HERE}/users/town"
PUBLIC = rules.PUBLIC


@pytest.fixture
def bell(bus: Bus) -> Bell:
    bell = Bell()
    publish.subscribe(bus, bell)
    return bell


def announced(session: Session, kind: str) -> Said:
    (said,) = everything(session, f"Announce{{{kind}}}")
    rules.check(said.document, "minato.example")
    return said


def lemmy_reads(inner: dict[str, Any]) -> None:
    """What Lemmy's parser and checks ask of a moderator's act: one actor of the board's host, Public, the community."""
    assert isinstance(inner["actor"], str)
    assert inner["actor"].startswith(f"{HERE}/")
    assert PUBLIC in inner["to"]
    assert BOARD in [*inner["to"], *inner.get("cc", [])]
    assert inner["audience"] == BOARD
    assert isinstance(inner["object"], str | dict)


async def take_off(database: Database, post_id: int, reason: str) -> None:
    def unit(session: Session) -> None:
        by = factories.member(session, "kaori", role="moderator")
        stewardship.take_off(session, post=session.get_one(Post, post_id), by=by, reason=reason)

    await database.write(unit)


async def test_a_post_that_is_taken_off(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> int:
        scene = Scene(session)
        lem = answers.reply(
            session, author=scene.lem, parent=factories.question(session, scene.hanako), body=text.from_markdown("宣伝"),
            origin=factories.origin("https://lemmy.example/comment/1"),
        )  # fmt: skip
        return lem.id

    comment = await database.write(unit)

    await take_off(database, comment, "宣伝の連投")

    def look(session: Session) -> None:
        said = announced(session, "Delete")
        inner = said.document["object"]
        lemmy_reads(inner)
        assert (inner["actor"], inner["object"], inner["summary"]) == (STEWARD, "https://lemmy.example/comment/1", "宣伝の連投")
        assert said.inboxes == [f"https://{host}.example/inbox" for host in ("lemmy", "odd", "yamate")]
        assert "kaori" not in str([each.document for each in everything(session)])
        number = int(inner["id"].rpartition("/")[2])
        found = documents.activity(session, number, NOBODY)
        assert found is not None  # the inner activity dereferences
        assert {key: value for key, value in found.document.items() if key != "@context"} == inner

    await database.read(look)


async def test_a_question_of_elsewhere_is_recommended_no_more(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> int:
        scene = Scene(session)
        post = questions.ask(
            session, author=scene.lem, board=scene.board, title="広告です", body=text.from_markdown("宣伝"),
            visibility="open", origin=factories.origin("https://lemmy.example/post/1"),
        )  # fmt: skip
        return post.id

    post = await database.write(unit)

    await take_off(database, post, "宣伝")

    def look(session: Session) -> None:
        undone = [said for said in everything(session, "Undo{Announce}") if said.by == "roumu"]
        (undo,) = undone
        rules.check(undo.document, "minato.example")
        assert undo.document["object"]["object"] == "https://lemmy.example/post/1"
        assert undo.document["object"]["actor"] == BOARD
        assert "https://mast.example/inbox" in undo.inboxes

    await database.read(look)


async def test_shown_first_for_both_kinds_of_readers(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> int:
        scene = Scene(session)
        question = factories.question(session, scene.hanako)
        stewardship.show_first(session, post=question, by=factories.member(session, "kaori", role="keeper"))
        return question.id

    question = await database.write(unit)

    def look(session: Session) -> None:
        (add,) = everything(session, "Add")[:1]
        rules.check(add.document, "minato.example")
        assert (add.document["actor"], add.document["target"]) == (BOARD, f"{BOARD}/featured")
        assert add.inboxes == [f"https://{host}.example/inbox" for host in ("mast", "odd", "yamate")]
        said = announced(session, "Add")
        inner = said.document["object"]
        lemmy_reads(inner)
        assert (inner["actor"], inner["target"], inner["object"]) == (STEWARD, f"{BOARD}/featured", f"{HERE}/posts/{question}")
        assert said.inboxes == [f"https://{host}.example/inbox" for host in ("lemmy", "odd", "yamate")]
        board = factories.board(session, "roumu")
        (first,) = listings.featured(session, board, None)["orderedItems"]
        assert first["id"] == f"{HERE}/posts/{question}"  # whole, for Lemmy reads no ids there

    await database.read(look)


async def test_who_is_shut_out_and_let_in(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> int:
        scene = Scene(session)
        answers.reply(
            session, author=scene.lem, parent=factories.question(session, scene.hanako), body=text.from_markdown("宣伝"),
            origin=factories.origin("https://lemmy.example/comment/1"),
        )  # fmt: skip
        by = factories.member(session, "kaori", role="moderator")
        moderation.act(session, by=by, account_id=scene.lem.id, deed="suspend")
        return scene.lem.id

    lem = await database.write(unit)
    await database.write(lambda session: moderation.unsuspend(session, session.get_one(Account, lem)))

    def look(session: Session) -> None:
        inner = announced(session, "Block").document["object"]
        lemmy_reads(inner)
        assert (inner["actor"], inner["object"], inner["target"]) == (STEWARD, "https://lemmy.example/users/lem", BOARD)
        assert inner["removeData"] is False
        undo = announced(session, "Undo").document["object"]
        lemmy_reads(undo)
        assert undo["object"]["id"] == inner["id"]
        assert everything(session, "Block")[0].inboxes == []  # nobody is sent it alone

    await database.read(look)


async def test_the_moderators_are_one_whom_lemmy_can_fetch_and_no_member(database: Database, bell: Bell) -> None:
    def look(session: Session) -> None:
        Scene(session)
        factories.member(session, "kaori", role="moderator")
        found = listings.moderators(session, factories.board(session, "roumu"), None)
        assert found == {
            "id": f"{BOARD}/moderators", "type": "OrderedCollection", "totalItems": 1, "orderedItems": [STEWARD],
        }  # fmt: skip

    await database.write(look)


async def test_joins_and_reports_are_never_passed_on(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> None:
        scene = Scene(session)
        flag = factories.flag(session, scene.hanako, slug="roumu")
        session.info[boards.INBOUND] = {
            "id": "https://yamate.example/activities/5", "type": "Join", "actor": scene.taro.uri, "object": flag.uri,
        }  # fmt: skip
        joins.join(session, account=scene.taro, flag=flag, uri="https://yamate.example/activities/5")
        session.info[boards.INBOUND] = {
            "id": "https://lemmy.example/flag/1", "type": "Flag", "actor": scene.lem.uri, "object": flag.uri,
        }  # fmt: skip
        complaint = Complaint(post_ids=[flag.id], comment="宣伝")
        reports.file(session, reporter=scene.lem, target=scene.hanako, complaint=complaint, uri="https://lemmy.example/flag/1")
        session.info.pop(boards.INBOUND)

    await database.write(unit)

    def look(session: Session) -> None:
        carried = {said.type for said in everything(session) if said.type.startswith("Announce{")}
        assert carried == {"Announce{Create}"}

    await database.read(look)
