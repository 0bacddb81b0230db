"""A town's file is seeded while nobody else has it."""

import pytest
from sqlalchemy import func, select

from bench.seeding.rows import open_store
from community.db import open_database
from community.events import Bus
from community.models import Post

ENGINES = ["sqlite"]  # PostgreSQL serves many at once


def test_a_file_that_somebody_has_open_is_left_alone(town, database_url):
    served = open_database(town, Bus())
    served.read_now(lambda session: session.scalar(select(func.count(Post.id))))
    with pytest.raises(SystemExit, match="must not be served"):
        open_store(database_url)
    served.close_now()
