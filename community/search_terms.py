"""What somebody typed into さがす, understood: words, phrases, words not wanted, and the operators that narrow it.

    有休 付与 "月の途中" -パート from:@harukaze has:media is:reply before:2026-04-01 after:2026-01-01 language:ja

Everything may be typed as Japanese keyboards write it. What is no operator is a word; nothing that is typed is an error.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from community.grams import QUERY_MOST, folded_word
from community.lexicon import Term
from community.synonyms import widened

TERMS_MOST = 8
_JAPAN = timedelta(hours=9)  # days begin as the towns' clock shows them
_DAY_MS = 86_400_000
_PART = re.compile(r'(-?)(?:"([^"]*)"?|([a-z]+):"?([^\s"]+)"?|(\S+))', re.IGNORECASE)
_HAS = frozenset({"media", "image", "video", "audio", "poll", "link"})
_IS = frozenset({"reply", "question", "answer", "flag", "solved", "sensitive", "local"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """`narrowed` are facts a post must have, each with whether it must not; moments are ms, the first included, the
    second not. `also` names what was looked for besides what was typed.
    """

    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    author: str | None = None  # a handle without @, or "me"
    narrowed: tuple[tuple[str, bool], ...] = ()
    after: int | None = None
    before: int | None = None
    language: str | None = None
    also: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything by which posts can be found; what only narrows is not enough."""
        return bool(self.terms) or self.author is not None


def read(typed: str) -> Wanted:
    """What is wanted by `typed`. Never raises; beyond QUERY_MOST characters and TERMS_MOST words it is cut off."""
    terms: dict[Term, None] = {}
    without: dict[Term, None] = {}
    also: dict[str, None] = {}
    facts = _Facts()
    for minus, phrase, operator, value, word in _PART.findall(unicodedata.normalize("NFKC", typed)[:QUERY_MOST]):
        unwanted = minus == "-"
        if operator and facts.take(operator.lower(), value.lower(), unwanted=unwanted):
            continue
        text = phrase or word or f"{operator} {value}"
        ways = _ways(text, exactly=bool(phrase) or unwanted)
        if ways:
            (without if unwanted else terms)[tuple(ways)] = None
            also.update(dict.fromkeys(label for label in ways.values() if label))
    return Wanted(
        terms=tuple(terms)[:TERMS_MOST],
        without=tuple(without)[:TERMS_MOST],
        author=facts.named.get("from"),
        narrowed=tuple(facts.narrowed),
        after=facts.bounds.get("after"),
        before=facts.bounds.get("before"),
        language=facts.named.get("language"),
        also=tuple(also),
    )


def words(typed: str) -> tuple[Term, ...]:
    """The words of `typed` alone, each as it is: for the names of people and tags."""
    runs = folded_word(unicodedata.normalize("NFKC", typed)[:QUERY_MOST]).split()
    return tuple(dict.fromkeys((run,) for run in runs))[:TERMS_MOST]


def _ways(text: str, *, exactly: bool) -> dict[str, str]:
    """The folded text and what stands for it, each with the label by which people are told."""
    word = folded_word(text)
    if not word:
        return {}
    return {word: ""} if exactly or " " in word else widened(word)


class _Facts:
    """What the operators said so far."""

    def __init__(self) -> None:
        self.narrowed: dict[tuple[str, bool], None] = {}
        self.named: dict[str, str] = {}
        self.bounds: dict[str, int] = {}

    def take(self, name: str, value: str, *, unwanted: bool) -> bool:
        """Take `name:value` as an operator; False if it is none, and so just words."""
        if (name == "has" and value in _HAS) or (name == "is" and value in _IS):
            self.narrowed[f"{name}:{value}", unwanted] = None
            return True
        if unwanted:
            return False
        if name in ("from", "language"):
            self.named[name] = value.removeprefix("@")
            return True
        day = _day(value) if name in ("before", "after", "during") else None
        if day is None:
            return False
        if name != "before":
            self.bounds["after"] = day + (_DAY_MS if name == "after" else 0)
        if name != "after":
            self.bounds["before"] = day + (_DAY_MS if name == "during" else 0)
        return True


def _day(text: str) -> int | None:
    """The moment (ms) at which a day begins, of YYYY-MM-DD or YYYY/M/D."""
    try:
        year, month, day = (int(part) for part in re.split(r"[-/]", text))
        begins = datetime(year, month, day, tzinfo=UTC) - _JAPAN
        return int(begins.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
