"""What another server says it counts as followers here (FEP-8fcf), compared with what we count."""

from collections.abc import Mapping

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import follows
from community.models import LOCAL, Account, Follow
from federation import actors, errands, synchronisation
from federation.context import Federation
from federation.models import RemoteActor
from federation.signed import SignedRequest
from federation.synchronisation import HEADER, Claimed

EVERY_MS = 3_600_000
"""How often, at most, the list of one actor is asked for: whoever always counts otherwise costs one request an hour."""

_log = structlog.get_logger(__name__)


async def heed(ctx: Federation, headers: Mapping[str, str], signed: SignedRequest, actor_uri: str) -> None:
    """Have the followers of the actor compared with the list on its own host, if the header counts others than we do.

    It counts only if it stands once and under the signature, whose maker is the actor: else anybody on the way could
    have people unfollow. What is wrong with it harms nothing else.
    """
    header = headers.get(HEADER)
    if header is None or HEADER.lower() not in signed.covered:
        return
    claimed = synchronisation.read(header, actor_uri)
    if claimed is None:
        _log.info("a header about followers says nothing usable", actor=actor_uri)
        return
    now = ctx.town.clock()
    asked = ctx.synchronised.get(actor_uri)
    if asked is not None and now - asked < EVERY_MS:
        return
    if not await ctx.database.read(lambda session: _differs(session, actor_uri, claimed)):
        return
    ctx.synchronised.put(actor_uri, now)
    await ctx.database.write(
        lambda session: errands.enqueue(session, errands.FOLLOWERS, f"{claimed.url}#{actor_uri}")
    )


def _differs(session: Session, actor_uri: str, claimed: Claimed) -> bool:
    """Whether we count others as followers of the actor than its server does; False if it speaks of another collection."""
    actor = actors.by_uri(session, actor_uri)
    if actor is None or actor.deleted_at is not None:
        return False
    wire = session.get(RemoteActor, actor.id)
    if wire is None or wire.followers != claimed.collection:
        return False
    ours = select(Account.uri).join(Follow, Follow.follower_id == Account.id)
    counted = session.scalars(
        ours.where(
            Follow.followee_id == actor.id,
            Follow.state == follows.ACCEPTED,
            Account.domain == LOCAL,
            Account.deleted_at.is_(None),
        )
    )
    return synchronisation.digest(counted) != claimed.digest
