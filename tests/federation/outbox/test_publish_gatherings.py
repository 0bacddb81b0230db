"""旗 on their way out: the shape of the Note, who hears of a Join, who is told how many come (reference §1.6)."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from community import events, gatherings, joins, text
from community.db import Database
from community.events import Bus
from community.models import Account, Post
from community.plans import Plan
from federation import listings
from federation.documents import NOBODY
from federation.outbox import publish
from federation.vocabulary import render
from federation.vocabulary.notes import read_note
from tests import factories
from tests.federation.outbox import rules
from tests.federation.outbox.said import Bell, everything
from tests.federation.outbox.test_publish import HERE, Scene

Unit = Callable[[Session], Any]


@pytest.fixture
def bell(bus: Bus) -> Bell:
    bell = Bell()
    publish.subscribe(bus, bell)
    return bell


def raised(session: Session, scene: Scene, **more: Any) -> Post:
    return factories.flag(session, scene.hanako, slug="roumu", tags=("BCP",), **more)


async def test_the_note_says_it_in_our_terms_and_in_words(database: Database, bell: Bell) -> None:
    flag = await database.write(lambda session: raised(session, Scene(session)).id)

    def look(session: Session) -> None:
        (create,) = everything(session, "Create")
        rules.check(create.document, "minato.example")
        note = create.document["object"]
        assert (note["type"], note["name"], note["machi:kind"], note["machi:state"]) == (
            "Note", "BCPを1枚で書く90分", "hata", "open",
        )  # fmt: skip
        assert note["machi:startTime"] == "2026-04-02T00:00:00Z"
        assert (note["machi:minutes"], note["machi:place"], note["machi:capacity"]) == (90, "みなと公民館", 3)
        assert note["machi:joined"] == f"{HERE}/posts/{flag}/joined"
        assert note["content"].startswith("<p><strong>🚩 BCPを1枚で書く90分</strong></p><p>A4・1枚を")
        assert note["content"].endswith(
            "<p>🗓 日時：2026年4月2日（木） 09:00〜10:30<br>場所：みなと公民館<br>集まり方：作業会<br>定員：3人<br>聞くだけOK</p>"
        )
        assert note["source"]["content"].endswith("🗓 日時：2026年4月2日（木） 09:00〜10:30 ／ 場所：みなと公民館 ／ 集まり方：作業会 ／ 定員：3人 ／ 聞くだけOK")
        assert "みなと公民館" in note["_misskey_content"]
        assert [tag["name"] for tag in note["tag"]] == ["#BCP", "#旗"]
        read = read_note(note)
        assert (read.html, read.source, read.tags) == ("<p>A4・1枚を書きあげて帰ります。</p>", "A4・1枚を書きあげて帰ります。", ("BCP",))
        # delivered and announced like a question
        assert create.inboxes == ["https://mast.example/inbox", "https://yamate.example/inbox"]
        (passed_on,) = everything(session, "Announce{Create}")
        assert passed_on.inboxes == ["https://lemmy.example/inbox", "https://odd.example/inbox"]
        assert [said.by for said in everything(session, "Announce")] == ["roumu", "machi"]

    await database.read(look)


async def test_a_plan_with_nothing_in_it_adds_no_words(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> dict[str, Any]:
        return render.note(session, raised(session, Scene(session), plan=Plan()))

    note = await database.write(unit)
    assert note["content"] == "<p><strong>🚩 BCPを1枚で書く90分</strong></p><p>A4・1枚を書きあげて帰ります。</p>"
    assert not {"machi:startTime", "machi:place", "machi:capacity", "machi:listening"} & note.keys()


async def test_a_join_goes_to_author_and_board_alone(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> None:
        scene = Scene(session)
        board = factories.remote(session, "bosai", "yamate.example", kind="board")
        flag = gatherings.hoist(
            session, author=scene.taro, board=board, title="あつまれ", body=text.from_markdown("まつ"), plan=Plan(),
            origin=factories.origin("https://yamate.example/posts/88"),
        )  # fmt: skip
        joins.join(session, account=scene.hanako, flag=flag)

    await database.write(unit)

    def look(session: Session) -> None:
        (join,) = everything(session, "Join")
        rules.check(join.document, "minato.example")
        assert join.inboxes == ["https://yamate.example/inbox"]
        assert join.document["object"] == "https://yamate.example/posts/88"
        assert join.document["to"] == ["https://yamate.example/users/taro"]
        assert join.document["cc"] == ["https://yamate.example/boards/bosai"]
        assert not join.public
        assert not [said for said in everything(session) if said.type.startswith("Announce{Join")]

    await database.read(look)
    await database.write(lambda session: joins.forget(session, factories.local(session, "hanako").id))

    def undone(session: Session) -> None:
        (undo,) = everything(session, "Undo{Join}")
        (join,) = everything(session, "Join")
        assert undo.inboxes == join.inboxes
        assert undo.document["object"] == {key: value for key, value in join.document.items() if key != "@context"}

    await database.read(undone)


async def test_the_number_goes_to_towns_and_no_name_with_it(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> int:
        scene = Scene(session)
        flag = raised(session, scene)
        joins.join(session, account=factories.member(session, "jiro"), flag=flag)
        return flag.id

    flag = await database.write(unit)
    await database.write(joins.tell_counts)

    def look(session: Session) -> None:
        assert everything(session, "Join") == []
        update = everything(session, "Update")[-1]
        # Mastodon shows no number, and is spared; what is unknown may be a town
        assert update.inboxes == ["https://odd.example/inbox", "https://yamate.example/inbox"]
        assert update.document["object"]["machi:joinedCount"] == 1
        assert "updated" not in update.document["object"]
        assert not [said for said in everything(session) if "jiro" in str(said.document)]
        row = session.get_one(Post, flag)
        assert listings.joined(session, row, NOBODY, listings.Page()) == {
            "id": f"{HERE}/posts/{flag}/joined", "type": "Collection", "totalItems": 1,
        }  # fmt: skip

    await database.read(look)


async def test_the_end_is_an_update_to_everybody(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> None:
        scene = Scene(session)
        gatherings.close(session, flag=raised(session, scene), by=scene.hanako)

    await database.write(unit)

    def look(session: Session) -> None:
        (update,) = everything(session, "Update")
        assert update.inboxes == [f"https://{host}.example/inbox" for host in ("mast", "odd", "yamate")]
        note = update.document["object"]
        assert note["machi:state"] == "closed"
        assert "🗓 おひらきになりました。<br>" in note["content"]
        assert datetime.fromisoformat(note["updated"]) > datetime.fromisoformat(note["published"])
        assert everything(session, "Announce{Update}")

    await database.read(look)


async def test_a_reject_is_said_by_who_raised_it(database: Database, bell: Bell) -> None:
    def unit(session: Session) -> None:
        scene = Scene(session)
        flag = raised(session, scene)
        asker: Account = scene.taro
        events.record(session, events.JoinDeclined("https://yamate.example/activities/5", asker.id, flag.id))

    await database.write(unit)

    def look(session: Session) -> None:
        (reject,) = everything(session, "Reject")
        rules.check(reject.document, "minato.example")
        assert reject.by == "hanako"
        assert reject.inboxes == ["https://yamate.example/users/taro/inbox"]
        assert reject.document["object"]["type"] == "Join"
        assert reject.document["object"]["id"] == "https://yamate.example/activities/5"

    await database.read(look)
