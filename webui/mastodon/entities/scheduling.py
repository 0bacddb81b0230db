"""ScheduledStatus: what will be posted later (client-API reference §2)."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import scheduled, town
from community.models import Media, ScheduledPost
from webui.mastodon.entities import media
from webui.mastodon.entities.texts import VISIBILITIES
from webui.mastodon.entities.times import iso


def one(session: Session, row: ScheduledPost) -> orjson.Fragment:
    return many(session, [row])[0]


def many(session: Session, rows: Sequence[ScheduledPost]) -> list[orjson.Fragment]:
    """Scheduled posts in this order. One query, for their pictures."""
    ids = [row.id for row in rows]
    kept = session.scalars(select(Media).where(Media.scheduled_id.in_(ids))).all() if ids else []
    pictures = {each.id: media.one(each, town.of(session)) for each in kept}
    return [orjson.Fragment(orjson.dumps(_entity(row, pictures))) for row in rows]


def _entity(row: ScheduledPost, pictures: dict[int, dict[str, Any]]) -> dict[str, Any]:
    draft = scheduled.draft_of(row)
    return {
        "id": str(row.id),
        "scheduled_at": iso(row.scheduled_at),
        "media_attachments": [pictures[each] for each in draft.media_ids if each in pictures],
        "params": {
            "text": draft.text,
            "media_ids": [str(each) for each in draft.media_ids] or None,
            "sensitive": draft.sensitive,
            "spoiler_text": draft.summary or None,
            "visibility": VISIBILITIES[draft.visibility] if draft.visibility is not None else None,
            "language": draft.language,
            "scheduled_at": None,
            "poll": None if draft.poll is None else {
                "options": list(draft.poll.options),
                "expires_in": draft.poll.expires_in,
                "multiple": draft.poll.multiple,
                "hide_totals": draft.poll.hides_totals,
            },
            "idempotency": None,
            "with_rate_limit": False,
            "in_reply_to_id": draft.in_reply_to_id,
            "application_id": 0,
            "allowed_mentions": None,
            "quoted_status_id": None if draft.quoted_id is None else str(draft.quoted_id),
            "quote_approval_policy": draft.quote_policy,
        },
    }  # fmt: skip
