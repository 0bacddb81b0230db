"""CustomEmoji: a small picture that a :shortcode: stands for."""

from typing import Any

from community.models import CustomEmoji


def one(emoji: CustomEmoji) -> dict[str, Any]:
    """An emoji of this town, to be picked."""
    return {
        "shortcode": emoji.shortcode,
        "url": emoji.url,
        "static_url": emoji.static_url,
        "visible_in_picker": emoji.visible,
        "category": emoji.category,
    }
