"""Rows of the busiest tables, written and read past the unit of work's own machinery.

An INSERT or a SELECT that is made once costs a fifth of what a flush or a load does; the object is afterwards one of
the session like any other. Posting is what a town does most.
"""

from typing import Any, Generic, TypeVar, cast

import orjson
from sqlalchemy import JSON, Boolean, Table, bindparam, insert, select
from sqlalchemy.orm import Session, class_mapper, make_transient_to_detached
from sqlalchemy.orm.attributes import instance_state
from sqlalchemy.orm.util import identity_key

from community.models import Model
from community.storage.prepared import Prepared, param, text_param

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
        self._key_at = list(columns).index(key)
        self._names = [each.name for each in columns]
        self._json = [each.name for each in columns if isinstance(each.type, JSON)]
        self._flags = [each.name for each in columns if isinstance(each.type, Boolean)]
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

    def put(self, session: Session, row: M) -> None:
        """Store `row`, which has its key and belongs to no session yet. What was left open gets the column's default."""
        said = {name: value for name, value in vars(row).items() if name in self._defaults}
        values = self._defaults | said
        stored = dict(values)
        for name in self._json:
            stored[name] = None if values[name] is None else orjson.dumps(values[name]).decode()
        self._insert.run(session, **stored)
        kept = instance_state(row).dict  # as if each default had been set as loaded, one by one
        for name, value in self._defaults.items():
            if name not in said:
                kept[name] = value
        make_transient_to_detached(row)
        key = instance_state(row).key
        assert key is not None
        _attach(session, row, key)

    def get(self, session: Session, key: int) -> M | None:
        """The row with this key, as the session holds it or else as it stands; None if there is none."""
        kept = session.identity_map.get(identity_key(self._model, key))
        return kept if kept is not None else self.first(session, self._select, key=key)

    def by(self, column: str) -> Prepared:
        """A statement for `first`: the row with the text `value` in a column that holds each once."""
        return Prepared(lambda _dialect: select(self._table).where(self._table.c[column] == text_param("value")))

    def first(self, session: Session, statement: Prepared, **params: object) -> M | None:
        """The first row that `statement`, a SELECT of the whole table, finds; None if there is none."""
        found = statement.rows(session, **params)
        return self._known_or_made(session, found[0]) if found else None

    def _known_or_made(self, session: Session, found: tuple[Any, ...]) -> M:
        """The object for a row: the session's own, if it holds one, for that may be ahead of the database."""
        kept = session.identity_map.get(identity_key(self._model, found[self._key_at]))
        if kept is not None:
            return kept
        values = dict(zip(self._names, found, strict=True))
        for name in self._json:
            if isinstance(values[name], str | bytes):  # SQLite keeps text
                values[name] = orjson.loads(values[name])
        for name in self._flags:
            values[name] = bool(values[name])
        row = self._instances.new_instance()
        # As if each had been set as loaded, one by one, which would take five times as long.
        instance_state(row).dict.update(values)
        _attach(session, row, identity_key(self._model, found[self._key_at]))
        return row


def _attach(session: Session, row: Any, key: Any) -> None:
    """What `session.add` does with a row that is stored, less the search for others that hang on it: here nothing does."""
    state = instance_state(row)
    state.key = key
    state.session_id = session.hash_key
    session.identity_map.add(state)
