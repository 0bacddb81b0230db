"""What goes on behind the pages."""

import asyncio

from community.keyfiles import EPOCH_MS
from community.town import Town
from webui import workers


async def test_keys_of_hidden_name_tags_end_although_nobody_asks(town: Town) -> None:
    now = town.clock()
    epoch = town.keys.ensure_epoch(now - 3 * EPOCH_MS)
    task = asyncio.create_task(workers.destroy_keys(town))
    async with asyncio.timeout(5):
        while town.keys.anonymity_key(epoch) is not None:
            await asyncio.sleep(0)
    task.cancel()
