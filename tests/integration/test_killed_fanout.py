"""A town is killed while one post is on its way to hundreds of hosts: after the restart everybody has it."""

from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.federation.outbox.hosts import Hosts
from tests.federation.outbox.said import follow
from tests.integration.processes import TownProcess
from tests.integration.served import found, until
from tests.ports import free_port

pytestmark = pytest.mark.slow

MANY = 240


def settle_in(session: Session, hosts: Hosts) -> None:
    """はなこ has a follower on each host."""
    found(session, "hanako")
    hanako = factories.local(session, "hanako")
    for number in range(hosts.number):
        host = hosts.inbox(number).host
        follow(session, factories.remote(session, f"f{number}", host, origin=f"http://{host}"), hanako)


async def test_a_post_on_its_way_to_hundreds_of_hosts_survives_kill_9(tmp_path: Path) -> None:
    town = TownProcess(tmp_path / "minato", "みなと", free_port())
    async with Hosts(MANY) as hosts:
        try:
            town.do(lambda session: settle_in(session, hosts))
            town.do(lambda session: factories.question(session, factories.local(session, "hanako")).id)
            (activity,) = town.rows("SELECT id FROM outbox_items WHERE type = 'Create'")[0]
            name = f"{town.origin}/activities/{activity}"
            await town.start()
            await until("some to have it", lambda: _true(hosts.tried.total() > MANY // 4))
            await town.kill()
            written = town.rows(
                "SELECT host FROM deliveries WHERE state = 'done' AND outbox_item_id = ?", activity
            )
            assert 0 < len([taken for taken in hosts.got.values() if name in taken]) < MANY  # in the middle
            await town.start()
            everybody = list(range(hosts.number))
            await hosts.until(name, everybody, patience=60)
            await until("all to be written down", lambda: _true(town.count("deliveries WHERE state != 'done'") == 0))
        finally:
            await town.close()
        for number in everybody:
            known = (hosts.inbox(number).host,) in written
            assert 1 <= hosts.got[number].count(name) <= (1 if known else 2)


async def _true(what: bool) -> bool:
    return what
