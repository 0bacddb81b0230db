"""A page whose address spreads: made once for all who come without a cookie, crawlers of link previews first of all.

Within a minute of a post, every server that got it fetches the page for a preview (federation reference §3, thundering
herd). What the page shows of the thread is read as a handful of facts each time, so that it is never behind what was
written, thanked for or taken back; everything else on it is a minute old at most.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, NamedTuple

from aiohttp import web
from multidict import CIMultiDict
from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from community.models import Post
from community.storage.prepared import Prepared, param
from community.visibility import PUBLIC, visible_to
from webui import forms
from webui.keys import DATABASE, TOWN
from webui.rendering import language_of

Handler = Callable[[web.Request], Awaitable[web.Response]]
KEPT_MS = 60_000
MOST = 64
"""Pages that are kept; a town has seldom two that spread at once."""

_LARGEST = 256 * 1024  # bytes

_post = Post.__table__.c
_asked = aliased(Post.__table__, name="asked")
_FACTS = Prepared(
    lambda _dialect: select(
        func.count(), func.max(_post.id), func.max(_post.edited_at), func.max(_post.touched), func.max(_post.solved_at),
        func.sum(_post.thanks_count), func.sum(_post.likes_count), func.max(_post.accepted_answer_id),
    )
    .select_from(Post.__table__.join(_asked, _asked.c.root_id == _post.root_id))
    .where(_asked.c.id == param("post"), visible_to(PUBLIC))
)  # fmt: skip


class _Kept(NamedTuple):
    made_at: int
    facts: tuple[Any, ...]
    body: bytes
    headers: CIMultiDict[str]


class Spread:
    """The pages that this process keeps, the ones asked for last at the end."""

    def __init__(self) -> None:
        self._pages: OrderedDict[tuple[str, str], _Kept] = OrderedDict()

    def get(self, key: tuple[str, str], facts: tuple[Any, ...], now: int) -> web.Response | None:
        found = self._pages.get(key)
        if found is None or found.facts != facts or not 0 <= now - found.made_at < KEPT_MS:
            return None
        self._pages.move_to_end(key)
        return web.Response(body=found.body, headers=found.headers.copy())

    def put(self, key: tuple[str, str], facts: tuple[Any, ...], now: int, answer: web.Response) -> None:
        """Keep a whole page; not one that gives a cookie, for that is somebody's."""
        body = answer.body
        if answer.status != 200 or answer.cookies or not isinstance(body, bytes) or len(body) > _LARGEST:
            return
        self._pages[key] = _Kept(now, facts, body, CIMultiDict(answer.headers))
        self._pages.move_to_end(key)
        while len(self._pages) > MOST:
            self._pages.popitem(last=False)


SPREAD = web.AppKey("machi.spread", Spread)


def made_once(handler: Handler) -> Handler:
    """Have the page of the post that the path names made once for everybody who comes without a cookie."""

    @wraps(handler)
    async def answer(request: web.Request) -> web.Response:
        if request.query_string or "Cookie" in request.headers or "Authorization" in request.headers:
            return await handler(request)
        post_id = forms.id_in_path(request)
        key = (f"{request.path} {request.headers.get('Accept', '')}"[:500], language_of(request))
        facts = await request.app[DATABASE].read(lambda session: _facts(session, post_id))
        spread, now = request.app[SPREAD], request.app[TOWN].clock()
        kept = spread.get(key, facts, now) if facts[0] else None
        if kept is None:
            kept = await handler(request)
            if facts[0]:
                spread.put(key, facts, now, kept)
        return kept

    return answer


def _facts(session: Session, post_id: int) -> tuple[Any, ...]:
    """What tells whether a page of the thread still holds; the first is how many posts of it everybody may see."""
    return _FACTS.rows(session, post=post_id)[0]
