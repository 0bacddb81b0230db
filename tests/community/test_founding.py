import pytest
from sqlalchemy import func, select

from community import boards, founding, names, questions, taxonomy
from community.db import open_database
from community.errors import NotFound
from community.events import Bus
from community.models import Account, Board
from community.visibility import PUBLIC
from tests import factories
from tests.towns import make_town


def test_a_town_is_founded_once(database):
    for _ in range(2):
        database.write_now(founding.found)

    def look(session):
        assert session.scalar(select(func.count()).select_from(Account)) == 3 + 21
        assert session.scalar(select(func.count()).select_from(Board)) == 21
        instance, relay = founding.instance_account(session), founding.relay(session)
        assert (instance.name, instance.uri) == ("minato.example", "https://minato.example/actor")
        assert (relay.name, relay.display_name, relay.kind) == ("dareka", "だれかさん", "relay")
        assert relay.uri == "https://minato.example/users/dareka"
        steward = founding.steward(session)
        assert (steward.name, steward.kind, steward.uri) == ("town", "service", "https://minato.example/users/town")
        assert (steward.display_name, steward.discoverable) == ("みなとの運営", False)
        assert founding.town_board(session).display_name == "みなと"

    database.read_now(look)


def test_a_town_with_a_port_names_its_actor_without(database_url):
    opened = open_database(make_town(database_url, domain="localhost:8001"), Bus())
    opened.write_now(founding.found)
    assert opened.read_now(lambda session: founding.instance_account(session).name) == "localhost"
    opened.close_now()


def test_the_name_of_the_town_follows_the_settings_and_a_board_keeps_its_own(database, database_url, clock):
    database.write_now(founding.found)

    def rename(session):
        factories.board(session, "roumu").display_name = "ろうむの広場"

    database.write_now(rename)
    clock.advance(days=1)
    renamed = open_database(make_town(database_url, name="新みなと", clock=clock), Bus())
    renamed.write_now(founding.found)

    def look(session):
        assert founding.instance_account(session).display_name == "新みなと"
        assert founding.town_board(session).display_name == "新みなと"
        assert founding.town_board(session).updated_at == clock.now
        assert boards.by_slug(session, "roumu").label("en") == "ろうむの広場"

    renamed.read_now(look)
    renamed.close_now()


def test_the_boards_and_their_words(database):
    database.write_now(founding.found)

    def look(session):
        entries = boards.all(session)
        assert [entry.slug for entry in entries] == ["machi", *(it.slug for it in taxonomy.CATEGORIES)]
        assert [entry.slug for entry in boards.askable(session)] == [it.slug for it in taxonomy.CATEGORIES]
        kyuyo = boards.by_slug(session, "KYUYO")
        assert kyuyo.label("ja") == "給与計算・年末調整"
        assert kyuyo.label("en") == "Payroll and year-end adjustment"
        assert "税理士" in kyuyo.notice("ja")
        assert "tax accountant" in kyuyo.notice("en")
        assert kyuyo.board.starter_tags[0] == "残業代"
        with pytest.raises(NotFound):
            boards.by_slug(session, "nothing")

    database.read_now(look)


def test_a_board_page_counts_what_the_viewer_may_see(database):
    def scene(session):
        hanako, taro = factories.member(session, "hanako"), factories.member(session, "taro")
        factories.question(session, hanako)
        factories.question(session, hanako, visibility="town")
        answered = factories.question(session, hanako, title="解決する質問です、ありがとう")
        answer = factories.answer(session, taro, answered)
        questions.solve(session, question=answered, answer=answer, by=hanako)
        stranger = boards.page(session, PUBLIC, "roumu")
        member = boards.page(session, factories.viewer(session, taro), "roumu")
        return [(page.questions, page.waiting, page.solved) for page in (stranger, member)]

    assert database.write_now(scene) == [(2, 1, 1), (3, 2, 1)]


def test_every_name_of_the_taxonomy_is_a_handle_nobody_can_take():
    assert len(taxonomy.CATEGORIES) == 20
    for category in taxonomy.CATEGORIES:
        assert names.HANDLE.fullmatch(category.slug)
        assert category.slug in founding.RESERVED
        assert category.tags
        assert bool(category.notice) == bool(category.notice_en)
    assert {"machi", "dareka", "actor", "admin"} <= founding.RESERVED
