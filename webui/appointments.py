"""What has its time: posts that were to be posted later, polls that end, counts of polls and flags that are to be told."""

import asyncio
import logging

from community import joins, polls, scheduled
from community.db import Database
from community.errors import CommunityError

log = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds between looks; a look reads three indexed rows."""


async def run(database: Database) -> None:
    """Keep every appointment, for ever."""
    while True:
        await keep(database)
        await asyncio.sleep(PAUSE)


async def keep(database: Database) -> None:
    """Do everything whose time has come."""
    while (due := await database.read(scheduled.next_due)) is not None:
        await _publish(database, due)
    if await database.read(polls.is_anything_due):
        await database.write(lambda session: (polls.close_due(session), polls.tell_counts(session)))
    if await database.read(joins.is_anything_due):
        await database.write(joins.tell_counts)


async def _publish(database: Database, scheduled_id: int) -> None:
    try:
        await database.write(lambda session: scheduled.publish(session, scheduled_id))
    except CommunityError as error:
        log.info("a scheduled post could not be posted: %s", error.message)
        await database.write(lambda session: scheduled.put_off(session, scheduled_id))
