"""Posts of ours that everybody may see, as documents that are made once for all who ask.

As with actors (`local_actors`), the facts are read each time, in one statement that is also the door: what is not
visible to everybody, or not any more, has none here. What those facts do not tell (how often boards passed a post on,
how somebody who is named in it is called now) is behind by a minute at most.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from community.models import Post
from community.storage.prepared import Prepared, param
from community.visibility import PUBLIC, visible_to
from federation import documents
from federation.context import Federation
from federation.documents import NOBODY
from federation.negotiation import BY_SIGNATURE, Ready, ready_document

KEPT_MS = 60_000
"""How long a document is given at most, whatever its facts say."""

_ = Post.__table__.c
_FACTS = Prepared(
    lambda _dialect: select(
        _.id, _.edited_at, _.touched, _.solved_at, _.accepted_answer_id, _.visibility, _.replies_count, _.boosts_count,
        _.likes_count, _.thanks_count, _.quote_state, _.quote_policy, _.quote_authorization,
    ).where(_.id == param("post"), _.local.is_(True), _.kind != "boost", visible_to(PUBLIC))
)  # fmt: skip


async def document(ctx: Federation, post_id: int) -> Ready | None:
    """The Note of a post that everybody may see; None for every other number, whose answer depends on who asks."""
    facts = await ctx.database.glance(lambda session: _facts(session, post_id))
    if facts is None:
        return None
    now = ctx.town.clock()
    kept: tuple[int, Ready] | None = ctx.at_hand.get(("post", post_id), facts)
    if kept is not None and 0 <= now - kept[0] < KEPT_MS:
        return kept[1]
    told = await ctx.database.read(lambda session: documents.post(session, post_id, NOBODY))
    if told is None or told.status != 200:  # taken back this very moment
        return None
    ready = ready_document(told.document, vary=BY_SIGNATURE)
    ctx.at_hand.put(("post", post_id), facts, (now, ready))
    return ready


def _facts(session: Session, post_id: int) -> tuple[Any, ...] | None:
    rows = _FACTS.rows(session, post=post_id)
    return rows[0] if rows else None
