"""For tests that look at what a town does aside, when an answer has long been given."""

import asyncio

from federation.context import Federation


async def settled(ctx: Federation) -> None:
    """Wait until everything that is done aside is done, also what was begun meanwhile."""
    while ctx._aside:
        await asyncio.wait(ctx._aside)
        await asyncio.sleep(0)  # what is done leaves in the next turn of the loop
