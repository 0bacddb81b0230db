"""Posts as others write them: Note, Page, Article and their kin, read into one shape.

What is decoration of the wire comes off here: the title repeated in bold, the paragraph that links to the 決め手, the
mention in front of a reply. The HTML that remains is as received; `community.text` makes it safe.
"""

import re
from dataclasses import dataclass
from html import escape, unescape

from community.emojis import Foreign as Emoji
from community.media import Foreign as Picture
from federation.vocabulary import attachments, extras, terms
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

TYPES = frozenset({"Note", "Page", "Article", "Question"})
"""What we can show as a post. AS2 `Question` is a poll."""

_LONGEST_HTML = 100_000
_LONGEST_NAME = 1_000
_MOST_TAGS = 64
_MOST_MENTIONS = 20
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_SOLVED = re.compile(rf"<p>{re.escape(terms.SOLVED_MARK)}<a\b[^<>]*>[^<>]*</a></p>\s*\Z")
_LEADING_LINK = re.compile(
    r"\A(?P<open>\s*+(?:<p[^<>]*>\s*+)?)"  # possessive: a hundred thousand blanks are gone through once
    r"(?:<span[^<>]*>)?<a\b(?P<attributes>[^<>]*)>@(?:<span[^<>]*>)?(?P<name>[^<>]*)(?:</span>)?</a>(?:</span>)?"
    r"(?:\s|&nbsp;|<br\s*/?>)*"
)
_HREF = re.compile(r"""\bhref=["']([^"']*)["']""")
_EMPTY_PARAGRAPH = re.compile(r"\A\s*<p[^<>]*>\s*</p>")


@dataclass(frozen=True, slots=True)
class Note:
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
    name = text_of(document.get("name")).strip()[:_LONGEST_NAME]
    accepted = uri(document.get(terms.ACCEPTED_ANSWER))
    state = text_of(document.get(terms.STATE)) or ("solved" if accepted else "")
    html = _html(document)
    tags, mentions = _tags(document.get("tag"))
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
        html=_undecorated(html, name, solved=state == "solved") + attachments.links(document.get("attachment")),
        source=_source(document.get("source"), solved=state == "solved"),
        summary="" if kind == "Article" else text_of(document.get("summary")),  # of an article it is the lead
        sensitive=truth(document.get("sensitive")),
        published=moment(document.get("published")),
        updated=moment(document.get("updated")),
        tags=tags,
        mentions=mentions,
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
        pictures=attachments.pictures(document.get("attachment")),
        emojis=attachments.emojis(document.get("tag")),
        poll=extras.poll(document),
        quote=extras.quote(document),
        quote_policy=extras.quote_policy(document),
        quote_authorization=extras.quote_authorization(document),
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
    content = text_of(document.get("content"))
    spoken = document.get("contentMap")
    if not content and isinstance(spoken, dict):
        content = next((text for text in map(text_of, spoken.values()) if text), "")
    content = content[:_LONGEST_HTML]
    if document.get("mediaType") in {"text/plain", "text/markdown"}:
        return "".join(f"<p>{escape(part)}</p>" for part in content.split("\n\n") if part.strip())
    return content


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
    """Labels of hashtags, and ids of the mentioned."""
    labels: list[str] = []
    mentioned: list[str] = []
    for each in items(value)[:_MOST_TAGS]:
        if not isinstance(each, dict):
            continue
        if type_of(each) in {"Hashtag", "as:Hashtag"}:
            labels.append(text_of(each.get("name")).lstrip("#＃").strip())
        elif type_of(each) == "Mention" and (address := uri(each.get("href"))):
            mentioned.append(address)
    labels = [label for label in labels if label and label != terms.SOLVED_TAG]
    return tuple(dict.fromkeys(labels)), tuple(dict.fromkeys(mentioned))[:_MOST_MENTIONS]


def _language(document: Document) -> str | None:
    """From `contentMap` (Mastodon, GoToSocial, ours) or `language.identifier` (Lemmy, PieFed)."""
    spoken, named = document.get("contentMap"), document.get("language")
    candidates: list[object] = []
    if isinstance(spoken, dict):
        candidates += [code for code, text in spoken.items() if text == document.get("content")] or list(spoken)[:1]
    if isinstance(named, dict):
        candidates.append(named.get("identifier"))
    code = next((each for each in candidates if isinstance(each, str)), "")
    known = _LANGUAGE.fullmatch(code) is not None and code.casefold() != "und"
    return code[:16] if known else None
