"""Units of work: whole or not at all, neighbours unharmed, events before the commit and hooks after it."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from community.events import Event
from community.models import Tag


@dataclass(frozen=True, slots=True)
class TagMade(Event):
    tag_id: int


def make_tag(number: int, name: str | None = None):
    """A unit that adds one row through the ORM and returns it."""

    def unit(session: Session) -> Tag:
        tag = Tag(id=number, name=name or f"備蓄{number}", label="備蓄")
        session.add(tag)
        session.flush()
        return tag

    return unit


def insert_tag(number: int):
    """A unit that adds one row with Core."""

    def unit(session: Session) -> int:
        session.execute(Tag.__table__.insert(), {"id": number, "name": f"備蓄{number}", "label": "備蓄"})
        return number

    return unit


def tag_ids(session: Session) -> list[int]:
    return list(session.scalars(select(Tag.id).order_by(Tag.id)))


async def test_what_is_written_can_be_read(database):
    tag = await database.write(make_tag(1))
    assert (tag.id, tag.label) == (1, "備蓄")
    assert await database.read(tag_ids) == [1]


def test_without_a_loop_it_is_the_same(database):
    assert database.write_now(make_tag(1)).id == 1
    assert database.read_now(tag_ids) == [1]
