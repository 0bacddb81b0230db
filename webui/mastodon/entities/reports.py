"""Report: a 通報 as its reporter is shown it, and moderators in a notice (client-API reference §2)."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from community import veils
from community.models import Report
from community.visibility import Viewer
from webui.mastodon.entities import accounts
from webui.mastodon.entities.times import iso, iso_or_none

Entity = dict[str, Any]


def many(session: Session, viewer: Viewer, rows: Sequence[Report]) -> list[Entity]:
    """The reports in this order, about whom `viewer` knows them to be: だれかさん for who is veiled. Those about
    somebody who is gone are left out. Which of the named posts are theirs is not said of who is veiled: it would tell
    the posts of one だれかさん from those of another.
    """
    people = accounts.by_id(session, viewer, {row.target_id for row in rows})
    veiled = veils.among_these(session, viewer, {row.target_id for row in rows})
    for hidden in veiled:
        people[hidden] = accounts.author(session, viewer, hidden)
    return [
        facts(row) | {"target_account": people[row.target_id]} | ({"status_ids": None} if row.target_id in veiled else {})
        for row in rows
        if row.target_id in people
    ]


def facts(row: Report) -> Entity:
    """What a report says of itself; who asked for it is not among it."""
    return {
        "id": str(row.id),
        "action_taken": row.action_taken_at is not None,
        "action_taken_at": iso_or_none(row.action_taken_at),
        "category": row.category,
        "comment": row.comment,
        "forwarded": row.forwarded,
        "created_at": iso(row.created_at),
        "status_ids": [str(each) for each in row.post_ids],
        "rule_ids": [str(each) for each in row.rule_ids],
        "collection_ids": [],
    }
