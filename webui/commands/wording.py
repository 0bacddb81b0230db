"""The community's sentences on a terminal: in its language, with what they leave to logs said behind."""

import locale

from community.errors import CommunityError
from webui import i18n


def spoken(error: CommunityError) -> str:
    """`error` in one sentence, Japanese on a Japanese terminal and else English."""
    language = i18n.SOURCE if (locale.getlocale()[0] or "").startswith("ja") else "en"
    try:
        catalogue = i18n.load_catalogues([language])[language]
    except i18n.TranslationsMissing:
        catalogue = i18n.load_catalogues([i18n.SOURCE])[i18n.SOURCE]
    sentence = i18n.translate(catalogue, error.message, error.facts)
    reason = error.facts.get("reason")
    return f"{sentence} ({reason})" if reason and str(reason) not in sentence else sentence
