"""Who says what to whom: one scene per rule of docs/decisions/0006 and of the federation reference §1."""

from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import answers, likes, posts, questions, text, thanks, towns
from community.db import Database
from community.events import Bus
from community.models import Account, Post
from community.town import Town
from federation.models import Delivery, Lane, OutboxItem
from federation.outbox import publish
from tests import factories
from tests.federation.outbox.said import Bell, Said, everything, follow, software

PUBLIC = "https://www.w3.org/ns/activitystreams#Public"
HERE = "https://minato.example"
answers_only = select(Post).where(Post.kind == "answer")


@pytest.fixture
def bell(bus: Bus) -> Bell:
    bell = Bell()
    publish.subscribe(bus, bell)
    return bell


class Scene:
    """A town with a sister (yamate) and followers elsewhere: of hanako on mast.example, of the board on several."""

    def __init__(self, session: Session) -> None:
        self.hanako = factories.member(session, "hanako")
        self.board = factories.board(session, "roumu")
        factories.sister(session, "yamate.example")
        self.taro = factories.remote(session, "taro", "yamate.example")
        self.ken = factories.remote(session, "ken", "mast.example")
        self.lem = factories.remote(session, "lem", "lemmy.example")
        self.odd = factories.remote(session, "odd", "odd.example")
        software(session, "mast.example", "mastodon")
        software(session, "lemmy.example", "Lemmy")
        follow(session, self.ken, self.hanako)
        for follower in (self.ken, self.lem, self.odd, self.taro):
            follow(session, follower, self.board)


def create_of(post_id: int, session: Session) -> Said:
    uri = session.get_one(Post, post_id).uri
    return next(said for said in everything(session, "Create") if said.document["object"]["id"] == uri)


async def test_an_open_question_reaches_followers_sisters_and_the_boards_followers(
    database: Database, bell: Bell
) -> None:
    def ask(session: Session) -> int:
        scene = Scene(session)
        return factories.question(session, scene.hanako).id

    post_id = await database.write(ask)

    def look(session: Session) -> None:
        create = create_of(post_id, session)
        assert create.inboxes == ["https://mast.example/inbox", "https://yamate.example/inbox"]
        assert create.public
        (passed_on,) = everything(session, "Announce{Create}")
        # 1b12 and unknown software other than sisters, never Mastodon
        assert passed_on.inboxes == ["https://lemmy.example/inbox", "https://odd.example/inbox"]
        assert passed_on.document["object"]["id"] == create.document["id"]
        by_board, by_town = everything(session, "Announce")
        assert (by_board.by, by_town.by) == ("roumu", "machi")
        assert by_board.document["object"] == by_town.document["object"] == f"{HERE}/posts/{post_id}"
        # Lemmy reads no bare id
        assert by_board.inboxes == [
            "https://mast.example/inbox", "https://odd.example/inbox", "https://yamate.example/inbox"
        ]  # fmt: skip
        assert by_town.inboxes == []

    await database.read(look)
    assert bell.rung >= 1


async def test_a_sister_question_goes_to_sisters_alone(database: Database, bell: Bell) -> None:
    def ask(session: Session) -> int:
        scene = Scene(session)
        follow(session, factories.remote(session, "fan", "fan.example"), scene.hanako)
        return factories.question(session, scene.hanako, visibility="sister").id

    post_id = await database.write(ask)

    def look(session: Session) -> None:
        create = create_of(post_id, session)
        assert create.inboxes == ["https://yamate.example/inbox"]
        assert create.document["to"] == [f"{HERE}/sisters", f"{HERE}/boards/roumu"]
        assert "cc" not in create.document
        assert not create.public
        assert PUBLIC not in str(create.document)
        assert not everything(session, "Announce", "Announce{Create}")

    await database.read(look)


async def test_what_stays_in_the_town_says_nothing(database: Database, bell: Bell) -> None:
    def live(session: Session) -> None:
        scene = Scene(session)
        other = factories.member(session, "natsu")
        question = factories.question(session, scene.hanako, visibility="town")
        answer = factories.answer(session, other, question)
        factories.thank(session, scene.hanako, answer, words="ありがとう")
        questions.solve(session, question=question, answer=answer, by=scene.hanako)
        posts.edit(session, post=answer, by=other, body=text.from_markdown("直しました。"))
        likes.like(session, account=scene.hanako, post=answer)
        posts.delete(session, post=answer, by=other)
        posts.delete(session, post=question, by=scene.hanako)

    await database.write(live)
    said = await database.read(lambda session: [each.type for each in everything(session)])
    assert set(said) == {"Accept"}  # of the follows


