"""Our own actors as the wire finds them, by name: the facts in one statement, what is said of them from memory.

A document is made once and kept with the facts that it was made of. Whoever asks reads those facts anyway, to learn
whether the account is there at all; so nothing has to be told to forget, and every process is right at any time.
Whatever an actor document shows of an account has to change one of these facts: most of it moves `accounts.updated_at`.
"""

from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import text
from community.models import LOCAL, Account, Member
from community.storage.prepared import Prepared, text_param
from federation import discovery, documents
from federation.context import Federation
from federation.models import ActorKey
from federation.negotiation import BY_SIGNATURE, Ready, ready_document, ready_json

_DOCUMENT_MAX_AGE = 180  # seconds
_JRD_MAX_AGE = 3600  # handles never move

_account, _member, _key = Account.__table__.c, Member.__table__.c, ActorKey.__table__.c


class Facts(NamedTuple):
    """One account of this town: what decides whether it is there, and what tells whether a kept document still holds."""

    id: int
    kind: str
    deleted_at: int | None
    suspended_at: int | None
    state: str | None  # of a member
    key_made_at: int | None
    more: tuple[Any, ...]

    @property
    def has_keys(self) -> bool:
        """Whether both pairs of keys were made; a town of an earlier version has the first one alone."""
        return self.key_made_at is not None and self.more[-1] is not None


_FACTS = Prepared(
    lambda _dialect: select(
        _account.id, _account.kind, _account.deleted_at, _account.suspended_at, _member.state, _key.created_at,
        _account.updated_at, _account.moved_to_uri, _account.moved_at, _account.also_known_as,
        _key.rotated_at, _key.proof_multikey,
    )
    .select_from(
        Account.__table__.outerjoin(Member.__table__, _member.account_id == _account.id)
        .outerjoin(ActorKey.__table__, _key.account_id == _account.id)
    )
    .where(_account.domain == LOCAL, _account.name == text_param("name"))
)  # fmt: skip


def facts(session: Session, name: str, kinds: tuple[str, ...]) -> Facts | None:
    """The facts of our account `name` if it is one of `kinds`, gone ones included; upper and lower case are the same.

    None also for whoever waits to be let in, and for who was sent away: they are not there.
    """
    for row in _FACTS.rows(session, name=text.storable(name).lower()):
        if row[1] in kinds and row[3] is None and row[4] != "pending":
            return Facts._make((*row[:6], row[6:]))
    return None


async def document(ctx: Federation, found: Facts) -> Ready:
    """The actor document, or the Tombstone of one that left (410).

    Caches in between may keep it for a while, unless it is for signers alone.
    """
    ready: Ready | None = ctx.at_hand.get(("actor", found.id), found)
    if ready is None:
        told = await ctx.database.read(lambda session: documents.actor(session, found.id))
        for_signers = ctx.town.settings.federation.authorized_fetch and found.kind not in discovery.INSTANCE
        caching = {"vary": BY_SIGNATURE} if for_signers else {"max_age": _DOCUMENT_MAX_AGE}
        ready = ready_document(told.document, status=told.status, **caching)
        ctx.at_hand.put(("actor", found.id), found, ready)
    return ready


async def jrd(ctx: Federation, found: Facts) -> Ready:
    """What WebFinger says of an account that has not left."""
    unchanging = (found.id, found.kind)
    ready: Ready | None = ctx.at_hand.get(("jrd", found.id), unchanging)
    if ready is None:
        told = await ctx.database.read(
            lambda session: discovery.jrd(session, session.get_one(Account, found.id))
        )
        ready = ready_json(told, "application/jrd+json", {"Cache-Control": f"public, max-age={_JRD_MAX_AGE}"})
        ctx.at_hand.put(("jrd", found.id), unchanging, ready)
    return ready
