"""Tag with its last seven days, and FeaturedTag (client-API reference §2)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from community import tag_follows, text, town
from community.models import Tag
from community.tag_follows import Day, Used
from community.visibility import Viewer
from webui.mastodon.entities.times import day

Entity = dict[str, Any]


def many(session: Session, viewer: Viewer, tags: Sequence[Tag]) -> list[Entity]:
    """The tags in this order. One query, three for a member."""
    ids = [tag.id for tag in tags]
    if not ids:
        return []
    history = tag_follows.history(session, ids)
    me = viewer.account_id
    followed = tag_follows.followed_among(session, me, ids) if me is not None else set()
    featured = tag_follows.featured_among(session, me, ids) if me is not None else set()
    found = []
    for tag in tags:
        entity = _entity(session, str(tag.id), tag.label, tag.name, history[tag.id])
        if me is not None:
            entity |= {"following": tag.id in followed, "featuring": tag.id in featured}
        found.append(entity)
    return found


def one(session: Session, viewer: Viewer, tag: Tag) -> Entity:
    return many(session, viewer, [tag])[0]


def unknown(session: Session, viewer: Viewer, typed: str) -> Entity:
    """A tag that nobody used yet: known all the same, and empty."""
    label = text.line(typed).removeprefix("#")
    entity = _entity(session, "0", label, text.fold(label), tag_follows.empty_history(session))
    return entity if viewer.account_id is None else entity | {"following": False, "featuring": False}


def featured(session: Session, used: Used) -> Entity:
    """A tag that somebody shows on their profile, with their own use of it."""
    return {
        "id": str(used.row.id),
        "name": used.tag.label,
        "url": town.of(session).uris.tag(used.tag.name),
        "statuses_count": str(used.posts),
        "last_status_at": day(used.last_at),
    }


def _entity(session: Session, tag_id: str, label: str, name: str, history: Sequence[Day]) -> Entity:
    return {
        "id": tag_id,
        "name": label,
        "url": town.of(session).uris.tag(name),
        "history": [
            {"day": str(each.start // 1000), "accounts": str(each.people), "uses": str(each.posts)}
            for each in history
        ],
    }