async def test_an_anonymous_question_names_only_dareka(database: Database, bell: Bell) -> None:
    def ask(session: Session) -> tuple[int, str]:
        scene = Scene(session)
        asker = factories.member(session, "himitsu")
        follow(session, factories.remote(session, "fan", "fan.example"), asker)
        return factories.anonymous_question(session, asker).id, scene.hanako.uri

    post_id, _ = await database.write(ask)

    def look(session: Session) -> None:
        create = create_of(post_id, session)
        assert create.document["actor"] == create.document["object"]["attributedTo"] == f"{HERE}/users/dareka"
        assert create.document["cc"] == [f"{HERE}/users/dareka/followers"]
        assert create.document["object"]["machi:anonymous"] is True
        assert create.inboxes == ["https://yamate.example/inbox"]  # never to the member's followers
        assert "himitsu" not in "".join(
            str(said.document) for said in everything(session) if said.type != "Accept"
        )

    await database.read(look)


async def test_an_answer_goes_to_asker_board_and_followers(database: Database, bell: Bell) -> None:
    """A local answer to a question of another town on that town's board."""

    def live(session: Session) -> int:
        scene = Scene(session)
        board = factories.remote(session, "keiri", "yamate.example", kind="board")
        question = questions.ask(
            session, author=scene.taro, board=board, title="経費の締め日は？", body=text.from_html("<p>月末です。</p>"),
            visibility="open", origin=factories.origin(),
        )  # fmt: skip
        return factories.answer(session, scene.hanako, question).id

    answer_id = await database.write(live)

    def look(session: Session) -> None:
        create = create_of(answer_id, session)
        assert create.inboxes == ["https://mast.example/inbox", "https://yamate.example/inbox"]
        taro, keiri = "https://yamate.example/users/taro", "https://yamate.example/boards/keiri"
        assert create.document["to"] == [PUBLIC, taro]
        assert create.document["cc"] == [keiri, f"{HERE}/users/hanako/followers"]
        assert create.document["audience"] == keiri
        assert create.document["object"]["tag"] == [
            {"type": "Mention", "href": taro, "name": "@taro@yamate.example"}
        ]
        assert not everything(session, "Announce{Create}")

    await database.read(look)


async def test_a_remote_answer_on_our_board_is_passed_on_as_received(database: Database, bell: Bell) -> None:
    received = {
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://mast.example/users/ken/statuses/1/activity",
        "type": "Create",
        "actor": "https://mast.example/users/ken",
        "object": {"id": "https://mast.example/users/ken/statuses/1", "type": "Note", "odd:key": [1, 2]},
    }

    def live(session: Session) -> None:
        scene = Scene(session)
        follow(session, factories.remote(session, "mia", "mast.example"), scene.board)
        question = factories.question(session, scene.hanako)
        session.info["machi.inbound"] = received
        answers.reply(
            session, author=scene.ken, parent=question, body=text.from_html("<p>はい</p>"),
            origin=factories.origin("https://mast.example/users/ken/statuses/1"),
        )  # fmt: skip

    await database.write(live)

    def look(session: Session) -> None:
        passed_on = next(
            said for said in everything(session, "Announce{Create}")
            if said.document["object"]["id"] == received["id"]
        )  # fmt: skip
        assert passed_on.document["object"] == received
        assert list(passed_on.document["object"]) == list(received)
        assert passed_on.by == "roumu"
        assert passed_on.inboxes == [  # sisters too, Mastodon never, and never back
            "https://lemmy.example/inbox", "https://odd.example/inbox", "https://yamate.example/inbox"
        ]  # fmt: skip
        assert not passed_on.public

    await database.read(look)


