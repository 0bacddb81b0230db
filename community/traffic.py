"""How many topics pass between this town and each of its 姉妹まち, month by month. Never of people, never who.

A question of ours that is for everybody or for the sisters goes to every sister; an answer goes where its question is; a
ありがとう goes where its answer is. What was taken back later stays counted: it did pass.
"""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select
from sqlalchemy.orm import Session

from community import events, town, towns
from community.models import Account, Post, Thanks, TownTraffic
from community.storage.dialects import insert_of

_COUNTS = ("questions_in", "questions_out", "answers_in", "answers_out", "thanks_in", "thanks_out")
_KINDS = {"question": "questions", "answer": "answers"}
_TO_SISTERS = ("open", "sister")
_CROSSING = ("open", "unlisted", "sister")


def subscribe(bus: events.Bus) -> None:
    bus.subscribe(events.PostCreated, post_created)
    bus.subscribe(events.ThanksGiven, thanks_given)


def post_created(session: Session, event: events.PostCreated) -> None:
    post = session.get_one(Post, event.post_id)
    kind = _KINDS.get(post.kind)
    if kind is None or post.visibility not in _CROSSING:
        return
    if not post.local:
        _count(session, _sister_of(session, post.author_id), f"{kind}_in")
    elif kind == "questions":
        if post.visibility in _TO_SISTERS:
            for domain in towns.sisters(session):
                _count(session, domain, "questions_out")
    elif post.root_id is not None:
        _count(session, _sister_of(session, session.get_one(Post, post.root_id).author_id), "answers_out")


def thanks_given(session: Session, event: events.ThanksGiven) -> None:
    given = session.get_one(Thanks, event.thanks_id)
    giver = _sister_of(session, given.giver_id)
    receiver = _sister_of(session, given.receiver_id)
    if giver != receiver:
        _count(session, giver, "thanks_in")
        _count(session, receiver, "thanks_out")


def of(session: Session, domain: str) -> list[TownTraffic]:
    """What passed between this town and `domain`, the latest month first."""
    months = select(TownTraffic).where(TownTraffic.domain == domain).order_by(TownTraffic.month.desc())
    return list(session.scalars(months).all())


def sums(session: Session) -> dict[str, TownTraffic]:
    """By domain, what passed since the beginning, as a row that belongs to no month."""
    found: dict[str, TownTraffic] = {}
    for row in session.scalars(select(TownTraffic)):
        whole = found.setdefault(row.domain, TownTraffic(domain=row.domain, month="", **dict.fromkeys(_COUNTS, 0)))
        for name in _COUNTS:
            setattr(whole, name, getattr(whole, name) + getattr(row, name))
    return found


def _sister_of(session: Session, account_id: int) -> str | None:
    """The sister town in which the account lives, by the host of its id."""
    account = session.get_one(Account, account_id)
    if account.local:
        return None
    host = urlsplit(account.uri).netloc.lower()
    return host if towns.is_sister(session, host) else None


def _count(session: Session, domain: str | None, name: str) -> None:
    if domain is None:
        return
    table: Any = TownTraffic.__table__
    month = datetime.fromtimestamp(town.now(session) / 1000, UTC).strftime("%Y-%m")
    row = {"domain": domain, "month": month, **dict.fromkeys(_COUNTS, 0), name: 1}
    statement = insert_of(session.get_bind().dialect.name)(table).values(row)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.domain, table.c.month], set_={name: table.c[name] + 1}
        )
    )
