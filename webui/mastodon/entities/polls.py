"""Poll: with what the viewer voted (client-API reference §2)."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import town
from community.models import Poll, PollOption, PollVote
from community.storage.prepared import Prepared, among, param
from community.visibility import Viewer
from webui.mastodon.entities.times import iso_or_none

_poll, _option, _vote = (model.__table__.c for model in (Poll, PollOption, PollVote))


class Asked(NamedTuple):
    """What is shown of a poll."""

    post_id: int
    expires_at: int | None
    closed: bool
    multiple: bool
    hides_totals: bool
    votes_count: int
    voters_count: int | None


class Choice(Protocol):
    """A row of `poll_options`, or the columns of one that are shown."""

    @property
    def title(self) -> str: ...
    @property
    def votes_count(self) -> int: ...


class _Option(NamedTuple):
    title: str
    votes_count: int


_POLLS = Prepared(
    lambda dialect: select(*(_poll[name] for name in Asked._fields)).where(among(_poll.post_id, "ids", dialect))
)
_OPTIONS = Prepared(
    lambda dialect: select(_option.post_id, _option.title, _option.votes_count)
    .where(among(_option.post_id, "ids", dialect))
    .order_by(_option.post_id, _option.position)
)
_OWN = Prepared(
    lambda dialect: select(_vote.post_id, _vote.position)
    .where(among(_vote.post_id, "ids", dialect), _vote.account_id == param("me"))
    .order_by(_vote.position)
)


def many(session: Session, viewer: Viewer, post_ids: Sequence[int]) -> dict[int, bytes]:
    """The polls of posts, as JSON by the id of the post. Three queries; whether the viewer sees the post is not asked."""
    polls = [Asked._make(row) for row in _POLLS.rows(session, ids=post_ids)]
    options: defaultdict[int, list[_Option]] = defaultdict(list)
    for post_id, title, count in _OPTIONS.rows(session, ids=post_ids):
        options[post_id].append(_Option(title, count))
    votes: defaultdict[int, list[int]] = defaultdict(list)
    member = viewer.account_id is not None
    if member:
        for post_id, position in _OWN.rows(session, ids=post_ids, me=viewer.account_id):
            votes[post_id].append(position)
    now = town.now(session)
    return {
        poll.post_id: orjson.dumps(
            entity(poll, options[poll.post_id], now=now, own=votes[poll.post_id] if member else None)
        )
        for poll in polls
    }


def entity(poll: Poll | Asked, options: Sequence[Choice], *, now: int, own: list[int] | None) -> dict[str, Any]:
    """One poll; `own` are the places the viewer voted for, None for a stranger. Totals may wait for its end."""
    expired = bool(poll.closed) or (poll.expires_at is not None and poll.expires_at <= now)
    told = expired or not poll.hides_totals
    shown: dict[str, Any] = {
        "id": str(poll.post_id),
        "expires_at": iso_or_none(poll.expires_at),
        "expired": expired,
        "multiple": bool(poll.multiple),
        "votes_count": poll.votes_count,
        "voters_count": poll.voters_count,
        "options": [{"title": each.title, "votes_count": each.votes_count if told else None} for each in options],
        "emojis": [],
    }
    if own is not None:
        shown |= {"voted": bool(own), "own_votes": own}
    return shown
