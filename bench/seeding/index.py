"""The words by which everything is found (`community.lexicon`), for rows that wait to be written."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from bench.seeding.rows import Store, Table
from community.grams import folded, grams_of
from community.lexicon import ACCOUNTS, POSTS, TAGS, Lexicon
from community.models import Account, Model, Post, PostTag, Strength, Tag

Tables = Mapping[type[Model], Table]


class Index:
    """Writes the same rows as `community.search` does, many at once. What is noted is written after what it is of."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: list[tuple[Lexicon, list[tuple[int, str]]]] = []
        self._labels: dict[int, str] = {}

    def note_tags(self, tables: Tables) -> None:
        """Index new tags, and remember what they are called."""
        rows = list(_facts(tables[Tag], "id", "name", "label"))
        self._labels.update((row[0], row[2]) for row in rows)
        self._note(TAGS, [(row[0], row[1]) for row in rows])

    def note_accounts(self, tables: Tables) -> None:
        labels = defaultdict[int, list[str]](list)
        for account_id, label in _facts(tables[Strength], "account_id", "label"):
            labels[account_id].append(label)
        rows = _facts(tables[Account], "id", "name", "domain", "display_name")
        self._note(ACCOUNTS, [(row[0], "\n".join([*row[1:], *labels[row[0]]])) for row in rows])

    def note_posts(self, tables: Tables) -> None:
        labels = defaultdict[int, list[str]](list)
        for post_id, tag_id in _facts(tables[PostTag], "post_id", "tag_id"):
            labels[post_id].append(self._labels[tag_id])
        said = []
        for post_id, kind, title, *words in _facts(
            tables[Post], "id", "kind", "title", "summary", "body_text", "basis"
        ):
            if kind != "boost":
                tagged = labels[post_id] if kind == "question" else ()
                said.append((post_id, "\n".join([title or "", *words, *tagged])))
        self._note(POSTS, said)

    def write(self) -> None:
        for lexicon, rows in self._waiting:
            self._put(lexicon, rows)
        self._waiting.clear()

    def _note(self, lexicon: Lexicon, said: Iterable[tuple[int, str]]) -> None:
        self._waiting.append((lexicon, [(row_id, folded(words)) for row_id, words in said]))

    def _put(self, lexicon: Lexicon, rows: list[tuple[int, str]]) -> None:
        self._store.put(lexicon.rows.name, ["id", "words"], rows)
        if self._store.dialect == "sqlite":
            grams: list[tuple[int, Any]] = [(row_id, " ".join(grams_of(words))) for row_id, words in rows]
            self._store.put(lexicon.name, ["rowid", "grams"], grams)
            return
        # PostgreSQL looks for single characters by themselves, and needs no order.
        sets = [(row_id, sorted({*grams_of(words), *words.replace(" ", "")})) for row_id, words in rows]
        self._store.put(lexicon.name, ["id", "grams"], sets)


def _facts(table: Table, *names: str) -> Iterable[tuple[Any, ...]]:
    places = [table.places[name] for name in names]
    return (tuple(row[place] for place in places) for row in table.rows)
