"""What hangs on posts and profiles, page by page: bounded, stable, and never telling of who is hidden."""

from collections.abc import Iterator

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session

from community import answers, ids, likes, notes, pins, tag_follows, text, thanks, town
from community.db import Database
from community.models import Account, Pin, Post
from tests import factories
from tests.federation.asking import HERE, Wire

pytestmark = pytest.mark.usefixtures("speaking")


@pytest.fixture
def engine() -> Iterator[str]:
    """What is listed does not depend on the engine; the statements behind it are tried on both elsewhere."""
    yield "sqlite"


def ask(session: Session) -> Post:
    return factories.question(session, factories.local(session, "hanako"))


async def test_the_first_replies_stand_in_the_document_those_of_this_host_alone(
    wire: Wire, database: Database
) -> None:
    def reply(session: Session) -> tuple[str, list[str], str]:
        question = ask(session)
        ken = factories.member(session, "ken")
        theirs = answers.reply(
            session, author=factories.remote(session), parent=question, body=text.from_html("<p>はい</p>"),
            origin=factories.origin(), visibility="open",
        )  # fmt: skip
        ours = [
            factories.answer(session, ken, question, body=f"{number}番目のこたえ").uri for number in range(7)
        ]
        return question.uri, ours, theirs.uri

    uri, ours, theirs = await database.write(reply)
    replies = (await wire.get(uri.removeprefix(HERE))).document()["replies"]
    assert replies["totalItems"] == 8
    assert replies["first"] == {
        "type": "CollectionPage", "partOf": replies["id"], "items": ours[:5], "next": f"{uri}/replies?page=1",
    }  # fmt: skip
    page = (await wire.get(f"{uri.removeprefix(HERE)}/replies?page=1")).document()
    assert page["items"] == [theirs, *ours]


async def test_a_page_ends_where_the_next_begins_whatever_comes_meanwhile(
    wire: Wire, database: Database
) -> None:
    def fill(session: Session) -> list[str]:
        hanako = factories.local(session, "hanako")
        said = [
            notes.write(session, author=hanako, body=text.from_markdown(f"{number}日目"), visibility="open")
            for number in range(45)
        ]
        return [post.uri for post in reversed(said)]

    def more(session: Session) -> None:
        notes.write(
            session,
            author=factories.local(session, "hanako"),
            body=text.from_markdown("あと"),
            visibility="open",
        )

    uris = await database.write(fill)
    seen: list[str] = []
    page = (await wire.get("/users/hanako/outbox?page=1")).document()
    while True:
        assert len(page["orderedItems"]) <= 20
        assert page["partOf"] == f"{HERE}/users/hanako/outbox"
        seen += [each["object"]["id"] for each in page["orderedItems"]]
        await database.write(more)
        if "next" not in page:
            break
        assert page["next"].startswith(f"{HERE}/users/hanako/outbox?")
        page = (await wire.get(page["next"].removeprefix(HERE))).document()
        assert page["orderedItems"]
    assert seen == uris


async def test_no_number_counts_who_is_hidden(wire: Wire, database: Database) -> None:
    """Likes of a suspended account, and a ありがとう for one pair of eyes, are in no total and on no page."""

    def give(session: Session) -> int:
        question = ask(session)
        ken, mari = factories.member(session, "ken"), factories.member(session, "mari")
        answer = factories.answer(session, ken, question)
        likes.like(session, account=mari, post=answer)
        likes.like(session, account=factories.member(session, "warui"), post=answer)
        thanks.give(session, giver=mari, answer=answer, private=True)
        thanks.give(session, giver=factories.local(session, "hanako"), answer=answer)
        session.execute(update(Account).where(Account.name == "warui").values(suspended_at=1))
        return answer.id

    path = f"/posts/{await database.write(give)}"
    assert (await wire.get(path)).document()["likes"]["totalItems"] == 2
    unsigned = (await wire.get(f"{path}/likes?page=1")).document()
    assert (unsigned["totalItems"], "items" in unsigned) == (2, False)
    assert len((await wire.get(f"{path}/likes?page=1", signed=True)).document()["items"]) == 2


@pytest.mark.parametrize("hides", [True, False])
async def test_who_hides_lists_is_only_counted(wire: Wire, database: Database, hides: bool) -> None:
    def like(session: Session) -> str:
        hanako = factories.local(session, "hanako")
        hanako.hides_collections = hides
        liked = factories.question(session, factories.member(session, "ken"))
        secret = notes.write(
            session, author=hanako, body=text.from_markdown("ひみつ"), visibility="followers"
        )
        for post in (liked, secret):
            likes.like(session, account=hanako, post=post)
        return liked.uri

    liked = await database.write(like)
    for name in ("followers", "following", "liked"):
        whole = (await wire.get(f"/users/hanako/{name}")).document()
        page = (await wire.get(f"/users/hanako/{name}?page=1")).document()
        assert ("first" in whole) == (not hides and whole["totalItems"] > 0)
        assert hides <= ("orderedItems" not in page)
    if not hides:
        assert page["orderedItems"] == [liked]


async def test_pins_are_ids_for_a_member_and_posts_for_a_board(wire: Wire, database: Database) -> None:
    """Mastodon reads either, Lemmy reads no ids on a board."""

    def pin(session: Session) -> str:
        question, board = ask(session), factories.board(session)
        pins.pin(session, account=factories.local(session, "hanako"), post=question)
        session.add(
            Pin(id=ids.new(town.now(session)), account_id=board.id, post_id=question.id, created_at=0)
        )
        tag_follows.feature(session, account=factories.local(session, "hanako"), name="社会保険")
        return question.uri

    uri = await database.write(pin)
    assert (await wire.get("/users/hanako/featured")).document()["orderedItems"] == [uri]
    (note,) = (await wire.get("/boards/roumu/featured")).document()["orderedItems"]
    assert (note["type"], note["id"]) == ("Note", uri)
    tags = (await wire.get("/users/hanako/featured_tags")).document()
    assert tags["items"] == [
        {"type": "Hashtag", "name": "#社会保険", "href": f"{HERE}/tags/%E7%A4%BE%E4%BC%9A%E4%BF%9D%E9%99%BA"}
    ]
