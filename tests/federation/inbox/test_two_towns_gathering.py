"""A 旗 raised in one town, gathered round from another, moved and closed, over real connections."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from community import gatherings, joins, plans, posts, text
from community.errors import Conflict
from community.models import Gathering, Join, Notification, Post
from community.plans import Plan
from federation import documents
from federation.models import InboxItem, OutboxItem
from tests import factories
from tests.federation.inbox.test_two_towns import Town, settle, towns
from tests.towns import FixedClock

__all__ = ["towns"]


def found(session: Session, uri: str) -> Post:
    post = posts.by_uri(session, uri)
    assert post is not None
    return post


async def raised(place: Town, visibility: str = "open", capacity: int = 3) -> str:
    def unit(session: Session) -> str:
        plan = Plan("作業会", place.ctx.town.clock() + 86_400_000, 90, "みなと公民館", capacity, listening=True)
        hanako = factories.local(session, "hanako")
        return factories.flag(session, hanako, visibility=visibility, plan=plan, tags=("BCP",)).uri

    return await place.do(unit)


async def comes(place: Town, flag: str, name: str = "jun") -> None:
    await place.do(lambda session: joins.join(session, account=factories.local(session, name), flag=found(session, flag)) and None)


async def number(place: Town, flag: str) -> int:
    return await place.do(lambda session: session.get_one(Gathering, found(session, flag).id).joined_count)


async def told(place: Town, name: str) -> list[str]:
    def unit(session: Session) -> list[str]:
        me = factories.local(session, name).id
        return list(session.scalars(select(Notification.kind).where(Notification.account_id == me).order_by(Notification.id)))

    return await place.do(unit)


@pytest.mark.parametrize("visibility", ["open", "sister"])
async def test_raised_here_gathered_round_from_there(towns: tuple[Town, Town], visibility: str, clock: FixedClock) -> None:
    minato, yamate = towns
    flag = await raised(minato, visibility)
    await settle(minato, yamate)

    def alike(session: Session) -> tuple[object, ...]:
        post = found(session, flag)
        return post.kind, post.title, post.body_html, post.body_source, post.visibility, plans.of(gatherings.of(session, post))

    assert await yamate.do(alike) == await minato.do(alike)

    await comes(yamate, flag)
    await settle(minato, yamate)
    assert (await number(minato, flag), await told(minato, "hanako")) == (1, ["join"])

    await minato.do(lambda session: factories.member(session, "ichiro").id)
    await comes(minato, flag, "ichiro")
    await minato.do(joins.tell_counts)
    await settle(minato, yamate)
    assert await number(yamate, flag) == 2

    def away(session: Session) -> None:
        joins.leave(session, account=factories.local(session, "jun"), flag=found(session, flag))

    await yamate.do(away)
    await settle(minato, yamate)
    assert await number(minato, flag) == 1

    clock.advance(minutes=2)
    await comes(yamate, flag)
    await settle(minato, yamate)
    clock.advance(minutes=2)
    await minato.do(lambda session: gatherings.close(session, flag=found(session, flag), by=factories.local(session, "hanako")))
    await settle(minato, yamate)
    assert await told(yamate, "jun") == ["flag_closed"]
    assert await yamate.do(alike) == await minato.do(alike)
    await yamate.do(lambda session: factories.member(session, "saburo").id)
    with pytest.raises(Conflict):
        await comes(yamate, flag, "saburo")


async def test_it_is_full_before_the_other_town_has_heard(towns: tuple[Town, Town]) -> None:
    minato, yamate = towns
    flag = await raised(minato, capacity=2)
    await settle(minato, yamate)
    for name in ("ichiro", "jiro"):
        await minato.do(lambda session, name=name: factories.member(session, name).id)
        await comes(minato, flag, name)
    await comes(yamate, flag)
    await settle(minato, yamate)
    assert await number(minato, flag) == 2
    assert await told(yamate, "jun") == ["flag_declined"]
    assert await yamate.do(lambda session: list(session.scalars(select(Join.id)))) == []


async def test_moved_and_taken_back(towns: tuple[Town, Town], clock: FixedClock) -> None:
    minato, yamate = towns
    flag = await raised(minato)
    await settle(minato, yamate)
    clock.advance(minutes=5)

    def move(session: Session) -> None:
        gatherings.edit(
            session, post=found(session, flag), by=factories.local(session, "hanako"), title="BCPを1枚で書く会",
            body=text.from_markdown("場所が変わりました。"), plan=Plan(place="港の図書館"), tags=["BCP", "防災"],
        )  # fmt: skip

    await minato.do(move)
    await settle(minato, yamate)
    copy = await yamate.post(flag)
    assert (copy.title, copy.body_text) == ("BCPを1枚で書く会", "場所が変わりました。")
    assert await yamate.do(lambda session: plans.of(gatherings.of(session, found(session, flag)))) == Plan(place="港の図書館")
    await minato.do(lambda session: posts.delete(session, post=found(session, flag), by=factories.local(session, "hanako")))
    await settle(minato, yamate)
    assert (await yamate.post(flag)).deleted_at is not None


async def test_who_gathers_is_told_to_the_one_who_raised_it_alone(towns: tuple[Town, Town]) -> None:
    """Neither the boards nor the collection nor the Update says a name; the Join itself is nobody else's to read."""
    minato, yamate = towns
    flag = await raised(minato)
    await settle(minato, yamate)
    await comes(yamate, flag)
    await settle(minato, yamate)
    await minato.do(joins.tell_counts)
    await settle(minato, yamate)
    jun = await yamate.do(lambda session: factories.local(session, "jun").uri)
    assert "Join" in await minato.do(lambda session: list(session.scalars(select(InboxItem.type))))
    bodies = await minato.do(lambda session: list(session.scalars(select(OutboxItem.body))))
    assert not [body for body in bodies if jun.encode() in body]
    join_uri = await yamate.do(lambda session: session.scalars(select(Join.uri)).one())
    number_of_join = int(join_uri.rpartition("/")[2])
    for asker, given in ((documents.NOBODY, False), (documents.Asker("third.example"), False), (documents.Asker(minato.domain), True)):
        document = await yamate.do(lambda session, asker=asker: documents.activity(session, number_of_join, asker))
        assert (document is not None) == given, asker
