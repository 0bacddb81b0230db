"""Clearing the store: what was taken back, replaced, or uploaded and never used, goes from it within a moment."""

import asyncio

from community import media
from community.db import Database
from webui.media.store import MediaStore

PAUSE = 5.0
"""Seconds between looks; a look reads the few rows that no post shows."""


async def run(database: Database, store: MediaStore) -> None:
    """Clear the store, for ever."""
    while True:
        while await sweep(database, store):
            pass
        await asyncio.sleep(PAUSE)


async def sweep(database: Database, store: MediaStore) -> int:
    """Remove the files of some of what is forgotten, then the rows; how many rows. Killed in between, it begins again."""
    if not await database.read(lambda session: media.forgotten(session, limit=1)):
        return 0
    doomed = await database.write(media.condemn)
    await store.remove(key for row in doomed for key in (row.file, row.preview))
    await database.write(lambda session: media.remove(session, [row.id for row in doomed]))
    return len(doomed)
