"""What people wrote, made safe and kept in three forms. Nobody else in the town sanitises.

The rules for HTML are those of the wire: the elements Mastodon keeps, no images, no styles, no hidden parts of links,
and the real host of a link beside words that do not name it.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from urllib.parse import urlsplit

import nh3

from community import hosts
from community.errors import Invalid

SOURCE_LIMIT = 20_000  # characters of Markdown in one post
HTML_LIMIT = 100_000  # characters of a stranger's HTML; what is beyond is cut off
TAG_LIMIT = 5_000  # the same for its tags: thousands that stand inside each other take a parser seconds

_TAGS = {
    *(
        "p",
        "br",
        "span",
        "a",
        "del",
        "s",
        "pre",
        "blockquote",
        "code",
        "b",
        "strong",
        "u",
        "sub",
        "sup",
        "i",
        "em",
    ),
    *("h1", "h2", "h3", "h4", "h5", "ul", "ol", "li", "ruby", "rt", "rp", "abbr"),
}
_ATTRIBUTES = {
    "*": {"lang", "translate", "class"},
    "a": {"href"},
    "abbr": {"title"},
    "ol": {"start", "reversed"},
    "li": {"value"},
    "blockquote": {"cite"},
}
_CLASS = re.compile(r"^(?:(?:h|p|u|dt|e)-[a-z0-9-]+|mention|hashtag|quote-inline)$")
_CLASSES_REMEMBERED = 100  # characters of a list of classes: there are few lists, and they come with every mention
_IMAGE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
# As the cleaner writes it: every attribute quoted. Of links inside each other the innermost.
_LINK = re.compile(
    r"""<a(?P<attributes>(?:\s+[a-z]+="[^"]*")*)\s*>(?P<inside>(?:(?!<a[\s>]).)*?)</a>""", re.DOTALL
)
# The same for any tag: safe HTML needs no parser that expects the worst, and the words of every post are read.
_TAG = re.compile(r"""<(/?)([a-z][a-z0-9]*)(?:\s+[a-z-]+="[^"]*")*\s*/?>""")
_APART = frozenset({"p", "pre", "blockquote", "ul", "ol", "h1", "h2", "h3", "h4", "h5"})
_HREF = re.compile(r'\bhref="([^"]*)"')
_MEANT = ("@", "#")
_BLANKS = re.compile(r"\s+")
_GAPS = re.compile(r"\n{3,}")
# Characters that turn the reading order round or cannot be seen: they serve only to deceive in a name or a title.
_DECEITFUL = frozenset(
    "\u200b\u2060\ufeff\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180e\u2061\u2062\u2063\u2064\u206a\u206b\u206c\u206d\u206e\u206f\u2800\u3164\uffa0"
    "\ufff9\ufffa\ufffb"
)
# Joiners mean something in Arabic and Indic scripts and within emoji; anywhere else they only make two names of one.
_STRAY_JOINERS = re.compile(
    "(?<![\u0600-\u08ff\u0900-\u0dff\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]+|[\u200c\u200d]+(?=\\s|\\Z)"
)


@dataclass(frozen=True, slots=True)
class Body:
    """One text: as it was typed (Markdown, or what a peer gave as its source), as safe HTML, as plain text."""

    source: str
    html: str
    text: str


EMPTY = Body("", "", "")


def from_markdown(source: str) -> Body:
    """What a member typed. Line breaks stay, HTML shows as it was typed, a picture becomes a link to it.

    Raises Invalid("body") if there are more than SOURCE_LIMIT characters.
    """
    source = storable(source).replace("\r\n", "\n").strip()
    if len(source) > SOURCE_LIMIT:
        raise Invalid(
            "body", "文章が長すぎるようです。%(limit)s文字までに分けて書いてください。", limit=SOURCE_LIMIT
        )
    from community import markdown  # noqa: PLC0415 - 20 ms of every start, for what few requests do

    return from_html(markdown.render(source), source)


def from_html(html: str, source: str = "") -> Body:
    """What came from elsewhere, whatever it is. Never raises; beyond HTML_LIMIT and TAG_LIMIT it is cut off."""
    linked = _IMAGE.sub(_picture_as_link, _cut(storable(html)))
    safe = _LINK.sub(_with_host, _CLEANER.clean(linked)).strip()
    return Body(storable(source)[:HTML_LIMIT], safe, plain(safe))


