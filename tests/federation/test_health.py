"""What the operator is told of the two queues."""

from sqlalchemy import event
from sqlalchemy.orm import Session

from community import ids, town
from community.db import Database
from federation import health
from federation.health import Backlog
from federation.inbox import queue
from federation.models import Delivery, InboxItem, Lane, OutboxItem, RemoteHost
from federation.outbox.lanes import RESTING
from tests import factories


def fill(session: Session) -> None:
    """Three of each to come, two that failed, one of every other state; of four hosts one waits for its pause to end."""
    now = town.now(session)
    author = factories.member(session, "hanako")
    said = OutboxItem(
        id=ids.new(now), account_id=author.id, type="Create", object_uri="x", public=True, body=b"{}", created_at=now
    )  # fmt: skip
    session.add(said)
    session.flush()
    states = ["pending"] * 3 + ["failed"] * 2
    for state in [*states, queue.DONE, queue.IGNORED]:
        number = ids.new(now)
        session.add(
            InboxItem(
                id=number, activity_uri=f"https://yamate.example/{number}", host="yamate.example",
                actor_uri="https://yamate.example/users/jiro", type="Create", body=b"{}", state=state,
                next_attempt_at=now, received_at=now,
            )
        )  # fmt: skip
    for state in [*states, "done", "dropped"]:
        session.add(
            Delivery(
                id=ids.new(now), outbox_item_id=said.id, host="yamate.example", inbox="https://yamate.example/inbox",
                state=state, created_at=now,
            )
        )  # fmt: skip
    session.add_all(
        [
            Lane(host="a.example", next_attempt_at=now + 60_000, failures=2, failing_since=now),
            Lane(host="b.example", next_attempt_at=now, failures=1, failing_since=now),  # due again
            Lane(
                host="c.example", next_attempt_at=RESTING, failures=1, failing_since=now
            ),  # nothing waits for it
            Lane(host="d.example", next_attempt_at=RESTING),
            Lane(  # it is being tried
                host="e.example", next_attempt_at=now + 60_000, leased_until=now + 60_000, failures=2, failing_since=now
            ),
            RemoteHost(host="f.example", asked_at=now, retired_at=now - 1),
            RemoteHost(host="g.example", asked_at=now),
        ]
    )


async def test_a_town_without_mail_has_no_backlog(database: Database):
    assert await database.read(health.backlog) == Backlog(0, 0, 0, 0, 0, 0)


async def test_the_backlog_is_what_waits_and_what_failed(database: Database):
    await database.write(fill)
    assert await database.read(health.backlog) == Backlog(
        inbox_pending=3, inbox_failed=2, deliveries_pending=3, deliveries_failed=2, hosts_pausing=1, hosts_retired=1
    )


async def test_hosts_that_are_given_up_are_told_by_name(database: Database):
    await database.write(fill)
    told = {each.host: each for each in await database.read(health.by_host)}
    assert told["f.example"].retired_at is not None
    assert told["yamate.example"].retired_at is None
    assert "g.example" not in told


async def test_the_backlog_is_counted_within_indexes(database: Database):
    """However much was settled: no table is read from end to end."""

    def plans(session: Session) -> list[str]:
        asked: list[tuple[str, object]] = []
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *facts: asked.append(facts[2:4]))
        health.backlog(session)
        driver = connection.connection.driver_connection
        rows = [row for sql, facts in asked for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}", facts)]
        return [row[3] for row in rows]

    if database.dialect == "postgresql":  # its plan depends on how much there is
        return
    steps = await database.read(plans)
    assert steps
    assert [step for step in steps if not step.startswith("SEARCH")] == []
    assert sum("USING COVERING INDEX" in step for step in steps) == 3
