"""Where words are kept so that they can be found: a folded text for each row, and an index of its pairs of characters.

What is kept changes in the transaction of the deed. SQLite finds phrases of pairs by itself; PostgreSQL finds the rows
that have all the pairs, and looks at their text for whether they follow each other.
"""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    Table,
    and_,
    bindparam,
    column,
    delete,
    func,
    insert,
    not_,
    or_,
    select,
    table,
    text,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from community.grams import folded, grams_of, needed
from community.models import AccountWords, Model, PostWords, TagWords
from community.models.search import GRAMS
from community.storage.dialects import text_array
from community.storage.prepared import Prepared, param, text_param
from community.storage.sessions import carry_out_deferred, defer

Term = tuple[str, ...]
"""Folded words that stand for each other: a text has the term if it has one of them. A word may be several runs."""


class Lexicon:
    """The words of one kind of things."""

    def __init__(self, model: type[Model]) -> None:
        self.rows = cast("Table", model.__table__)
        self.name = self.rows.name + GRAMS
        c = self.rows.c
        self._read = select(c.words).where(c.id == bindparam("row"))
        self._add = Prepared(
            lambda _dialect: insert(self.rows).values(id=param("id"), words=text_param("words"))
        )
        self._change = update(self.rows).where(c.id == bindparam("row")).values(words=bindparam("said"))
        self._drop = delete(self.rows).where(c.id == bindparam("row"))
        # The names in these come from the models, never from anybody who searches.
        said = "VALUES (:id, :grams)"
        self._add_grams = {
            "sqlite": text(f"INSERT INTO {self.name} (rowid, grams) {said}"),
            "postgresql": text(f"INSERT INTO {self.name} (id, grams) {said}"),
        }
        self._add_phrase = Prepared(
            lambda dialect: self._add_grams[dialect].bindparams(id=None, grams=None)
        )
        self._add_now = f"INSERT INTO {self.name} (rowid, grams) VALUES (?, ?)"  # noqa: S608
        self._drop_grams = {
            "sqlite": text(
                f"INSERT INTO {self.name} ({self.name}, rowid, grams) VALUES ('delete', :id, :grams)"  # noqa: S608
            ),
            "postgresql": text(f"DELETE FROM {self.name} WHERE id = :id"),  # noqa: S608
        }

    def add(self, session: Session, row_id: int, said: str) -> None:
        """Keep the words of a row that has none yet."""
        words = folded(said)
        dialect = session.connection().dialect.name
        self._add.run(session, id=row_id, words=words)
        grams = _indexed(words, dialect)
        if dialect != "sqlite" or not defer(session, self._add_now, (row_id, grams)):
            self._add_phrase.run(session, id=row_id, grams=grams)

    def put(self, session: Session, row_id: int, said: str) -> None:
        """Keep the words of a row instead of those it had, if it had any."""
        kept = session.connection().execute(self._read, {"row": row_id}).scalar_one_or_none()
        carry_out_deferred(session)
        if kept is None:
            self.add(session, row_id, said)
        elif kept != (words := folded(said)):
            connection = session.connection()
            dialect = connection.dialect.name
            connection.execute(self._drop_grams[dialect], _gone(row_id, kept, dialect))
            connection.execute(self._change, {"row": row_id, "said": words})
            connection.execute(self._add_grams[dialect], {"id": row_id, "grams": _indexed(words, dialect)})

    def drop(self, session: Session, row_id: int) -> None:
        """Forget the words of a row; nothing happens if it has none."""
        connection = session.connection()
        kept = connection.execute(self._read, {"row": row_id}).scalar_one_or_none()
        carry_out_deferred(session)
        if kept is not None:
            dialect = connection.dialect.name
            connection.execute(self._drop_grams[dialect], _gone(row_id, kept, dialect))
            connection.execute(self._drop, {"row": row_id})

    def found(
        self,
        session: Session,
        terms: Sequence[Term],
        *,
        most: int,
        without: Sequence[Term] = (),
        above: int | None = None,
        below: int | None = None,
    ) -> Any:
        """A subquery with one column `id`: the newest `most` rows between the two ids (both exclusive) whose words have
        every one of `terms` and none of `without`. There must be a term.
        """
        dialect = session.connection().dialect.name
        newest = self._matching_fts if dialect == "sqlite" else self._matching_arrays
        statement = newest(terms, without)
        place = statement.selected_columns[0]
        if above is not None:
            statement = statement.where(place > above)
        if below is not None:
            statement = statement.where(place < below)
        return statement.order_by(place.desc()).limit(most).subquery("found")

    def _matching_fts(self, terms: Sequence[Term], without: Sequence[Term]) -> Any:
        index = table(self.name, column("rowid"))
        sought = " AND ".join(_fts(term) for term in terms)
        if without:
            sought = f"({sought}) NOT ({' OR '.join(_fts(term) for term in without)})"
        matching = text(f"{self.name} MATCH :sought").bindparams(sought=sought)
        return select(index.c.rowid.label("id")).where(matching)

    def _matching_arrays(self, terms: Sequence[Term], without: Sequence[Term]) -> Any:
        index = table(self.name, column("id"), column("grams", text_array()))
        statement = select(index.c.id).join(self.rows, self.rows.c.id == index.c.id)
        for term in terms:
            pairs = [index.c.grams.contains(_needed(word)) for word in term]
            statement = statement.where(or_(*pairs), has(self.rows.c.words, term, "postgresql"))
        for term in without:
            statement = statement.where(not_(has(self.rows.c.words, term, "postgresql")))
        return statement


def has(words: ColumnElement[str] | InstrumentedAttribute[str], term: Term, dialect: str) -> ColumnElement[bool]:
    """A condition: the folded text in the column `words` has the term. It reads the text: for few rows alone."""
    place = func.instr if dialect == "sqlite" else func.strpos
    return or_(*(and_(*(place(words, run) > 0 for run in word.split(" "))) for word in term))


POSTS, ACCOUNTS, TAGS = Lexicon(PostWords), Lexicon(AccountWords), Lexicon(TagWords)


def _indexed(words: str, dialect: str) -> Any:
    """The pairs of a folded text as the index of the engine takes them."""
    pairs = grams_of(words)
    if dialect == "sqlite":
        return " ".join(pairs)
    return sorted({*pairs, *words.replace(" ", "")})  # single characters are looked for by themselves here


def _gone(row_id: int, words: str, dialect: str) -> dict[str, Any]:
    return {"id": row_id, "grams": _indexed(words, dialect)} if dialect == "sqlite" else {"id": row_id}


def _needed(word: str) -> list[str]:
    return sorted({gram for run in word.split(" ") for gram in needed(run)})


def _fts(term: Term) -> str:
    """The term as FTS5 asks for it. Folded words hold letters and digits alone: nothing in them means anything there."""
    return "(" + " OR ".join(_word(word) for word in term) + ")"


def _word(word: str) -> str:
    phrases = [f'"{" ".join(needed(run))}"' + ("*" if len(run) == 1 else "") for run in word.split(" ")]
    return "(" + " AND ".join(phrases) + ")"
