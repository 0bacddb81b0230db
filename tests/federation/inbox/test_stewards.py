"""Boards of other software, and what those who look after them do (FEP-1b12; federation reference §1.1, §2.3)."""


import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import pins, posts
from community.models import Account, Block, Gathering, Pin, Post
from federation.models import RemoteActor
from tests import factories
from tests.federation.inbox import mail
from tests.federation.inbox.test_announce import follow_board, stored

POST_7 = "https://l.example/post/7"


@pytest.fixture
def page(session: Session) -> Post:
    """A post of a Lemmy community that Hanako follows."""
    follow_board(session, "lemmy/group")
    mail.deliver(session, mail.load("lemmy/announce_create_page"))
    return stored(session, POST_7)


def board_of(session: Session, page: Post) -> Account:
    return session.get_one(Account, page.board_id)


class TestShownFirst:
    def test_a_moderator_shows_a_post_first_and_lets_it_go(self, session: Session, page: Post) -> None:
        board = board_of(session, page)
        mail.deliver(session, mail.load("lemmy/announce_add_featured"))
        assert pins.post_ids(session, board.id) == [page.id]
        mail.deliver(session, mail.load("lemmy/announce_remove_featured"))
        assert pins.post_ids(session, board.id) == []

    def test_nobody_else_does(self, session: Session, page: Post) -> None:
        letter = mail.load("lemmy/announce_add_featured")
        letter["object"] |= {"actor": "https://z.example/u/no", "id": "https://z.example/activities/1"}
        assert "does not look after" in mail.refusal(session, letter, letter["object"], mail.load("lemmy/moderators"))
        assert session.scalars(select(Pin)).all() == []

    def test_only_posts_of_the_board(self, session: Session, page: Post) -> None:
        ours = factories.question(session, factories.local(session, "hanako"))
        letter = mail.load("lemmy/announce_add_featured")
        letter["object"]["object"] = ours.uri
        assert "elsewhere" in mail.refusal(session, letter)

    def test_a_new_moderator_is_no_post(self, session: Session, page: Post) -> None:
        assert "not shown here" in mail.refusal(session, mail.load("lemmy/announce_add_moderator"))

    def test_somebody_shows_a_post_of_their_own_first(self, session: Session) -> None:
        factories.member(session, "hanako")
        mail.know(session, "machi/member")
        factories.sister(session, "yamate.example")
        mail.deliver(session, mail.load("machi/create_question"))
        (question,) = session.scalars(select(Post)).all()
        author = session.get_one(Account, question.author_id)
        session.get_one(RemoteActor, author.id).featured = f"{author.uri}/featured"
        letter = {
            "id": "https://yamate.example/activities/90", "type": "Add", "actor": author.uri, "object": question.uri,
            "target": f"{author.uri}/featured",
        }  # fmt: skip
        mail.deliver(session, letter)
        assert pins.post_ids(session, author.id) == [question.id]


class TestRemoval:
    def test_a_moderator_of_another_host_who_is_listed(self, session: Session, page: Post) -> None:
        letter = mail.load("lemmy/announce_delete_by_listed_moderator")
        mail.deliver(session, letter, letter["object"], mail.load("lemmy/moderators"))
        assert page.deleted_at is not None

    def test_one_who_is_not_listed(self, session: Session, page: Post) -> None:
        letter = mail.load("lemmy/announce_delete_by_listed_moderator")
        nobody = mail.load("lemmy/moderators") | {"orderedItems": ["https://l.example/u/mod"]}
        assert mail.refusal(session, letter, letter["object"], nobody)
        assert page.deleted_at is None

    def test_the_boards_word_for_an_unproved_delete_is_nothing(self, session: Session, page: Post) -> None:
        """The activity of another host has to be had from there (or bear its proof)."""
        letter = mail.load("lemmy/announce_delete_by_listed_moderator")
        assert "could not be had" in mail.refusal(session, letter, mail.load("lemmy/moderators"))
        assert page.deleted_at is None

    def test_a_listed_moderator_removes_nothing_of_ours(self, session: Session, page: Post) -> None:
        ours = factories.question(session, factories.local(session, "hanako"))
        ours.board_id = page.board_id
        letter = mail.load("lemmy/announce_delete_by_listed_moderator")
        letter["object"]["object"] = ours.uri
        assert mail.refusal(session, letter, letter["object"], mail.load("lemmy/moderators"))
        assert ours.deleted_at is None

    def test_piefed(self, session: Session) -> None:
        follow_board(session, "piefed/group")
        mail.deliver(session, mail.load("piefed/announce_create_page"))
        mail.deliver(session, mail.load("piefed/announce_delete_by_moderator"))
        assert stored(session, "https://p.example/post/21").deleted_at is not None