async def test_a_board_passes_no_blind_receivers_on(database: Database, bell: Bell) -> None:
    secret = {"bto": "https://secret.example/users/aki", "bcc": ["https://secret.example/users/fuyu"]}
    note = {"id": "https://mast.example/users/ken/statuses/1", "type": "Note"}
    bare = {"id": "https://mast.example/a/1", "type": "Create", "actor": "https://mast.example/users/ken"}

    def live(session: Session) -> None:
        scene = Scene(session)
        question = factories.question(session, scene.hanako)
        session.info["machi.inbound"] = bare | secret | {"object": note | secret}
        answers.reply(
            session, author=scene.ken, parent=question, body=text.from_html("<p>はい</p>"),
            origin=factories.origin(note["id"]),
        )  # fmt: skip

    await database.write(live)
    passed_on = await database.read(lambda session: everything(session, "Announce{Create}"))
    (told,) = [each.document["object"] for each in passed_on if each.document["object"]["id"] == bare["id"]]
    assert told == bare | {"object": note}


@pytest.mark.parametrize("circle", ["followers", "direct"])
async def test_a_board_passes_on_nothing_that_is_for_a_few(database: Database, bell: Bell, circle: str) -> None:
    note = {"id": "https://mast.example/users/ken/statuses/1", "type": "Note"}

    def live(session: Session) -> None:
        scene = Scene(session)
        question = factories.question(session, scene.hanako)
        session.info["machi.inbound"] = {"id": "https://mast.example/a/1", "type": "Create", "object": note}
        answers.reply(
            session, author=scene.ken, parent=question, body=text.from_html("<p>はい</p>"), visibility=circle,
            mentions=[scene.hanako], origin=factories.origin(note["id"]),
        )  # fmt: skip

    await database.write(live)
    told = await database.read(everything)
    assert note["id"] not in str([each.document for each in told])


async def test_a_post_fetched_on_the_way_is_not_passed_on_as_something_else(
    database: Database, bell: Bell
) -> None:
    def live(session: Session) -> None:
        scene = Scene(session)
        question = factories.question(session, scene.hanako)
        session.info["machi.inbound"] = {
            "id": "https://mast.example/a/2", "type": "Create", "object": {"id": "https://mast.example/notes/2"}
        }  # fmt: skip
        answers.reply(
            session, author=scene.ken, parent=question, body=text.from_html("<p>はい</p>"),
            origin=factories.origin("https://mast.example/notes/1"),
        )  # fmt: skip

    await database.write(live)
    passed_on = await database.read(lambda session: everything(session, "Announce{Create}"))
    assert [each.document["object"]["actor"] for each in passed_on] == [f"{HERE}/users/hanako"]


async def test_thanks_for_what_was_whispered_stay_between_the_two(database: Database, bell: Bell) -> None:
    def give(session: Session) -> None:
        scene, body = Scene(session), text.from_html("<p>はい</p>")
        board = factories.remote(session, "board", "odd.example", kind="board")
        question = questions.ask(
            session, author=scene.ken, board=board, title="聞かせてください", body=body, visibility="open",
            origin=factories.origin("https://mast.example/posts/1"),
        )  # fmt: skip
        whispered = answers.reply(
            session, author=scene.taro, parent=question, body=body, visibility="direct", mentions=[scene.hanako],
            origin=factories.origin(),
        )  # fmt: skip
        thanks.give(session, giver=scene.hanako, answer=whispered, message=body)
        likes.like(session, account=scene.hanako, post=whispered)

    await database.write(give)

    def look(session: Session) -> None:
        for said in everything(session, "Like", "Create"):
            assert said.inboxes == ["https://yamate.example/inbox"]
            assert "cc" not in said.document

    await database.read(look)


async def test_thanks_go_to_receiver_and_thread_and_private_ones_to_the_receiver_alone(
    database: Database, bell: Bell
) -> None:
    def live(session: Session) -> None:
        scene = Scene(session)
        question = factories.question(session, scene.hanako)
        answer = answers.reply(
            session, author=scene.ken, parent=question, body=text.from_html("<p>はい</p>"),
            origin=factories.origin("https://mast.example/notes/1"),
        )  # fmt: skip
        factories.thank(session, scene.hanako, answer, words="助かりました。")
        factories.thank(
            session, factories.member(session, "natsu"), answer, words="ないしょです。", private=True
        )

    await database.write(live)

    def look(session: Session) -> None:
        open_one, private = everything(session, "Like")
        assert open_one.document["machi:kind"] == "thanks"
        assert open_one.document["content"] == open_one.document["_misskey_reaction"] == "🙏"
        assert (
            open_one.document["to"]
            == [open_one.document["machi:thanksTo"]]
            == ["https://mast.example/users/ken"]
        )
        assert open_one.document["cc"] == [f"{HERE}/boards/roumu"]
        assert open_one.inboxes == ["https://mast.example/inbox", "https://yamate.example/inbox"]
        assert private.inboxes == ["https://mast.example/inbox"]
        assert "cc" not in private.document
        (passed_on,) = everything(session, "Announce{Like}")
        assert passed_on.document["object"]["id"] == open_one.document["id"]
        words = [
            said for said in everything(session, "Create")
            if said.document["object"].get("machi:kind") == "thanks-message"
        ]  # fmt: skip
        assert [said.document["object"]["id"] for said in words] == [
            open_one.document["machi:message"], private.document["machi:message"]
        ]  # fmt: skip
        assert words[1].document["to"] == ["https://mast.example/users/ken"]
        assert words[1].inboxes == ["https://mast.example/inbox"]
        assert not words[1].public

    await database.read(look)


