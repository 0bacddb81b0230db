"""Conversation (client-API reference §2)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from community import conversations
from community.models import Conversation
from community.visibility import Viewer
from webui.mastodon.entities import accounts, statuses


def many(session: Session, viewer: Viewer, rows: Sequence[Conversation]) -> list[dict[str, Any]]:
    """The conversations in their order, with the others who are in them; a last post that is hidden by now is null."""
    others = {row.id: conversations.people(row) for row in rows}
    people = accounts.by_id(session, viewer, {each for ids in others.values() for each in ids})
    posts = statuses.by_id(session, viewer, [row.last_post_id for row in rows], context="thread")
    return [
        {
            "id": str(row.id),
            "unread": row.unread,
            "accounts": [people[each] for each in others[row.id] if each in people],
            "last_status": posts.get(row.last_post_id),
        }
        for row in rows
    ]
