"""Posts as others write them: Note, Page, Article and their kin, read into one shape.

What is decoration of the wire comes off here: the title repeated in bold, the paragraph that links to the 決め手, the
mention in front of a reply. The HTML that remains is as received; `community.text` makes it safe.
"""

import re
from html import escape, unescape
from typing import NamedTuple
from urllib.parse import unquote

from community.emojis import Foreign as Emoji
from community.media import Foreign as Picture
from federation.vocabulary import attachments, extras, hata, terms
from federation.vocabulary.reading import (
    Document,
    Unreadable,
    authority,
    items,
    link,
    moment,
    text_of,
    truth,
    type_of,
    uri,
    uris,
)

TYPES = frozenset(
    {"Note", "Page", "Article", "Question", "Event", "Video", "Audio", "Image", "Document", "ChatMessage"}
)
"""What we can show as a post. AS2 `Question` is a poll; a ChatMessage is said to one person (Lemmy, Pleroma)."""

_LONGEST_HTML = 100_000
_LONGEST_NAME = 1_000
_MOST_TAGS = 64
_MOST_MENTIONS = 20
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_SOLVED = re.compile(rf"<p>{re.escape(terms.SOLVED_MARK)}<a\b[^<>]*>[^<>]*</a></p>\s*\Z")
_LEADING_LINK = re.compile(
    r"\A(?P<open>\s*+(?:<p[^<>]*>\s*+)?)"  # possessive: a hundred thousand blanks are gone through once
    r"(?:<span[^<>]*>)?(?P<before>@)?(?:<span[^<>]*>)?"  # Friendica and Hubzilla write the @ in front of the link
    r"<a\b(?P<attributes>[^<>]*)>(?(before)|@)(?:<span[^<>]*>)?(?P<name>[^<>]*)(?:</span>)?</a>(?:</span>){0,2}"
    r"(?:\s|&nbsp;|<br\s*/?>)*"
)
_LINE_END = "\n"
_HREF = re.compile(r"""\bhref=["']([^"']*)["']""")
_LINK = re.compile(r"<a\b([^<>]*)>")
_IS_MENTION = re.compile(r"""\bclass=["'][^"']*\bmention\b""")
_EMPTY_PARAGRAPH = re.compile(r"\A\s*<p[^<>]*>\s*</p>")


class Note(NamedTuple):
    """What the document of a post says. Nothing in it is checked against anything; ids are absolute addresses."""

    id: str
    type: str
    attributed_to: str
    url: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    audience: tuple[str, ...]
    in_reply_to: str | None
    context: str | None
    name: str
    html: str
    source: str  # Markdown, or empty
    summary: str
    sensitive: bool
    published: int | None
    updated: int | None
    tags: tuple[str, ...]
    mentions: tuple[str, ...]
    mentioned: int  # how many people it mentions; `mentions` has the first of them
    language: str | None
    kind: str  # machi:kind, or empty
    state: str  # open | solved | empty
    accepted_answer: str | None
    passed_on_from: str | None
    as_of: str | None
    basis: str
    ai_draft: bool
    sample: bool
    anonymous: bool
    asker: bool
    pictures: tuple[Picture, ...] = ()
    emojis: tuple[Emoji, ...] = ()
    poll: extras.Poll | None = None
    quote: str | None = None  # id of what it quotes
    quote_policy: str | None = None  # as `extras.quote_policy`; None: it says nothing of quoting
    quote_authorization: str | None = None  # address of the consent of whom it quotes
    flag: hata.Flag | None = None  # when, where and how many, of a 旗

    @property
    def addressed(self) -> tuple[str, ...]:
        """Everybody it names as a receiver, once each."""
        return tuple(dict.fromkeys((*self.to, *self.cc, *self.audience)))

    @property
    def public(self) -> bool:
        return not terms.PUBLIC_NAMES.isdisjoint((*self.to, *self.cc))

    @property
    def is_vote(self) -> bool:
        """A choice in a poll: Mastodon and others send it as a reply that has a name and says nothing."""
        return bool(self.in_reply_to and self.name and not self.html)


def is_note(document: Document) -> bool:
    return type_of(document) in TYPES


def read_note(document: Document) -> Note:
    """Raises Unreadable without a known type, a usable id, or an author."""
    kind = type_of(document)
    if kind not in TYPES:
        raise Unreadable(f"{kind or 'nothing'} is not a kind of post")
    note_id = uri(document.get("id"))
    if note_id is None or authority(note_id) is None:
        raise Unreadable("the post has no usable id")
    author = uri(document.get("attributedTo")) or uri(document.get("actor"))
    if author is None:
        raise Unreadable("the post has no author")
    name = _in_any_language(document, "name").strip()[:_LONGEST_NAME]
    accepted = uri(document.get(terms.ACCEPTED_ANSWER))
    state = text_of(document.get(terms.STATE)) or ("solved" if accepted else "")
    html, source = _html(document), _source(document.get("source"), solved=state == "solved")
    tags, mentions = _tags(document.get("tag"))
    mentions = mentions or _linked_mentions(html)
    flag = hata.read(document)
    if flag is not None:
        html, source = hata.without_plan(hata.without_title(html, name)), hata.source_without_plan(source)
        tags = tuple(each for each in tags if each != terms.FLAG_TAG)
    return Note(
        id=note_id,
        type=kind,
        attributed_to=author,
        url=link(document.get("url"), owner=note_id) or note_id,
        to=uris(document.get("to")),
        cc=uris(document.get("cc")),
        audience=uris(document.get("audience")),
        in_reply_to=uri(document.get("inReplyTo")),
        context=_context(document),
        name=name,
        html=extras.occasion(document)
        + _undecorated(html, name, solved=state == "solved")
        + attachments.links(document.get("attachment")),
        source=source,
        summary="" if kind == "Article" else _in_any_language(document, "summary"),  # of an article it is the lead
        sensitive=truth(document.get("sensitive")) or attachments.is_sensitive(document.get("attachment")),
        published=moment(document.get("published")),
        updated=moment(document.get("updated")),
        tags=tags,
        mentions=mentions[:_MOST_MENTIONS],
        mentioned=len(mentions),
        language=_language(document),
        kind=text_of(document.get(terms.KIND)),
        state=state,
        accepted_answer=accepted,
        passed_on_from=uri(document.get(terms.PASSED_ON_FROM)),
        as_of=text_of(document.get(terms.AS_OF)) or None,
        basis=text_of(document.get(terms.BASIS)).strip(),
        ai_draft=truth(document.get(terms.AI_DRAFT)),
        sample=truth(document.get(terms.SAMPLE)),
        anonymous=truth(document.get(terms.ANONYMOUS)),
        asker=truth(document.get(terms.ASKER)),
        pictures=attachments.shown_by(document),
        emojis=attachments.emojis(document.get("tag")),
        poll=extras.poll(document),
        quote=extras.quote(document),
        quote_policy=extras.quote_policy(document),
        quote_authorization=extras.quote_authorization(document),
        flag=flag,
    )


