"""Asking linked pages what they say of themselves: OpenGraph, else their title, through the one outbound door.

The queue are the cards that wait (`community.cards`), so nothing is lost; a page that does not answer is not asked again
until somebody links to it again.
"""

import asyncio
import re
from html import unescape
from urllib.parse import urljoin

import structlog

from community import cards, towns
from community.cards import Preview
from federation.context import Federation
from federation.http import Page, PermanentFailure, Refused, TemporaryFailure
from federation.media_types import HTML
from federation.vocabulary.reading import authority, moment

PAUSE = 2.0
"""Seconds between looks for pages to ask; a look reads one indexed row."""
AT_ONCE = 4
"""How many pages are asked side by side."""

_log = structlog.get_logger(__name__)
_HEAD_MOST = 256_000  # characters; whatever speaks of a page stands at its beginning
_META = re.compile(r"""<meta\b((?:[^<>"']|"[^"]{0,4000}"|'[^']{0,4000}'){1,400}+)>""", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""([a-z:-]{1,40})\s{0,9}=\s{0,9}(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^<>]{0,200}>([^<]{1,2000})", re.IGNORECASE)
_LANG = re.compile(r"""<html\b[^<>]{0,500}\blang=["']?([A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})?)""", re.IGNORECASE)
_METAS_MOST = 200
_LARGEST_SIDE = 20_000


async def run(ctx: Federation) -> None:
    """Ask pages, for ever."""
    while True:
        while await run_once(ctx):
            pass
        await asyncio.sleep(PAUSE)


async def run_once(ctx: Federation) -> int:
    """Ask the next few pages, side by side; how many."""
    found = await ctx.database.read(lambda session: cards.waiting(session, limit=AT_ONCE))
    if found:
        await asyncio.gather(*(_ask(ctx, card_id, address) for card_id, address in found))
    return len(found)


def read(page: Page) -> Preview:
    """What a page says of itself; tolerant about its HTML, and quick about any."""
    html = page.text[:_HEAD_MOST]
    told = _metas(html)
    title = _TITLE.search(html)
    language = _LANG.search(html)
    image = urljoin(page.url, _first(told, "og:image:secure_url", "og:image", "og:image:url", "twitter:image"))
    author = _first(told, "author", "article:author")
    return Preview(
        title=_first(told, "og:title", "twitter:title") or (unescape(title[1]) if title else ""),
        description=_first(told, "og:description", "twitter:description", "description"),
        provider_name=_first(told, "og:site_name", "application-name"),
        author_name="" if authority(author) else author,
        language=language[1].lower() if language else None,
        image_url=image if image != page.url and authority(image) else None,
        width=_side(told.get("og:image:width", "")),
        height=_side(told.get("og:image:height", "")),
        published_at=moment(told.get("article:published_time")),
    )


async def _ask(ctx: Federation, card_id: int, address: str) -> None:
    try:
        preview = await _preview(ctx, address)
    except (TemporaryFailure, PermanentFailure, Refused) as failure:
        _log.debug("a linked page could not be asked", reason=str(failure)[:200])
        await ctx.database.write(lambda session: cards.given_up(session, [card_id]))
        return
    except Exception:  # noqa: BLE001 - one strange page must not keep the others waiting
        _log.warning("a linked page could not be read", exc_info=True)
        await ctx.database.write(lambda session: cards.given_up(session, [card_id]))
        return
    await ctx.database.write(lambda session: cards.keep(session, card_id, preview))


async def _preview(ctx: Federation, address: str) -> Preview:
    host = authority(address)
    if host is None or await ctx.database.read(lambda session: towns.is_refused(session, host)):
        raise Refused("nothing is asked of that host")
    page = await ctx.http.get_page(address, accept=HTML)
    assert isinstance(page, Page)
    return await asyncio.to_thread(read, page)


def _metas(html: str) -> dict[str, str]:
    """The first `content` of each name among the meta elements."""
    told: dict[str, str] = {}
    for count, element in enumerate(_META.finditer(html)):
        if count >= _METAS_MOST:
            break
        facts = {found[1].lower(): found[2] or found[3] or found[4] or "" for found in _ATTRIBUTE.finditer(element[1])}
        name = (facts.get("property") or facts.get("name") or "").lower()
        if name and facts.get("content"):
            told.setdefault(name, unescape(facts["content"]).strip())
    return told


def _first(told: dict[str, str], *names: str) -> str:
    return next((told[name] for name in names if told.get(name)), "")


def _side(value: str) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 5 and int(value) <= _LARGEST_SIDE else 0
