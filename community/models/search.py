"""What can be found by its words: the folded texts, and beside each table the index of pairs that its engine has.

The indexes are no tables of the models, for each engine has its own kind: on SQLite a contentless FTS5 table, on
PostgreSQL arrays under a GIN index. They are named after their table with `_grams` behind; whoever makes the tables
makes them too.
"""

from sqlalchemy import DDL, ForeignKey, Text, event
from sqlalchemy.orm import Mapped, mapped_column

from community.models.schema import Model


class PostWords(Model):
    """The words of a post, folded (`community.grams`)."""

    __tablename__ = "post_words"

    id: Mapped[int] = mapped_column(ForeignKey("posts.id"), primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)


class AccountWords(Model):
    """Handle, name and 得意技 of an account, folded."""

    __tablename__ = "account_words"

    id: Mapped[int] = mapped_column(ForeignKey("accounts.id"), primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)


class TagWords(Model):
    """The name of a tag, folded."""

    __tablename__ = "tag_words"

    id: Mapped[int] = mapped_column(ForeignKey("tags.id"), primary_key=True, autoincrement=False)
    words: Mapped[str] = mapped_column(Text)


SEARCHED: tuple[type[Model], ...] = (PostWords, AccountWords, TagWords)
GRAMS = "_grams"

# FTS5 keeps no text: what a row says is taken out again by saying it again, and the table beside it knows what it said.
_FTS5 = "fts5(grams, content='', columnsize=0, tokenize='unicode61 remove_diacritics 0')"
ON_SQLITE = ("CREATE VIRTUAL TABLE {table}_grams USING " + _FTS5,)
ON_POSTGRESQL = (
    "CREATE TABLE {table}_grams (id bigint PRIMARY KEY REFERENCES {table} ON DELETE CASCADE, grams text[] NOT NULL)",
    "CREATE INDEX ix_{table}_grams_grams ON {table}_grams USING gin (grams)",
)


def is_index(name: str) -> bool:
    """Whether the table `name` belongs to an index of pairs, or to the workings of one."""
    return any(name.startswith(model.__tablename__ + GRAMS) for model in SEARCHED)


for _model in SEARCHED:
    for _dialect, _statements in (("sqlite", ON_SQLITE), ("postgresql", ON_POSTGRESQL)):
        for _statement in _statements:
            _making = DDL(_statement.format(table=_model.__tablename__))  # type: ignore[no-untyped-call]
            event.listen(_model.__table__, "after_create", _making.execute_if(dialect=_dialect))
