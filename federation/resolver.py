"""Documents of other servers, fetched by the instance actor and believed only as far as their origin goes (§3).

What comes back was served by the host of its own `id`, and speaks for nobody of another host.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from community import town, towns
from federation import keys
from federation.context import Federation
from federation.http import PermanentFailure, Refused, TemporaryFailure
from federation.vocabulary.notes import is_note
from federation.vocabulary.parse import is_actor
from federation.vocabulary.reading import Document, authority, same_origin, uri

_GONE = 410  # 404 is also what a server says of a post that is not for us
_AT_ONCE = 5


@dataclass(frozen=True, slots=True)
class Dereferenced:
    """What came of some addresses. One that is in no field is not to be had, or not to be believed.

    `documents` by the address asked for; `buried`: its host says that it is gone for good; `later`: no answer this
    time.
    """

    documents: dict[str, Document] = field(default_factory=dict)
    buried: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)


async def gather(ctx: Federation, uris: Iterable[str]) -> dict[str, Document]:
    """The documents at `uris` as far as they can be had now, by the address asked for."""
    return (await dereference(ctx, uris)).documents


async def dereference(ctx: Federation, uris: Iterable[str]) -> Dereferenced:
    """Fetch `uris`, a few at a time, signed by the instance actor. Never raises over what a server answers.

    Addresses of this town and of hosts that it refuses are not asked for.
    """
    asked = list(dict.fromkeys(uris))
    found = Dereferenced()
    allowed = await ctx.database.read(lambda session: _allowed(session, asked))
    if not allowed:
        return found
    signer = await keys.instance_key(ctx)
    places = asyncio.Semaphore(_AT_ONCE)
    now = ctx.town.clock()

    async def fetch(address: str) -> None:
        async with places:
            try:
                document = await ctx.http.get_object(address, signer=signer)
            except TemporaryFailure:
                found.later.add(address)
            except PermanentFailure as failure:
                if failure.status == _GONE:
                    found.buried.add(address)
                else:
                    ctx.in_vain.note(address, now)
            except Refused:
                ctx.in_vain.note(address, now)
            else:
                if speaks_for_itself(document):
                    found.documents[address] = document
                else:
                    ctx.in_vain.note(address, now)

    async with asyncio.TaskGroup() as group:
        for address in allowed:
            if not ctx.in_vain.is_known(address, now):
                group.create_task(fetch(address))
    await _leave_out_refused(ctx, found)
    return found


async def _leave_out_refused(ctx: Federation, found: Dereferenced) -> None:
    """A redirect may have led to a host that was not asked about: what that one serves counts as little as elsewhere."""
    told = {address: str(document["id"]) for address, document in found.documents.items()}
    moved = {address: each for address, each in told.items() if not same_origin(address, each)}
    if moved:
        welcome = await ctx.database.read(lambda session: _allowed(session, list(moved.values())))
        for address in (address for address, each in moved.items() if each not in welcome):
            del found.documents[address]


def _allowed(session: Session, uris: list[str]) -> list[str]:
    ours = town.of(session).uris
    return [
        each
        for each in uris
        if (host := authority(each)) is not None and not ours.is_local(each) and not towns.is_refused(session, host)
    ]


def speaks_for_itself(document: Document) -> bool:
    """Whether author or actor live where the document does. (A Group's `attributedTo` names its moderators.)"""
    if is_actor(document):
        return True
    responsible = document.get("attributedTo") if is_note(document) else None
    responsible = document.get("actor") if responsible is None else responsible
    return responsible is None or same_origin(uri(responsible), uri(document.get("id")))
