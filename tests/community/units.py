"""Small units of work for the tests of the database."""

from dataclasses import dataclass

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from community import events
from community.events import Event
from community.models import Tag


@dataclass(frozen=True, slots=True)
class TagMade(Event):
    tag_id: int


def make_tag(number: int, name: str | None = None):
    """Adds one row through the ORM, tells of it, and returns it."""

    def unit(session: Session) -> Tag:
        tag = Tag(id=number, name=name or f"備蓄{number}", label="備蓄")
        session.add(tag)
        events.record(session, TagMade(number))
        return tag

    return unit


def insert_tag(number: int):
    """Adds one row with Core."""

    def unit(session: Session) -> int:
        session.execute(insert(Tag), {"id": number, "name": f"備蓄{number}", "label": "備蓄"})
        return number

    return unit


def then(unit, error: BaseException):
    """Does what `unit` does, sees it done, and fails."""

    def failing(session: Session) -> None:
        unit(session)
        session.flush()
        raise error

    return failing


def tag_ids(session: Session) -> list[int]:
    return list(session.scalars(select(Tag.id).order_by(Tag.id)))
