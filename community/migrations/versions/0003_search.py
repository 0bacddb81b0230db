"""What can be found by its words, and the words of what is there already."""

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from community.grams import folded, grams_of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BATCH = 1_000
OF = {"post_words": "posts", "account_words": "accounts", "tag_words": "tags"}


def upgrade() -> None:
    for table, owner in OF.items():
        op.create_table(
            table,
            sa.Column("id", ID, autoincrement=False, nullable=False),
            sa.Column("words", sa.Text(), nullable=False),
            sa.ForeignKeyConstraint(["id"], [f"{owner}.id"]),
            sa.PrimaryKeyConstraint("id"),
        )
        _create_index(table)
    _fill("post_words", _posts())
    _fill("account_words", _accounts())
    _fill("tag_words", _rows("SELECT id, name FROM tags WHERE id > :after ORDER BY id LIMIT :most"))


def _create_index(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE VIRTUAL TABLE {table}_grams USING fts5"
            "(grams, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0')"
        )
        return
    op.execute(
        f"CREATE TABLE {table}_grams"
        f" (id bigint PRIMARY KEY REFERENCES {table} ON DELETE CASCADE, grams text[] NOT NULL)"
    )


def _posts() -> Iterator[tuple[int, str]]:
    tags = sa.text(
        "SELECT tags.label FROM post_tags JOIN tags ON tags.id = post_tags.tag_id"
        " WHERE post_tags.post_id = :post ORDER BY post_tags.position"
    )
    rows = _rows(
        "SELECT id, coalesce(title, ''), summary, body_text, basis, kind FROM posts"
        " WHERE id > :after AND deleted_at IS NULL AND kind <> 'boost' ORDER BY id LIMIT :most"
    )
    for row_id, *said, kind in rows:
        if kind == "question":
            said += op.get_bind().execute(tags, {"post": row_id}).scalars()
        yield row_id, "\n".join(said)


def _accounts() -> Iterator[tuple[int, str]]:
    strengths = sa.text("SELECT label FROM strengths WHERE account_id = :account ORDER BY position")
    rows = _rows(
        "SELECT id, name, domain, display_name FROM accounts"
        " WHERE id > :after AND deleted_at IS NULL ORDER BY id LIMIT :most"
    )
    for row_id, *said in rows:
        said += op.get_bind().execute(strengths, {"account": row_id}).scalars()
        yield row_id, "\n".join(said)


def _rows(statement: str) -> Iterator[tuple[Any, ...]]:
    """All rows, some at a time, by their first column."""
    after = 0
    while found := op.get_bind().execute(sa.text(statement), {"after": after, "most": BATCH}).all():
        yield from (tuple(row) for row in found)
        after = found[-1][0]


def _fill(table: str, said: Iterable[tuple[Any, ...]]) -> None:
    connection = op.get_bind()
    sqlite = connection.dialect.name == "sqlite"
    key = "rowid" if sqlite else "id"
    add_words = sa.text(f"INSERT INTO {table} (id, words) VALUES (:id, :words)")
    add_grams = sa.text(f"INSERT INTO {table}_grams ({key}, grams) VALUES (:id, :grams)")
    batch: list[dict[str, object]] = []

    def write() -> None:
        if batch:
            connection.execute(add_words, batch)
            connection.execute(add_grams, batch)
            batch.clear()

    for row_id, text in said:
        words = folded(str(text))
        pairs = grams_of(words)
        grams = " ".join(pairs) if sqlite else sorted({*pairs, *words.replace(" ", "")})
        batch.append({"id": row_id, "words": words, "grams": grams})
        if len(batch) == BATCH:
            write()
    write()
    if not sqlite:  # after the rows: one sorting instead of a million searches
        op.execute(f"CREATE INDEX ix_{table}_grams_grams ON {table}_grams USING gin (grams)")