def without_leading_mention(html: str, addresses: tuple[str, ...]) -> str:
    """`html` without the mention it begins with, if that leads to one of `addresses` (id and page of whom it answers).

    Servers put it there for their own threading; under the post it answers it says nothing.
    """
    found = _LEADING_LINK.match(html)
    href = _HREF.search(found["attributes"]) if found else None
    if found is None or href is None or unescape(href[1]) not in addresses:
        return html
    return _EMPTY_PARAGRAPH.sub("", found["open"] + html[found.end() :])


def _html(document: Document) -> str:
    content = _in_any_language(document, "content")[:_LONGEST_HTML]
    if document.get("mediaType") in {"text/plain", "text/markdown"}:
        parts = (part.strip() for part in content.replace("\r\n", "\n").split("\n\n"))
        return "".join(f"<p>{escape(part).replace(_LINE_END, '<br>')}</p>" for part in parts if part)
    return content


def _in_any_language(document: Document, name: str) -> str:
    """The text of a property, or else the first of its translations (AS2 §4.7)."""
    said = text_of(document.get(name))
    if said:
        return said
    spoken = document.get(f"{name}Map")
    return next((text for text in map(text_of, spoken.values()) if text), "") if isinstance(spoken, dict) else ""


def _undecorated(html: str, name: str, *, solved: bool) -> str:
    if name:
        html = html.removeprefix(f"<p><strong>{escape(name)}</strong></p>")
    return _SOLVED.sub("", html) if solved else html


def _source(value: object, *, solved: bool) -> str:
    if not isinstance(value, dict) or value.get("mediaType") != "text/markdown":
        return ""
    text = text_of(value.get("content"))[:_LONGEST_HTML].rstrip()
    if solved:
        before, mark, after = text.rpartition(terms.SOLVED_MARK)
        if mark and "\n" not in after:
            text = before.rstrip()
    return text


def _context(document: Document) -> str | None:
    """The thread's collection. Mastodon's older `conversation` is a tag: URI and leads nowhere."""
    candidates = (uri(document.get("context")), uri(document.get("conversation")))
    return next((each for each in candidates if authority(each) is not None), None)


def _tags(value: object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Labels of hashtags, and ids of all the mentioned."""
    labels: list[str] = []
    mentioned: list[str] = []
    for place, each in enumerate(items(value)):
        if not isinstance(each, dict):
            continue
        if place < _MOST_TAGS and type_of(each) in {"Hashtag", "as:Hashtag"}:
            labels.append(_label(each))
        elif type_of(each) in {"Mention", "as:Mention"} and (address := uri(each.get("href"))):
            mentioned.append(address)
    labels = [label for label in labels if label and label != terms.SOLVED_TAG]
    return tuple(dict.fromkeys(labels)), tuple(dict.fromkeys(mentioned))


def _label(tag: Document) -> str:
    """What a hashtag says, without its sign; without a name, what its page is called."""
    name = text_of(tag.get("name")).strip().lstrip("#＃").strip()
    return name or unquote((uri(tag.get("href")) or "").rstrip("/").rpartition("/")[2], errors="ignore").lstrip("#＃")


def _linked_mentions(html: str) -> tuple[str, ...]:
    """Where the links lead that look like mentions: of posts that have no tags, they are all there is."""
    if "mention" not in html:
        return ()
    links = (attributes for attributes in _LINK.findall(html) if _IS_MENTION.search(attributes))
    found = (unescape(href[1]) for each in links if (href := _HREF.search(each)))
    return tuple(dict.fromkeys(each for each in found if authority(each) is not None))


def _language(document: Document) -> str | None:
    """From `contentMap` (Mastodon, GoToSocial, ours), `language.identifier` (Lemmy, PieFed) or `language` (Pleroma)."""
    spoken, named = document.get("contentMap"), document.get("language")
    candidates: list[object] = []
    if isinstance(spoken, dict):
        candidates += [code for code, text in spoken.items() if text == document.get("content")] or list(spoken)[:1]
    if isinstance(named, dict):
        candidates.append(named.get("identifier"))
    elif isinstance(named, str):
        candidates.append(named)
    code = next((each for each in candidates if isinstance(each, str)), "")
    known = _LANGUAGE.fullmatch(code) is not None and code.casefold() != "und"
    return code[:16] if known else None
