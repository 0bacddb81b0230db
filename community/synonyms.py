"""Words of the trade that stand for each other: who searches for 有休 means 年休 as well."""

import json
import re
from functools import cache
from importlib import resources

from community.grams import folded

_WAYS_MOST = 8


def widened(word: str) -> dict[str, str]:
    """The folded `word` and what it may be called as well, each with the word of the table that made it (empty for
    `word` itself). What contains another of them is left out: a search for the shorter finds it too.
    """
    ways = {word: ""}
    pattern, groups = _table()
    met = pattern.search(word)
    if met is not None:
        for other, label in groups[met[0]].items():
            if other != met[0]:
                ways.setdefault(word[: met.start()] + other + word[met.end() :], label)
    kept = {way: label for way, label in ways.items() if not any(each in way for each in ways if each != way)}
    return dict(list(kept.items())[:_WAYS_MOST])


@cache
def _table() -> tuple[re.Pattern[str], dict[str, dict[str, str]]]:
    """What finds a word of the table in another word, the longest first, and each group by each of its words."""
    listed = json.loads(resources.files("community").joinpath("data/synonyms.json").read_text(encoding="utf-8"))
    groups: dict[str, dict[str, str]] = {}
    for labels in listed:
        group = {folded(label): label for label in labels}
        for word in group:
            groups[word] = group
    longest = sorted(groups, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest))), groups
