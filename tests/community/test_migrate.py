"""The migrations build what the models describe, on every engine, and leave alone what they do not know."""

import stat
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import api, compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.orm import Session

from community import grams, lexicon, migrate
from community.errors import StorageFailed
from community.models import Model
from community.models.search import is_index
from community.storage import postgresql, sqlite


def engine_of(url: str) -> sa.Engine:
    address = sa.make_url(url)
    return (
        sqlite.make_engine(url) if address.get_backend_name() == "sqlite" else postgresql.make_engine(address)
    )


def _told(index: dict) -> dict:
    """With the condition of a partial index as words: two of its clauses are never equal."""
    options = {name: str(value) for name, value in index.get("dialect_options", {}).items()}
    return index | {"dialect_options": options}


def shape(connection: sa.Connection) -> dict[str, object]:
    """Everything an engine can tell of its tables, but the order of constraints."""
    inspector = sa.inspect(connection)

    def by_name(rows: list) -> list:
        return sorted((dict(row) for row in rows), key=lambda row: str(row["name"]))

    return {
        table: {
            "columns": [{**column, "type": repr(column["type"])} for column in inspector.get_columns(table)],
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": by_name(inspector.get_foreign_keys(table)),
            "unique": by_name(inspector.get_unique_constraints(table)),
            "indexes": [str(index) for index in by_name(map(_told, inspector.get_indexes(table)))],
            "options": inspector.get_table_options(table),
        }
        for table in inspector.get_table_names()
        if table != "alembic_version"
    }


def of_the_models(name: str | None, kind: str, _parents: object) -> bool:
    """The indexes of words are made beside the tables, of another kind on each engine; see the test below."""
    return kind != "table" or not is_index(name or "")


def test_the_migrations_build_the_schema_of_the_models(database_url):
    engine = engine_of(database_url)
    with engine.connect() as connection:
        opts = {"target_metadata": Model.metadata, "include_name": of_the_models}
        context = MigrationContext.configure(connection, opts=opts)
        differences = compare_metadata(context, Model.metadata)
        missing = api.render_python_code(api.produce_migrations(context, Model.metadata).upgrade_ops)
    engine.dispose()
    assert differences == [], (
        "The models have changed: write a migration of its own for it (new columns stand last, as in the models). "
        f"What is missing:\n{missing}"
    )


def test_migrated_tables_are_those_the_models_would_make(database_url, empty_database_url):
    """Stricter than the comparison above: also order of columns, names of constraints, options of tables."""
    if empty_database_url.startswith("sqlite"):
        Path(empty_database_url.removeprefix("sqlite:///")).parent.mkdir()
    migrated, direct = engine_of(database_url), engine_of(empty_database_url)
    with direct.begin() as connection:
        Model.metadata.create_all(connection)
        expected = shape(connection)
    with migrated.connect() as connection:
        found = shape(connection)
    for engine in (migrated, direct):
        engine.dispose()
    assert found == expected


def test_an_empty_database_is_not_current_and_becomes_so(empty_database_url):
    assert not migrate.is_current(empty_database_url)
    migrate.upgrade(empty_database_url)
    assert migrate.is_current(empty_database_url)


def test_the_newest_revision_is_the_only_end_of_the_line():
    assert ScriptDirectory.from_config(migrate._configuration()).get_heads() == [migrate.newest()]


def test_looking_whether_a_database_is_current_reads_nothing_else(empty_database_url):
    """Every start looks. What stands in the tables, and whether it fits together, is for migrations."""
    migrate.upgrade(empty_database_url)
    said = []
    listen = sa.event.listens_for(sa.Engine, "before_cursor_execute")
    noted = listen(lambda _c, _cursor, statement, *_: said.append(statement))
    try:
        assert migrate.is_current(empty_database_url)
    finally:
        sa.event.remove(sa.Engine, "before_cursor_execute", noted)
    assert said
    assert not any("foreign_key_check" in statement for statement in said)


def test_migrating_twice_changes_nothing(empty_database_url):
    migrate.upgrade(empty_database_url)
    migrate.upgrade(empty_database_url)
    assert migrate.is_current(empty_database_url)


def test_processes_that_start_at_once_migrate_once(empty_database_url):
    failures = []

    def start() -> None:
        try:
            migrate.upgrade(empty_database_url)
        except Exception as error:  # noqa: BLE001
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert migrate.is_current(empty_database_url)


