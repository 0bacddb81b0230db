"""What is served from memory: made once for all who ask, and never behind the database."""

from collections.abc import AsyncIterator, Callable

import pytest
from sqlalchemy.orm import Session

from community import likes, members, moderation, posts, questions, text
from community.db import Database, open_database
from community.events import Bus
from community.models import Post
from community.town import Town
from federation.at_hand import AtHand
from federation.models import ActorKey
from federation.outbox import publish
from tests import factories
from tests.federation.asking import Wire
from tests.federation.outbox.said import Bell
from tests.towns import FixedClock, make_town

pytestmark = pytest.mark.usefixtures("speaking")

Begun = Callable[[], int]
HANAKO, FINGER = "/users/hanako", "/.well-known/webfinger?resource=acct:hanako@minato.example"


@pytest.fixture
async def elsewhere(database: Database, town: Town, wire: Wire) -> AsyncIterator[Database]:
    """The database as another process of the same town has it."""
    bus = Bus()
    publish.subscribe(bus, Bell())
    other = open_database(town, bus)
    yield other
    await other.close()


@pytest.fixture
def begun(database: Database) -> Begun:
    """How many units of work the reading threads took so far."""
    return lambda: database.load()["reader"].begun


async def ask(database: Database) -> int:
    return await database.write(
        lambda session: (
            factories.question(session, factories.local(session, "hanako"), title="はじめに書いた題名").id
        )
    )


class TestActors:
    async def test_a_document_is_made_once(self, wire: Wire, database: Database, begun: Begun) -> None:
        first_time = (await wire.get(HANAKO)).body
        await wire.get(FINGER)
        before = begun()
        for _ in range(3):
            assert (await wire.get(HANAKO)).body == first_time
            assert (await wire.get(HANAKO, signed=True)).body == first_time
            assert (await wire.get(FINGER)).status == 200
        if database.dialect == "sqlite":  # where short reads make no hop
            assert begun() == before

    async def test_a_change_by_another_process_shows_at_once(self, wire: Wire, elsewhere: Database) -> None:
        await wire.get(HANAKO)

        def rename(session: Session) -> None:
            hanako = factories.local(session, "hanako").id
            members.update_profile(session, account_id=hanako, nickname="はなこ新", strengths=["年末調整"])

        await elsewhere.write(rename)
        actor = (await wire.get(HANAKO)).document()
        assert actor["name"] == "はなこ新"
        assert [each["value"] for each in actor["attachment"]] == ["年末調整"]

    async def test_a_new_key_shows_at_once(self, wire: Wire, elsewhere: Database) -> None:
        pem = (await wire.get(HANAKO)).body["publicKey"]["publicKeyPem"]

        def rotate(session: Session) -> None:
            row = session.get_one(ActorKey, factories.local(session, "hanako").id)
            row.public_pem, row.rotated_at = pem.replace("MII", "XII"), 1

        await elsewhere.write(rotate)
        assert (await wire.get(HANAKO)).body["publicKey"]["publicKeyPem"] == pem.replace("MII", "XII")

    @pytest.mark.parametrize(
        ("deed", "status"),
        [
            (lambda session, me: members.leave(session, account_id=me), 410),
            (
                lambda session, me: moderation.act(
                    session,
                    by=factories.member(session, "ito", role="moderator"),
                    account_id=me,
                    deed="suspend",
                ),
                404,
            ),
        ],
    )
    async def test_who_left_is_gone_at_once(
        self, wire: Wire, elsewhere: Database, deed: Callable[[Session, int], object], status: int
    ) -> None:
        assert (await wire.get(HANAKO)).status == (await wire.get(FINGER)).status == 200
        await elsewhere.write(lambda session: deed(session, factories.local(session, "hanako").id))
        assert (await wire.get(HANAKO)).status == (await wire.get(FINGER)).status == status


class TestPosts:
    async def test_a_crowd_is_given_one_document_and_no_signature_is_looked_at(
        self, wire: Wire, database: Database, begun: Begun
    ) -> None:
        path = f"/posts/{await ask(database)}"
        note = (await wire.get(path)).document()
        before = begun()
        for host in ("a.example", "b.example", "c.example"):
            reply = await wire.get(
                path, also={"Signature": f'keyId="https://{host}/actor#main-key",signature="eA=="'}
            )
            assert (reply.status, reply.body, reply.headers["Vary"]) == (200, note, "Accept, Signature")
        if database.dialect == "sqlite":
            assert begun() == before

    @pytest.mark.parametrize("field", ["likes", "content", "gone"])
    async def test_what_happens_to_a_post_shows_at_once(
        self, wire: Wire, database: Database, elsewhere: Database, clock: FixedClock, field: str
    ) -> None:
        number = await ask(database)
        note = (await wire.get(f"/posts/{number}")).document()
        clock.advance(seconds=1)

        def deed(session: Session) -> None:
            row = session.get_one(Post, number)
            hanako = factories.local(session, "hanako")
            if field == "likes":
                likes.like(session, account=factories.member(session, "ken"), post=row)
            elif field == "content":
                questions.edit(
                    session,
                    post=row,
                    by=hanako,
                    title="つぎに書いた題名",
                    body=text.from_markdown("あとの言葉"),
                    tags=None,
                )
            else:
                posts.delete(session, post=row, by=hanako)

        await elsewhere.write(deed)
        reply = await wire.get(f"/posts/{number}")
        if field == "gone":
            assert (reply.status, reply.document()["type"]) == (410, "Tombstone")
        elif field == "likes":
            assert (note["likes"]["totalItems"], reply.document()["likes"]["totalItems"]) == (0, 1)
        else:
            assert "あとの言葉" in reply.document()["content"]

    async def test_nothing_is_older_than_a_minute(
        self, wire: Wire, database: Database, begun: Begun, clock: FixedClock
    ) -> None:
        path = f"/posts/{await ask(database)}"
        await wire.get(path)
        before = begun()
        clock.advance(seconds=59)
        await wire.get(path)
        if database.dialect == "sqlite":
            assert begun() == before
        clock.advance(seconds=2)
        await wire.get(path)
        assert begun() > before


class TestWhereSignaturesAreDemanded:
    @pytest.fixture
    def town(self, database_url: str, clock: FixedClock) -> Town:
        return make_town(database_url, clock=clock, federation={"authorized_fetch": True})

    async def test_what_is_kept_is_for_signers_alone(self, wire: Wire, database: Database) -> None:
        for path in (HANAKO, f"/posts/{await ask(database)}"):
            assert (await wire.get(path, signed=True)).status == 200
            unsigned = await wire.get(path)
            assert (unsigned.status, set(unsigned.body)) == (401, {"error"})


def test_an_answer_made_of_other_facts_does_not_count() -> None:
    kept = AtHand(most=2)
    kept.put("a", (1, None), "one")
    assert kept.get("a", (1, None)) == "one"
    assert kept.get("a", (2, None)) is None
    kept.put("b", 1, "two")
    kept.put("c", 1, "three")
    assert [kept.get(each, facts) for each, facts in (("a", (1, None)), ("b", 1), ("c", 1))] == [
        None,
        "two",
        "three",
    ]
