"""Rows of the busiest tables, written and read past the unit of work's own machinery.

An INSERT or a SELECT that is made once costs a fifth of what a flush or a load does; the object is afterwards one of
the session like any other. Posting is what a town does most.
"""

from collections import namedtuple
from collections.abc import Sequence
from typing import Any, Generic, TypeVar, cast

import orjson
from sqlalchemy import JSON, Boolean, Table, bindparam, insert, select
from sqlalchemy.orm import Session, class_mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state

from community.models import Model
from community.storage.prepared import Prepared, among, param, text_param

M = TypeVar("M", bound=Model)


class Rows(Generic[M]):
    """The rows of one model, whose primary key is one number."""

    def __init__(self, model: type[M]) -> None:
        table = cast("Table", model.__table__)
        columns = table.columns
        (key,) = table.primary_key.columns
        self._model = model
        self._table = table
        self._instances = class_mapper(model, configure=False).class_manager
        self._key_at, self._key_name = list(columns).index(key), key.name
        self._names = [each.name for each in columns]
        self._json = [each.name for each in columns if isinstance(each.type, JSON)]
        self._json_at = [(at, each.name) for at, each in enumerate(columns) if isinstance(each.type, JSON)]
        self._flags_at = [(at, each.name) for at, each in enumerate(columns) if isinstance(each.type, Boolean)]
        self._defaults: dict[str, Any] = {
            each.name: each.default.arg if each.default is not None and each.default.is_scalar else None  # type: ignore[attr-defined]
            for each in columns
        }
        self._insert = Prepared(
            lambda _dialect: insert(table).values(
                {each.name: bindparam(each.name, None, type_=each.type) for each in columns}
            )
        )
        self._select = Prepared(lambda _dialect: select(table).where(key == param("key")))
        self._many = Prepared(lambda dialect: select(table).where(among(key, "keys", dialect)))
        self._plain = _tuples(table.name, self._names)

    def new(self, **values: object) -> M:
        """A row with these values that is not stored yet, each column it leaves open at its default. Up to `put` more are
        set by `fill`: a value that is set on the object is watched, and costs ten times as much.
        """
        row: M = self._instances.new_instance()
        instance_state(row).dict.update(self._defaults | values)
        return row

    def put(self, session: Session, row: M) -> None:
        """Store `row`, which has its key and belongs to no session yet. What was left open gets the column's default."""
        state = instance_state(row)
        kept = state.dict
        for name, value in self._defaults.items():  # as if each had been set as loaded, one by one
            if name not in kept:
                kept[name] = value
        stored = {name: kept[name] for name in self._names}
        for name in self._json:
            stored[name] = None if stored[name] is None else orjson.dumps(stored[name]).decode()
        self._insert.run(session, **stored)
        if state.modified:  # made by its class, or changed since
            make_transient_to_detached(row)
        _attach(session, row, self._key_of(kept[self._key_name]))

    def get(self, session: Session, key: int) -> M | None:
        """The row with this key, as the session holds it or else as it stands; None if there is none."""
        kept: M | None = session.identity_map.get(self._key_of(key))
        return kept if kept is not None else self.first(session, self._select, key=key)

    def plain(self, session: Session, keys: Sequence[int]) -> list[M]:
        """The rows with these keys, in no order, as tuples with the names of columns: for those who only read columns."""
        found = [list(row) for row in self._many.rows(session, keys=keys)]
        for row in found:
            for at, _ in self._json_at:
                if isinstance(row[at], str | bytes):  # SQLite keeps text
                    row[at] = orjson.loads(row[at])
            for at, _ in self._flags_at:
                row[at] = bool(row[at])
        return cast("list[M]", [self._plain._make(row) for row in found])

    def by(self, column: str) -> Prepared:
        """A statement for `first`: the row with the text `value` in a column that holds each once."""
        return Prepared(lambda _dialect: select(self._table).where(self._table.c[column] == text_param("value")))

    def first(self, session: Session, statement: Prepared, **params: object) -> M | None:
        """The first row that `statement`, a SELECT of the whole table, finds; None if there is none."""
        found = statement.rows(session, **params)
        return self._known_or_made(session, found[0]) if found else None

    def _known_or_made(self, session: Session, found: tuple[Any, ...]) -> M:
        """The object for a row: the session's own, if it holds one, for that may be ahead of the database."""
        key = self._key_of(found[self._key_at])
        kept: M | None = session.identity_map.get(key)
        if kept is not None:
            return kept
        row: M = self._instances.new_instance()
        # As if each had been set as loaded, one by one, which would take five times as long.
        values = instance_state(row).dict
        values.update(zip(self._names, found, strict=True))
        for at, name in self._json_at:
            if isinstance(found[at], str | bytes):  # SQLite keeps text
                values[name] = orjson.loads(found[at])
        for at, name in self._flags_at:
            values[name] = bool(found[at])
        _attach(session, row, key)
        return row

    def _key_of(self, key: int) -> Any:
        """Under what a session holds the row, as `identity_key` has it."""
        return (self._model, (key,), None)


def _tuples(name: str, fields: Sequence[str]) -> Any:
    return namedtuple(name, fields)  # noqa: PYI024 - its fields are known at run time alone


def fill(row: Model, **values: object) -> None:
    """Set columns of a row that is not stored yet, all at once: nobody watches it."""
    instance_state(row).dict.update(values)


def _attach(session: Session, row: Any, key: Any) -> None:
    """What `session.add` does with a row that is stored, less the search for others that hang on it: here nothing does."""
    state = instance_state(row)
    state.key = key
    state.session_id = session.hash_key
    session.identity_map.add(state)
