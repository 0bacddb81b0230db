"""What a member's words must be like before they are kept. What comes from elsewhere is cut to fit instead."""

import re
from collections.abc import Iterable

from community import text
from community.errors import Invalid
from community.text import Body

TITLE_LEAST, TITLE_MOST = 5, 200
BODY_MOST = text.SOURCE_LIMIT
MESSAGE_MOST = 1_000
BASIS_MOST = 500
TAGS_MOST, TAG_MOST = 8, 40
FOREIGN_TITLE_MOST, FOREIGN_TAGS_MOST, FOREIGN_SUMMARY_MOST = 300, 64, 20_000

_MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_TAG_EDGES = "#＃ \u3000"


def title(typed: str) -> str:
    """A question's title on one line, TITLE_LEAST to TITLE_MOST characters, else Invalid("title")."""
    kept = text.line(typed)
    if len(kept) < TITLE_LEAST:
        raise Invalid("title", "題名をもう少しだけ書いてください（%(least)s文字以上）。", least=TITLE_LEAST)
    if len(kept) > TITLE_MOST:
        raise Invalid("title", "題名は%(most)s文字までです。続きは本文にどうぞ。", most=TITLE_MOST)
    return kept


def body(written: Body, *, most: int = BODY_MOST, field: str = "body") -> Body:
    """`written` if it says something within `most` characters, else Invalid(`field`)."""
    if not written.text:
        raise Invalid(field, "本文がまだのようです。ひとことでも大丈夫です。")
    return fits(written, most=most, field=field)


def fits(written: Body, *, most: int = BODY_MOST, field: str = "body") -> Body:
    """`written`, which may be empty, within `most` characters, else Invalid(`field`)."""
    if max(len(written.source), len(written.text)) > most:
        raise Invalid(field, "文章が長すぎるようです。%(limit)s文字までに分けて書いてください。", limit=most)
    return written


def as_of(typed: str | None) -> str | None:
    """いつ時点 as YYYY-MM, or None; else Invalid("as_of")."""
    if not typed:
        return None
    if not _MONTH.fullmatch(typed):
        raise Invalid("as_of", "「いつ時点」は、2026-11 のように年と月で書いてください。")
    return typed


def basis(typed: str) -> str:
    """根拠, trimmed, up to BASIS_MOST characters, else Invalid("basis")."""
    kept = text.storable(typed).strip()
    if len(kept) > BASIS_MOST:
        raise Invalid("basis", "根拠は%(most)s文字までです。続きは本文にどうぞ。", most=BASIS_MOST)
    return kept


def line_of_warning(typed: str) -> str:
    """内容の注意 as it is kept: without what no database keeps, trimmed. It may have several lines."""
    return text.storable(typed).strip()


def tags(typed: Iterable[str]) -> list[str]:
    """The labels of tags, without # and without repeats, at most TAGS_MOST, else Invalid("tags")."""
    kept = _labels(typed)
    if len(kept) > TAGS_MOST:
        raise Invalid("tags", "タグは%(most)s個までです。大事なものを選んでください。", most=TAGS_MOST)
    for label in kept:
        if len(label) > TAG_MOST:
            raise Invalid("tags", "タグはひとつ%(most)s文字までです。", most=TAG_MOST)
    return kept


def foreign_tags(given: Iterable[str]) -> list[str]:
    """The labels of tags from elsewhere, as many and as long as we keep."""
    return [label[:TAG_MOST] for label in _labels(given)][:FOREIGN_TAGS_MOST]


def foreign_as_of(given: str | None) -> str | None:
    return given if given and _MONTH.fullmatch(given) else None


def _labels(given: Iterable[str]) -> list[str]:
    """Each label once: two that fold to the same are one tag, called as it was called first."""
    labels: dict[str, str] = {}
    for raw in given:
        label = text.line(raw).strip(_TAG_EDGES)
        if name := text.fold(label):
            labels.setdefault(name, label)
    return list(labels.values())
