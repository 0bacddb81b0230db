"""Announcement: まちからのお知らせ with the reactions of members (client-API reference §2)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from community import announcements, emojis
from community.announcements import Reaction
from community.models import Announcement
from community.visibility import Viewer
from webui.mastodon.entities import emojis as emoji_entities
from webui.mastodon.entities.times import iso, iso_or_none

Entity = dict[str, Any]


def many(session: Session, viewer: Viewer, rows: Sequence[Announcement]) -> list[Entity]:
    """The announcements in this order, in a fixed number of queries; for a member with what they read and set."""
    ids = [row.id for row in rows]
    if not ids:
        return []
    me = viewer.account_id
    set_by_members = announcements.reactions(session, me, ids)
    read = announcements.dismissed(session, me, ids) if me is not None else set()
    own = {each.shortcode: each for each in emojis.of_town(session)}
    found = []
    for row in rows:
        entity = _entity(row, [reaction(each, member=me is not None) for each in set_by_members[row.id]])
        entity["emojis"] = [
            emoji_entities.one(each) for shortcode, each in own.items() if f":{shortcode}:" in row.source
        ]
        found.append(entity if me is None else entity | {"read": row.id in read})
    return found


def reaction(it: Reaction, *, member: bool) -> Entity:
    """One reaction; a custom one with its picture."""
    entity: Entity = {"name": it.name, "count": it.count}
    if member:
        entity["me"] = it.mine
    if it.custom is not None:
        entity |= {"url": it.custom.url, "static_url": it.custom.static_url}
    return entity


def _entity(row: Announcement, reactions: list[Entity]) -> Entity:
    return {
        "id": str(row.id),
        "content": row.html,
        "starts_at": iso_or_none(row.starts_at),
        "ends_at": iso_or_none(row.ends_at),
        "all_day": row.all_day,
        "published_at": iso(row.published_at),
        "updated_at": iso(row.updated_at),
        "mentions": [],
        "statuses": [],
        "tags": [],
        "emojis": [],
        "reactions": reactions,
    }
