"""One run of an errand and its budget: however much others list, nest or point elsewhere, it ends (federation
reference §3, Amplification; Collections).
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from community import town, towns
from federation import resolver
from federation.context import Federation
from federation.http import PermanentFailure, Refused, TemporaryFailure
from federation.keys import instance_key
from federation.resolver import Dereferenced
from federation.vocabulary.reading import Document, authority, same_origin, type_of

FETCHES_MOST = 20
"""How many requests one run of an errand may make, whatever it is about."""

ITEMS_MOST = 50
"""How many entries of collections one run looks at."""

PAGES_MOST = 3
"""How many pages of collections one run fetches."""

ELSEWHERE_MOST = 5
"""How many of the requests may go to one host that is not the errand's own: a list of addresses is no weapon."""

_GONE, _NOT_FOUND = 410, 404
_COLLECTIONS = frozenset({"Collection", "OrderedCollection", "CollectionPage", "OrderedCollectionPage"})


class Spent(Exception):
    """The budget of this run is used up; what is left may be had by another run."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a host says of one of its ids: a `document`, that it is `gone` for good (410), or not there (404)."""

    document: Document | None = None
    gone: bool = False
    absent: bool = False


class Trip:
    """What one run may still do. `host` is the errand's own (host[:port]); `brought` counts the posts it stored."""

    def __init__(self, ctx: Federation, host: str) -> None:
        self.ctx = ctx
        self.host = host
        self.brought = 0
        self.missed_something = False  # an address was left out for want of budget
        self._fetches = FETCHES_MOST
        self._items = ITEMS_MOST
        self._pages = PAGES_MOST
        self._elsewhere: dict[str, int] = {}
        self._visited: set[str] = set()

    async def fetch(self, uris: list[str]) -> Dereferenced:
        """The documents at `uris`, as `resolver.dereference` gives them, as far as the budget goes; never one twice.

        Raises TemporaryFailure when the errand's own host is in trouble.
        """
        found = Dereferenced()
        for address in uris:
            if self._may_ask(address):
                got = await resolver.dereference(self.ctx, [address])
                found.documents.update(got.documents)
                found.buried.update(got.buried)
                found.later.update(got.later)
                if got.later and authority(address) == self.host:
                    raise TemporaryFailure(f"{address} cannot be had now")
        return found

    async def document(self, uri: str) -> Document | None:
        """The document whose id is `uri`, or None. Raises Spent, and TemporaryFailure as `fetch` does."""
        self.check()
        return (await self.fetch([uri])).documents.get(uri)

    async def ask(self, uri: str) -> Told:
        """What the host of `uri` says of it now, whatever it said a moment ago. Raises TemporaryFailure."""
        if not await self._is_allowed(uri):
            return Told()
        self._visited.add(uri)
        self._fetches -= 1
        try:
            document = await self.ctx.http.get_object(uri, signer=await instance_key(self.ctx))
        except PermanentFailure as failure:
            return Told(gone=failure.status == _GONE, absent=failure.status == _NOT_FOUND)
        except Refused:
            return Told()
        if document.get("id") != uri:
            return Told()
        if type_of(document) == "Tombstone":
            return Told(gone=True)
        return Told(document if resolver.speaks_for_itself(document) else None)

    async def collection(self, address: str, *, page: bool) -> Document | None:
        """The collection, or the `page` of one, at `address`, as its own host serves it; None if there is none to be
        had, or none within the budget.
        """
        if (page and self._pages <= 0) or not await self._is_allowed(address) or not self._may_ask(address):
            return None
        self._pages -= page
        try:
            found = await self.ctx.http.get_json(address, signer=await instance_key(self.ctx))
        except (PermanentFailure, Refused):
            self.ctx.in_vain.note(address, self.ctx.town.clock())
            return None
        return found.body if same_origin(found.url, address) and type_of(found.body) in _COLLECTIONS else None

    def take_item(self) -> bool:
        """Count one more entry of a collection; False when no more are looked at."""
        self._items -= 1
        return self._items >= 0

    def check(self) -> None:
        """Raise Spent when no request is left."""
        if self._fetches <= 0:
            self.missed_something = True
            raise Spent

    def _may_ask(self, address: str) -> bool:
        """Whether `address` may be asked for now; counts it."""
        host = authority(address)
        if (
            host is None
            or address in self._visited
            or self.ctx.in_vain.is_known(address, self.ctx.town.clock())
        ):
            return False
        if self._fetches <= 0 or (host != self.host and self._elsewhere.get(host, 0) >= ELSEWHERE_MOST):
            self.missed_something = True
            return False
        self._visited.add(address)
        self._fetches -= 1
        if host != self.host:
            self._elsewhere[host] = self._elsewhere.get(host, 0) + 1
        return True

    async def _is_allowed(self, address: str) -> bool:
        host = authority(address)

        def unit(session: Session) -> bool:
            ours: Any = town.of(session).uris
            return host is not None and not ours.is_local(address) and not towns.is_refused(session, host)

        return await self.ctx.database.read(unit)
