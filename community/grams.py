"""Words of Japanese, which sets no spaces between them, as a search finds them: by pairs of neighbouring characters.

`folded` brings a text to the one form in which it is kept and compared: NFKC, lower case, katakana as hiragana,
everything that is no letter or digit a gap. `grams` are its pairs; the last character of each run of letters stands for
itself, so that a single character can be found too. A text has a word exactly where the pairs of the word follow each
other in the pairs of the text.
"""

import re
import unicodedata

KEPT_MOST = 20_000
"""Characters of one text that can be found; nobody writes more here, and strangers' books are not searched whole."""

QUERY_MOST = 200
_RUNS = re.compile(r"[^\W_]+")
_KATAKANA = {code: code - 0x60 for code in range(0x30A1, 0x30F7)}  # ァ to ヶ
_LONG_END = re.compile(r"(?<=[ァ-ヺー]{3})ー+(?![ァ-ヺー])")


def folded(text: str) -> str:
    """`text` as it is kept: runs of letters and digits, one blank between them. May come out empty."""
    if text.isascii():
        plain = text.lower()
    else:
        plain = unicodedata.normalize("NFKC", text).casefold().translate(_KATAKANA)
    return " ".join(_RUNS.findall(plain[:KEPT_MOST]))


def folded_word(text: str) -> str:
    """What somebody searches for, folded; サーバー and サーバ are one word."""
    whole = unicodedata.normalize("NFKC", text[:QUERY_MOST])
    return folded(_LONG_END.sub("", whole))


def grams(run: str) -> list[str]:
    """The pairs of a folded run of letters, in order, and its last character."""
    return [run[at : at + 2] for at in range(len(run))]


def grams_of(text: str) -> list[str]:
    """The same for all runs of a folded text, one after the other."""
    return [gram for run in text.split(" ") for gram in grams(run)] if text else []


def needed(run: str) -> list[str]:
    """The pairs that a text must have in which the folded `run` stands; for a single character itself."""
    return grams(run)[:-1] if len(run) > 1 else [run]
