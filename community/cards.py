"""What a linked page says of itself, shown under a post that links to it.

A post that everybody may see gets the card of its first link when it is stored. One card serves all posts that link to
the same page; a new one waits until a worker has asked the page. Of what fewer people may see nothing is asked outside:
the page would learn of the post.

A post of another server reaches thousands of towns in the same second, and each would ask the page it links to: for such
a one the page is asked at a moment of the next minute, once a day at most (federation reference §3, Thundering herd).
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import urldefrag, urlsplit

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from community import events, ids, inserts, media, text, town
from community.events import Bus
from community.models import Card, Post
from community.visibility import OPEN, UNLISTED

TITLE_MOST, WORDS_MOST, NAME_MOST = 500, 1_000, 200
_LONGEST_URL = 2_048
_STALE_MS = 14 * 24 * 3_600_000
_AGAIN_MS = 24 * 3_600_000  # after which a page that said nothing is asked again, if somebody links to it again
_SOONEST_MS, _LATEST_MS = 1_000, 60_000
_LINK = re.compile(r"<a\s([^<>]*)>")
_HREF = re.compile(r'\bhref="(https?://[^"]*)"')
_NO_PAGE = re.compile(r'\bclass="[^"]*\b(?:mention|hashtag|u-url)\b')


@dataclass(frozen=True, slots=True)
class Preview:
    """What a page says of itself. Without a `title` it says nothing."""

    title: str = ""
    description: str = ""
    provider_name: str = ""
    author_name: str = ""
    language: str | None = None
    image_url: str | None = None
    width: int = 0
    height: int = 0
    published_at: int | None = None


NOTHING = Preview()


def subscribe(bus: Bus) -> None:
    """Have posts get their cards as they are stored and reworded."""
    bus.subscribe(events.PostCreated, lambda session, event: choose(session, event.post_id))
    bus.subscribe(events.PostEdited, lambda session, event: choose(session, event.post_id))


def choose(session: Session, post_id: int) -> None:
    """Give a post the card of its first link, or none if it has no link, pictures of its own, or few readers."""
    post = session.get(Post, post_id)
    if post is None or post.deleted_at is not None or (post.card_id is None and "<a " not in post.body_html):
        return
    address = first_link(session, post) if post.visibility in (OPEN, UNLISTED) else None
    if address is not None and media.of(session, [post.id]):
        address = None
    card_id = None if address is None else _card_for(session, address, due=_due(session, post))
    if card_id != post.card_id:
        post.card_id = card_id
        session.flush()
        media.touch(session, post.id)


def first_link(session: Session, post: Post) -> str | None:
    """The first address that `post` links to: no mention, no hashtag, nothing of this town."""
    uris = town.of(session).uris
    for link in _LINK.finditer(post.body_html):
        found = _HREF.search(link[1])
        if found is None or _NO_PAGE.search(link[1]):
            continue
        address = urldefrag(unescape(found[1])).url
        if len(address) <= _LONGEST_URL and not uris.is_local(address) and _has_host(address):
            return address
    return None


def waiting(session: Session, *, limit: int) -> list[tuple[int, str]]:
    """Ids and addresses of pages that are to be asked, the oldest first."""
    due = Card.fetched_at.between(-town.now(session), 0)
    rows = select(Card.id, Card.url).where(due).order_by(Card.id).limit(limit)
    return [(card_id, url) for card_id, url in session.execute(rows)]


def keep(session: Session, card_id: int, preview: Preview) -> None:
    """Keep what a page said; the posts that link to it are told to have changed."""
    card = session.get(Card, card_id)
    if card is None:
        return
    facts: dict[str, object] = {
        "title": text.line(preview.title)[:TITLE_MOST],
        "description": text.line(preview.description)[:WORDS_MOST],
        "provider_name": text.line(preview.provider_name)[:NAME_MOST],
        "author_name": text.line(preview.author_name)[:NAME_MOST],
        "language": preview.language,
        "image_url": preview.image_url,
        "width": preview.width,
        "height": preview.height,
        "published_at": preview.published_at,
    }
    changed = any(getattr(card, name) != value for name, value in facts.items())
    for name, value in facts.items():
        setattr(card, name, value)
    card.fetched_at = town.now(session)
    session.flush()
    if changed:
        session.execute(update(Post).where(Post.card_id == card_id).values(touched=Post.touched + 1))


def given_up(session: Session, card_ids: Sequence[int]) -> None:
    """Pages that could not be asked say nothing; what was known of them stays."""
    session.execute(update(Card).where(Card.id.in_(list(card_ids))).values(fetched_at=town.now(session)))


def _due(session: Session, post: Post) -> int:
    """When (ms) the page that `post` links to is asked."""
    now = town.now(session)
    return now if post.local else now + _SOONEST_MS + secrets.randbelow(_LATEST_MS - _SOONEST_MS + 1)


def _card_for(session: Session, address: str, *, due: int) -> int:
    """The card of a page; one that is new, old or empty is asked (again) at `due`. `fetched_at` says that as minus `due`."""
    now = town.now(session)
    card = session.scalar(select(Card).where(Card.url == address))
    if card is None:
        card_id = ids.new(now)
        if inserts.new_row(session, Card, id=card_id, url=address, fetched_at=-due):
            return card_id
        return session.scalars(select(Card.id).where(Card.url == address)).one()
    if card.fetched_at <= 0:
        card.fetched_at = max(card.fetched_at, -due)  # it waits already, and may be asked earlier now
    elif now - card.fetched_at > (_STALE_MS if card.title else _AGAIN_MS):
        card.fetched_at = -due
    return card.id


def _has_host(address: str) -> bool:
    try:
        return bool(urlsplit(address).hostname)
    except ValueError:
        return False
