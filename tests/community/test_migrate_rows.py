"""A town that was in use keeps everything it held when it is brought to a newer schema."""

import sqlalchemy as sa
from alembic import command
from sqlalchemy.engine import make_url

from community import migrate
from tests.community.test_migrate import engine_of

_ACCOUNT = {
    "id": 1, "kind": "person", "name": "hanako", "domain": "", "uri": "https://t.example/users/hanako", "url": "",
    "display_name": "花子", "summary_source": "", "summary_html": "", "fields": "[]", "locked": False, "discoverable": True,
    "indexable": False, "hides_collections": True, "accepting": True, "sample": False, "followers_count": 0,
    "following_count": 0, "posts_count": 2, "created_at": 1, "updated_at": 1,
}  # fmt: skip
_POST = {
    "kind": "question", "visibility": "open", "local": True, "author_id": 1, "anonymous": False, "from_asker": False,
    "body_source": "", "body_html": "", "body_text": "", "summary": "", "sensitive": False, "basis": "", "ai_draft": False,
    "sample": False, "answers_count": 0, "comments_count": 0, "thanks_count": 0, "likes_count": 0, "url": "",
}  # fmt: skip


def older(url: str) -> None:
    """The schema as it first was."""
    address = make_url(url)
    if address.get_backend_name() == "sqlite":
        migrate._make_file(address)
    with migrate._connection(address) as connection:
        configuration = migrate._configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, "0001")


def insert(connection: sa.Connection, table: str, **values: object) -> None:
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    connection.execute(sa.text(f"INSERT INTO {table} ({names}) VALUES ({places})"), values)


def test_rows_of_the_first_schema_are_carried_over(empty_database_url):
    older(empty_database_url)
    engine = engine_of(empty_database_url)
    with engine.begin() as connection:
        insert(connection, "accounts", **_ACCOUNT)
        insert(connection, "posts", id=10, uri="u:10", root_id=10, created_at=5_000, **_POST)
        reply = _POST | {"kind": "answer", "visibility": "unlisted"}
        insert(connection, "posts", id=11, uri="u:11", root_id=10, parent_id=10, created_at=9_000, **reply)
        whisper = _POST | {"kind": "comment", "visibility": "direct"}
        insert(connection, "posts", id=12, uri="u:12", root_id=10, parent_id=10, created_at=11_000, **whisper)
        token = {"id": 7, "token_hash": "h", "account_id": 1, "client_name": "app", "scopes": "read", "created_at": 1}
        insert(connection, "access_tokens", **token)
        for host in ("a.example", "b.example"):
            insert(connection, "domain_rules", domain=host, policy="suspend", reason="", created_at=1)
    engine.dispose()
    migrate.upgrade(empty_database_url)
    assert migrate.is_current(empty_database_url)
    engine = engine_of(empty_database_url)
    with engine.connect() as connection:
        counted = connection.execute(sa.text("SELECT id, replies_count, boosts_count FROM posts ORDER BY id")).all()
        assert [tuple(row) for row in counted] == [(10, 1, 0), (11, 0, 0), (12, 0, 0)]
        assert connection.execute(sa.text("SELECT last_post_at FROM accounts")).scalar_one() == 9_000
        assert connection.execute(sa.text("SELECT account_id, app_id FROM access_tokens")).one() == (1, None)
        rules = connection.execute(sa.text("SELECT domain, id FROM domain_rules ORDER BY id")).all()
        assert [row.domain for row in rules] == ["a.example", "b.example"]
        assert len({row.id for row in rules}) == 2
    engine.dispose()
