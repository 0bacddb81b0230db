"""What every table shares: the declarative class, naming of constraints, and the column types.

Times are integers: milliseconds since 1970-01-01 UTC. Ids come from `community.ids`, never from the database.
"""

from sqlalchemy import BigInteger, Integer, MetaData
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