async def test_thanks_taken_back_carry_the_whole_like(database: Database, bell: Bell) -> None:
    def live(session: Session) -> None:
        scene = Scene(session)
        question = factories.question(session, scene.hanako)
        answer = answers.reply(
            session, author=scene.ken, parent=question, body=text.from_html("<p>はい</p>"),
            origin=factories.origin("https://mast.example/notes/1"),
        )  # fmt: skip
        factories.thank(session, scene.hanako, answer)
        likes.like(session, account=scene.hanako, post=answer)

    await database.write(live)

    def take_back(session: Session) -> None:
        hanako, answer = factories.local(session, "hanako"), session.scalars(answers_only).one()
        thanks.withdraw(session, giver=hanako, answer=answer)
        likes.unlike(session, account=hanako, post=answer)
        factories.thank(session, hanako, answer)
        thanks.withdraw(session, giver=hanako, answer=answer)  # at once: nothing of it was ever said

    await database.write(take_back)

    def look(session: Session) -> None:
        given, liked = everything(session, "Like")
        first, second = everything(session, "Undo{Like}")
        assert first.document["object"] == {
            key: said for key, said in given.document.items() if key != "@context"
        }
        assert first.inboxes == given.inboxes
        assert second.document["object"]["id"] == liked.document["id"]
        assert "machi:kind" not in liked.document

    await database.read(look)


async def test_a_choice_is_told_to_those_who_know_the_word_and_the_question_anew_to_all(
    database: Database, bell: Bell
) -> None:
    def live(session: Session) -> tuple[int, int]:
        scene = Scene(session)
        question = factories.question(session, scene.hanako)
        answer = factories.answer(session, factories.member(session, "natsu"), question)
        return question.id, answer.id

    question_id, answer_id = await database.write(live)

    def choose(session: Session) -> None:
        question, answer = session.get_one(Post, question_id), session.get_one(Post, answer_id)
        author = session.get_one(Account, question.author_id)
        questions.solve(session, question=question, answer=answer, by=author)
        questions.reopen(session, question=question, by=author)
        questions.solve(session, question=question, answer=answer, by=author)

    await database.write(choose)

    def look(session: Session) -> None:
        first, second = everything(session, "ChooseAnswer")
        assert first.document["object"] == f"{HERE}/posts/{answer_id}"
        assert first.document["machi:question"] == f"{HERE}/posts/{question_id}"
        assert first.inboxes == ["https://yamate.example/inbox"]
        passed_on = everything(session, "Announce{ChooseAnswer}")
        assert [said.inboxes for said in passed_on] == [["https://odd.example/inbox"]] * 2
        (undone,) = everything(session, "Undo{ChooseAnswer}")
        assert undone.document["object"]["id"] == first.document["id"] != second.document["id"]
        updates = everything(session, "Update")
        stamps = [said.document["object"]["updated"] for said in updates]
        assert len(stamps) == 3
        assert stamps == sorted(set(stamps))
        assert updates[0].inboxes == [
            "https://mast.example/inbox", "https://odd.example/inbox", "https://yamate.example/inbox"
        ]  # fmt: skip

    await database.read(look)


