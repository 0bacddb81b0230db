"""Going through a collection of another server, whatever shape it has: everything at once (Lemmy), a first page inside
(Mastodon's replies), pages behind addresses (most). Only what its own host serves counts, and only so much of it.
"""

from collections.abc import AsyncIterator
from typing import Any

from federation.catching_up.trip import Trip
from federation.vocabulary.reading import Document, items, same_origin, uri


async def entries(trip: Trip, collection: object, owner: str) -> AsyncIterator[Any]:
    """The entries of `collection`, an address or the thing itself, in its order; as raw as they come.

    Pages are on the host of `owner`, the id of the post or actor whose collection it is: others are not asked for. Each
    page once, within the budget of `trip`.
    """
    page = await _opened(trip, collection, owner, page=False)
    while page is not None:
        for entry in _listed(page):
            if not trip.take_item():
                return
            yield entry
        following = page.get("first") if "first" in page else page.get("next")
        page = await _opened(trip, following, owner, page=True)


async def _opened(trip: Trip, value: object, owner: str, *, page: bool) -> Document | None:
    """The collection or page `value`: as it stands inside something, or fetched."""
    if isinstance(value, dict) and (_listed(value) or "first" in value or "next" in value):
        return value
    address = uri(value)
    if address is None or not same_origin(address, owner):
        return None
    return await trip.collection(address, page=page)


def _listed(page: Document) -> list[Any]:
    return items(page.get("orderedItems")) or items(page.get("items"))
