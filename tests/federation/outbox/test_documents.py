"""What stands at an id, for nobody in particular, for a sister town, and for a host that something was sent to."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import answers, posts, questions, text, thanks, towns
from community.db import Database
from community.models import Post
from federation import documents, listings
from federation.documents import NOBODY, Asker
from federation.listings import Page
from federation.models import OutboxItem
from tests import factories
from tests.federation.outbox.said import follow
from tests.towns import FixedClock

pytestmark = pytest.mark.usefixtures("speaking")

SISTER = Asker("yamate.example", sister=True)
STRANGER = Asker("mast.example")


def ask(session: Session, visibility: str = "open") -> int:
    hanako = factories.member(session, "hanako")
    factories.sister(session, "yamate.example")
    follow(session, factories.remote(session, "ken", "mast.example"), hanako)
    return factories.question(session, hanako, visibility=visibility).id


def statuses(session: Session, post_id: int) -> list[int | None]:
    """The status that nobody, a stranger's host and a sister town get."""
    found = [documents.post(session, post_id, asker) for asker in (NOBODY, STRANGER, SISTER)]
    return [each.status if each else None for each in found]


@pytest.mark.parametrize(
    ("visibility", "standing", "deleted"),
    [
        ("open", [200, 200, 200], [410, 410, 410]),
        ("sister", [None, None, 200], [None, None, 410]),
        ("town", [None, None, None], [None, None, None]),
    ],
)
async def test_who_gets_a_question(
    database: Database, visibility: str, standing: list[int | None], deleted: list[int | None]
) -> None:
    post_id = await database.write(lambda session: ask(session, visibility))
    assert await database.read(lambda session: statuses(session, post_id)) == standing

    def delete(session: Session) -> None:
        posts.delete(session, post=session.get_one(Post, post_id), by=factories.local(session, "hanako"))

    await database.write(delete)
    assert await database.read(lambda session: statuses(session, post_id)) == deleted


async def test_a_remote_post_is_not_ours_to_give(database: Database) -> None:
    def place(session: Session) -> int:
        taro = factories.remote(session)
        return questions.ask(
            session, author=taro, board=factories.board(session), title="題名です、題名です", body=text.from_html("<p>はい</p>"),
            visibility="open", origin=factories.origin(),
        ).id  # fmt: skip

    post_id = await database.write(place)
    assert await database.read(lambda session: statuses(session, post_id)) == [None, None, None]
    page = await database.read(lambda session: documents.page_of(session, post_id))
    assert page == f"https://minato.example/@taro@yamate.example/{post_id}"


async def test_only_what_all_may_see_has_a_page_to_lead_to(database: Database) -> None:
    post_id = await database.write(lambda session: ask(session, "sister"))
    assert await database.read(lambda session: documents.page_of(session, post_id)) is None


async def test_an_activity_follows_its_post(database: Database) -> None:
    def numbers(session: Session, kind: str) -> list[int]:
        return list(
            session.scalars(select(OutboxItem.id).where(OutboxItem.type == kind).order_by(OutboxItem.id))
        )

    post_id = await database.write(lambda session: ask(session, "sister"))
    (create,) = await database.read(lambda session: numbers(session, "Create"))

    def look(session: Session) -> list[int | None]:
        found = [documents.activity(session, create, asker) for asker in (NOBODY, STRANGER, SISTER)]
        return [each.status if each else None for each in found]

    assert await database.read(look) == [None, None, 200]

    def delete(session: Session) -> None:
        posts.delete(session, post=session.get_one(Post, post_id), by=factories.local(session, "hanako"))

    await database.write(delete)
    assert await database.read(look) == [None, None, 410]


