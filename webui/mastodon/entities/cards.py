"""PreviewCard: what a linked page says of itself (client-API reference §2)."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from community.models import Card
from webui.mastodon.entities.times import iso_or_none


def many(session: Session, card_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The cards `card_ids` by their ids, save those of pages that said nothing, or were not asked yet. One query."""
    rows = session.scalars(select(Card).where(Card.id.in_(list(card_ids)), Card.title != ""))
    return {row.id: one(row) for row in rows}


def one(card: Card) -> dict[str, Any]:
    author = {"name": card.author_name, "url": "", "account": None}
    return {
        "url": card.url,
        "title": card.title,
        "description": card.description,
        "language": card.language,
        "type": card.kind,
        "author_name": card.author_name,
        "author_url": "",
        "provider_name": card.provider_name,
        "provider_url": "",
        "html": "",
        "width": card.width,
        "height": card.height,
        "image": card.image_url,
        "image_description": "",
        "embed_url": "",
        "blurhash": None,
        "published_at": iso_or_none(card.published_at),
        "authors": [author] if card.author_name else [],
    }
