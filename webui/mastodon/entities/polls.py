"""Poll: with what the viewer voted (client-API reference §2)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import town
from community.models import Poll, PollOption, PollVote
from community.visibility import Viewer
from webui.mastodon.entities.times import iso_or_none


def many(session: Session, viewer: Viewer, post_ids: Sequence[int]) -> dict[int, bytes]:
    """The polls of posts, as JSON by the id of the post. Three queries; whether the viewer sees the post is not asked."""
    polls = session.scalars(select(Poll).where(Poll.post_id.in_(post_ids))).all()
    options: defaultdict[int, list[PollOption]] = defaultdict(list)
    for option in session.scalars(
        select(PollOption).where(PollOption.post_id.in_(post_ids)).order_by(PollOption.post_id, PollOption.position)
    ):
        options[option.post_id].append(option)
    votes: defaultdict[int, list[int]] = defaultdict(list)
    if viewer.account_id is not None:
        own = select(PollVote.post_id, PollVote.position).where(
            PollVote.post_id.in_(post_ids), PollVote.account_id == viewer.account_id
        )
        for post_id, position in session.execute(own):
            votes[post_id].append(position)
    now = town.now(session)
    member = viewer.account_id is not None
    return {
        poll.post_id: orjson.dumps(
            entity(poll, options[poll.post_id], now=now, own=sorted(votes[poll.post_id]) if member else None)
        )
        for poll in polls
    }


def entity(poll: Poll, options: Sequence[PollOption], *, now: int, own: list[int] | None) -> dict[str, Any]:
    """One poll; `own` are the places the viewer voted for, None for a stranger. Totals may wait for its end."""
    expired = poll.closed or (poll.expires_at is not None and poll.expires_at <= now)
    told = expired or not poll.hides_totals
    shown: dict[str, Any] = {
        "id": str(poll.post_id),
        "expires_at": iso_or_none(poll.expires_at),
        "expired": expired,
        "multiple": poll.multiple,
        "votes_count": poll.votes_count,
        "voters_count": poll.voters_count,
        "options": [{"title": each.title, "votes_count": each.votes_count if told else None} for each in options],
        "emojis": [],
    }
    if own is not None:
        shown |= {"voted": bool(own), "own_votes": own}
    return shown