class TestBans:
    def test_what_somebody_wrote_on_the_board_goes(self, session: Session, page: Post) -> None:
        mail.deliver(session, mail.load("lemmy/announce_block"))
        assert page.deleted_at is not None
        assert session.scalars(select(Block)).all() == []

    def test_without_remove_data_it_stays(self, session: Session, page: Post) -> None:
        letter = mail.load("lemmy/announce_block")
        letter["object"]["removeData"] = False
        assert "nothing is to be done" in mail.refusal(session, letter)
        assert page.deleted_at is None

    def test_by_somebody_who_does_not_look_after_the_board(self, session: Session, page: Post) -> None:
        letter = mail.load("lemmy/announce_block")
        letter["object"] |= {"actor": "https://z.example/u/no", "id": "https://z.example/activities/1"}
        assert "does not look after" in mail.refusal(session, letter, letter["object"], mail.load("lemmy/moderators"))
        assert page.deleted_at is None

    def test_of_another_board(self, session: Session, page: Post) -> None:
        letter = mail.load("lemmy/announce_block")
        letter["object"]["target"] = "https://l.example/c/other"
        assert "something else" in mail.refusal(session, letter)

    def test_one_of_ours_is_not_blocked_by_the_moderator(self, session: Session) -> None:
        """Lemmy sends the ban to whom it is about as well: it is no Block by a person."""
        factories.member(session, "hanako")
        mail.know(session, "lemmy/person")
        letter = mail.load("lemmy/block_of_ours") | {"actor": mail.load("lemmy/person")["id"]}
        assert "shut out" in mail.refusal(session, letter)
        assert session.scalars(select(Block)).all() == []


class TestTheBoardItself:
    def test_an_update_is_read_from_the_boards_own_host(self, session: Session, page: Post) -> None:
        now = mail.load("lemmy/group") | {"name": "総務の部屋"}
        letter = mail.load("lemmy/announce_update_group")
        assert letter["object"]["object"]["name"] == "総務の部屋（うわさ）"
        mod = mail.load("lemmy/person") | {"id": "https://l.example/u/mod", "preferredUsername": "mod", "publicKey": None}
        mail.deliver(session, letter, now, mod | {"inbox": "https://l.example/u/mod/inbox"})
        assert board_of(session, page).display_name == "総務の部屋"

    def test_it_is_closed_when_its_host_has_buried_it(self, session: Session, page: Post) -> None:
        letter = mail.load("lemmy/announce_delete_group")
        assert "still stands" in mail.refusal(session, letter)
        mail.deliver(session, letter | {"id": "https://l.example/activities/announce/36"}, buried="https://l.example/c/soumu")
        assert board_of(session, page).deleted_at is not None

    def test_its_own_update_and_delete(self, session: Session, page: Post) -> None:
        group = mail.load("lemmy/group")
        update = {"id": "https://l.example/u1", "type": "Update", "actor": group["id"], "object": group | {"name": "新しい名"}}
        mail.deliver(session, update)
        assert board_of(session, page).display_name == "新しい名"
        mail.deliver(session, {"id": "https://l.example/d1", "type": "Delete", "actor": group["id"], "object": group["id"]})
        assert board_of(session, page).deleted_at is not None


@pytest.mark.parametrize("name", ["lemmy/announce_lock", "lemmy/announce_dislike"])
def test_what_nothing_comes_of_is_not_even_fetched(session: Session, page: Post, name: str) -> None:
    letter = mail.load(name)
    letter["object"] |= {"actor": "https://z.example/u/no", "id": "https://z.example/activities/1"}
    assert "nothing comes" in mail.refusal(session, letter)


def known(session: Session, uri: str) -> tuple[str, str | None, str]:
    post = stored(session, uri)
    return post.kind, post.title, post.body_text


class TestOtherShapes:
    def test_nodebb_announces_ids_and_activities(self, session: Session) -> None:
        follow_board(session, "nodebb/group")
        mail.deliver(session, mail.load("nodebb/announce_note"), mail.load("nodebb/article"))
        assert known(session, "https://n.example/post/41") == ("question", "議事録はだれが書く？", "順番にしたいです。")
        mail.refusal(session, mail.load("nodebb/announce_create"))
        assert len(session.scalars(select(Post)).all()) == 1

    def test_mbin_pages(self, session: Session) -> None:
        follow_board(session, "mbin/group")
        mail.deliver(session, mail.load("mbin/announce_create_page"))
        uri = "https://k.example/m/soudan/t/12"
        assert known(session, uri) == ("question", "入館証をなくしたとき", "まず総務に電話です。再発行の手順は？")
        mail.deliver(session, mail.load("mbin/announce_add_featured"))
        assert len(session.scalars(select(Pin)).all()) == 1
        assert "nothing comes" in mail.refusal(session, mail.load("mbin/announce_lock"))

    def test_discourse_sends_whole_actors(self, session: Session) -> None:
        follow_board(session, "discourse/group")
        mail.deliver(session, mail.load("discourse/announce_create"))
        uri = "https://d.example/ap/object/b1"
        assert known(session, uri) == ("question", "席替えの頻度", "半年ごとがよさそうです。")

    def test_a_flag_of_another_town(self, session: Session) -> None:
        factories.sister(session, "yamate.example")
        mail.deliver(session, mail.load("machi/create_flag"))
        uri = "https://yamate.example/posts/700"
        assert known(session, uri) == ("flag", "川そうじをする人あつまれ", "土曜の朝、橋のたもとで。")
        gathering = session.get_one(Gathering, stored(session, uri).id)
        assert (gathering.place, gathering.minutes, gathering.capacity, gathering.joined_count) == ("北橋", 90, 20, 4)
        assert posts.by_uri(session, uri) is not None