def test_a_database_of_a_newer_version_is_left_alone(empty_database_url):
    migrate.upgrade(empty_database_url)
    engine = engine_of(empty_database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert not migrate.is_current(empty_database_url)
    with pytest.raises(StorageFailed) as failure:
        migrate.upgrade(empty_database_url)
    assert failure.value.message == migrate.NEWER


def test_the_file_is_for_its_owner_alone(tmp_path):
    path = tmp_path / "machi.db"
    migrate.upgrade(f"sqlite:///{path}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_folder_whose_name_has_a_percent_sign(tmp_path):
    migrate.upgrade(f"sqlite:///{tmp_path / '100%' / 'machi.db'}")
    assert migrate.is_current(f"sqlite:///{tmp_path / '100%' / 'machi.db'}")


def test_a_file_that_is_no_database_is_said_to_be_unreachable(tmp_path):
    path = tmp_path / "machi.db"
    path.write_text("ここはデータベースではありません。" * 100)
    with pytest.raises(StorageFailed) as failure:
        migrate.upgrade(f"sqlite:///{path}")
    assert "not a database" in str(failure.value.facts["reason"])


def test_what_was_written_before_can_be_found_afterwards(empty_database_url):
    """0003 reads every post, account and tag that stands there, in batches."""
    address = sa.make_url(empty_database_url)
    if address.get_backend_name() == "sqlite":
        migrate._make_file(address)
    with migrate._connection(address) as connection:
        configuration = migrate._configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0002")
        _write_before_search(connection)
    migrate.upgrade(empty_database_url)
    engine = engine_of(empty_database_url)
    with Session(engine) as session:
        assert found(session, lexicon.POSTS, "労災") == [1_000, 999]
        assert found(session, lexicon.POSTS, "ことば5") == [5, *range(50, 60), *range(500, 600)][::-1]
        assert found(session, lexicon.POSTS, "備蓄") == [1_001]  # by its tag
        assert found(session, lexicon.POSTS, "消え") == []
        assert found(session, lexicon.ACCOUNTS, "はなこ") == [7]
        assert found(session, lexicon.ACCOUNTS, "36協定") == [7]
        assert found(session, lexicon.TAGS, "備蓄") == [3]
    engine.dispose()


def found(session: Session, words: lexicon.Lexicon, word: str) -> list[int]:
    rows = words.found(session, ((grams.folded(word),),), most=500)
    return list(session.scalars(sa.select(rows.c.id).order_by(rows.c.id.desc())))


def _write_before_search(connection: sa.Connection) -> None:
    tables = sa.MetaData()
    tables.reflect(connection, only=["accounts", "posts", "tags", "post_tags", "strengths"])
    account, post = tables.tables["accounts"], tables.tables["posts"]
    plain = {"summary_source": "", "summary_html": "", "fields": [], "locked": False, "discoverable": True}
    counts = {"followers_count": 0, "following_count": 0, "posts_count": 0, "created_at": 1, "updated_at": 1}
    flags = {"indexable": False, "hides_collections": True, "accepting": True, "sample": False}
    connection.execute(
        account.insert(),
        {"id": 7, "kind": "person", "name": "hanako", "domain": "", "uri": "u", "url": "u", "display_name": "ハナコ"}
        | plain | counts | flags,
    )  # fmt: skip
    same = {
        "visibility": "open", "local": True, "author_id": 7, "anonymous": False, "from_asker": False,
        "body_source": "", "body_html": "", "summary": "", "sensitive": False, "basis": "", "ai_draft": False,
        "sample": False, "answers_count": 0, "comments_count": 0, "thanks_count": 0, "likes_count": 0,
        "created_at": 1, "kind": "note", "title": None, "deleted_at": None,
    }  # fmt: skip

    def row(number: int, words: str, **other: object) -> dict[str, object]:
        return {**same, "id": number, "uri": f"p{number}", "url": "u", "body_text": words, **other}

    rows = [row(number, f"ことば{number}です") for number in range(1, 999)]
    rows += [row(999, "労災"), row(1_000, "の手続き", title="労災"), row(1_001, "質問", kind="question")]
    rows += [row(1_002, "消えた", deleted_at=5)]
    connection.execute(post.insert(), rows)
    connection.execute(tables.tables["tags"].insert(), {"id": 3, "name": "備蓄", "label": "備蓄"})
    connection.execute(tables.tables["post_tags"].insert(), {"post_id": 1_001, "tag_id": 3, "position": 0})
    strength = {"account_id": 7, "topic": "36協定", "label": "36協定", "position": 0}
    connection.execute(tables.tables["strengths"].insert(), strength)
