"""Languages: Japanese is what the source says, other languages come from compiled catalogues beside this file."""

import gettext
from collections.abc import Mapping, Sequence
from pathlib import Path

from babel import negotiate_locale

TRANSLATIONS = Path(__file__).parent / "translations"
SOURCE = "ja"
NAMES: Mapping[str, str] = {"ja": "日本語", "en": "English"}


class TranslationsMissing(Exception):
    """The catalogue of a language was never compiled. The message says what to do."""


Catalogues = Mapping[str, gettext.NullTranslations]


def load_catalogues(languages: Sequence[str]) -> Catalogues:
    """The catalogue of each language. Raises TranslationsMissing, naming the command that makes it."""
    loaded: dict[str, gettext.NullTranslations] = {}
    for language in languages:
        if language == SOURCE:
            loaded[language] = gettext.NullTranslations()
            continue
        try:
            loaded[language] = gettext.translation("messages", TRANSLATIONS, languages=[language])
        except FileNotFoundError:
            raise TranslationsMissing(
                f"the {NAMES.get(language, language)} texts are not compiled: run `make translations`"
            ) from None
    return loaded


def accepted(header: str, languages: Sequence[str]) -> str | None:
    """The language that an Accept-Language header likes best among ours, or None if it names none of them."""
    wishes: list[tuple[float, int, str]] = []
    for position, part in enumerate(header[:500].split(",")):
        tag, _, parameters = part.partition(";")
        quality = _quality(parameters)
        if quality > 0:
            wishes.append((-quality, position, tag.strip()))
    return negotiate_locale([tag for *_, tag in sorted(wishes)], languages, sep="-")


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def translate(
    catalogue: gettext.NullTranslations, message: str, facts: Mapping[str, object] | None = None
) -> str:
    """A sentence in the language of `catalogue`, its %(name)s places filled with `facts`."""
    sentence = catalogue.gettext(message)
    return sentence % dict(facts) if facts else sentence
