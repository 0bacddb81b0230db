"""Walking through lists: max_id, since_id, min_id and the Link header (client-API reference §1.1)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

import orjson
from multidict import MultiMapping
from sqlalchemy import ColumnElement, Row, Select
from sqlalchemy.orm import InstrumentedAttribute, Session

from webui.mastodon.params import Params

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Window:
    """Which part of a list is asked for. Ids are exclusive; whatever was asked for, rows come newest first."""

    limit: int
    max_id: int | None = None
    since_id: int | None = None
    min_id: int | None = None

    @classmethod
    def of(cls, params: Params, *, default: int, most: int) -> "Window":
        """As an app asked; a limit beyond `most` is cut to it, one that is none is `default`."""
        limit = params.integer("limit")
        return cls(
            limit=default if not limit else min(abs(limit), most),
            max_id=params.identifier("max_id"),
            since_id=params.identifier("since_id"),
            min_id=params.identifier("min_id"),
        )

    @property
    def upwards(self) -> bool:
        """Whether the rows right above `min_id` are meant, not the newest."""
        return self.min_id is not None

    def bound(
        self, statement: Select[*tuple[Any, ...]], column: "ColumnElement[int] | InstrumentedAttribute[int]"
    ) -> Select[*tuple[Any, ...]]:
        """`statement` cut to the window, in the order in which it has to be read."""
        if self.max_id is not None:
            statement = statement.where(column < self.max_id)
        if self.since_id is not None:
            statement = statement.where(column > self.since_id)
        if self.min_id is not None:
            statement = statement.where(column > self.min_id).order_by(column.asc())
        else:
            statement = statement.order_by(column.desc())
        return statement.limit(self.limit)

    def newest_first(self, rows: Sequence[T]) -> list[T]:
        """Rows as `bound` reads them, turned round if need be."""
        return list(reversed(rows)) if self.upwards else list(rows)

    def rows(
        self,
        session: Session,
        statement: Select[*tuple[Any, ...]],
        column: "ColumnElement[int] | InstrumentedAttribute[int]",
    ) -> list[Row[*tuple[Any, ...]]]:
        """What `statement` finds in the window, newest first."""
        return self.newest_first(session.execute(self.bound(statement, column)).all())


@dataclass(frozen=True, slots=True)
class Shown:
    """A page: what is shown, and the cursor ids of all rows that were looked at (hidden ones too), newest first."""

    items: Sequence[orjson.Fragment | Mapping[str, Any] | str]
    ids: Sequence[int]

    @classmethod
    def of(cls, ids: Sequence[int], show: Callable[[list[int]], Sequence[orjson.Fragment]]) -> "Shown":
        """A page of entities that are their own cursors."""
        return cls(show(list(ids)), ids)


def link(base: str, query: MultiMapping[str], window: Window, ids: Sequence[int]) -> str | None:
    """The Link header: `next` first; none for an empty page, `next` only when more may be there.

    `base` is the absolute address without query; the caller's other parameters are kept. No raw comma stands in it.
    """
    if not ids:
        return None
    kept = [(k, v) for k, v in query.items() if k not in {"max_id", "since_id", "min_id", "access_token"}]
    address = f"{base}?{urlencode(kept)}&" if kept else f"{base}?"
    prev = f'<{address}min_id={ids[0]}>; rel="prev"'
    if len(ids) >= window.limit or window.upwards:
        return f'<{address}max_id={ids[-1]}>; rel="next", {prev}'
    return prev
