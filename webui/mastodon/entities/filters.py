"""Filter, its keywords and posts, and the filter as v1 knew it (client-API reference §2).

What a filter did to a status (FilterResult) comes from `community.filter_matching`.
"""

from typing import Any

from community.filters import Full
from community.models import Filter, FilterKeyword, FilterStatus
from webui.mastodon.entities.times import iso_or_none

Entity = dict[str, Any]


def full(it: Full) -> Entity:
    """Filter (v2)."""
    return {
        "id": str(it.filter.id),
        "title": it.filter.title,
        "context": list(it.filter.contexts),
        "expires_at": iso_or_none(it.filter.expires_at),
        "filter_action": it.filter.action,
        "keywords": [keyword(each) for each in it.words],
        "statuses": [status(each) for each in it.posts],
    }


def keyword(it: FilterKeyword) -> Entity:
    """FilterKeyword."""
    return {"id": str(it.id), "keyword": it.keyword, "whole_word": it.whole_word}


def status(it: FilterStatus) -> Entity:
    """FilterStatus."""
    return {"id": str(it.id), "status_id": str(it.post_id)}


def old(row: Filter, word: FilterKeyword) -> Entity:
    """The filter as v1 knew it: one for each word, under the word's id."""
    return {
        "id": str(word.id),
        "phrase": word.keyword,
        "context": list(row.contexts),
        "expires_at": iso_or_none(row.expires_at),
        "irreversible": row.action == "hide",
        "whole_word": word.whole_word,
    }
