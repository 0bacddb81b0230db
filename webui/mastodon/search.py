"""さがす for apps: `GET /api/v2/search`, and its old name.

What is a handle or an address leads to that one account or post; with `resolve` also if it has to be fetched from
elsewhere, which only members may ask for. Everything else is looked for by its words (`community.search`).
"""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import posts, search, search_terms, town
from community.errors import CommunityError
from community.models import Account
from federation import lookup
from webui.mastodon.entities import accounts, statuses, tags
from webui.mastodon.params import as_identifier
from webui.mastodon.replies import Refusal, reply
from webui.mastodon.routing import Api, Call

routes = Api()
DEFAULT, MOST = 20, 40
OFFSET_MOST = search.READ_MOST
RESOLVE_SECONDS = 10.0
LONGEST = 2_000
ACCOUNTS, STATUSES, HASHTAGS = TYPES = ("accounts", "statuses", "hashtags")
_HANDLE = re.compile(r"@?[^@/\s]+@[^@/\s]+")
_OUR_POST = re.compile(r"/(?:@[^/?#]+|posts)/([0-9]{1,19})(?:[?#].*)?")


@dataclass(frozen=True, slots=True)
class Wish:
    """What an app looks for."""

    text: str
    kinds: tuple[str, ...]
    limit: int
    offset: int = 0
    following: bool = False
    account_id: int | None = None
    max_id: int | None = None
    min_id: int | None = None


@dataclass(slots=True)
class Named:
    """What the text names outright, if it does: nothing is searched then for this kind."""

    account_ids: list[int] = field(default_factory=list)
    post_ids: list[int] = field(default_factory=list)


@routes.get("/api/v2/search", scope="read:search", access="public")
async def second(call: Call) -> web.Response:
    return await _search(call)


@routes.get("/api/v1/search", scope="read:search", access="public")
async def first(call: Call) -> web.Response:
    """The same: the first version gave bare names for tags, which no app of today reads."""
    return await _search(call)


async def _search(call: Call) -> web.Response:
    wish = _wish(call)
    named = await call.read(lambda session: _known(session, wish.text))
    resolve = bool(call.params.flag("resolve"))
    member = call.viewer.account_id is not None
    if not member and (resolve or wish.offset):
        raise Refusal(401, "Search queries that resolve remote resources or page are not supported without authentication")
    if resolve and wish.offset == 0 and not named.account_ids and not named.post_ids:
        named = await _fetched(call, wish.text)
    return reply(await call.read(lambda session: _found(session, call, wish, named)))


def _wish(call: Call) -> Wish:
    params = call.params
    text = (params.text("q") or "").strip()[:LONGEST]
    if not text:
        raise Refusal(400, "param is missing or the value is empty: q")
    kind = params.text("type")
    window = call.window(default=DEFAULT, most=MOST)
    return Wish(
        text=text,
        kinds=(kind,) if kind in TYPES else TYPES,
        limit=window.limit,
        offset=min(max(params.integer("offset") or 0, 0), OFFSET_MOST),
        following=bool(params.flag("following")),
        account_id=params.identifier("account_id"),
        max_id=window.max_id,
        min_id=window.min_id,
    )


def _known(session: Session, text: str) -> Named:
    """What the address `text` names among what is stored here. Who may see it is asked when it is shown."""
    if "://" not in text:
        return Named()
    ours = _OUR_POST.fullmatch(text.removeprefix(town.of(session).uris.origin))
    if ours is not None:
        named = as_identifier(ours[1])
        return Named(post_ids=[] if named is None else [named])
    post = posts.by_uri(session, text)
    if post is not None:
        return Named(post_ids=[post.id])
    account = session.scalar(select(Account.id).where(Account.uri == text))
    return Named(account_ids=[] if account is None else [account])


async def _fetched(call: Call, text: str) -> Named:
    """The same from elsewhere, if it can be had in time; what cannot be had is simply not found."""
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            if text.startswith(("http://", "https://")):
                return await _at(call, text)
            if _HANDLE.fullmatch(text):
                return Named(account_ids=[await lookup.account(call.federation, text)])
    except (CommunityError, TimeoutError):
        pass
    return Named()


async def _at(call: Call, address: str) -> Named:
    try:
        return Named(post_ids=[await lookup.post(call.federation, address)])
    except CommunityError:  # an address may be somebody's profile as well
        return Named(account_ids=[await lookup.account(call.federation, address)])


def _found(session: Session, call: Call, wish: Wish, named: Named) -> dict[str, Any]:
    """The three lists; those of kinds that were not asked for stay empty."""
    by_words = not named.post_ids and "://" not in wish.text
    found: dict[str, Any] = {kind: [] for kind in TYPES}
    if ACCOUNTS in wish.kinds:
        found[ACCOUNTS] = accounts.many(session, call.viewer, _people(session, call, wish, named, by_words=by_words))
    if STATUSES in wish.kinds:
        ids = named.post_ids or (_posts(session, call, wish) if by_words else [])
        found[STATUSES] = statuses.many(session, call.viewer, ids)
    if HASHTAGS in wish.kinds and by_words and "@" not in wish.text:
        rows = search.tags(session, call.viewer, wish.text, limit=wish.limit, offset=wish.offset)
        found[HASHTAGS] = tags.many(session, call.viewer, rows)
    return found


def _people(session: Session, call: Call, wish: Wish, named: Named, *, by_words: bool) -> list[int]:
    others: list[int] = []
    if by_words and not wish.text.startswith(("#", "＃")):
        others = search.people(
            session, call.viewer, wish.text, following=wish.following, limit=wish.limit, offset=wish.offset
        )
    return list(dict.fromkeys([*named.account_ids, *others]))[: wish.limit]


def _posts(session: Session, call: Call, wish: Wish) -> list[int]:
    if _HANDLE.fullmatch(wish.text) or wish.text.startswith("@"):
        return []  # somebody is meant, not the words
    return search.posts(
        session, call.viewer, search_terms.read(wish.text),
        author_id=wish.account_id, max_id=wish.max_id, min_id=wish.min_id, limit=wish.limit, offset=wish.offset,
    )  # fmt: skip