async def test_an_edit_reaches_whoever_heard_before(database: Database, bell: Bell) -> None:
    def live(session: Session) -> None:
        scene = Scene(session)
        question = factories.question(session, scene.hanako)
        natsu = factories.member(session, "natsu")
        answers.reply(
            session, author=natsu, parent=question, body=text.from_markdown("はい"), mentions=[scene.odd]
        )

    await database.write(live)

    def edit(session: Session) -> None:
        answer = session.scalars(answers_only).one()
        author = session.get_one(Account, answer.author_id)
        posts.edit(session, post=answer, by=author, body=text.from_markdown("いいえ"))

    await database.write(edit)

    def look(session: Session) -> None:
        (update,) = everything(session, "Update")
        assert update.inboxes == ["https://odd.example/inbox", "https://yamate.example/inbox"]
        note = update.document["object"]
        assert "いいえ" in note["content"]
        assert datetime.fromisoformat(note["updated"]) > datetime.fromisoformat(note["published"])

    await database.read(look)


async def test_a_deleted_post_waits_nowhere_and_everybody_who_heard_is_told(
    database: Database, bell: Bell
) -> None:
    def ask(session: Session) -> int:
        return factories.question(session, Scene(session).hanako, body="会社名を書いてしまいました。").id

    post_id = await database.write(ask)

    def delete(session: Session) -> None:
        question = session.get_one(Post, post_id)
        posts.delete(session, post=question, by=session.get_one(Account, question.author_id))

    await database.write(delete)

    def look(session: Session) -> None:
        (gone,) = everything(session, "Delete")
        assert gone.document["object"]["type"] == "Tombstone"
        assert gone.document["object"]["formerType"] == "Note"
        assert "summary" not in gone.document
        assert gone.document["to"][0] == PUBLIC
        assert gone.inboxes == [
            "https://mast.example/inbox", "https://odd.example/inbox", "https://yamate.example/inbox"
        ]  # fmt: skip
        (passed_on,) = everything(session, "Announce{Delete}")
        assert passed_on.inboxes == ["https://lemmy.example/inbox", "https://odd.example/inbox"]
        emptied = [said for said in everything(session) if said.type.startswith("emptied")]
        assert len(emptied) == 4  # Create, Announce{Create}, two Announces
        assert {state for said in emptied for state in said.states} == {"dropped"}
        assert not any("会社名" in body.decode() for body in session.scalars(select(OutboxItem.body)))

    await database.read(look)


async def test_accounts_of_a_refused_host_hear_nothing(database: Database, bell: Bell) -> None:
    def ask(session: Session) -> int:
        scene = Scene(session)
        towns.suspend(session, "mast.example")
        return factories.question(session, scene.hanako).id

    post_id = await database.write(ask)
    heard = await database.read(
        lambda session: [each for said in everything(session)[4:] for each in said.inboxes]
    )
    assert post_id
    assert not [each for each in heard if "mast.example" in each]


async def test_what_waits_for_a_host_that_is_refused_meanwhile_is_not_sent(database: Database, bell: Bell) -> None:
    post_id = await database.write(lambda session: factories.question(session, Scene(session).hanako).id)
    await database.write(lambda session: towns.suspend(session, "mast.example"))
    states = await database.read(
        lambda session: {tuple(row) for row in session.execute(select(Delivery.host, Delivery.state))}
    )
    assert post_id
    assert ("mast.example", "dropped") in states
    assert ("mast.example", "pending") not in states
    assert ("odd.example", "pending") in states


async def test_who_heard_of_a_post_and_is_refused_since_does_not_hear_of_its_end(database: Database, bell: Bell) -> None:
    post_id = await database.write(lambda session: factories.question(session, Scene(session).hanako).id)

    def take_back(session: Session) -> None:
        towns.suspend(session, "mast.example")
        post = session.get_one(Post, post_id)
        posts.delete(session, post=post, by=session.get_one(Account, post.author_id))

    await database.write(take_back)
    (gone,) = await database.read(lambda session: everything(session, "Delete"))
    assert gone.inboxes == ["https://odd.example/inbox", "https://yamate.example/inbox"]


async def test_deliveries_stand_in_lanes_that_are_due(database: Database, bell: Bell, town: Town) -> None:
    await database.write(lambda session: factories.question(session, Scene(session).hanako).id)

    def look(session: Session) -> None:
        hosts = set(session.scalars(select(Delivery.host)))
        lanes = {lane.host: lane.next_attempt_at for lane in session.scalars(select(Lane))}
        assert lanes == dict.fromkeys(hosts, town.clock())
        assert town.uris.domain not in hosts

    await database.read(look)
