"""What a town has said, for tests: every outbox item as a document with the inboxes it goes to."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import follows
from community.models import Account
from federation.models import Delivery, OutboxItem, RemoteHost


class Bell:
    """Stands for the worker that a commit wakes, and counts."""

    def __init__(self) -> None:
        self.rung = 0

    def wake_delivery(self) -> None:
        self.rung += 1


@dataclass(frozen=True)
class Said:
    """One activity: its JSON, where it goes, whether the outbox lists it."""

    document: dict[str, Any]
    inboxes: list[str]
    public: bool
    states: list[str] = field(default_factory=list)

    @property
    def type(self) -> str:
        kind: str = self.document["type"]
        inner = self.document["object"]
        return (
            f"{kind}{{{inner['type']}}}" if kind in ("Announce", "Undo") and isinstance(inner, dict) else kind
        )

    @property
    def by(self) -> str:
        return str(self.document["actor"]).rpartition("/")[2]


def everything(session: Session, *types: str) -> list[Said]:
    """All that was said, in order; only `types` (as `Announce{Create}`), if some are named."""
    found = []
    for item in session.scalars(select(OutboxItem).order_by(OutboxItem.id)):
        rows = session.scalars(
            select(Delivery).where(Delivery.outbox_item_id == item.id).order_by(Delivery.id)
        ).all()
        document = orjson.loads(item.body) if item.body else {"type": f"emptied {item.type}", "object": ""}
        found.append(
            Said(document, sorted(row.inbox for row in rows), item.public, [row.state for row in rows])
        )
    return [said for said in found if not types or said.type in types]


def follow(session: Session, follower: Account, followee: Account) -> None:
    uri = None if follower.local else f"{follower.uri}/follows/{followee.id}"
    follows.request(session, follower=follower, followee=followee, uri=uri)


def software(session: Session, host: str, name: str) -> None:
    """What the NodeInfo of `host` said."""
    session.add(RemoteHost(host=host, software=name, asked_at=0))
    session.flush()