def _cut(html: str) -> str:
    """`html` up to HTML_LIMIT characters and TAG_LIMIT tags."""
    parts = html[:HTML_LIMIT].split("<", TAG_LIMIT + 1)
    return "<".join(parts[: TAG_LIMIT + 1])


def plain(safe_html: str) -> str:
    """The words of safe HTML: paragraphs apart by an empty line, breaks as line ends."""
    parts: list[str] = []
    pieces = iter(_TAG.split(safe_html))
    _add_words(parts, next(pieces))
    for end, name, words in zip(pieces, pieces, pieces, strict=True):
        if end:
            if name in _APART:
                parts.append("\n\n")
        elif name == "br":
            parts.append("\n")
        elif name == "li":
            parts.append("\n・")
        elif name in _APART and parts:
            parts.append("\n\n")
        _add_words(parts, words)
    return _GAPS.sub("\n\n", "".join(parts)).strip()


def _add_words(parts: list[str], escaped: str) -> None:
    words = html.unescape(escaped) if "&" in escaped else escaped
    if words:
        parts.append(words.lstrip("\n") if parts and parts[-1] == "\n" else words)


def excerpt(text: str, limit: int) -> str:
    """The beginning of `text` on one line, at most `limit` characters with the … that shows a cut."""
    line = _BLANKS.sub(" ", text).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def fold(text: str) -> str:
    """One form for what people call the same topic or tag: NFKC, case folded, blanks made one."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


def line(text: str) -> str:
    """`text` as one honest line (a title, a name): no line ends, no control or deceitful characters, trimmed."""
    flat = _STRAY_JOINERS.sub("", _BLANKS.sub(" ", storable(text)))
    kept = (char for char in flat if char not in _DECEITFUL and unicodedata.category(char) != "Cc")
    return "".join(kept).strip()


def storable(text: str) -> str:
    """`text` without what no database keeps: NUL and halves of surrogate pairs."""
    return text.replace("\x00", "").encode("utf-8", "ignore").decode("utf-8")


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Keep of a class list only the names that carry meaning between servers."""
    if name != "class":
        return value
    return _classes(value) if len(value) <= _CLASSES_REMEMBERED else _classes.__wrapped__(value)


@lru_cache(256)
def _classes(value: str) -> str | None:
    return " ".join(part for part in value.split() if _CLASS.match(part)) or None


def _picture_as_link(found: re.Match[str]) -> str:
    facts = _first_attributes(found[0])
    source = facts.get("src") or ""
    words = facts.get("alt") or source
    return f'<a href="{html.escape(source)}">{html.escape(words)}</a>' if source else html.escape(words)


def _with_host(found: re.Match[str]) -> str:
    """A link whose words do not show where it leads gets its real host written into it."""
    attributes, inside = found["attributes"], found["inside"]
    href = _HREF.search(attributes)
    if href is None or inside.startswith(_MEANT) or (words := plain(inside).casefold()).startswith(_MEANT):
        return found[0]  # who or what is meant, not where it leads
    target = html.unescape(href[1])
    try:
        host = urlsplit(target).hostname or ""
    except ValueError:
        return inside  # an address nobody can take apart is no address
    shown = hosts.shown(host)
    if not host or any(_names(words, each) for each in {shown, hosts.a_label(host)}):
        return found[0]
    return f"<a{attributes}>{inside} ({html.escape(shown)})</a>"


def _names(words: str, host: str) -> bool:
    """Whether `host` stands among `words`, and not as a part of another one."""
    return re.search(rf"(?<![\w.-]){re.escape(host)}(?![\w-]|\.\w)", words) is not None


def _first_attributes(tag: str) -> dict[str, str | None]:
    reader = _Attributes()
    reader.feed(tag)
    reader.close()
    return reader.attributes


class _Attributes(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.attributes: dict[str, str | None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self.attributes = self.attributes or dict(attrs)


_CLEANER = nh3.Cleaner(
    tags=_TAGS,
    attributes=_ATTRIBUTES,
    attribute_filter=_attribute,
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow noopener ugc",
    strip_comments=True,
)
