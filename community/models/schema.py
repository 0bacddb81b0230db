"""What every table shares: the declarative class, naming of constraints, and the column types.

Times are integers: milliseconds since 1970-01-01 UTC. Ids come from `community.ids`, never from the database.
"""

from typing import Any

from sqlalchemy import BigInteger, Index, Integer, MetaData, event, text
from sqlalchemy.orm import DeclarativeBase

# SQLite makes an INTEGER primary key the rowid itself, a BIGINT one an extra index.
Id = BigInteger().with_variant(Integer, "sqlite")
Millis = BigInteger


class Model(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def partial_index(*columns: str, where: str) -> Index:
    """An index of those rows alone for which `where`, a piece of SQL, holds.

    PostgreSQL's spelling is added when its tables are made: to name it here would load its dialect at every start of
    every town, 2 MB and 40 ms.
    """
    return Index(None, *columns, sqlite_where=text(where), info={"where": text(where)})


@event.listens_for(Model.metadata, "before_create")
def _spell_partial_indexes(metadata: MetaData, connection: Any, **_: object) -> None:
    if connection.dialect.name != "postgresql":
        return
    for table in metadata.tables.values():
        for index in table.indexes:
            if "where" in index.info:
                index.dialect_options["postgresql"]["where"] = index.info["where"]
