"""Every sentence has its English, and every English fits its sentence."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from webui import i18n

ROOT = Path(__file__).parents[2]
CATALOGUE = i18n.TRANSLATIONS / "en/LC_MESSAGES/messages.po"
PLACE = re.compile(r"%\([a-z_]+\)s|%%")


def sentences() -> dict[str, str]:
    """Each sentence of the source, with the file it stands in."""
    methods, options = [], {}
    for entry in tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["babel"]["mappings"]:
        patterns = [entry["pattern"]] if isinstance(entry["pattern"], str) else entry["pattern"]
        methods += [(pattern, entry["method"]) for pattern in patterns]
        wishes = {key: value for key, value in entry.items() if key not in {"pattern", "method"}}
        options |= dict.fromkeys(patterns, wishes)
    found: dict[str, str] = {}
    for filename, _, message, *_ in extract_from_dir(
        ROOT, methods, options, keywords={"_": None, "ngettext": (1, 2)}
    ):
        found.setdefault(message[0] if isinstance(message, tuple) else message, filename)
    return found


@pytest.fixture(scope="module")
def english() -> dict[str, Message]:
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="en")
    return {
        message.id[0] if isinstance(message.id, tuple) else message.id: message
        for message in catalogue
        if message.id
    }


def forms(message: Message) -> Iterator[str]:
    yield from message.string if isinstance(message.string, tuple) else (message.string,)


def test_every_sentence_has_its_english(english: dict[str, Message]) -> None:
    missing = [
        f"{filename}: {sentence}"
        for sentence, filename in sentences().items()
        if sentence not in english or not all(forms(english[sentence])) or english[sentence].fuzzy
    ]
    assert missing == []


def test_nothing_is_translated_that_nobody_says(english: dict[str, Message]) -> None:
    assert set(english) - set(sentences()) == set()


def test_places_are_the_same_in_both_languages(english: dict[str, Message]) -> None:
    wrong = [
        sentence
        for sentence, message in english.items()
        for text in forms(message)
        if set(PLACE.findall(sentence)) != set(PLACE.findall(text))
    ]
    assert wrong == []


def test_words_that_are_not_used_here() -> None:
    """The tone of the towns: these words judge, hurry or rank."""
    never = re.compile(
        "ユーザー|投稿者|ポイント|ランキング|スコア|レベル|BAN|承認|却下|初心者|神回答|必ず|絶対"
    )
    assert [sentence for sentence in sentences() if never.search(sentence)] == []


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("en-US,en;q=0.9,ja;q=0.5", "en"),
        ("ja", "ja"),
        ("fr,de;q=0.5", None),
        ("fr, ja;q=0.2, en;q=0.1", "ja"),
        ("en;q=0, ja", "ja"),
        ("", None),
        (";;,q=,en;q=x", None),
        ("*" * 5000, None),
    ],
)
def test_the_browser_s_wish_is_heard(header: str, expected: str | None) -> None:
    assert i18n.accepted(header, ("ja", "en")) == expected


def test_a_catalogue_that_was_not_compiled_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(i18n, "TRANSLATIONS", tmp_path)
    with pytest.raises(i18n.TranslationsMissing, match="make translations"):
        i18n.load_catalogues(["ja", "en"])
