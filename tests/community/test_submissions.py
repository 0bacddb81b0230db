import pytest

from community import submissions
from community.errors import Conflict


def test_a_form_sent_twice_leads_to_the_same_place(database, clock):
    assert database.read_now(lambda session: submissions.remembered(session, "key")) is None
    database.write_now(lambda session: submissions.remember(session, "key", "/@hanako/1"))
    assert database.read_now(lambda session: submissions.remembered(session, "key")) == "/@hanako/1"
    with pytest.raises(Conflict):
        database.write_now(lambda session: submissions.remember(session, "key", "/@hanako/2"))
    clock.advance(days=8)
    database.write_now(lambda session: submissions.remember(session, "other", "/"))
    assert database.read_now(lambda session: submissions.remembered(session, "key")) is None
