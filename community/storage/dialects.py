"""What our two engines spell apart, loaded for the engine that is used: SQLAlchemy's PostgreSQL costs 2 MB and 40 ms."""

from typing import Any

from sqlalchemy import Text
from sqlalchemy.dialects import sqlite


def insert_of(dialect: str) -> Any:
    """The INSERT that knows ON CONFLICT, of the engine with that name."""
    return _postgresql().insert if dialect == "postgresql" else sqlite.insert


def spelling(dialect: str) -> Any:
    """A dialect that compiles statements for the driver of that engine, without a connection."""
    if dialect == "postgresql":
        return _postgresql().dialect(paramstyle="pyformat")
    return sqlite.dialect(paramstyle="qmark")


def text_array() -> Any:
    """The type of a column of texts on PostgreSQL, with its operators."""
    return _postgresql().ARRAY(Text)


def _postgresql() -> Any:
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 - SQLite towns do without

    return postgresql
