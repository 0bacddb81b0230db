"""旗 on the wire: a Note with our terms, and the same in its words for everybody else (federation reference §1.6)."""

import re
from dataclasses import dataclass
from html import escape
from typing import Any

from sqlalchemy.orm import Session

from community import plans
from community.models import Gathering, Post
from community.plans import Plan, Told
from federation.vocabulary import terms
from federation.vocabulary.reading import Document, moment, text_of, truth, uri
from federation.vocabulary.times import iso

CLOSED_LINE = "おひらきになりました。"
_DETAILS = re.compile(rf"<p>{re.escape(terms.PLAN_MARK)}(?:(?!</p>).)*</p>\s*\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Words:
    """What is put around the words of a flag: in front of its title, and as its last paragraph (empty: there is none)."""

    title: str
    html: str
    plain: str


@dataclass(frozen=True, slots=True)
class Flag:
    """What a document says of its flag besides the words."""

    plan: Plan
    told: Told


def words(session: Session, post: Post) -> Words | None:
    """When, where and for how many, in words; None for what is no flag."""
    gathering = session.get(Gathering, post.id) if post.kind == "flag" else None
    if gathering is None:
        return None
    said = [*([CLOSED_LINE] if gathering.closed_at is not None else []), *plans.lines(gathering)]
    html = f"<p>{terms.PLAN_MARK}{'<br>'.join(map(escape, said))}</p>" if said else ""
    return Words(terms.FLAG_MARK, html, terms.PLAN_MARK + " ／ ".join(said) if said else "")


def own_terms(session: Session, post: Post) -> Document:
    """The same for software like ours; empty for what is no flag."""
    gathering = session.get(Gathering, post.id) if post.kind == "flag" else None
    if gathering is None:
        return {}
    said: dict[str, Any] = {
        terms.STATE: "open" if gathering.closed_at is None else "closed",
        terms.JOINED: f"{post.uri}/joined",
        terms.JOINED_COUNT: gathering.joined_count,
    }
    optional: dict[str, Any] = {
        terms.START_TIME: iso(gathering.starts_at) if gathering.starts_at is not None else None,
        terms.MINUTES: gathering.minutes,
        terms.PLACE: gathering.place,
        terms.FORM: gathering.form,
        terms.CAPACITY: gathering.capacity,
        terms.LISTENING: gathering.listening,
    }
    return said | {name: value for name, value in optional.items() if value}


def read(document: Document) -> Flag | None:
    """What `document` says as a flag; None if it is none. What is strange is left out."""
    if text_of(document.get(terms.KIND)) != terms.KIND_FLAG:
        return None
    joined = document.get(terms.JOINED)
    count = document.get(terms.JOINED_COUNT)
    if count is None and isinstance(joined, dict):
        count = joined.get("totalItems")
    plan = Plan(
        form=text_of(document.get(terms.FORM)),
        starts_at=moment(document.get(terms.START_TIME)),
        minutes=_whole(document.get(terms.MINUTES)),
        place=text_of(document.get(terms.PLACE)),
        capacity=_whole(document.get(terms.CAPACITY)),
        listening=truth(document.get(terms.LISTENING)),
    )
    closed = text_of(document.get(terms.STATE)) == "closed"
    return Flag(plans.foreign(plan), Told(_whole(count) or 0, closed, uri(joined)))


def without_title(html: str, name: str) -> str:
    """`html` without the title that stands in front of it."""
    return html.removeprefix(f"<p><strong>{terms.FLAG_MARK}{escape(name)}</strong></p>")


def without_plan(html: str) -> str:
    """`html` without the paragraph that repeats when and where."""
    return _DETAILS.sub("", html)


def source_without_plan(source: str) -> str:
    """Markdown without the line that repeats when and where."""
    before, mark, after = source.rpartition(terms.PLAN_MARK)
    return before.rstrip() if mark and "\n" not in after else source


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
