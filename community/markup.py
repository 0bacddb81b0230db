"""What apps send: plain text, in which addresses, mentions and hashtags become links and line breaks stay.

Everything is escaped; what remains goes through the same sanitising as any other text (`community.text`).
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from html import escape

from community import text
from community.models import Account
from community.text import Body
from community.wording import TAG_MOST

RESERVED_PER_URL = 23
"""An address counts as so many characters, however long it is."""

MENTIONS_MOST = 19
"""Whom one text mentions at most, besides whom it answers: Misskey drops a post that mentions more than twenty."""

TAGS_MOST = 40

# Japanese is written without blanks, so an address and a handle end at the first letter that is not ASCII.
_URL = r"(?P<url>https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+)"
_MENTION = (
    r"(?<![A-Za-z0-9_/@.-])@(?P<name>[A-Za-z0-9_]+(?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?)"
    r"(?:@(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?))?"
)
_TAG = r"(?<![\w/&=)])[#＃](?P<tag>[\w\u00b7\u30fb\u200c\u0300-\u036f\u3099\u309a]+)"
_MARKS = re.compile(f"{_URL}|{_MENTION}|{_TAG}")
_PARAGRAPHS = re.compile(r"\n{2,}")
_URL_END = ".,:;!?'*_~"
_DIGITS_ONLY = re.compile(r"[\d_\u00b7\u30fb]*")

Handle = tuple[str, str]
"""Name and host, in lower case; the host of our own people is empty."""


@dataclass(frozen=True, slots=True)
class Written:
    """A plain text as it is kept: its three forms, its hashtags, and whom it mentions, each once and in order."""

    body: Body
    tags: tuple[str, ...]
    mentioned: tuple[Account, ...]


def handles(typed: str, *, homes: Collection[str]) -> list[Handle]:
    """Whom `typed` may mention, each once; `homes` are the domains of this town."""
    found: dict[Handle, None] = {}
    for mark in _MARKS.finditer(typed):
        if mark["name"]:
            found[_handle(mark, homes)] = None
    return list(found)[:MENTIONS_MOST]


def render(
    typed: str, *, known: Mapping[Handle, Account], homes: Collection[str], tag_url: Callable[[str], str]
) -> Written:
    """`typed` as HTML. Handles that are not in `known` stay words."""
    source = text.storable(typed).replace("\r\n", "\n").replace("\r", "\n").strip()
    tags: dict[str, str] = {}
    mentioned: dict[int, Account] = {}

    def linked(mark: re.Match[str]) -> str:
        if mark["url"]:
            return _url(mark["url"])
        if mark["tag"]:
            return _hashtag(mark, tags, tag_url)
        account = known.get(_handle(mark, homes))
        if account is None:
            return escape(mark[0], quote=False)
        mentioned[account.id] = account
        return mention_link(account)

    paragraphs = (
        f"<p>{_linked(each, linked)}</p>" for each in _PARAGRAPHS.split(source) if each.strip()
    )
    body = text.from_html("".join(paragraphs), source)
    return Written(body, tuple(tags.values())[:TAGS_MOST], tuple(mentioned.values()))


def tags_of(typed: str) -> list[str]:
    """The labels of the hashtags in `typed`, each once."""
    found: dict[str, str] = {}
    for mark in _MARKS.finditer(text.storable(typed)):
        if mark["tag"]:
            _note_tag(mark["tag"], found)
    return list(found.values())


def length(typed: str) -> int:
    """How many characters `typed` counts for: an address is as long as any other, a mention as its name alone."""
    shortened = _MARKS.sub(_counted, typed)
    return len(shortened)


def mention_link(account: Account) -> str:
    """How a mention looks to every server."""
    address = escape(account.url or account.uri)
    return f'<span class="h-card"><a href="{address}" class="u-url mention">@{escape(account.name)}</a></span>'


def leading_handle(typed: str, *, homes: Collection[str]) -> tuple[Handle, str] | None:
    """Whom `typed` begins by mentioning, and what follows; None if it begins otherwise."""
    said = typed.lstrip()
    mark = _MARKS.match(said)
    return (_handle(mark, homes), said[mark.end() :]) if mark is not None and mark["name"] else None


def without_leading_mentions(plain: str) -> str:
    """`plain` without the mentions that apps put in front of a reply."""
    while (mark := _MARKS.match(plain := plain.lstrip())) and mark["name"]:
        plain = plain[mark.end() :]
    return plain


def _linked(paragraph: str, linked: Callable[[re.Match[str]], str]) -> str:
    parts: list[str] = []
    at = 0
    for mark in _MARKS.finditer(paragraph):
        parts += [escape(paragraph[at : mark.start()], quote=False), linked(mark)]
        at = mark.end()
    parts.append(escape(paragraph[at:], quote=False))
    return "".join(parts).replace("\n", "<br>")


def _handle(mark: re.Match[str], homes: Collection[str]) -> Handle:
    host = (mark["host"] or "").lower()
    return mark["name"].lower(), "" if host in homes else host


def _url(found: str) -> str:
    """The address itself, without the punctuation of the sentence it ends."""
    end = len(found.rstrip(_URL_END))
    unopened = found.count(")", 0, end) - found.count("(", 0, end)  # counted once: there may be thousands
    while unopened > 0 and found[end - 1] == ")":
        end, unopened = end - 1, unopened - 1
        while found[end - 1] in _URL_END:
            end -= 1
    address = found[:end]
    if address.endswith("//"):
        return escape(found, quote=False)
    shown = escape(address)
    return f'<a href="{shown}">{shown}</a>{escape(found[len(address) :], quote=False)}'


def _hashtag(mark: re.Match[str], tags: dict[str, str], tag_url: Callable[[str], str]) -> str:
    name = _note_tag(mark["tag"], tags)
    if name is None:
        return escape(mark[0], quote=False)
    return f'<a href="{escape(tag_url(name))}" class="mention hashtag">#{escape(mark["tag"])}</a>'


def _note_tag(label: str, tags: dict[str, str]) -> str | None:
    """The folded name of a hashtag, noted among `tags`; None for what is no hashtag: a number, or far too long."""
    if _DIGITS_ONLY.fullmatch(label) or len(label) > TAG_MOST:
        return None
    name = text.fold(label)
    tags.setdefault(name, label)
    return name


def _counted(mark: re.Match[str]) -> str:
    if mark["url"]:
        return "x" * RESERVED_PER_URL
    return f"@{mark['name']}" if mark["name"] else mark[0]
