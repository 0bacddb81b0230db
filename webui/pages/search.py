"""さがす (S12): one box for questions, people and tags. What names somebody or is an address is opened instead."""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import boards, search, search_terms
from community.models import Account, Post, Tag
from community.search_terms import Wanted
from community.visibility import Viewer
from webui import auth, forms
from webui.forms import Form
from webui.keys import DATABASE
from webui.pages import cards
from webui.pages.cards import Card
from webui.rendering import found_by_consent, page

routes = web.RouteTableDef()
PAGE = 20
PEOPLE, TAGS = 6, 12
_LONGEST = 200
_NAMES_ONE = re.compile(r"https?://\S+|@[^@/\s]+(?:@[^@/\s]+)?|[^@/\s]+@[^@/\s]+\.[^@/\s]+")


@dataclass(slots=True)
class Found:
    """What one page of さがす shows."""

    cards: list[Card] = field(default_factory=list)
    people: list[Account] = field(default_factory=list)
    tags: list[Tag] = field(default_factory=list)
    older: str | None = None


@routes.get("/search")
async def show(request: web.Request) -> web.Response:
    typed = forms.query(request, "q")
    if _NAMES_ONE.fullmatch(typed.replace("＠", "@")):
        return web.Response(status=303, headers={"Location": "/lookup?" + urlencode({"q": typed}), "Cache-Control": "no-store"})
    typed = typed[:_LONGEST]
    viewer = await auth.viewer(request)
    wanted = search_terms.read(typed)
    before = forms.cursor(request)

    def unit(session: Session) -> tuple[Found, list[boards.Entry]]:
        found = _found(session, viewer, typed, wanted, before) if typed else Found()
        return found, boards.askable(session)

    found, entries = await request.app[DATABASE].read(unit)
    context: dict[str, Any] = {"found": found, "typed": typed, "also": wanted.also, "first": before is None}
    response = page(request, "search.html", form=Form.blank(q=typed), boards=entries, **context)
    response.headers["X-Robots-Tag"] = "noindex"
    return found_by_consent(response, (card.author for card in found.cards))


def _found(session: Session, viewer: Viewer, typed: str, wanted: Wanted, before: int | None) -> Found:
    ids = search.posts(session, viewer, wanted, max_id=before, limit=PAGE + 1)
    by_id = {post.id: post for post in session.scalars(select(Post).where(Post.id.in_(ids)))}
    shown = [by_id[each] for each in ids[:PAGE] if each in by_id]
    found = Found(cards=cards.load(session, viewer, shown))
    if len(ids) > PAGE:
        found.older = "/search?" + urlencode({"q": typed, "max_id": shown[-1].id})
    if before is None:
        people = search.people(session, viewer, typed, limit=PEOPLE)
        accounts = {each.id: each for each in session.scalars(select(Account).where(Account.id.in_(people)))}
        found.people = [accounts[each] for each in people if each in accounts]
        found.tags = search.tags(session, viewer, typed, limit=TAGS)
    return found
