"""The twenty categories that all towns share, with their starter tags: `data/taxonomy.json`.

The slug federates; what a category is called on screen may differ from town to town.
"""

import json
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Category:
    slug: str  # also the handle of its board
    name: str
    name_en: str
    description: str
    notice: str  # the one line about the limits of advice, or empty
    notice_en: str
    tags: tuple[str, ...]


def _read() -> tuple[Category, ...]:
    text = resources.files("community").joinpath("data/taxonomy.json").read_text(encoding="utf-8")
    return tuple(Category(**{**entry, "tags": tuple(entry["tags"])}) for entry in json.loads(text))


CATEGORIES: tuple[Category, ...] = _read()
BY_SLUG: dict[str, Category] = {category.slug: category for category in CATEGORIES}
TOPICS: tuple[str, ...] = tuple(dict.fromkeys(tag for category in CATEGORIES for tag in category.tags))
"""Every starter tag once, in the order of the categories: what 得意技 and tags are offered from."""