async def test_a_follow_and_a_private_thanks_are_for_the_host_they_went_to(database: Database) -> None:
    def live(session: Session) -> None:
        ask(session)
        hanako = factories.local(session, "hanako")
        ken = factories.remote(session, "mia", "mast.example")
        follow(session, hanako, ken)
        question = session.scalars(select(Post).where(Post.kind == "question")).one()
        answer = answers.reply(
            session,
            author=ken,
            parent=question,
            body=text.from_html("<p>はい</p>"),
            origin=factories.origin(),
        )
        thanks.give(session, giver=hanako, answer=answer, private=True)

    await database.write(live)

    def look(session: Session) -> list[tuple[str, bool, bool]]:
        items = session.scalars(select(OutboxItem).where(OutboxItem.type.in_(("Follow", "Like")))).all()
        return [
            (
                item.type,
                *(documents.activity(session, item.id, asker) is not None for asker in (SISTER, STRANGER)),
            )
            for item in items
        ]

    assert sorted(await database.read(look)) == [("Follow", False, True), ("Like", False, True)]


async def test_words_that_were_taken_back_by_an_edit_stand_in_no_activity(
    database: Database, clock: FixedClock
) -> None:
    post_id = await database.write(ask)
    clock.advance(minutes=5)

    def edit(session: Session) -> None:
        question = session.get_one(Post, post_id)
        questions.edit(
            session, post=question, by=factories.local(session, "hanako"), title="新しい題名にしました。",
            body=text.from_markdown("会社名は消しました。"), tags=None,
        )  # fmt: skip

    await database.write(edit)

    def look(session: Session) -> None:
        account = factories.local(session, "hanako")
        page = listings.outbox(session, account, Page())
        (create,) = page["orderedItems"]
        assert create["object"]["name"] == "新しい題名にしました。"
        assert create["object"]["updated"] > create["object"]["published"]
        assert "日割り" not in str(page)

    await database.read(look)


async def test_collections_say_how_many_and_hide_who(database: Database) -> None:
    await database.write(ask)

    def look(session: Session) -> None:
        hanako = factories.local(session, "hanako")
        assert hanako.hides_collections  # by default
        hidden = {"id": f"{hanako.uri}/followers", "type": "OrderedCollection", "totalItems": 1}
        assert (
            listings.followers(session, hanako, None) == listings.followers(session, hanako, Page()) == hidden
        )
        hanako.hides_collections = False
        assert listings.followers(session, hanako, None)["first"] == f"{hanako.uri}/followers?page=1"
        page = listings.followers(session, hanako, Page())
        assert page["orderedItems"] == ["https://mast.example/users/ken"]
        assert "next" not in page
        assert "items" not in listings.sisters(session, NOBODY)
        assert listings.sisters(session, SISTER)["items"] == ["https://yamate.example/actor"]

    await database.write(look)


async def test_a_thread_lists_what_the_asker_may_see(database: Database) -> None:
    def live(session: Session) -> int:
        post_id = ask(session)
        question = session.get_one(Post, post_id)
        natsu = factories.member(session, "natsu")
        factories.answer(session, natsu, question)
        first = factories.answer(session, natsu, question, body="姉妹まちにだけ伝えます。")
        first.visibility = "sister"
        session.flush()
        return post_id

    post_id = await database.write(live)

    def look(session: Session) -> None:
        question = session.get_one(Post, post_id)
        assert listings.replies(session, question, NOBODY, None)["totalItems"] == 1
        assert len(listings.replies(session, question, SISTER, Page())["items"]) == 2
        whole = listings.context(session, question, NOBODY, None)
        assert whole["attributedTo"] == "https://minato.example/boards/roumu"
        assert whole["totalItems"] == 2
        assert listings.context(session, question, NOBODY, Page())["orderedItems"][0] == question.uri
        after = listings.context(session, question, NOBODY, Page(question.id))
        assert question.uri not in after["orderedItems"]

    await database.read(look)


async def test_whoever_waits_for_approval_or_is_refused_is_not_there(database: Database) -> None:
    def look(session: Session) -> None:
        hanako = factories.member(session, "hanako")
        assert documents.local_account(session, "hanako", "person") is hanako
        assert documents.local_account(session, "hanako", "board") is None
        assert documents.local_account(session, "dareka", "person", "relay") is not None
        hanako.suspended_at = 1
        assert documents.local_account(session, "hanako", "person") is None
        towns.suspend(session, "mast.example")
        assert documents.asker_from(session, "mast.example") == NOBODY

    await database.write(look)
