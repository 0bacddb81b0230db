"""INSERT that passes over what is already there: the one statement that our two engines spell alike but name apart."""

from typing import Any, cast

from sqlalchemy import CursorResult, Table
from sqlalchemy.orm import Session
from sqlalchemy.sql import Select

from community.models import Model
from community.storage.dialects import insert_of


def new_row(session: Session, model: type[Model], **values: Any) -> bool:
    """Insert one row unless a key of it is taken; whether it was inserted.

    On PostgreSQL it waits for another transaction that is inserting the same key, so two at once cannot both win.
    Columns' Python defaults apply.
    """
    return _ran(session, _insert(session, model).values(**values)) > 0


def from_select(
    session: Session, model: type[Model], columns: list[str], rows: Select[*tuple[Any, ...]]
) -> int:
    """Insert the `rows` whose keys are not taken; how many were inserted. `rows` must have a WHERE."""
    return _ran(session, _insert(session, model).from_select(columns, rows))


def passing_over(dialect: str, model: type[Model], columns: list[str], rows: Any) -> Any:
    """The statement of `from_select` for an engine, to be made once and executed often. Its last SELECT has a WHERE."""
    return _insert_of(dialect, model).from_select(columns, rows).on_conflict_do_nothing()


def _insert(session: Session, model: type[Model]) -> Any:
    return _insert_of(session.get_bind().dialect.name, model)


def _insert_of(dialect: str, model: type[Model]) -> Any:
    table = cast(
        "Table", model.__table__
    )  # the table, not the class: plain Core, one statement, its row count
    return insert_of(dialect)(table)


def _ran(session: Session, statement: Any) -> int:
    # Without the option SQLAlchemy lets the count of an INSERT go before anybody can ask for it.
    counted = {"preserve_rowcount": True}
    result = session.execute(statement.on_conflict_do_nothing(), execution_options=counted)
    assert isinstance(result, CursorResult)
    return result.rowcount
